#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The vector packs that `gradgate ask --expected` writes, read by vector_pack.py, against the golden files by NumPy."""
import math
import os
import pathlib
import subprocess
import unittest

import numpy as np

import vector_pack

GRADGATE = os.environ.get("GRADGATE", "build/debug/gradgate")
GOLDEN = pathlib.Path(__file__).parent
DTYPES = {"f64": np.float64, "f32": np.float32, "i64": np.int64, "i32": np.int32, "u8": np.uint8}


def ask(*arguments: str) -> list[str]:
    return subprocess.run([GRADGATE, "ask", *arguments, "--golden", str(GOLDEN)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def as_numpy(name: str, dtype: str, shape: tuple, values: list) -> tuple[str, np.ndarray]:
    return name, np.array(values, DTYPES[dtype]).reshape(shape)


class Pack(unittest.TestCase):
    def test_holds_every_array_of_the_golden_files_bit_for_bit(self):
        for path in sorted(GOLDEN.glob("*.npz")):
            golden, seen = dict(np.load(path)), set()
            for call in vector_pack.read_pack(ask(path.stem, "--expected")):
                self.assertEqual(call["kernel"], path.stem)
                self.assertEqual([a[:3] for a in call["want"]], [a[:3] for a in call["expect"]])
                for role, suffix in (("in", ""), ("expect", ".exact"), ("bound", ".bound")):
                    for name, array in (as_numpy(*a) for a in call[role]):
                        member = f"{call['case']}/{name}{suffix}"
                        self.assertEqual(array.dtype, golden[member].dtype, member)
                        np.testing.assert_array_equal(np.signbit(array), np.signbit(golden[member])) \
                            if array.dtype.kind == "f" and not np.isnan(array).any() else None
                        np.testing.assert_array_equal(array, golden[member], member)
                        seen.add(member)
            values = {m for m in golden if m + ".exact" in golden}
            self.assertEqual(seen, set(golden) - values, path.stem)

    def test_judges_a_port_of_a_dozen_lines(self):
        for factor, right in ((1.0, True), (-1.0, False), (1.0 + 1e-9, False)):
            wrong = 0
            for call in vector_pack.read_pack(ask("neuron", "--expected")):
                given = {name: values for name, _, _, values in call["in"]}
                if call["pass"] != "backward" or call["case"] != "notebook":
                    continue
                z = math.fsum([w * x for w, x in zip(given["w"], given["x"])] + given["b"])
                y = 1 / (1 + math.exp(-z))
                dz = factor * given["y.grad"][0] * y * (1 - y)
                answers = {"w.grad": [dz * x for x in given["x"]], "x.grad": [dz * w for w in given["w"]],
                           "b.grad": [dz]}
                for (name, _, _, exact), (_, _, _, bound) in zip(call["expect"], call["bound"]):
                    wrong += sum(not abs(a - e) <= b for a, e, b in zip(answers[name], exact, bound, strict=True))
            self.assertEqual(wrong == 0, right, factor)

    def test_without_expected_the_pack_holds_no_answers(self):
        words = {line.split()[0] for line in ask("sigmoid")}
        self.assertEqual(words, {"gradgate", "call", "case", "in", "want", "go", "bye"})

    def test_a_pack_cut_short_is_refused(self):
        lines = ask("neuron", "--expected")
        with self.assertRaises(ValueError):
            vector_pack.read_pack(lines[:-1])


if __name__ == "__main__":
    unittest.main()
