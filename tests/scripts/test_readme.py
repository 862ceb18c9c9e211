# SPDX-License-Identifier: MIT
"""scripts/readme against small READMEs that lie; the real one is replayed by `make readme`."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
# the body of a console block, the exit code
ROWS = [
    ("$ echo a; echo b\na\nb\n", 0),
    ("$ echo a\nb\n", 1),
    ("$ echo a\n", 1),
    ("$ true\n", 0),
    ("$ false\n", 1),
    ("$ false   # exit 1\n", 0),
    ("$ seq 9\n1\n...\n9\n", 0),
    ("$ seq 9\n1\n...\n8\n", 1),
    ("$ echo took 1.5 s\ntook 22.75 s\n", 0),
    ("$ echo 3e-12 in 12345  calls\n4.1e-12 in 11111 calls\n", 0),
    ("$ echo 12 pass\n13 pass\n", 1),
    ("$ cat made.c\n// made.c\nint x;\n", 0),
]


def replay(body: str, *arguments: str) -> tuple[int, str]:
    with tempfile.TemporaryDirectory() as folder:
        readme = pathlib.Path(folder, "README.md")
        readme.write_text(f"# T\n```c\n// made.c\nint x;\n```\n```console\n{body}```\nend\n", encoding="utf-8")
        done = subprocess.run([sys.executable, str(TOP / "scripts/readme"), *arguments], cwd=folder, text=True,
                              capture_output=True, check=False)
        return done.returncode, readme.read_text(encoding="utf-8")


class Readme(unittest.TestCase):
    def test_a_lie_is_found(self):
        for body, status in ROWS:
            with self.subTest(body=body):
                self.assertEqual(replay(body)[0], status)

    def test_a_readme_without_commands_is_not_checked(self):
        self.assertEqual(replay("")[0], 1)

    def test_update_writes_the_truth_and_keeps_the_rest(self):
        status, text = replay("$ seq 5\n7\n...\n8\n$ echo b\n", "--update")
        self.assertEqual(status, 0)
        self.assertTrue(text.endswith("```console\n$ seq 5\n1\n...\n5\n$ echo b\nb\n```\nend\n"), text)


if __name__ == "__main__":
    unittest.main()
