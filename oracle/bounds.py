# SPDX-License-Identifier: MIT
"""How far a right evaluation of the neuron may be from the exact value, per element: derived in oracle/README.md.

Every function takes exact values (mpf) and a Format and returns bounds as mpf. Nothing here is measured or tuned.
"""
from __future__ import annotations

import dataclasses
import functools
import math
import operator
from collections.abc import Iterable

import mpmath
import numpy as np

from exact import FORMATS, ZERO, Format, apply, curvature, mp, round_array, round_to, slope

EXP_ULP = 3  # a library's exp may be off by this many units in the last place (NumPy's own float32: 2.52)
STEEPEST = mp.mpf(1) / 4  # max sigmoid'
SHARPEST = 1 / (6 * mp.sqrt(3))  # max |sigmoid''|, at z = +-SHARPEST_AT
SHARPEST_AT = mp.log(2 + mp.sqrt(3))
TINY = mp.mpf(10) ** -40  # far above what 50 digits lose, far below everything else
WILDEST = mp.mpf(1) / 8  # max |sigmoid'''|
SLACK_50 = mp.mpf(2) ** -100  # covers the 50-digit arithmetic of everything else
SLACK = 2.0 ** -30  # covers the float64 arithmetic of this file's matrices many times over


def added(terms: Iterable[mpmath.mpf]) -> mpmath.mpf:
    """The sum of terms >= 0 in plain 50-digit arithmetic."""
    return functools.reduce(operator.add, terms, ZERO)


def gamma(count: int, fmt: Format) -> mpmath.mpf:
    """The relative error of count roundings in a row: count u / (1 - count u)."""
    return count * fmt.u / (1 - count * fmt.u)


def sum_error(terms: Iterable[mpmath.mpf], fmt: Format, passed: Iterable[int] | int = 0) -> mpmath.mpf:
    """Of the sum of m terms in any order or tree, where term i has passed[i] roundings before it.

    A term is off by one u per addition above it, and no tree puts more of them above the larger terms than the chain
    that begins with the largest: m - 1, m - 1, m - 2, ..., 1 additions for falling magnitudes.
    """
    terms = [abs(t) for t in terms]
    m = len(terms)
    before = [passed] * m if isinstance(passed, int) else list(passed)
    falling = sorted(terms, reverse=True)
    weighted = added(t * (m - max(i, 1)) for i, t in enumerate(falling)) + added(t * k for t, k in zip(terms, before))
    return weighted * fmt.u / (1 - (m + max(before)) * fmt.u)


def affine_error(x: np.ndarray, w: np.ndarray, b: mpmath.mpf, fmt: Format) -> mpmath.mpf:
    """Of w . x + b, x[n], w[n], in any order: the sum of n once rounded products and b."""
    terms = [p * q for p, q in zip(x, w)] + [b]
    if not all(mp.isfinite(t) for t in terms):
        return ZERO  # z is then exact: infinite, or NaN
    return sum_error(terms, fmt, [1] * len(x) + [0]) + len(x) * fmt.eta * (1 + gamma(len(x), fmt))


@dataclasses.dataclass(frozen=True)
class Activation:
    """Errors of y = sigmoid(z) and s = sigmoid'(z) at a z off by at most `error`, and their suprema near it."""

    y_error: mpmath.mpf
    s_error: mpmath.mpf
    s_max: mpmath.mpf
    curvature_max: mpmath.mpf


