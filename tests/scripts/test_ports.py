# SPDX-License-Identifier: MIT
"""scripts/ports with a gradgate of the test's own, and tests/ports/README.md against the samples it describes."""
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import tomllib
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
PORTS = TOP / "tests/ports"
LIST = """
[[right]]
name = "good"
files = ["neuron.py"]
needs = ["python3"]
run = ["python3", "neuron.py"]
kernels = ["neuron"]
[[wrong]]
name = "bad"
of = "good"
mistake = "of the test"
edits = [{old = "OLD", new = "new"}]
finds = 'x\\.grad\\[\\d\\]'
kernels = ["neuron"]
""".replace("OLD", "def sigmoid(z)")


def ports(*arguments: str, listed: str = LIST, gradgate: str = "exit 0") -> tuple[int, list[str]]:
    """Exit code and lines of scripts/ports where gradgate is these lines of shell."""
    with tempfile.TemporaryDirectory() as folder:
        program, table = pathlib.Path(folder, "gradgate"), pathlib.Path(folder, "ports.toml")
        program.write_text(f"#!/bin/sh\n{gradgate}\n", encoding="utf-8")
        program.chmod(0o755)
        table.write_text(listed, encoding="utf-8")
        done = subprocess.run([sys.executable, str(TOP / "scripts/ports"), "--gradgate", str(program),
                               "--ports", str(table), "--out", folder + "/out", *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout.splitlines()


class Runner(unittest.TestCase):
    def test_a_right_port_must_pass_and_a_wrong_one_be_caught_with_its_place(self):
        code, lines = ports(gradgate='grep -q "def sigmoid(z)" neuron.py || { echo "x.grad[2]: off"; exit 1; }')
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed"))
        self.assertRegex(lines[2], r"^passed   wrong  bad +[\d.]+  x\.grad\[2\]$")

    def test_every_other_outcome_is_a_failure(self):
        for name, shell in {"good": "exit 1", "bad": "exit 0"}.items():
            code, lines = ports(name, gradgate=shell)
            self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"), shell)
        for shell in ("echo x.grad[2]; exit 2", "echo x.grad[2]; exit 3", "echo x.grad[2]; kill -9 $$",
                      "echo y[2]; exit 1"):
            self.assertEqual(ports("bad", gradgate=shell)[0], 1, shell)

    def test_an_edit_that_does_not_fit_is_a_failure(self):
        for text in ("not in there", "z"):
            code, lines = ports("bad", listed=LIST.replace("def sigmoid(z)", text), gradgate="echo x.grad[2]; exit 1")
            self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))
            self.assertIn("times, not once", lines[1])

    def test_a_missing_toolchain_is_skipped_aloud_and_with_require_all_a_failure(self):
        listed = LIST.replace('needs = ["python3"]', 'needs = ["no-such-compiler"]')
        code, lines = ports(listed=listed)
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed, 2 skipped"))
        self.assertRegex(lines[1], "^skipped  right  good .* no-such-compiler is not installed")
        self.assertEqual(ports("--require-all", listed=listed)[1][-1], "0 passed, 2 failed")

    def test_a_port_that_does_not_build_is_a_failure(self):
        listed = LIST.replace('kernels = ["neuron"]\n[[wrong]]', 'kernels = ["neuron"]\nbuild = [["false"]]\n[[wrong]]')
        self.assertEqual(ports(listed=listed, gradgate="echo x.grad[2]; exit 1")[0], 1)

    def test_unknown_names_are_refused(self):
        self.assertEqual(ports("nobody")[0], 2)


class Samples(unittest.TestCase):
    def test_at_least_15_wrong_ports_each_with_one_line_that_says_what_is_wrong(self):
        listed = tomllib.loads((PORTS / "ports.toml").read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(listed["wrong"]), 15)
        for port in listed["wrong"]:
            self.assertTrue(port["mistake"] and "\n" not in port["mistake"] and port["finds"], port["name"])
            self.assertIsNone(re.search(port["finds"], ""), port["name"])

    def test_adapters_with_the_kernel_inside_are_short(self):
        for limit, *files in ((100, "neuron.c"), (100, "neuron_program.c"), (60, "neuron.rs", "neuron_program.rs"),
                              (60, "neuron.rs", "neuron_library.rs"), (50, "neuron.js"), (50, "neuron.py")):
            lines = [line for file in files for line in (PORTS / file).read_text(encoding="utf-8").splitlines()]
            self.assertLess(len(lines), limit, files)
            self.assertLessEqual(max(map(len, lines)), 120, files)

    def test_the_conversation_in_the_readme_is_what_a_sample_says(self):
        lines = re.findall(r"^    ([<>]) (.*)$", (PORTS / "README.md").read_text(encoding="utf-8"), re.M)
        asked, answered = (["".join(text) for side, text in lines if side == way] for way in "><")
        self.assertGreater(len(answered), 10)
        done = subprocess.run([sys.executable, str(PORTS / "neuron.py")], input="\n".join(asked) + "\n", text=True,
                              stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout.splitlines(), answered)

    def test_numbers_in_the_readme_are_the_bits_of_their_values(self):
        text = (PORTS / "README.md").read_text(encoding="utf-8")
        shown = re.findall(r"(-?[\w.-]+) +f64 ([0-9a-f]{16})\b", text[text.index("**Numbers**"):text.index("| C |")])
        self.assertGreaterEqual(len(shown), 5)
        for value, bits in shown:
            self.assertEqual(struct.pack(">d", float(value)).hex(), bits, value)


if __name__ == "__main__":
    unittest.main()
