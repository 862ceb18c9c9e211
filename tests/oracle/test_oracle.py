# SPDX-License-Identifier: MIT
"""The oracle itself: its rounding, its independence, what its bounds admit and reject, what --check sees."""
from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import math
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
from fractions import Fraction
from unittest import mock

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import bounds  # noqa: E402
import cases  # noqa: E402
import committed  # noqa: E402
import evaluations  # noqa: E402
import exact  # noqa: E402
import families  # noqa: E402
import generate  # noqa: E402
import gradgate  # noqa: E402
import reference  # noqa: E402

F64, F32 = exact.FORMATS["f64"], exact.FORMATS["f32"]
GOLDEN = TOP / "tests" / "golden"


def mpf(value: Fraction):
    """A dyadic fraction as mpf, exactly."""
    return exact.mp.ldexp(exact.mp.mpf(value.numerator), -(value.denominator.bit_length() - 1))


@contextlib.contextmanager
def precision(digits: int):
    """The exact reference at another precision."""
    exact.mp.dps = digits
    try:
        yield
    finally:
        exact.mp.dps = exact.DIGITS


class Rounding(unittest.TestCase):
    def test_float64_agrees_with_python(self):
        random = np.random.RandomState(1)
        for exponent in (-1080, -1074, -1060, -1023, -500, 0, 400, 1020):
            for word in random.randint(1, 2 ** 62, size=200):
                value = Fraction(int(word)) * Fraction(2) ** (exponent - 61)
                with self.subTest(value=value):
                    self.assertEqual(exact.round_to(mpf(value), F64), float(value))
                    self.assertEqual(exact.round_to(-mpf(value), F64), -float(value))

    def test_float32_rounds_once(self):
        just_above_a_tie = 1 + Fraction(1, 2 ** 24) + Fraction(1, 2 ** 60)
        self.assertEqual(exact.round_to(mpf(just_above_a_tie), F32), 1 + 2.0 ** -23)
        self.assertEqual(np.float32(float(just_above_a_tie)), 1)  # what two roundings would give

    def test_edges_of_the_formats(self):
        for fmt in (F64, F32):
            tiny, huge = exact.mp.ldexp(1, fmt.smallest), fmt.largest
            half_step = exact.mp.ldexp(1, fmt.limit - fmt.precision - 1)
            nudge = 1 + exact.mp.mpf(2) ** -80
            for value, want in [(tiny, float(tiny)), (tiny / 2, 0.0), (tiny / 2 * nudge, float(tiny)),
                                (tiny * 3 / 2, 2 * float(tiny)), (tiny / 4, 0.0), (exact.mp.exp(-10 ** 300), 0.0),
                                (huge, float(huge)), (huge + half_step / nudge, float(huge)),
                                (huge + half_step, math.inf), (exact.mp.inf, math.inf), (-exact.mp.inf, -math.inf)]:
                self.assertEqual(exact.round_to(value, fmt), want, (fmt.name, value))
            self.assertEqual(exact.round_to(tiny / 1024, fmt, up=True), float(tiny))
            self.assertEqual(exact.round_to(exact.mp.mpf(1), fmt, up=True), 1.0)
            self.assertGreater(exact.round_to(1 + exact.mp.mpf(2) ** -90, fmt, up=True), 1.0)
            self.assertTrue(math.isnan(exact.round_to(exact.mp.nan, fmt)))