def activation(z: mpmath.mpf, error: mpmath.mpf, fmt: Format, shift: mpmath.mpf = ZERO) -> Activation:
    """A right evaluation of sigmoid and sigmoid' at z* with |z* - z| <= shift, computed from a z off by `error`."""
    largest = fmt.largest
    if not abs(z) <= largest:  # also NaN; sigmoid(+-inf) is exact
        return Activation(ZERO, ZERO, ZERO, ZERO)
    low, high = z - error - shift, z + error + shift
    u, eta = fmt.u, fmt.eta
    e_low, e_high = mp.exp(-low), mp.exp(-high)  # e_low is the largest exp(-z) of the naive formula
    y_low, y_high, rest_low, rest_high = 1 / (1 + e_low), 1 / (1 + e_high), e_low / (1 + e_low), e_high / (1 + e_high)
    s_low, s_high = y_low * rest_low, y_high * rest_high
    s_max = STEEPEST if low <= 0 <= high else max(s_low, s_high)
    curvature_max = max(s_low * abs(rest_low - y_low), s_high * abs(rest_high - y_high)) + TINY * s_max
    if low <= SHARPEST_AT <= high or low <= -SHARPEST_AT <= high:
        curvature_max = SHARPEST
    theta = (rest_low * 2 * EXP_ULP * u + 2 * u) * (1 + 64 * u)
    y_error = error * s_max + y_high * theta + (2 * EXP_ULP + 2) * eta
    s_rounding = y_high * theta * (1 + theta) + 4 * u * s_max * (1 + 64 * u)
    if e_low * (1 + 8 * u) < u / 2:  # 1 + exp(-z) rounds to 1, so y is 1 and 1 - y is 0 unless a stable form keeps it
        y_error = e_low * (1 + 8 * u) + eta
        s_rounding = s_max * (1 + 16 * u)
    s_error = error * curvature_max + s_rounding + (2 * EXP_ULP + 4) * eta
    if e_low * (1 + 8 * u) >= largest:  # exp(-z) may be infinite: the seed's formula gives 0 for a subnormal y
        y_error, s_error = max(y_error, y_high), max(s_error, s_max)
    return Activation(y_error, s_error, s_max, curvature_max)


def product_error(a: mpmath.mpf, a_error: mpmath.mpf, b: mpmath.mpf, fmt: Format) -> mpmath.mpf:
    """Of the rounded product of an inexact a and an exact b."""
    return a_error * abs(b) + fmt.u * (abs(a) + a_error) * abs(b) + fmt.eta


def slope_product_error(dy: mpmath.mpf, act: Activation, fmt: Format) -> mpmath.mpf:
    """Of dz = dy sigmoid'(z) for an exact dy; its roundings are in s_error, but not its underflow."""
    return abs(dy) * act.s_error + (2 + abs(dy)) * fmt.eta


def sigmoid_kernel(z: np.ndarray, dy: np.ndarray, fmt: Format) -> dict[str, np.ndarray]:
    """z[n], dy[n] -> y[n], z.grad[n]."""
    acts = apply(lambda v: activation(v, ZERO, fmt), z)
    return {"y": apply(lambda a: a.y_error, acts),
            "z.grad": apply(lambda d, a: slope_product_error(d, a, fmt), dy, acts)}


def sample(x: np.ndarray, w: np.ndarray, b: np.ndarray, dy: np.ndarray, truth: dict, fmt: Format,
           ) -> dict[str, np.ndarray]:
    """The errors of exact.sample, whose result is truth."""
    z_error = affine_error(x, w, b[()], fmt)
    act = activation(truth["z"][()], z_error, fmt)
    dz, dz_error = truth["b.grad"][()], slope_product_error(dy[()], act, fmt)
    return {"z": np.array(z_error, dtype=object), "y": np.array(act.y_error, dtype=object),
            "x.grad": apply(lambda v: product_error(dz, dz_error, v, fmt), w),
            "w.grad": apply(lambda v: product_error(dz, dz_error, v, fmt), x),
            "b.grad": np.array(dz_error, dtype=object)}


def mean_error(terms: np.ndarray, errors: np.ndarray, passed: int, fmt: Format) -> mpmath.mpf:
    """Of the mean of B inexact terms in any order, each rounded `passed` times before; dividing may take two."""
    count = len(terms)
    largest = [abs(t) + e for t, e in zip(terms, errors)]
    return (added(errors) + sum_error(largest, fmt, passed + 2)) / count + 2 * fmt.eta


def batch_gradients(x: np.ndarray, dz: np.ndarray, dz_errors: np.ndarray, fmt: Format) -> dict[str, np.ndarray]:
    """Of the means w.grad[n] and b.grad[]: x[B, n], dz[B]."""
    w_errors = [mean_error(dz * column, dz_errors * abs(column), 1, fmt) + fmt.eta * (1 + added(abs(column)))
                for column in x.T]
    return {"w.grad": np.array(w_errors, dtype=object),
            "b.grad": np.array(mean_error(dz, dz_errors, 0, fmt), dtype=object)}


