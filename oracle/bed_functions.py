# SPDX-License-Identifier: MIT
"""The test bed of the derivative engine: formulas over mpmath numbers, and the points they are taken at.

Data only. The C twins stand in tests/gradcheck/bed/ and are written independently; names are the link.
Every literal is a double, as in C: 0.1 means the double next to 0.1. Points are doubles.
`SUBGRADIENTS` holds the points that sit on a kink, with the subgradient the C backward returns there.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

Point = tuple[float, ...]


@dataclass(frozen=True)
class Function:
    name: str
    formula: Callable[..., Sequence[mpf]]  # n_in numbers -> n_out numbers
    points: tuple[Point, ...]


FUNCTIONS: list[Function] = []
SUBGRADIENTS: dict[tuple[str, Point], tuple[tuple[float, ...], ...]] = {}


def scalar(name: str, formula: Callable[[mpf], mpf], *points: float) -> None:
    FUNCTIONS.append(Function(name, lambda x: [formula(x)], tuple((float(p),) for p in points)))


def vector(name: str, formula: Callable[..., Sequence[mpf]], *points: Point) -> None:
    FUNCTIONS.append(Function(name, formula, tuple(tuple(map(float, p)) for p in points)))


def on_kink(name: str, point: Point, *rows: tuple[float, ...]) -> None:
    SUBGRADIENTS[name, tuple(map(float, point))] = tuple(tuple(map(float, row)) for row in rows)


def sigmoid(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def dot(a: Sequence[mpf], b: Sequence) -> mpf:
    return sum((p * mpf(q) for p, q in zip(a, b)), mpf(0))


# ---- smooth and well scaled, one number to one number ----
USUAL = (0.3, -0.7, 1.1, 2.3, -1.9)
POSITIVE = (0.5, 0.9, 1.7, 3.2, 4.0)
scalar("sine", mp.sin, *USUAL)
scalar("cosine", mp.cos, *USUAL)
scalar("exponential", mp.exp, *USUAL)
scalar("sigmoid", sigmoid, *USUAL)
scalar("hyperbolic_tangent", mp.tanh, *USUAL)
scalar("softplus", lambda x: mp.log(1 + mp.exp(x)), *USUAL)
scalar("cubic", lambda x: x**3 - 2 * x + 1, *USUAL)
scalar("witch", lambda x: 1 / (1 + x * x), *USUAL)
scalar("gaussian", lambda x: mp.exp(-x * x), *USUAL)
scalar("arctangent", mp.atan, *USUAL)
scalar("hyperbola", lambda x: mp.sqrt(1 + x * x), *USUAL)
scalar("decay", lambda x: x * mp.exp(-x), *USUAL)
scalar("log_quadratic", lambda x: mp.log(1 + x * x), *USUAL)
scalar("swish", lambda x: x * sigmoid(x), *USUAL)
scalar("gelu", lambda x: x * (1 + mp.erf(x * mpf(0.7071067811865476))) / 2, *USUAL)
scalar("error_function", mp.erf, *USUAL)
scalar("sine_of_exponential", lambda x: mp.sin(mp.exp(x)), *USUAL)
scalar("rational", lambda x: (x * x + 1) / (x + 3), *USUAL)
scalar("power", lambda x: x ** mpf(2.5), *POSITIVE)
scalar("logarithm", mp.log, *POSITIVE)
scalar("square_root", mp.sqrt, *POSITIVE)

# ---- smooth and well scaled, several numbers ----
PAIRS = ((0.3, -0.7), (1.1, 0.4), (-0.6, 1.3), (2.1, -1.2))
TRIPLES = ((0.3, -0.7, 1.1), (1.4, 0.2, -0.9), (-0.5, -1.3, 0.8), (2.2, 1.6, 0.7))
QUADS = ((0.3, -0.7, 1.1, 0.2), (1.4, 0.9, -0.8, -0.1), (-0.5, 1.2, 0.6, 1.9), (0.05, 0.1, -0.2, 0.4))
SIXES = ((0.3, -0.7, 1.1, 0.2, -1.4, 0.6), (1.3, 0.8, -0.4, -1.1, 0.5, 0.9),
         (-0.2, 0.9, 1.7, 0.3, 0.4, -0.6), (0.6, 0.5, -1.5, 2.0, -0.3, 0.1))
SEVENS = ((1.0, 2.0, 3.0, 0.5, -0.2, 0.1, 0.3), (-0.4, 0.7, 1.2, 0.9, -1.1, 0.3, 0.0),
          (0.2, -1.6, 0.8, 0.4, 0.6, -0.7, -0.5), (1.5, -0.3, -0.9, 0.01, -0.02, 0.015, 0.1))


def softmax(*x: mpf) -> list[mpf]:
    total = sum(map(mp.exp, x))
    return [mp.exp(v) / total for v in x]


def layer_norm(*x: mpf) -> list[mpf]:
    mean = sum(x) / len(x)
    variance = sum((v - mean) ** 2 for v in x) / len(x)
    return [(v - mean) / mp.sqrt(variance + mpf(1e-5)) for v in x]


def quadratic_form(a: mpf, b: mpf, c: mpf) -> list[mpf]:
    return [2 * a * a + b * b + 3 * c * c + a * b - mpf(0.5) * a * c + mpf(0.25) * b * c]


def cosine_similarity(a: mpf, b: mpf, c: mpf, d: mpf) -> list[mpf]:
    return [(a * c + b * d) / (mp.sqrt(a * a + b * b) * mp.sqrt(c * c + d * d))]


vector("rosenbrock", lambda a, b: [(1 - a) ** 2 + 100 * (b - a * a) ** 2], *PAIRS)
vector("neuron", lambda *v: [sigmoid(dot(v[:3], v[3:6]) + v[6])], *SEVENS)
vector("softmax", softmax, *QUADS)
vector("log_sum_exp", lambda *x: [mp.log(sum(map(mp.exp, x)))], *QUADS)
vector("bilinear", lambda a, b, c, d, p, q: [a * p + b * q, c * p + d * q], *SIXES)
vector("polar", lambda r, t: [r * mp.cos(t), r * mp.sin(t)], *PAIRS)
vector("norm", lambda *x: [mp.sqrt(dot(x, x))], *TRIPLES)
vector("product", lambda a, b, c, d, e: [a * b * c * d * e],
       (0.3, -0.7, 1.1, 2.0, 0.9), (1.4, 0.9, -0.8, -0.5, 1.2), (-0.5, 1.2, 0.6, 1.9, -1.0), (1.0, 1.5, 2.0, 0.4, 0.7))
vector("quadratic_form", quadratic_form, *TRIPLES)
vector("cross_product", lambda a, b, c, p, q, r: [b * r - c * q, c * p - a * r, a * q - b * p], *SIXES)
vector("cosine_similarity", cosine_similarity, *QUADS)
vector("lorenz", lambda x, y, z: [10 * (y - x), x * (28 - z) - y, x * y - mpf(2.5) * z], *TRIPLES)
vector("layer_norm", layer_norm, *QUADS)
vector("mean_square_error", lambda a, b, c, p, q, r: [((a - p) ** 2 + (b - q) ** 2 + (c - r) ** 2) / 3], *SIXES)
vector("sum_of_exponentials", lambda *x: [sum(map(mp.exp, x))], *TRIPLES)
vector("two_layers", lambda x, a, b, c: [c * mp.tanh(a * x + b)], *QUADS)
vector("determinant", lambda a, b, c, d: [a * d - b * c], *QUADS)
vector("log_loss", lambda a, b: [-mp.log(sigmoid(a)) * mpf(0.75) - mp.log(1 - sigmoid(b)) * mpf(0.25)], *PAIRS)

# ---- steep ----
scalar("exponential_steep", lambda x: mp.exp(20 * x), 0.1, 0.5, -0.3, 1.5)
scalar("tangent_steep", lambda x: mp.tanh(1000 * x), 1e-4, -5e-4, 1e-3, 2e-3)
scalar("power_fifteen", lambda x: x**15, 0.5, 1.1, 2.0, -3.0)
scalar("reciprocal", lambda x: 1 / x, 0.01, -0.003, 0.05, 1e-4)
scalar("tangent", mp.tan, 1.5, 1.57, -1.55, 1.4)
scalar("sigmoid_steep", lambda x: sigmoid(500 * x), 0.001, -0.004, 0.0005, 0.01)
scalar("exponential_of_exponential", lambda x: mp.exp(mp.exp(x)), 1.0, 2.0, 0.5, -1.0)

# ---- flat ----
scalar("cosine_top", mp.cos, 1e-3, 1e-5, 0.0, -1e-8)
scalar("power_seven", lambda x: x**7, 0.01, 0.05, -0.02, 0.1)
scalar("bump", lambda x: mp.exp(-1 / (x * x)), 0.15, 0.2, 0.3, -0.25)
scalar("ripple", lambda x: 1 + mpf(1e-6) * mp.sin(x), *USUAL)
scalar("slight_slope", lambda x: 1 + mpf(1e-10) * x, *USUAL)
scalar("quartic_well", lambda x: (x - 1) ** 4, 1.001, 0.99, 1.05, 1.0)

# ---- hugely scaled ----
scalar("big_sine", lambda x: mpf(1e12) * mp.sin(x), *USUAL)
scalar("big_square", lambda x: mpf(1e200) * x * x, 0.5, -3.0, 1e20, 1e-20)
scalar("wide_sine", lambda x: mp.sin(mpf(1e-9) * x), 3e8, -7e8, 1.1e9, 2.3e9)
scalar("wide_cubic", lambda x: (mpf(1e-8) * x) ** 3, 3e7, -7e7, 1.1e8, 2.3e8)
scalar("wide_sigmoid", lambda x: sigmoid(mpf(1e-6) * x), 3e5, -7e5, 1.1e6, 2.3e6)
scalar("very_wide_exponential", lambda x: mp.exp(mpf(1e-100) * x), 3e99, -7e99, 1.1e100, 2.3e100)
vector("mixed_results", lambda a, b: [mpf(1e8) * a * a + b], *PAIRS)
vector("mixed_inputs", lambda a, b: [mp.sin(mpf(1e6) * a) + mp.sin(mpf(1e-6) * b)],
       (3e-7, 7e5), (1.1e-6, -4e5), (-6e-7, 1.3e6), (2.1e-6, 2e5))

# ---- tinily scaled ----
scalar("small_sine", lambda x: mpf(1e-12) * mp.sin(x), *USUAL)
scalar("small_square", lambda x: mpf(1e-200) * x * x, 0.5, -3.0, 1e20, 1e-20)
scalar("narrow_sine", lambda x: mp.sin(mpf(1e9) * x), 3e-10, -7e-10, 1.1e-9, 2.3e-9)
scalar("narrow_tangent", lambda x: mp.tanh(mpf(1e12) * x), 3e-13, -7e-13, 1.1e-12, 2.3e-12)
scalar("narrow_exponential", lambda x: mp.exp(mpf(1e100) * x), 3e-101, -7e-101, 1.1e-100, 2.3e-100)
scalar("square_of_tiny", lambda x: x * x, 1e-150, -3e-140, 1e-100, 2e-30)

# ---- offset by 1e8 ----
scalar("offset_sine", lambda x: mpf(1e8) + mp.sin(x), *USUAL)
scalar("offset_exponential", lambda x: mpf(1e8) + mp.exp(x), *USUAL)
scalar("offset_line", lambda x: mpf(1e8) + x, *USUAL)
scalar("offset_input", lambda x: (x - mpf(1e8)) ** 2, 1e8 + 0.5, 1e8 - 3.0, 1e8 + 10.25, 1e8 + 0.125)
scalar("far_sine", mp.sin, 1e8 + 0.3, 1e8 - 0.7, 1e8 + 1.1, -1e8)
vector("offset_product", lambda a, b: [mpf(1e8) + a * b], *PAIRS)

# ---- oscillating ----
scalar("fast_sine", lambda x: mp.sin(mpf(1e6) * x), 1e-6, 0.5, 1.0, 3.3e-7, -2.0)
scalar("ripple_on_slope", lambda x: x + mpf(1e-3) * mp.sin(mpf(1e4) * x), *USUAL)
scalar("chirp", lambda x: mp.cos(1000 * x * x), *USUAL)
scalar("sine_of_reciprocal", lambda x: mp.sin(1 / x), 0.01, 0.003, -0.02, 0.1)
vector("wave_product", lambda a, b: [mp.sin(1000 * a) * mp.cos(1000 * b)], *PAIRS)
scalar("two_frequencies", lambda x: mp.sin(x) + mp.sin(mpf(1e5) * x), *USUAL)

# Steps that are powers of two, or of ten, fall on whole periods and see a straight line: the slope is 2, not 1.
TURN = mpf(6.283185307179586)
scalar("dyadic_ripple", lambda x: x + mp.sin(TURN * 1024 * x) / (TURN * 1024), 0.25, 0.5, 1.0, -0.75)
scalar("decimal_ripple", lambda x: x + mp.sin(TURN * 1000 * x) / (TURN * 1000), 0.3, -0.7, 1.1, 2.3)

# ---- narrow peaks ----
scalar("narrow_peak", lambda x: 1 / (mpf(1e-6) + (x - mpf(0.3)) ** 2), 0.3005, 0.301, 0.299, 0.31, 0.5)
scalar("lorentz_peak", lambda x: 1 / (1 + mpf(1e8) * (x - mpf(0.5)) ** 2), 0.50005, 0.5001, 0.4999, 0.501, 0.7)
scalar("spike", lambda x: mp.exp(-mpf(1e6) * (x - mpf(0.2)) ** 2), 0.2005, 0.1995, 0.201, 0.2001)
scalar("peak_on_slope", lambda x: x + 1 / (1 + mpf(1e10) * (x - mpf(0.75)) ** 2),
       0.7500051, 0.74999, 0.7501, 0.76, 0.2)

# ---- saturated ----
scalar("sigmoid_tail", sigmoid, 20.0, 30.0, -30.0, -200.0, 36.0)
scalar("tangent_tail", mp.tanh, 10.0, 15.0, -12.0, 18.0)
scalar("softplus_tail", lambda x: mp.log(1 + mp.exp(x)), -40.0, -20.0, 30.0, -300.0)
scalar("error_tail", mp.erf, 3.0, 4.0, 5.0, -4.5)
vector("neuron_tail", lambda *v: [sigmoid(dot(v[:3], v[3:6]) + v[6])],
       (1.0, 2.0, 3.0, 5.0, 4.0, 2.0, 0.3), (1.0, 2.0, 3.0, -5.0, -4.0, -2.0, 0.3),
       (2.0, 1.0, 1.0, 10.0, 12.0, 4.0, 0.0), (-2.0, 1.5, 0.5, 10.0, 4.0, -8.0, 0.1))
vector("softmax_tail", softmax, (20.0, 0.0, -20.0), (0.0, 37.0, 1.0), (-15.0, -15.5, 15.0), (8.0, -8.0, 0.0))

# ---- log and sqrt near 0, and edges of the domain ----
scalar("log_edge", mp.log, 1e-3, 1e-6, 1e-12, 1e-300)
scalar("sqrt_edge", mp.sqrt, 1e-2, 1e-6, 1e-12, 1e-300)
scalar("log_refusing", mp.log, 1e-3, 1e-6, 1e-12, 0.02)
scalar("sqrt_giving_nan", mp.sqrt, 1e-2, 1e-6, 1e-12, 0.3)
scalar("entropy", lambda x: x * mp.log(x), 1e-3, 1e-8, 0.3, 1e-15)
scalar("root_cubed", lambda x: x ** mpf(1.5), 1e-3, 1e-8, 0.3, 1e-15)
scalar("log_odds", lambda x: mp.log(x) - mp.log(1 - x), 1e-6, 0.999999, 0.5, 0.999)
scalar("edge_exponential", mp.exp, 0.0, 1.0, 1e-9, 0.5)
scalar("edge_square_root", lambda x: mp.sqrt(x + 1), 0.0, 1.0, 1e-9, 0.5)
vector("edge_product", lambda a, b: [mp.exp(a) * (1 + b)], (0.0, 1.0), (1.0, 0.0), (0.5, 0.0), (1e-12, 0.25))

# ---- kinks: near them, and on them ----
NEAR_ZERO = (1e-3, -1e-3, 0.005, -1e-5, 0.3)
scalar("absolute", abs, *NEAR_ZERO, 0.0)
scalar("relu", lambda x: max(x, mpf(0)), *NEAR_ZERO, 0.0)
scalar("leaky_relu", lambda x: x if x > 0 else mpf(0.01) * x, *NEAR_ZERO, 0.0)
scalar("clamp", lambda x: min(max(x, mpf(-1)), mpf(1)), 0.999, 1.001, -1.001, 0.5, -0.99999, 1.0, -1.0)
scalar("hinge", lambda x: max(mpf(0), 1 - x), 0.999, 1.001, 0.5, 1.00001, 1.0)
scalar("huber", lambda x: x * x / 2 if abs(x) <= 1 else abs(x) - mpf(0.5), 0.999, 1.001, -1.001, 0.3, 1.0)
scalar("x_absolute_x", lambda x: x * abs(x), 1e-3, 0.0, -1e-3, 0.5)
scalar("absolute_sine", lambda x: abs(mp.sin(x)), 1e-3, -0.01, 3.14, 1.0)
vector("maximum", lambda a, b: [max(a, b)], (0.3, 0.301), (0.5, 0.499), (-0.2, 0.7), (1.0, 0.99999), (0.4, 0.4))
vector("minimum", lambda a, b: [min(a, b)], (0.3, 0.301), (0.5, 0.499), (-0.2, 0.7), (1.0, 0.99999), (0.4, 0.4))
vector("max_pool", lambda *x: [max(x)], (0.3, 0.301, 0.1, -0.2), (0.5, 0.1, 0.499, 0.2), *QUADS)
vector("relu_layer", lambda *x: [max(v, mpf(0)) for v in x],
       (1e-3, -1e-3, 0.4, -0.6), (0.005, 0.3, -0.005, 0.2), *QUADS)
vector("l1_norm", lambda *x: [sum(map(abs, x))], (1e-3, 0.4, -0.6), (-0.005, -0.3, 0.02), *TRIPLES)
vector("relu_neuron", lambda x, w, b: [max(x * w + b, mpf(0))], (0.5, 0.4, -0.199), (0.5, 0.4, -0.201), *TRIPLES)
on_kink("absolute", (0.0,), (0.0,))
on_kink("relu", (0.0,), (0.0,))
on_kink("leaky_relu", (0.0,), (0.01,))
on_kink("clamp", (1.0,), (1.0,))
on_kink("clamp", (-1.0,), (1.0,))
on_kink("hinge", (1.0,), (0.0,))
on_kink("maximum", (0.4, 0.4), (1.0, 0.0))
on_kink("minimum", (0.4, 0.4), (1.0, 0.0))

# ---- jumps, |x| <= 100 ----
scalar("floor", mp.floor, 0.5, 2.3, -7.7, 99.9, 2.001)
scalar("sawtooth", lambda x: x - mp.floor(x), 0.5, 2.3, -7.7, 99.9, 2.001)
scalar("staircase", lambda x: x * x + mp.floor(x), 0.5, 2.3, -7.7, 99.9, 2.001)
scalar("step_on_slope", lambda x: x + (1 if x > 0 else 0), 0.5, -2.3, 1e-3, -1e-4)
scalar("quantised", lambda x: mp.sin(x) + mp.floor(8 * x) / 8, *USUAL)

# ---- float32 inside ----
scalar("float_sine", mp.sin, *USUAL)
scalar("float_sigmoid", sigmoid, *USUAL)
scalar("float_cubic", lambda x: x**3 - 2 * x + 1, *USUAL)
scalar("float_softplus", lambda x: mp.log(1 + mp.exp(x)), *USUAL)
vector("float_dot", lambda *x: [dot(x, (0.5, -0.25, 1.5, 2.0))], *QUADS)
vector("float_neuron", lambda *v: [sigmoid(dot(v[:3], v[3:6]) + v[6])], *SEVENS)

# ---- noise of 1e-6: the truth is the derivative without it ----
scalar("noisy_sine", mp.sin, *USUAL)
scalar("noisy_square", lambda x: x * x, *USUAL)
scalar("noisy_exponential", mp.exp, *USUAL)
scalar("noisy_line", lambda x: 2 * x, *USUAL)
vector("noisy_dot", lambda *x: [dot(x, (0.5, -0.25, 1.5))], *TRIPLES)

# ---- exactly linear ----
EIGHTS = ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), (1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0),
          (1e3, 1e-3, 0.5, 0.25, 0.1, -7.0, 3.0, 0.01), (0.9, 0.8, -0.7, 0.6, -0.5, 0.4, 0.3, -0.2))
scalar("line", lambda x: 3 * x + 2, *USUAL)
scalar("tenth", lambda x: mpf(0.1) * x, *USUAL)
scalar("identity", lambda x: x, *USUAL, 1e-20, 1e20)
scalar("slight_line", lambda x: mpf(-1e-6) * x, *USUAL)
vector("dot", lambda *x: [dot(x, (0.5, -0.25, 1.5, 2.0))], *QUADS)
vector("matrix", lambda a, b, c: [a + 2 * b - 3 * c, mpf(0.1) * a - mpf(0.7) * c], *TRIPLES)
vector("sum", lambda *x: [sum(x)], *EIGHTS)

# ---- constant ----
scalar("seven", lambda x: mpf(7) + 0 * x, *USUAL)
scalar("zero", lambda x: 0 * x, *USUAL)
scalar("cancelled", lambda x: x - x, *USUAL)
vector("one_ignored", lambda a, b: [mp.sin(a) + 0 * b], *PAIRS)

# ---- subnormal results ----
scalar("subnormal_line", lambda x: mpf(1e-310) * x, *USUAL)
scalar("subnormal_exponential", mp.exp, -710.0, -720.0, -735.0, -740.0)
scalar("subnormal_square", lambda x: (mpf(1e-160) * x) ** 2, *USUAL)
scalar("smallest_sine", lambda x: mpf(3e-308) * mp.sin(x), *USUAL)

# ---- results of 1e300 ----
scalar("huge_sine", lambda x: mpf(1e300) * mp.sin(x), *USUAL)
scalar("huge_exponential", mp.exp, 690.0, 700.0, 705.0, 709.0)
scalar("huge_line", lambda x: mpf(1e300) * x, *USUAL)
scalar("huge_square", lambda x: (mpf(1e150) * x) ** 2, *USUAL)