class Exact(unittest.TestCase):
    def test_shares_no_code_with_the_reference(self):
        self.assertNotIn("import reference", (TOP / "oracle/exact.py").read_text())
        self.assertNotIn("import exact", (TOP / "oracle/reference.py").read_text())

    def test_120_digits_give_the_same_values(self):
        for kernel in generate.kernel_names():
            family_name, dtype = generate.split(kernel)
            family = families.FAMILIES[family_name]
            for spec in family.cases:
                if spec["id"] == "iris-200-steps":
                    spec = {**spec, "steps": 30}
                inputs = family.inputs(spec, dtype)
                results = []
                for digits in (exact.DIGITS, 120):
                    with precision(digits):
                        truth = family.truth(inputs)
                    results.append([exact.round_array(truth[name], exact.FORMATS[dtype]).tobytes()
                                    for name in family.expected])
                self.assertEqual(results[0], results[1], f"{kernel}: {spec['id']}")

    def test_a_dot_product_cancels_without_loss(self):
        x = exact.lift(np.array([1e300, 1.0, -1e300]))
        w = exact.lift(np.array([1e8, 3.0, 1e8]))
        self.assertEqual(exact.affine(x, w, exact.mp.mpf(2.0 ** -1074)), 3 + exact.mp.mpf(2.0 ** -1074))

    def test_the_stream_is_numpys(self):
        for seed in (0, 1, 42, 2 ** 32 - 1):
            words = exact.mt19937(seed)
            mine = [next(words) for _ in range(2000)]
            self.assertEqual(mine, np.random.RandomState(seed).randint(0, 2 ** 32, 2000, dtype=np.uint32).tolist())

    def test_infinities_and_nan_follow_ieee(self):
        inf, nan = math.inf, math.nan
        for x, w, b, z, y in [([inf], [1.0], 0.0, inf, 1.0), ([-inf], [1.0], 0.0, -inf, 0.0),
                              ([inf], [0.0], 0.0, nan, nan), ([inf, inf], [1.0, -1.0], 0.0, nan, nan),
                              ([1.0], [1.0], nan, nan, nan)]:
            truth = exact.sample(*map(exact.lift, (np.array(x), np.array(w), np.array(b), np.array(1.0))))
            np.testing.assert_array_equal([float(truth["z"][()]), float(truth["y"][()])], [z, y])


class Reference(unittest.TestCase):
    def test_prints_what_the_notebook_prints(self):
        x, w, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, -0.2, 0.1]), np.float64(0.3)
        dw, db, dx = reference.neuron_backward(x, w, b, 1.0)
        self.assertEqual(f"{reference.neuron_forward(x, w, b)[1]:.4f}", "0.6682")
        self.assertEqual(str(dw), "[0.22171287 0.44342575 0.66513862]")
        self.assertEqual(f"{db:.4f}", "0.2217")
        self.assertEqual(str(dx), "[ 0.11085644 -0.04434257  0.02217129]")
        neuron = reference.Neuron(reference.initial_weights(3, 42), 0.0)
        self.assertEqual(f"{neuron.forward(x):.4f}", "0.5054")

    def test_leaves_the_global_generator_alone(self):
        np.random.seed(5)
        before = np.random.get_state()[1].tobytes()
        reference.initial_weights(10, 42)
        self.assertEqual(np.random.get_state()[1].tobytes(), before)

    def test_stays_in_float32(self):
        for name in ("neuron_f32", "neuron_batch_f32", "neuron_train_f32"):
            family = families.FAMILIES[name[:-4]]
            for key, value in family.value(family.inputs(family.cases[0] if "train" not in name else family.cases[1],
                                                         "f32")).items():
                self.assertEqual(np.asarray(value).dtype, np.float32, (name, key))


def changed(family: families.Family, name: str, function) -> families.Family:
    """The family with NumPy's value of one array replaced by function(value)."""
    return dataclasses.replace(family, value=lambda a: {**family.value(a), name: function(family.value(a)[name])})