def batch_kernel(x: np.ndarray, w: np.ndarray, b: np.ndarray, dy: np.ndarray, truth: dict, fmt: Format,
                 ) -> dict[str, np.ndarray]:
    """The errors of exact.batch, whose result is truth."""
    acts = np.array([activation(z, affine_error(row, w, b[()], fmt), fmt) for z, row in zip(truth["z"], x)],
                    dtype=object)
    dz_errors = apply(lambda d, a: slope_product_error(d, a, fmt), dy, acts)
    x_grad = np.array([[product_error(dz, e, v, fmt) for v in w] for dz, e in zip(truth["z.grad"], dz_errors)],
                      dtype=object)
    return {"y": apply(lambda a: a.y_error, acts), "x.grad": x_grad,
            **batch_gradients(x, truth["z.grad"], dz_errors, fmt)}


# ---- several steps: the reach of the error of (w, b) as a zonotope ----

def weighted_sum(weights: list[float], rows: np.ndarray) -> np.ndarray:
    """The sum of weights[i] * rows[i] in that order, elementwise: the same bits on every machine (no BLAS)."""
    result = np.zeros(rows.shape[1])
    for weight, row in zip(weights, rows):
        result = result + weight * row
    return result


def spread(rows: np.ndarray) -> list[float]:
    """The largest |value| that a combination of each row's numbers with coefficients in [-1, 1] can take."""
    return [(1 + SLACK) * math.fsum(map(abs, map(float, row))) for row in rows]


def upward(v: mpmath.mpf) -> float:
    """A float64 not below v >= 0."""
    return round_to(v, FORMATS["f64"], up=True)


@dataclasses.dataclass(frozen=True)
class Row:
    """One sample of one step, for parameters anywhere within reach of the exact ones."""

    dz: mpmath.mpf  # the largest |dz|
    dz_error: mpmath.mpf  # of an evaluation at those parameters
    bend: mpmath.mpf  # h, the derivative of dz by z at the exact parameters
    remainder: mpmath.mpf  # of dz + h (z* - z), and room for its evaluation in float64
    residual: mpmath.mpf  # the largest |dy|
    residual_error: mpmath.mpf
    loss_remainder: mpmath.mpf


def row_errors(z: mpmath.mpf, z_error: mpmath.mpf, shift: mpmath.mpf, dy: mpmath.mpf, fmt: Format, fixed_dy: bool,
               ) -> Row:
    """A row with z* anywhere within shift of z, z* itself evaluated within z_error."""
    act = activation(z, z_error, fmt, shift)
    s, bend = slope(z), dy * curvature(z)
    if fixed_dy:
        residual, residual_error, second = abs(dy), ZERO, abs(dy) * WILDEST
    else:
        residual = abs(dy) + shift * STEEPEST
        residual_error = act.y_error + fmt.u * (residual + act.y_error)
        bend, second = s * s + bend, 3 * STEEPEST * SHARPEST + residual * WILDEST  # of dz = (y - t) s by z
    remainder = second * shift * shift / 2 + SLACK * abs(bend) * shift
    error = ((residual + residual_error) * act.s_error + act.s_max * residual_error) * (1 + 2 * fmt.u)
    return Row(abs(dy) * s + abs(bend) * shift + remainder, error + (2 + residual) * fmt.eta, bend, remainder, residual,
               residual_error, (STEEPEST * STEEPEST + residual * SHARPEST) * shift * shift / 2)


def step_rows(x: np.ndarray, step: dict, reach: np.ndarray, fmt: Format, fixed_dy: bool) -> list[Row]:
    """The rows of one step; reach[n + 1] is that of w and b."""
    w_far, b_far = abs(step["w"]) + reach[:-1], abs(step["b"][()]) + reach[-1]
    return [row_errors(z, affine_error(row, w_far, b_far, fmt),
                       added(abs(row) * reach[:-1]) + reach[-1], dy, fmt, fixed_dy)
            for row, z, dy in zip(x, step["z"], step["dy"])]


