# SPDX-License-Identifier: MIT
"""Recording any NumPy kernel: what is written, what the measured bounds admit and reject, what is refused."""
from __future__ import annotations

import pathlib
import sys
import tempfile
import unittest

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import gradgate  # noqa: E402


def forward(a):
    return {"y": np.tanh(a["x"] @ a["w"] + a["b"])}


def backward(a, slope=lambda y: 1 - y * y):
    y = np.tanh(a["x"] @ a["w"] + a["b"])
    dz = a["y.grad"] * slope(y)
    return {"x.grad": dz @ a["w"].T, "w.grad": a["x"].T @ dz / len(y), "b.grad": np.mean(dz, axis=0)}


AXES = {"x": ("B", "n"), "w": ("n", "m"), "b": ("m",), "y": ("B", "m")}
SCALES = {"w.grad": lambda a: 1 / len(a["x"]), "b.grad": lambda a: 1 / len(a["x"])}


def inputs(rows=4, n=17, m=3, scale=1.0, dtype=np.float64, seed=1):
    random = np.random.RandomState(seed)
    shapes = {"x": (rows, n), "w": (n, m), "b": (m,), "y.grad": (rows, m)}
    return {name: (scale * random.uniform(-1, 1, shape)).astype(dtype) for name, shape in shapes.items()}


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def record(self, kernel_forward=forward, kernel_backward=backward, arrays=None, **options) -> gradgate.Suite:
        cases = options.pop("cases", [gradgate.Case("a", arrays or inputs())])
        options = {"axes": AXES, "grad_scale": SCALES, **options}
        gradgate.record(self.folder, "dense", kernel_forward, kernel_backward, cases, **options)
        return gradgate.load(self.folder, "dense")

    def refused(self, text: str, *arguments, **options) -> None:
        with self.assertRaisesRegex(gradgate.FormatError, text):
            self.record(*arguments, **options)
        self.assertEqual(list(self.folder.iterdir()), [])

    def beyond(self, suite: gradgate.Suite, results: dict[str, np.ndarray]) -> set[str]:
        """The arrays of the first case of which an element lies outside its bound."""
        expected = suite.cases[0].expected
        return {name for name, array in results.items()
                if gradgate.beyond(array, expected[name].exact, expected[name].bound).any()}

    def test_writes_values_exact_values_bounds_scales_and_how_they_came_to_be(self):
        suite = self.record(flags={"f": "a note"}, seed=3,
                            cases=[gradgate.Case("a", inputs(), flags=("f",), note="first"),
                                   gradgate.Case("b", inputs(rows=1, n=1, m=1))])
        self.assertEqual([case.id for case in suite.cases], ["a", "b"])
        self.assertEqual((suite.cases[0].flags, suite.cases[0].note, suite.seed), (("f",), "first", 3))
        scales = {name: expected.grad_scale for name, expected in suite.cases[0].expected.items()}
        self.assertEqual(scales, {"y": 1, "x.grad": 1, "w.grad": 0.25, "b.grad": 0.25})
        for name, sentence in suite.bounds.items():
            self.assertRegex(sentence, r"^Measured, not derived: .* orders along B, m, n", name)
        wide = {name: array.astype(np.longdouble) for name, array in inputs().items()}
        self.assertEqual(suite.cases[0].expected["y"].exact.tobytes(), forward(wide)["y"].astype(float).tobytes())

    def test_the_same_call_writes_the_same_bytes(self):
        self.record()
        before = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        self.record()
        self.assertEqual(before, {path.name: path.read_bytes() for path in self.folder.iterdir()})

    def test_right_ports_are_admitted_saturated_or_not_in_both_precisions(self):
        """Other sums, another tanh, another slope: 1 - y^2 has few digits near 1."""
        for dtype in (np.float64, np.float32):
            for scale in (0.1, 1.0, 2.0):
                for seed in range(12):
                    arrays = inputs(scale=scale, dtype=dtype, seed=seed)
                    suite = self.record(arrays=arrays)
                    x, w, b, dy = arrays.values()
                    one = dtype(1)
                    z = b + np.add.accumulate(x[:, ::-1, None] * w[None, ::-1, :], axis=1)[:, -1]
                    y = np.copysign(-np.expm1(-2 * np.abs(z)) / (one + np.exp(-2 * np.abs(z))), z)
                    for slope in ((one - y) * (one + y), one - y * y):
                        dz = dy * slope
                        dw = np.add.accumulate((x[:, :, None] * (dz / dtype(len(x)))[:, None, :])[::-1])[-1]
                        dx = np.add.accumulate(dz[:, None, ::-1] * w[None, :, ::-1], axis=2)[..., -1]
                        got = {"y": y, "x.grad": dx, "w.grad": dw,
                               "b.grad": np.add.accumulate(dz)[-1] * (one / dtype(len(x)))}
                        with self.subTest(dtype=dtype.__name__, scale=scale, seed=seed):
                            self.assertEqual(self.beyond(suite, got), set())

    def test_wrong_ports_are_rejected(self):
        suite = self.record()
        right = {**forward(inputs()), **backward(inputs())}
        self.assertEqual(self.beyond(suite, right), set())
        for label, change in {"sign": lambda v: -v, "twice": lambda v: 2 * v, "1e-9 off": lambda v: v * (1 + 1e-9),
                              "NaN": lambda v: v * np.nan, "zero": lambda v: v * 0, "reversed": lambda v: v[..., ::-1],
                              "float32": lambda v: v.astype(np.float32).astype(float)}.items():
            with self.subTest(label):
                self.assertEqual(self.beyond(suite, {name: change(v) for name, v in right.items()}), set(right))
        wrong = backward(inputs(), slope=lambda y: 1 - y)
        self.assertEqual(self.beyond(suite, wrong), set(wrong))

    def test_a_given_bound_is_taken_and_named(self):
        given = gradgate.Given("three roundings", lambda a: np.full((4, 3), 1e-12))
        suite = self.record(bounds={"y": given})
        self.assertEqual(suite.bounds["y"], "Given: three roundings")
        bound = suite.cases[0].expected["y"].bound
        self.assertTrue(((bound >= 1e-12) & (bound < 1.001e-12)).all())
        self.assertIn("Measured", suite.bounds["w.grad"])

    def test_a_given_bound_that_numpy_breaks_is_refused(self):
        self.refused("/y: .*NumPy gives", bounds={"y": gradgate.Given("none", lambda a: 0.0)})
        self.refused("no such array", bounds={"q": gradgate.Given("none", lambda a: 0.0)})
        self.refused("no such array", grad_scale={"q.grad": 2.0})

    def test_without_axes_it_says_so(self):
        self.assertIn("not reordered", self.record(axes={}).bounds["y"])

    def test_an_axis_along_which_order_matters_is_refused(self):
        def running(a):
            return {"y": np.cumsum(a["x"])}

        def back(a):
            return {"x.grad": np.cumsum(a["y.grad"][::-1])[::-1]}
        arrays = {"x": np.arange(1.0, 8.0), "y.grad": np.ones(7) / 3}
        self.refused("order matters", running, back, arrays, axes={"x": ("n",), "y": ("n",)}, grad_scale={})
        self.record(running, back, arrays, axes={}, grad_scale={})

    def test_a_kink_is_refused(self):
        def relu(a):
            return {"y": np.maximum(a["x"] - 1, 0)}

        def back(a):
            return {"x.grad": a["y.grad"] * (a["x"] > 1)}
        arrays = {"x": np.array([0.5, 1.0, 2.0]), "y.grad": np.ones(3)}
        self.refused(r"x.grad\[1\].*a kink", relu, back, arrays, axes={}, grad_scale={})
        arrays["x"][1] = 1.5
        self.record(relu, back, arrays, axes={}, grad_scale={})

    def test_a_kernel_that_narrows_is_refused(self):
        def narrow(a):
            return {"y": forward({name: array.astype(float) for name, array in a.items()})["y"]}

        def hidden(a):
            return {"y": narrow(a)["y"].astype(a["x"].dtype)}
        self.refused("must compute in the dtype of its inputs", narrow)
        self.refused("narrows inside", hidden)
        self.record(hidden, wide=(forward, backward))

    def test_a_wide_twin_that_is_another_function_is_refused(self):
        self.refused("order matters|cancellation", wide=(lambda a: {"y": forward(a)["y"] * (1 + 1e-7)}, backward))
        self.refused("another shape", wide=(lambda a: {"y": forward(a)["y"][0]}, backward), axes={})
        self.refused("different arrays", wide=(lambda a: {"z": forward(a)["y"]}, backward))

    def test_integers_and_infinities_pass_through(self):
        def pick(a):
            return {"y": a["x"][a["index"]], "count": np.int64(len(a["index"]))}

        def back(a):
            dx = np.zeros_like(a["x"])
            np.add.at(dx, a["index"], a["y.grad"])
            return {"x.grad": dx}
        arrays = {"x": np.array([1.0, np.inf, np.nan]), "index": np.array([0, 1, 2, 0]), "y.grad": np.ones(4)}
        suite = self.record(pick, back, arrays, axes={}, grad_scale={})
        expected = suite.cases[0].expected
        self.assertEqual(suite.bounds["count"], "Integers: equal.")
        self.assertEqual(expected["y"].bound[1:3].tolist(), [0, 0])
        self.assertTrue(np.isinf(expected["y"].exact[1]) and np.isnan(expected["y"].exact[2]))

    def test_malformed_kernels_and_cases_are_refused(self):
        def careless(a):
            a["x"] *= 2
            return forward(a)
        self.refused("changes its inputs", careless)
        self.refused("x.grad is given twice", lambda a: {**forward(a), "x.grad": a["x"]})
        self.refused("does not fit its axes", axes={"x": ("B", "n"), "w": ("B", "m")})
        self.refused("order matters", axes={**AXES, "y": ("q", "m")})
        self.refused("does not fit its axis q", lambda a: {**forward(a), "s": a["b"] * 2}, axes={"s": ("q",)})
        self.refused("two cases have this id", cases=[gradgate.Case("a", inputs()), gradgate.Case("a", inputs())])
        self.refused("malformed case id", cases=[gradgate.Case("a/b", inputs())])
        self.refused("has no note", cases=[gradgate.Case("a", inputs(), flags=("f",))])
        self.refused("there is none", cases=[], grad_scale={})
        self.refused("grad_scale is 0", grad_scale={"w.grad": 0.0})
        self.refused("not the gradient of an input", grad_scale={"y": 0.5})


if __name__ == "__main__":
    unittest.main()
