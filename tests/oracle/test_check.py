# SPDX-License-Identifier: MIT
"""Golden files that are damaged, differ or must not be written: what --check and --diff see, and the writer refuses."""
from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import committed  # noqa: E402
import generate  # noqa: E402
import gradgate  # noqa: E402

GOLDEN = TOP / "tests" / "golden"


class Check(unittest.TestCase):
    """--check on damaged copies of one kernel's files."""

    KERNEL = "neuron_update"
    today: gradgate.Suite | None = None

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for suffix in ("json", "npz"):
            shutil.copy(GOLDEN / f"{self.KERNEL}.{suffix}", self.folder)
        self.json, self.npz = self.folder / f"{self.KERNEL}.json", self.folder / f"{self.KERNEL}.npz"

    def take_today(self) -> None:
        """Instead of the committed files those that NumPy gives here: its last digits depend on the processor."""
        if Check.today is None:
            Check.today = generate.build_suite(self.KERNEL)
        gradgate.write(self.folder, Check.today)

    def check(self, *options: str) -> tuple[int, str]:
        """Exit code and output of generate.py --check on the copy."""
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            code = generate.main([self.KERNEL, "--dir", str(self.folder), *(options or ("--check",))])
        return code, text.getvalue()

    def assert_seen(self, *texts: str) -> None:
        code, output = self.check()
        self.assertEqual(code, 1, output)
        for text in texts:
            self.assertIn(text, output)

    def rewrite(self, change) -> None:
        """Change the archive's arrays and make the SHA-256 right again."""
        arrays = gradgate.read_archive(self.npz)
        change(arrays)
        np.savez(self.npz, **arrays)
        self.edit(lambda tree: tree.update(sha256=hashlib.sha256(self.npz.read_bytes()).hexdigest()))

    def edit(self, change) -> None:
        tree = json.loads(self.json.read_text())
        change(tree)
        self.json.write_bytes(gradgate.dump_manifest(tree))

    def test_the_committed_files_pass(self):
        code, output = self.check()
        self.assertEqual(code, 0, output)
        self.assertIn("certified", output)

    def test_a_flipped_bit_is_seen(self):
        data = bytearray(self.npz.read_bytes())
        data[len(data) // 2] ^= 1
        self.npz.write_bytes(data)
        self.assert_seen(self.npz.name)

    def test_every_certified_part_is_held_to_the_byte(self):
        for member in ("n3-sample-5-steps/x", "n3-sample-5-steps/w.updated.exact", "n3-sample-5-steps/w.updated.bound"):
            with self.subTest(member=member):
                self.setUp()

                def nudge(arrays):
                    arrays[member] = np.nextafter(arrays[member], np.inf)
                self.rewrite(nudge)
                self.assert_seen(f"{member}[0]: committed", "3 of 3 elements differ")

    def test_a_value_may_move_within_its_bound_only(self):
        name = "n3-sample-5-steps/w.updated"

        def nudge(arrays):
            arrays[name] = np.nextafter(arrays[name + ".exact"], np.inf)
        self.rewrite(nudge)
        self.assertEqual(self.check()[0], 0)

        def push(arrays):
            arrays[name] = arrays[name + ".exact"] + 3 * arrays[name + ".bound"]
        self.rewrite(push)
        self.assert_seen(f"{name}: [0]: NumPy gives")

    def test_swapped_arrays_are_seen(self):
        def swap(arrays):
            first, second = "n3-sample-5-steps/x", "n3-sample-5-steps/w"
            arrays[first], arrays[second] = arrays[second], arrays[first]
        self.rewrite(swap)
        self.assert_seen("n3-sample-5-steps/x[0]: committed", "n3-sample-5-steps/w[0]: committed")

    def test_a_zero_of_the_other_sign_is_seen(self):
        def flip(arrays):
            arrays["zero-dy/y.grad"] = -arrays["zero-dy/y.grad"]
        self.rewrite(flip)
        self.assert_seen("zero-dy/y.grad[0]: committed -0.0")

    def test_missing_and_extra_arrays_are_seen(self):
        self.rewrite(lambda arrays: arrays.pop("zero-dy/x"))
        self.assert_seen("zero-dy/x is missing")
        self.setUp()
        self.rewrite(lambda arrays: arrays.update({"zero-dy/extra": np.zeros(3)}))
        self.assert_seen("zero-dy/extra is not in the manifest")

    def test_edited_manifests_are_seen(self):
        edits = {
            "SHA-256": lambda tree: tree.update(sha256="0" * 64),
            "nan-dy: only in cases.py": lambda tree: tree["cases"].pop(),
            "has no note": lambda tree: tree["flags"].pop("steps"),
            "committed": lambda tree: tree["flags"]["steps"].update(note="nothing"),
            "json:": lambda tree: tree["bounds"].update({"w.updated": "guessed"}),
            "the keys are not": lambda tree: tree.pop("seed"),
            "version 1": lambda tree: tree.update(version=2),
            "do not name this file": lambda tree: tree.update(kernel="neuron"),
            "two cases have this id": lambda tree: tree["cases"][1].update(id=tree["cases"][0]["id"]),
            "the manifest says": lambda tree: tree["cases"][0]["inputs"][0].update(shape=[4]),
            "malformed near": lambda tree: tree["cases"][0].pop("inputs"),
        }
        for text, change in edits.items():
            with self.subTest(text=text):
                self.setUp()
                if text == "nan-dy: only in cases.py":
                    self.rewrite(lambda arrays: [arrays.pop(name) for name in list(arrays)
                                                 if name.startswith("nan-rate/")])
                    self.edit(change)
                    self.assert_seen("nan-rate: only in cases.py")
                elif text == "two cases have this id":
                    self.edit(change)
                    self.assertEqual(self.check()[0], 1)
                else:
                    self.edit(change)
                    self.assert_seen(text)

    def test_missing_unreferenced_and_broken_files_are_seen(self):
        (self.folder / "old_kernel.npz").write_bytes(b"")
        (self.folder / ".neuron.npz.1").write_bytes(b"")
        self.assert_seen("old_kernel.npz: no kernel has this file", ".neuron.npz.1: left over")
        self.npz.write_bytes(self.npz.read_bytes()[:-100])
        self.assert_seen(self.npz.name)
        self.npz.unlink()
        self.assert_seen(self.npz.name)
        self.json.write_text("{")
        self.assert_seen(self.json.name)
        self.json.unlink()
        self.assert_seen(self.json.name)

    def test_the_difference_says_what_how_far_and_who_is_nearer(self):
        self.take_today()
        self.assertEqual(self.check("--diff"), (0, f"{self.KERNEL}      unchanged\n"))
        array = "n3-sample-5-steps/w.updated"

        def damage(arrays):
            arrays[f"{array}.exact"] = np.nextafter(np.nextafter(arrays[f"{array}.exact"], 9), 9)
            arrays[f"{array}.bound"] = arrays[f"{array}.bound"] * 4
            arrays["zero-dy/y.grad"] = -arrays["zero-dy/y.grad"]
        self.rewrite(damage)
        code, output = self.check("--diff")
        self.assertEqual(code, 0)
        lines = {line.split(":")[0].strip(): line for line in output.splitlines()}
        self.assertEqual(set(lines), {f"{self.KERNEL}      3 changes", "w.updated.exact", "w.updated.bound", "y.grad"})
        self.assertIn("3 elements in 1 cases, up to 2 ULP: n3-sample-5-steps[", lines["w.updated.exact"])
        self.assertIn("nearer to the exact value: committed 0, new 3, neither 0", lines["w.updated.exact"])
        self.assertIn("new / committed 0.25 to 0.25", lines["w.updated.bound"])
        self.assertIn("up to 1 ULP: zero-dy[0]: -0.0 -> 0.0", lines["y.grad"])

    def test_the_difference_sides_with_the_committed_value_when_it_is_nearer(self):
        suite = gradgate.load(self.folder, self.KERNEL)
        case = suite.cases[0]
        name, right = next(iter(case.expected.items()))
        wrong = dataclasses.replace(right, exact=np.nextafter(right.exact, np.inf), value=right.exact)
        new = dataclasses.replace(suite, cases=(dataclasses.replace(case, expected={**case.expected, name: wrong}),
                                                *suite.cases[1:]))
        lines = committed.summary(self.folder, self.KERNEL, new)
        self.assertRegex("\n".join(lines), rf"{name}.exact: .*committed {right.exact.size}, new 0, neither 0")

    def test_the_difference_shows_cases_arrays_and_sentences_that_come_and_go(self):
        self.take_today()
        self.edit(lambda tree: tree["bounds"].update({"w.updated": "guessed"}))
        self.assertIn("committed \"w.updated\": \"guessed\"", self.check("--diff")[1])
        self.setUp()
        self.rewrite(lambda arrays: [arrays.pop(name) for name in list(arrays) if name.startswith("nan-rate/")])
        self.edit(lambda tree: tree["cases"].pop())
        self.assertIn("nan-rate: comes", self.check("--diff")[1])
        self.npz.write_bytes(b"")
        self.assertIn("not readable", self.check("--diff")[1])
        with mock.patch.object(committed.gradgate, "check", side_effect=gradgate.FormatError("unsound")):
            outcome = generate.changes(self.KERNEL, self.folder)
        self.assertTrue(outcome.line.endswith("refused"))

    def test_values_outside_their_bounds_are_still_shown(self):
        def push(arrays):
            arrays["n3-sample-5-steps/w.updated"] += 1
        self.take_today()
        self.rewrite(push)
        self.assertIn("w.updated: 3 elements in 1 cases", self.check("--diff")[1])

    def test_distances_in_ulp(self):
        for dtype in (np.float64, np.float32):
            tiny = np.nextafter(dtype(0), dtype(1))
            left = np.array([1, 0, -tiny, 0, np.inf, np.nan], dtype)
            right = np.array([np.nextafter(dtype(1), dtype(2)), tiny, tiny, -0.0, np.finfo(dtype).max, np.nan], dtype)
            self.assertEqual(committed.ulps_apart(left, right).tolist(), [1, 1, 2, 1, 1, 0])
        self.assertEqual(committed.ulps_apart(np.array([2 ** 62]), np.array([-2 ** 62])).tolist(), [2 ** 63])

    def test_numpy_of_another_machine_is_no_difference(self):
        self.edit(lambda tree: tree["versions"].update(numpy="9.9.9"))
        self.assertEqual(self.check()[0], 0)

    def test_writing_is_refused_in_ci(self):
        self.json.unlink()
        with mock.patch.dict(os.environ, {"CI": "true"}):
            self.assertEqual(self.check("--dir", str(self.folder))[0], 2)
        self.assertFalse(self.json.exists())

    def test_writing_repairs_and_then_leaves_alone(self):
        self.edit(lambda tree: tree.update(seed=1))
        environment = {key: value for key, value in os.environ.items() if key != "CI"}
        with mock.patch.dict(os.environ, environment, clear=True):
            self.assertIn("written", self.check("--dir", str(self.folder))[1])
            before = self.npz.stat().st_mtime_ns
            self.assertIn("certified", self.check("--dir", str(self.folder))[1])
        self.assertEqual(self.npz.stat().st_mtime_ns, before)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [self.json.name, self.npz.name])

    def test_an_unknown_kernel_is_a_usage_error(self):
        with contextlib.redirect_stderr(io.StringIO()) as text, self.assertRaises(SystemExit) as caught:
            generate.main(["nueron", "--check"])
        self.assertEqual(caught.exception.code, 2)
        self.assertIn("no kernel nueron", text.getvalue())


