# SPDX-License-Identifier: MIT
"""scripts/run-tests against programs that look like green test runs and are not, and the real thing."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
LINE = "[====] Synthesis: Tested: {} | Passing: {} | Failing: {} | Crashing: {} "


def shell(text: str, status: int = 0) -> str:
    return f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {status}\n"


def python(body: str) -> str:
    return f"import unittest\nclass T(unittest.TestCase):\n    {body}\nunittest.main()\n"


# name of the program, its text, the exit code and the last line expected of run-tests
ROWS = [
    ("two_pass", shell(LINE.format(2, 2, 0, 0)), 0, "2 passed, 0 failed"),
    ("none_ran", shell(LINE.format(0, 0, 0, 0)), 1, "0 passed, 1 failed"),
    ("help_was_printed", shell("usage: ..."), 1, "0 passed, 1 failed"),
    ("one_fails", shell(LINE.format(3, 2, 1, 0), 1), 1, "2 passed, 1 failed"),
    ("one_crashes", shell(LINE.format(3, 2, 0, 1), 1), 1, "2 passed, 1 failed"),
    ("fails_but_exits_0", shell(LINE.format(3, 1, 2, 0)), 1, "1 passed, 2 failed"),
    ("passes_but_exits_1", shell(LINE.format(3, 3, 0, 0), 1), 1, "3 passed, 1 failed"),
    ("alone_two_pass", shell("s/a\ns/b\n2 passed"), 0, "2 passed, 0 failed"),
    ("alone_fails", shell("s/a\ns/b\nfile.c:1: no", 1), 1, "1 passed, 1 failed"),
    ("alone_leaves_early", shell("s/a\ns/b"), 1, "1 passed, 1 failed"),
    ("alone_leaks", shell("s/a\ns/b\n2 passed\nleaks", 1), 1, "2 passed, 1 failed"),
    ("alone_runs_none", shell("0 passed", 2), 1, "0 passed, 1 failed"),
    ("test_right.py", python("def test_a(self): pass"), 0, "1 passed, 0 failed"),
    ("test_wrong.py", python("def test_a(self): self.fail()"), 1, "0 passed, 1 failed"),
    ("test_skips.py", python("def test_a(self): self.skipTest('x')"), 1, "0 passed, 1 failed"),
    ("test_empty.py", python("pass"), 1, "0 passed, 1 failed"),
    ("test_no_suite.py", "print('Ran nothing')\n", 1, "0 passed, 1 failed"),
]


def run(*programs: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOP / "scripts/run-tests"), *programs], text=True, capture_output=True,
                          check=False)
    return done.returncode, done.stdout.splitlines()[-1]


class RunTests(unittest.TestCase):
    def test_only_tests_that_ran_and_passed_count(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text, status, last in ROWS:
                path = pathlib.Path(folder, name)
                path.write_text(text, encoding="utf-8")
                path.chmod(0o755)
                with self.subTest(program=name):
                    self.assertEqual(run(str(path)), (status, last))

    def test_a_program_without_criterion_that_hangs_is_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "alone_hangs")
            path.write_text(f"#!{sys.executable}\nimport time\nprint('s/a\\ns/b', flush=True)\ntime.sleep(20)\n"
                            "print('2 passed')\n", encoding="utf-8")
            path.chmod(0o755)
            self.assertEqual(run("--seconds", "1", str(path)), (1, "1 passed, 1 failed"))

    def test_programs_are_added_up(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text, _, _ in ROWS:
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
                pathlib.Path(folder, name).chmod(0o755)
            self.assertEqual(run(f"{folder}/two_pass", f"{folder}/one_fails", f"{folder}/test_right.py"),
                             (1, "5 passed, 1 failed"))

    def test_nothing_to_run_and_a_missing_program_fail(self):
        self.assertEqual(run(), (1, "0 passed, 0 failed"))
        self.assertEqual(run("/nonexistent/program"), (1, "0 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