def parameter_errors(x: np.ndarray, step: dict, reach: np.ndarray, rows: list[Row], rate: mpmath.mpf, fmt: Format,
                     ) -> list[mpmath.mpf]:
    """What one step adds to the errors of w and b: rounding, and what its linearisation leaves out."""
    sizes = np.array([row.dz for row in rows], dtype=object)
    errors = np.array([row.dz_error for row in rows], dtype=object)
    remainders = np.array([row.remainder for row in rows], dtype=object)
    gradients = batch_gradients(x, sizes, errors, fmt)
    parameters = [*(abs(step["w"]) + reach[:-1]), abs(step["b"][()]) + reach[-1]]
    out = []
    for column, error, parameter in zip([*abs(x.T), sizes * 0 + 1],
                                        [*gradients["w.grad"], gradients["b.grad"][()]], parameters):
        move = abs(rate) * (added(sizes * column) / len(x) + error)
        bent = abs(rate) * added(remainders * column) / len(x)
        out.append(abs(rate) * error + bent + fmt.u * (parameter + (2 + fmt.u) * move) + 2 * fmt.eta)
    return out


def loss_error(rows: list[Row], fmt: Format) -> mpmath.mpf:
    """Of sum (y - target)^2 / (2 B) at parameters within reach, linear terms in the parameters left out."""
    squares = np.array([row.residual * row.residual for row in rows], dtype=object)
    errors = np.array([(2 * row.residual + row.residual_error) * row.residual_error for row in rows], dtype=object)
    return mean_error(squares, errors, 1, fmt) / 2 + added(row.loss_remainder for row in rows) / len(rows)


def descend(x: np.ndarray, learning_rate: np.ndarray, path: list[dict], fmt: Format, fixed_dy: bool,
            ) -> dict[str, np.ndarray]:
    """The errors of exact.descend's path: loss[steps], w.updated[n], b.updated[], x[B, n].

    The computed parameters are the exact ones plus a combination of generators with coefficients in [-1, 1]. A step
    maps each generator with the Jacobian I - rate / B sum_i h_i (x_i, 1)(x_i, 1)^T and adds one per local error.
    """
    count, n = x.shape
    rate = learning_rate[()]
    features = np.array([[float(v) for v in row] + [1.0] for row in x])
    generators = np.zeros((n + 1, 0))
    losses = []
    for step in path[:-1]:
        reach = np.array([mp.mpf(v) for v in spread(generators)], dtype=object)
        rows = step_rows(x, step, reach, fmt, fixed_dy)
        gradient = np.array([*step["w.grad"], step["b.grad"][()]], dtype=object)
        carried = spread(weighted_sum([float(g) for g in gradient], generators)[None, :])[0]
        losses.append(loss_error(rows, fmt) + carried + SLACK * added(abs(gradient) * reach))
        local = parameter_errors(x, step, reach, rows, rate, fmt)
        moved = generators.copy()
        for row, along in zip(rows, features):
            moved -= np.outer(along, weighted_sum(list(along), generators) * float(rate * row.bend / count))
        fresh = [upward(error + SLACK * r) for error, r in zip(local, reach)]
        generators = np.hstack([moved, np.diag(fresh)])
    reach = [mp.mpf(v) for v in spread(generators)]
    return {"loss": np.array(losses, dtype=object), "w.updated": np.array(reach[:-1], dtype=object),
            "b.updated": np.array(reach[-1], dtype=object)}


# ---- from errors to stored bounds ----

def around_rounded(truth: np.ndarray, errors: np.ndarray, fmt: Format) -> np.ndarray:
    """Bounds around the rounded exact value, rounded up to the format; 0 where that is NaN or infinite."""
    rounded = round_array(truth, fmt)
    bounds = np.zeros(truth.shape, dtype=object)
    for index in np.ndindex(truth.shape):
        if np.isfinite(rounded[index]):
            bounds[index] = (errors[index] + abs(truth[index] - mp.mpf(float(rounded[index])))) * (1 + SLACK_50)
        else:
            bounds[index] = ZERO
    return round_array(bounds, fmt, up=True)


def initial_weights(truth: np.ndarray, fmt: Format) -> np.ndarray:
    """Of fl64(N(0, 1) * 0.01), rounded to the format: log within 1 ULP (2 u, halved by the root), 3.5 u after it."""
    wide = FORMATS["f64"]
    errors = apply(lambda v: abs(v) * 4.5 * wide.u * (1 + 64 * wide.u), truth)
    if fmt == wide:
        return errors
    return apply(lambda v, e: max(abs(mp.mpf(round_to(v + d, fmt)) - v) for d in (-e, ZERO, e)), truth, errors)
