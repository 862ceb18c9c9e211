# SPDX-License-Identifier: MIT
"""The port protocol as gradgate.serve speaks it: every number to the bit, every bad call answered, none fatal."""
from __future__ import annotations

import contextlib
import io
import pathlib
import subprocess
import sys
import unittest

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import families  # noqa: E402
import gradgate  # noqa: E402

GOLDEN = TOP / "tests" / "golden"
ONE = "3ff0000000000000"


def noisy(a):
    print("@done 1")  # must not reach the gate
    return {"y": a["x"]}


def failing(a):
    raise ValueError("two\nlines, and \u00e9")


KERNELS = {
    "echo": {"forward": lambda a: {"y": a["x"], "z": a["x"].astype(np.complex128)} if a else {}, "noisy": noisy,
             "failing": failing, "missing": lambda a: {"y": a["x"]}},
    "neuron_batch": {"forward": lambda a: families.object_value(a), "backward": lambda a: families.object_value(a)},
}


def talk(*lines: str, greeting: str = "gradgate 1 test-suite", end: str = "bye\n") -> tuple[int, list[str]]:
    """Exit code and lines of the port."""
    sink = io.BytesIO()
    with contextlib.redirect_stderr(io.StringIO()):
        code = gradgate.serve(KERNELS, io.BytesIO("".join(f"{line}\n" for line in (greeting, *lines)).encode() +
                                                  end.encode()), sink)
    return code, sink.getvalue().decode("ascii").splitlines()


def call(*lines: str, head: str = "call 7 echo forward") -> list[str]:
    """The reply to one call; a second one behind it must be answered too."""
    code, reply = talk(head, *lines, "go", "call 8 echo forward", "go")
    assert code == 0 and reply[0].startswith("@port 1 ") and reply[-1] == "@done 8", reply
    return reply[1:-1]