class Refusals(unittest.TestCase):
    def refused(self, kernel: str, text: str, **patches) -> None:
        """The generator refuses the kernel, and the reason has this text."""
        with contextlib.ExitStack() as stack:
            for target, replacement in patches.items():
                module, name = target.split("__")
                stack.enter_context(mock.patch.object({"bounds": bounds, "exact": exact, "reference": reference,
                                                       "evaluations": evaluations}[module], name, replacement))
            with self.assertRaises(gradgate.FormatError) as caught:
                generate.build_suite(kernel)
        self.assertIn(text, str(caught.exception))

    def test_wrong_numpy_values_are_refused(self):
        wrong = {"sign": lambda v: -v, "twice": lambda v: 2 * v, "1e-9 off": lambda v: v * (1 + 1e-9),
                 "NaN": lambda v: v * np.nan, "zero": lambda v: v * 0, "reversed": lambda v: v[..., ::-1]}
        for kernel, name in [("neuron", "w.grad"), ("neuron", "x.grad"), ("neuron_sample", "w.grad"),
                             ("neuron_batch", "w.grad"), ("neuron_batch", "x.grad"), ("neuron_batch", "y"),
                             ("sigmoid", "z.grad"), ("neuron_update", "w.updated"), ("neuron_init", "w.init")]:
            right = families.FAMILIES[kernel]
            for label, function in wrong.items():
                broken = {kernel: changed(dataclasses.replace(right, cases=right.cases[:9]), name, function)}
                with self.subTest(kernel=kernel, array=name, error=label), mock.patch.dict(families.FAMILIES, broken):
                    with self.assertRaisesRegex(gradgate.FormatError, f"/{name}.*NumPy gives"):
                        generate.build_suite(kernel)

    def test_wrong_exact_formulas_are_refused(self):
        slope, sigmoid = exact.slope, exact.sigmoid
        self.refused("neuron", ".grad", exact__slope=lambda z: slope(z) * (1 + exact.mp.mpf(10) ** -12))
        self.refused("neuron_batch", "/y", exact__sigmoid=lambda z: sigmoid(z) * (1 + exact.mp.mpf(10) ** -14))

    def test_bounds_that_are_too_small_are_refused(self):
        around = bounds.around_rounded
        for kernel in ("sigmoid", "neuron", "neuron_batch", "neuron_update", "neuron_train_f32"):
            with self.subTest(kernel=kernel), mock.patch.object(
                    generate, "around_rounded", lambda t, e, f: around(t, np.array(e / 100, dtype=object), f)):
                with self.assertRaises(gradgate.FormatError):
                    generate.build_suite(kernel)

    def test_every_way_is_inside_every_committed_bound(self):
        """Reordered, pairwise, fused, steered, the seed's class and functions: each on every case there is."""
        ways = {way.name: 0 for way in evaluations.WAYS}
        self.assertLessEqual({"seed", "functions", "backwards", "lanes", "fused", "steered"}, set(ways))
        for kernel in generate.kernel_names():
            for case in gradgate.load(GOLDEN, kernel).cases:
                for way, name, array in generate.evaluated(kernel, case):
                    expected = case.expected[name]
                    self.assertFalse(gradgate.beyond(array, expected.exact, expected.bound).any(),
                                     (kernel, case.id, name, way))
                    ways[way] += array.size
        self.assertTrue(all(count > 10000 for count in ways.values()), ways)

    def test_an_evaluation_outside_a_bound_is_named(self):
        bad = evaluations.Way("tilted", evaluations.forwards, lambda z: evaluations.naive(z) * z.dtype.type(1 + 1e-13),
                              evaluations.times_slope_left, evaluations.divide_last)
        self.refused("neuron", "the way 'tilted'", evaluations__WAYS=(bad,))