class Format(unittest.TestCase):
    """Suites that cannot be written."""

    def suite(self, **changes) -> gradgate.Suite:
        one = np.array([1.0])
        case = gradgate.Case(changes.pop("id", "a"), changes.pop("inputs", {"x": one}),
                             changes.pop("expected", {"y": gradgate.Expected(one, one, one * 0)}),
                             changes.pop("case_flags", ()))
        return gradgate.Suite(changes.pop("kernel", "k"), changes.pop("cases", (case,)), {}, {"y": "equal"}, **changes)

    def test_a_good_suite_survives_the_round_trip(self):
        with tempfile.TemporaryDirectory() as folder:
            gradgate.write(pathlib.Path(folder), self.suite())
            read = gradgate.load(pathlib.Path(folder), "k")
        self.assertEqual(read.cases[0].inputs["x"].tolist(), [1.0])

    def test_bad_suites_are_refused(self):
        one = np.array([1.0])
        inf = np.array([np.inf])
        expected = gradgate.Expected
        for text, changes in {
            "malformed case id": {"id": "a/b"}, "malformed name": {"kernel": "a b"}, "there is none": {"cases": ()},
            "malformed array name": {"inputs": {"0x": one}}, "dtype": {"inputs": {"x": np.array([1j])}},
            "expects nothing": {"expected": {}}, "has no note": {"case_flags": ("odd",)},
            "no sentence": {"expected": {"q": expected(one, one, one)}},
            "input and expected": {"inputs": {"y": one}},
            "differ in dtype": {"expected": {"y": expected(one, one.astype(np.float32), one)}},
            "differ in shape": {"expected": {"y": expected(one, one, np.array([1.0, 1.0]))}},
            "negative or not finite": {"expected": {"y": expected(one, one, -one)}},
            "negative or not": {"expected": {"y": expected(one, one, one * np.nan)}},
            "not 0 beside": {"expected": {"y": expected(inf, inf, one)}},
            "NumPy gives": {"expected": {"y": expected(one, one + 1, one / 2)}},
            "NumPy gives nan": {"expected": {"y": expected(one * np.nan, one, one)}},
            "exact is inf": {"expected": {"y": expected(-inf, inf, one * 0)}},
        }.items():
            with self.subTest(text=text), self.assertRaisesRegex(gradgate.FormatError, text):
                gradgate.encode(self.suite(**changes))

    def test_a_failed_write_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            with mock.patch.object(os, "replace", side_effect=OSError("disk full")), self.assertRaises(OSError):
                gradgate.write(folder, self.suite())
            self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