class Serve(unittest.TestCase):
    def test_every_dtype_comes_back_to_the_bit(self):
        for dtype, words in {"f64": ["7ff8000000000123", "8000000000000000", "0000000000000001", "fff0000000000000"],
                             "f32": ["7fc00123", "80000000", "00000001", "ff800000"],
                             "i64": ["8000000000000000", "ffffffffffffffff", "0000000000000000", "7fffffffffffffff"],
                             "i32": ["80000000", "ffffffff", "00000000", "7fffffff"],
                             "u8": ["00", "ff", "80", "01"]}.items():
            for shape in ("4", "2x2", "1x4x1"):
                array = f"{dtype} {shape} {' '.join(words)}"
                self.assertEqual(call(f"in x {array}", f"want y {dtype} {shape}"), [f"@out y {array}", "@done 7"])

    def test_scalars_and_empty_arrays(self):
        self.assertEqual(call(f"in x f64 - {ONE}", "want y f64 -"), [f"@out y f64 - {ONE}", "@done 7"])
        self.assertEqual(call("in x f64 0x3", "want y f64 0x3"), ["@out y f64 0x3", "@done 7"])

    def test_only_what_is_wanted_and_there_is_answered(self):
        self.assertEqual(call(f"in x f64 - {ONE}"), ["@done 7"])
        self.assertEqual(call(f"in x f64 - {ONE}", "want q f64 -"), ["@done 7"])

    def test_unknown_kernels_passes_dtypes_and_large_shapes_are_skipped(self):
        for reason, reply in {
            "no kernel nope": call(f"in x f64 - {ONE}", head="call 7 nope forward"),
            "echo has no pass train": call(head="call 7 echo train"),
            "dtype f16": call("in x f16 - 3c00"),
            "dtype bf16": call(f"in x f64 - {ONE}", "want y bf16 -"),
            "too large": call("in x f64 100000x100000"),
            "1x1x1": call(f"in x f64 {'x'.join('1' * 33)} {ONE}"),
            "0x99999999999": call("in x f64 0x99999999999"),
        }.items():
            self.assertEqual(len(reply), 1, reply)
            self.assertTrue(reply[0].startswith("@skip 7 ") and reason in reply[0], reply)

    def test_malformed_lines_are_errors_of_their_call(self):
        for line in ("in x f64", "in x f64 2", f"in x f64 2 {ONE}", f"in x f64 - {ONE} {ONE}", f"in x f64 -  {ONE}",
                     f"in x f64 - {ONE} ", f"in x f64 - {ONE.upper()}", f"in x f64 - {ONE[:-1]}",
                     f"in x f64 2 {ONE[:-1]} {ONE}0", f"in x f64 - {ONE[:-1]}g", f"in 1x f64 - {ONE}",
                     f"in {'x' * 32} f64 - {ONE}", f"in x f64 01 {ONE}", f"in x f64 1x {ONE}", f"in x f64 -1 {ONE}",
                     f"in x f64 1X1 {ONE}", "want y f64", "want y f64 - 0", "want y"):
            with self.subTest(line):
                reply = call(line)
                self.assertEqual(len(reply), 1)
                self.assertTrue(reply[0].startswith("@error 7 "), reply)
        good = f"in x f64 - {ONE}"
        for lines in ((good, good), (good, "want y f64 -", f"in z f64 - {ONE}"),
                      (good, "want y f64 -", "want y f64 -")):
            self.assertIn("@error 7 ", call(*lines)[0])

    def test_what_a_pass_raises_or_returns_is_an_error_of_its_call(self):
        self.assertEqual(call(head="call 7 echo failing"), ["@error 7 ValueError: two lines, and"])
        self.assertEqual(call("want y f64 -", head="call 7 echo missing"), ["@error 7 KeyError: 'x'"])
        self.assertEqual(call(f"in x f64 - {ONE}", "want z f64 -"), ["@error 7 z came out as complex128"])

    def test_what_a_pass_prints_stays_out_of_the_protocol(self):
        self.assertEqual(call(f"in x f64 - {ONE}", "want y f64 -", head="call 7 echo noisy"),
                         [f"@out y f64 - {ONE}", "@done 7"])

    def test_unknown_requests_are_ignored(self):
        self.assertEqual(call("expect y f64 - 00", "quality high"), ["@done 7"])
        self.assertEqual(talk("later 3")[0], 0)

    def test_the_end_of_the_input_is_bye_but_not_within_a_call(self):
        self.assertEqual(talk(end="")[0], 0)
        self.assertEqual(talk("call 1 echo forward", end="")[0], 2)
        self.assertEqual(talk("call 1 echo forward", end="go")[0], 2)

    def test_another_protocol_is_refused_before_a_word(self):
        for greeting in ("gradgate 2 suite", "gradgate 1", "gradgate 1 ", "hello", ""):
            self.assertEqual(talk(greeting=greeting), (2, []))
        for head in ("call x echo forward", "call 01 echo forward", "call 1 echo", "call 1 echo forward now",
                     "call 1 e-cho forward", "call -1 echo forward"):
            self.assertEqual(talk(head, "go")[0], 2, head)

    def test_the_reference_answers_its_golden_cases_within_every_bound(self):
        cases = gradgate.load(GOLDEN, "neuron_batch").cases
        lines = []
        for number, case in enumerate(cases):
            lines.append(f"call {number} neuron_batch backward")
            lines += [gradgate.encoded(name, array).decode().replace("@out", "in", 1)
                      for name, array in case.inputs.items()]
            for name, expected in case.expected.items():
                shape = "x".join(map(str, expected.exact.shape)) or "-"
                lines.append(f"want {name} f64 {shape}")
            lines.append("go")
        code, reply = talk(*lines)
        self.assertEqual(code, 0)
        answers = iter(reply[1:])
        for number, case in enumerate(cases):
            for name, expected in case.expected.items():
                got, array = gradgate.decoded(next(answers).replace("@out", "in", 1).encode())
                self.assertEqual((got, array.shape), (name, expected.exact.shape))
                self.assertFalse(gradgate.beyond(array, expected.exact, expected.bound).any(), (case.id, name))
            self.assertEqual(next(answers), f"@done {number}")

    def test_a_program_serves_over_pipes(self):
        port = subprocess.run([sys.executable, "-B", str(TOP / "tests/examples/dense_tanh.py"), "serve"], text=True,
                              input="gradgate 1 s\ncall 3 dense_tanh forward\n"
                              f"in x f64 1x1 {ONE}\nin w f64 1x1 0000000000000000\nin b f64 1 0000000000000000\n"
                              "want y f64 1x1\ngo\nbye\n", stdout=subprocess.PIPE, check=True)
        self.assertEqual(port.stdout.splitlines()[1:], ["@out y f64 1x1 0000000000000000", "@done 3"])


if __name__ == "__main__":
    unittest.main()
