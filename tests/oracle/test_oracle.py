# SPDX-License-Identifier: MIT
"""The oracle itself: its rounding, its independence, what its bounds admit and reject."""
from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import pathlib
import sys
import unittest
from fractions import Fraction
from unittest import mock

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import bounds  # noqa: E402
import cases  # noqa: E402
import evaluations  # noqa: E402
import exact  # noqa: E402
import families  # noqa: E402
import generate  # noqa: E402
import gradgate  # noqa: E402
import reference  # noqa: E402

F64, F32 = exact.FORMATS["f64"], exact.FORMATS["f32"]
GOLDEN = TOP / "tests" / "golden"


@functools.cache
def golden(kernel: str) -> gradgate.Suite:
    """The committed suite."""
    return gradgate.load(GOLDEN, kernel)


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
            family = families.FAMILIES[generate.split(kernel)[0]]
            short = [spec for spec in family.cases if spec.get("steps", 1) < 100]
            with self.subTest(kernel=kernel), mock.patch.dict(families.FAMILIES, {
                    generate.split(kernel)[0]: dataclasses.replace(family, cases=short)}), mock.patch.object(
                    generate, "around_rounded", lambda t, e, f: around(t, np.array(e / 100, dtype=object), f)):
                with self.assertRaises(gradgate.FormatError):
                    generate.build_suite(kernel)

    def test_every_way_is_inside_every_committed_bound(self):
        """Reordered, pairwise, fused, steered, the seed's class and functions: each on every case there is."""
        ways = {way.name: 0 for way in evaluations.WAYS}
        self.assertLessEqual({"seed", "functions", "backwards", "lanes", "fused", "steered"}, set(ways))
        for kernel in generate.kernel_names():
            for case in golden(kernel).cases:
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
            for case in golden(kernel).cases:
                for name, array in function(case.inputs).items():
                    expected = case.expected[name]
                    if np.any(gradgate.beyond(np.asarray(array), expected.exact, expected.bound)):
                        out.add(case.id)
        return out

    def flags(self, kernel: str, ids: set[str]) -> set[str]:
        return {flag for case in golden(kernel).cases if case.id in ids for flag in case.flags}

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
        used = {flag for kernel in generate.kernel_names() for case in golden(kernel).cases
                for flag in case.flags}
        self.assertEqual(used, set(cases.FLAGS))

    def test_two_bounds_away_is_rejected(self):
        for kernel in generate.kernel_names():
            for case in golden(kernel).cases:
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


if __name__ == "__main__":
    unittest.main()
