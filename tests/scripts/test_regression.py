# SPDX-License-Identifier: MIT
"""tests/regression: that a line which differs, is missing or is too much is seen, named and fails."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = (TOP / os.environ.get("GRADGATE", "build/debug/gradgate")).with_name("regression")


class Regression(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(TOP / "tests/regression", self.top / "tests/regression")
        self.file = self.top / "tests/regression/kernels.txt"
        self.lines = self.file.read_text(encoding="utf-8").splitlines()

    def run_it(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run([PROGRAM, *arguments], cwd=self.top, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def record(self, lines: list[str]) -> None:
        self.file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def test_what_is_as_recorded_passes(self):
        code, out = self.run_it("kernels")
        self.assertEqual((code, out), (0, f"{len(self.lines)} lines read, 0 differ\n"))

    def test_lines_that_differ_are_shown_as_they_were_and_as_they_are(self):
        self.record(["neuron f64 right 9: fail", *self.lines[1:-1], "gru f32 right 9: fail"])
        code, out = self.run_it("kernels")
        self.assertEqual(code, 1)
        self.assertIn(f"recorded  neuron f64 right 9: fail\n     now  {self.lines[0]}\n", out)
        self.assertTrue(out.endswith(f"{len(self.lines)} lines read, 2 differ\n"), out)
        code, out = self.run_it("--first", "kernels")
        self.assertEqual((code, out.splitlines()[-1]), (1, "1 lines read, 1 differ"))

    def test_a_record_too_short_or_too_long_fails(self):
        for lines in (self.lines[:-1], [*self.lines, "one more: pass"], []):
            with self.subTest(n=len(lines)):
                self.record(lines)
                self.assertEqual(self.run_it("kernels")[0], 1)

    def test_what_is_written_is_what_is_there(self):
        self.record([])
        self.assertEqual(self.run_it("--write", "kernels")[0], 0)
        self.assertEqual(self.file.read_text(encoding="utf-8").splitlines(), self.lines)
        self.assertEqual(sorted(path.name for path in self.file.parent.glob("*.tmp")), [])

    def test_no_record_and_no_such_section_are_errors(self):
        self.assertEqual(self.run_it("nothing")[0], 2)
        self.file.unlink()
        code, out = self.run_it("kernels")
        self.assertEqual(code, 2)
        self.assertIn("tests/regression/kernels.txt: No such file", out)


if __name__ == "__main__":
    unittest.main()
