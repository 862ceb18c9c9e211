# SPDX-License-Identifier: MIT
"""The worked example of the README: the right port passes, each broken one is caught by golden values, by finite
differences, or by both."""
from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = TOP / "tests" / "examples"
CC = shlex.split(os.environ.get("CC", "gcc"))
FLAGS = ["-std=c11", "-ffp-contract=off", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{TOP / 'lib'}", f"-I{HERE}"]

# What is broken: the text replaced, and who must see it in a report.
MISTAKES = {
    "slope": ("(1 - y * y)", "(1 - y)", {"golden", "differences"}),
    "sign": ("l->db[k] += mean_dz", "l->db[k] -= mean_dz", {"golden", "differences"}),
    "a sum for a mean": ("mean_dz * l->x", "dz * l->x", {"golden", "differences"}),
    "a mean for a sum": ("dz * l->w[j * l->m + k];\n            }\n        }",
                         "mean_dz * l->w[j * l->m + k];\n            }\n        }", {"golden", "differences"}),
    "swapped index": ("dz * l->w[j * l->m + k]", "dz * l->w[k * l->n + j]", {"golden", "differences"}),
    "tail": ("for (size_t j = 0; j < l->n; j++) {\n                l->dw", "for (size_t j = 0; j + 1 < l->n; j++) {\n"
             "                l->dw", {"golden", "differences"}),
    "1e-9 off": ("(1 - y * y)", "(1 - y * y) * (1 + 1e-9)", {"golden"}),
    "another function, differentiated rightly": ("tanh(z)", "tanh(z + 1e-12)", {"golden"}),
    "in float": ("tanh(z)", "(float)tanh(z)", {"golden"}),
}


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run([sys.executable, "-B", HERE / "dense_tanh.py", "record", cls.folder], check=True)
        cls.objects = []
        for module in ("array", "golden", "gradcheck"):
            folder = cls.folder / module
            folder.mkdir()
            subprocess.run([*CC, *FLAGS, "-c", *sorted((TOP / "lib" / module).glob("*.c"))], cwd=folder, check=True)
            cls.objects += sorted(folder.glob("*.o"))

    def check(self, source: str) -> tuple[int, str]:
        """Exit code and output of the check, built with this text as dense_tanh.c."""
        port, program = self.folder / "port.c", self.folder / "check"
        port.write_text(source)
        subprocess.run([*CC, *FLAGS, port, HERE / "check_dense_tanh.c", *self.objects, "-lzip", "-ljansson", "-lmd",
                        "-lm", "-o", program], check=True)
        done = subprocess.run([program, self.folder], text=True, stdout=subprocess.PIPE, check=False)
        return done.returncode, done.stdout

    def test_the_right_port_passes(self):
        code, output = self.check((HERE / "dense_tanh.c").read_text())
        self.assertEqual(code, 0, output)
        self.assertEqual(output.count(" pass "), 16)
        self.assertEqual(output.count("the gradient is the derivative"), 4)

    def test_broken_ports_are_caught(self):
        right = (HERE / "dense_tanh.c").read_text()
        for label, (old, new, seen_by) in MISTAKES.items():
            with self.subTest(label):
                self.assertEqual(right.count(old), 1)
                code, output = self.check(right.replace(old, new))
                self.assertEqual(code, 1, output)
                if "golden" in seen_by:
                    self.assertIn(" FAIL ", output)
                if "differences" in seen_by:
                    self.assertLess(output.count("the gradient is the derivative"), 4, output)

    def test_damaged_vectors_are_not_checked_against(self):
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for suffix in ("json", "npz"):
            shutil.copy(self.folder / f"dense_tanh.{suffix}", copy)
        self.check((HERE / "dense_tanh.c").read_text())
        with (copy / "dense_tanh.npz").open("r+b") as stream:
            stream.seek(200)
            stream.write(b"?")
        done = subprocess.run([self.folder / "check", copy], text=True, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("dense_tanh.npz: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