class Bounds(unittest.TestCase):
    """What a bound must not admit: wrong implementations of every kernel, each caught by at least one case."""

    def caught(self, kernel: str, function) -> set[str]:
        """The cases in which function(inputs) leaves a bound; only arrays that it gives are compared."""
        out = set()
        with np.errstate(all="ignore"):
            for case in gradgate.load(GOLDEN, kernel).cases:
                for name, array in function(case.inputs).items():
                    expected = case.expected[name]
                    if np.any(gradgate.beyond(np.asarray(array), expected.exact, expected.bound)):
                        out.add(case.id)
        return out

    def flags(self, kernel: str, ids: set[str]) -> set[str]:
        return {flag for case in gradgate.load(GOLDEN, kernel).cases if case.id in ids for flag in case.flags}

    def test_sigmoids_that_lose_digits_are_rejected(self):
        right = evaluations.two_sided

        def flushed(z):
            y = right(z)
            return np.where(y < np.finfo(z.dtype).tiny, 0, y)

        wrong = {
            "by tanh": (lambda z: z.dtype.type(0.5) * (1 + np.tanh(z / 2)).astype(z.dtype), {"left"}),
            "by 1 - sigmoid(-z)": (lambda z: (1 - right(-z)).astype(z.dtype), {"left", "far-left"}),
            "exp(z) alone": (lambda z: np.exp(z) / (1 + np.exp(z)), {"far-right"}),
            "flushed": (flushed, {"edges"}),
            "zero below -40": (lambda z: np.where(z < -40, 0, right(z)), {"far-left"}),
            "clamped": (lambda z: right(np.clip(z, -30, 30)), {"far-left"}),
            "never 1": (lambda z: np.minimum(right(z), 1 - np.finfo(z.dtype).epsneg), {"far-right"}),
            "NaN to 0": (lambda z: np.nan_to_num(right(z)), {"special"}),
            "10 ULP": (lambda z: right(z) * (1 + 10 * np.finfo(z.dtype).eps), {"centre", "left"}),
        }
        for kernel in ("sigmoid", "sigmoid_f32"):
            for label, (function, where) in wrong.items():
                with self.subTest(kernel=kernel, sigmoid=label):
                    self.assertLessEqual(where, self.caught(kernel, lambda a: {"y": function(a["z"])}))
            self.assertEqual(set(), self.caught(kernel, lambda a: {"y": right(a["z"])}))
            self.assertEqual(set(), self.caught(kernel, lambda a: {"y": evaluations.naive(a["z"])}))

    def test_float32_does_not_pass_for_float64(self):
        for kernel in ("sigmoid", "neuron", "neuron_batch", "neuron_update", "neuron_train", "neuron_init"):
            family = families.FAMILIES[kernel]

            def narrow(a):
                a = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in a.items()}
                result = family.value(a)
                return {name: np.asarray(result[name]).astype(np.float32) for name in family.expected}

            with self.subTest(kernel=kernel):
                self.assertGreater(len(self.caught(kernel, narrow)), len(family.cases) // 3)

    def test_wrong_batches_are_rejected(self):
        def variant(a, **changes):
            x, w, dy = a["x"], a["w"], a["y.grad"]
            y = evaluations.two_sided(x @ w + a["b"])
            dz = dy * y * (1 - y)
            result = {"x.grad": np.outer(dz, w), "w.grad": x.T @ dz / len(x), "b.grad": np.mean(dz)}
            return {name: function(x, w, dy, y, dz).astype(x.dtype) for name, function in changes.items()} or result

        def square(x, w, dy, y, dz):
            return (x if x.shape[0] == x.shape[1] else x.T) @ dz / len(x)

        wrong = {
            "dw a sum": ({"w.grad": lambda x, w, dy, y, dz: x.T @ dz}, "batch"),
            "db a sum": ({"b.grad": lambda x, w, dy, y, dz: np.sum(dz)}, "batch"),
            "dx a mean": ({"x.grad": lambda x, w, dy, y, dz: np.outer(dz, w) / len(x)}, "batch"),
            "x for x^T": ({"w.grad": square}, "square"),
            "|dy|": ({"b.grad": lambda x, w, dy, y, dz: np.mean(abs(dz))}, "negative_dy"),
            "dy taken for 1": ({"x.grad": lambda x, w, dy, y, dz: np.outer(y * (1 - y), w)}, "non_unit_dy"),
            "dy ignored if 0": ({"b.grad": lambda x, w, dy, y, dz: np.mean(np.where(dy == 0, 1, dz))}, "zero_dy"),
            "last feature lost": ({"w.grad": lambda x, w, dy, y, dz:
                                   np.append((x.T @ dz / len(x))[:-1], 0)}, "odd_n"),
            "last row lost": ({"b.grad": lambda x, w, dy, y, dz: np.sum(dz[:-1]) / len(x)}, "batch"),
            "rows shifted": ({"x.grad": lambda x, w, dy, y, dz: np.outer(np.roll(dz, 1), w)}, "one_hot"),
        }
        for kernel in ("neuron_batch", "neuron_batch_f32"):
            self.assertEqual(set(), self.caught(kernel, lambda a: {k: np.asarray(v) for k, v in variant(a).items()}))
            for label, (changes, flag) in wrong.items():
                with self.subTest(kernel=kernel, error=label):
                    self.assertIn(flag, self.flags(kernel, self.caught(kernel, lambda a: variant(a, **changes))))

    def test_wrong_updates_are_rejected(self):
        def descend(a, stale=False, accumulate=False, sign=-1, biased=True):
            x, w, b = np.atleast_2d(a["x"]), a["w"].copy(), a["b"].copy()
            dy, rate, dw, db, y = np.atleast_1d(a["y.grad"]), a["learning_rate"], 0, 0, None
            for _ in range(int(a["steps"])):
                y = evaluations.two_sided(x @ w + b) if y is None or not stale else y
                dz = dy * y * (1 - y)
                dw = x.T @ dz / len(x) + (dw if accumulate else 0)
                db = np.mean(dz) + (db if accumulate else 0)
                w, b = w + sign * rate * dw, b + (sign * rate * db if biased else 0)
            return {"w.updated": w, "b.updated": np.asarray(b)}

        for kernel in ("neuron_update", "neuron_update_f32"):
            self.assertEqual(set(), self.caught(kernel, descend))
            for label, wrong in {"stale": {"stale": True}, "accumulate": {"accumulate": True}, "sign": {"sign": 1},
                                 "b left": {"biased": False}}.items():
                with self.subTest(kernel=kernel, error=label):
                    self.assertIn("steps", self.flags(kernel, self.caught(kernel, lambda a: descend(a, **wrong))))

    def test_every_flag_is_used(self):
        used = {flag for kernel in generate.kernel_names() for case in gradgate.load(GOLDEN, kernel).cases
                for flag in case.flags}
        self.assertEqual(used, set(cases.FLAGS))

    def test_two_bounds_away_is_rejected(self):
        for kernel in generate.kernel_names():
            for case in gradgate.load(GOLDEN, kernel).cases:
                for name, expected in case.expected.items():
                    finite = np.isfinite(expected.exact)
                    if not finite.any():
                        continue
                    step = np.maximum(2 * expected.bound, np.spacing(np.abs(expected.exact)))[finite]
                    with np.errstate(over="ignore"):
                        moved = expected.exact[finite] + step
                    self.assertTrue(gradgate.beyond(moved, expected.exact[finite], expected.bound[finite]).all(),
                                    f"{kernel}: {case.id}/{name}")

    def test_integers_are_compared_exactly(self):
        large, ends = np.array([2 ** 60, -2 ** 62]), np.array([2 ** 63 - 1, -2 ** 63])
        self.assertTrue(gradgate.beyond(large + 1, large, np.array([0, 0])).all())
        self.assertFalse(gradgate.beyond(large + 1, large, np.array([1, 1])).any())
        self.assertTrue(gradgate.beyond(ends[::-1], ends, np.full(2, 2 ** 63 - 1)).all())
        self.assertTrue(gradgate.beyond(np.array(2, np.uint8), np.array(3, np.uint8), np.array(0, np.uint8)))


class Evaluations(unittest.TestCase):
    def test_a_fused_multiply_add_rounds_once(self):
        """Against 50 digits; and where two roundings give something else, in both directions."""
        random = np.random.RandomState(3)
        for dtype, fmt in ((np.float64, F64), (np.float32, F32)):
            for _ in range(500):
                a, b, c = (dtype(v) for v in random.uniform(-1, 1, 3))
                value = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
                want = exact.round_to(mpf(value), fmt)
                self.assertEqual(evaluations.round_fraction(value, dtype), want)
                self.assertEqual(evaluations.fused(np.array([a]), np.array([b]), np.array(c)), want)
        tie = 1 + Fraction(1, 2 ** 24)
        for sign in (1, -1):
            for value, want in ((tie, 1.0), (tie + Fraction(1, 2 ** 70), 1 + 2.0 ** -23),
                                (tie - Fraction(1, 2 ** 70), 1.0), (tie + Fraction(1, 2 ** 23), 1 + 2.0 ** -22),
                                (tie + Fraction(1, 2 ** 23) - Fraction(1, 2 ** 70), 1 + 2.0 ** -23)):
                self.assertEqual(evaluations.round_fraction(sign * value, np.float32), sign * np.float32(want))

    def test_all_sums_are_the_sum(self):
        """On integers, where no order rounds."""
        random = np.random.RandomState(4)
        for length in (1, 2, 5, 17):
            p, q = (random.randint(-9, 10, (3, length)).astype(float) for _ in range(2))
            c = np.array([1.0, 2.0, 3.0])
            for way in evaluations.WAYS:
                np.testing.assert_array_equal(way.sum(p, q, c), np.sum(p * q, axis=1) + c, way.name)

    def test_a_steered_sum_errs_the_way_it_should_and_further(self):
        random = np.random.RandomState(5)
        p, q = random.uniform(-1, 1, (2, 200, 65))
        c = np.zeros(200)
        truth = np.array([math.fsum(row) for row in p * q])
        up, down, plain = (evaluations.steered(p, q, c, True) - truth, evaluations.steered(p, q, c, False) - truth,
                           evaluations.forwards(p, q, c) - truth)
        for toward in (up, -down):
            self.assertGreater(np.mean(toward), 2 * np.mean(np.abs(plain)))


class Check(unittest.TestCase):
    """--check on damaged copies of one kernel's files."""

    KERNEL = "neuron_update"

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for suffix in ("json", "npz"):
            shutil.copy(GOLDEN / f"{self.KERNEL}.{suffix}", self.folder)
        self.json, self.npz = self.folder / f"{self.KERNEL}.json", self.folder / f"{self.KERNEL}.npz"

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
