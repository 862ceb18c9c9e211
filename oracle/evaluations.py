# SPDX-License-Identifier: MIT
"""Other right ways to evaluate the neuron in floating point: every bound must admit all of them.

They differ in order of summation, in fused or wider accumulation, in the form of sigmoid and of its derivative, and in
where the division by B stands. Written from the formulas, independent of reference.py.
"""
from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

Array = np.ndarray
ORDERS = 32  # that a steered sum tries


# ---- sums of products along the last axis: p[..., k], q[..., k], c[...] -> sum p q + c ----

def forwards(p: Array, q: Array, c: Array) -> Array:
    """One after the other, c last: the naive loop."""
    return np.add.accumulate(p * q, axis=-1)[..., -1] + c


def backwards(p: Array, q: Array, c: Array) -> Array:
    """C first, then from the end."""
    return np.add.accumulate(np.concatenate([c[..., None], (p * q)[..., ::-1]], axis=-1), axis=-1)[..., -1]


def pairwise(p: Array, q: Array, c: Array) -> Array:
    """NumPy's own sum."""
    return np.sum(p * q, axis=-1) + c


def lanes(p: Array, q: Array, c: Array) -> Array:
    """Four accumulators, as a vector loop has."""
    terms = p * q
    return sum((np.add.accumulate(terms[..., k::4], axis=-1)[..., -1] for k in range(4) if k < terms.shape[-1]), c)


def largest_first(p: Array, q: Array, c: Array) -> Array:
    """By falling magnitude."""
    terms = p * q
    order = np.argsort(-np.abs(terms), axis=-1, kind="stable")
    return np.add.accumulate(np.take_along_axis(terms, order, axis=-1), axis=-1)[..., -1] + c


@functools.cache
def shuffles(length: int) -> np.ndarray:
    """Random keys for so many terms, [ORDERS, length], in [0, 1)."""
    return np.random.RandomState(length).random_sample((ORDERS, length))


def steered(p: Array, q: Array, c: Array, up: Array | bool = True) -> Array:
    """In the one of many orders that errs furthest upwards, or downwards where up is False.

    Errors of single sums cancel over a batch and over steps; here they do not. All terms of one sign come first, each
    kind in random order: the partial sums, and with them the roundings, are then large.
    """
    terms = np.concatenate([p * q, c[..., None]], axis=-1)[..., None, :]
    keys = shuffles(terms.shape[-1]) + np.where(np.arange(ORDERS)[:, None] % 2 == 0, terms < 0, terms > 0)
    sums = np.add.accumulate(np.take_along_axis(terms, np.argsort(keys, axis=-1), axis=-1), axis=-1)[..., -1]
    return np.where(up, np.max(sums, axis=-1), np.min(sums, axis=-1))


def each_row(function: Callable, p: Array, q: Array, c: Array) -> Array:
    """The function of Python floats applied to each row; plain loops where something is not finite."""
    p, q = np.broadcast_arrays(p, q)
    out = forwards(p, q, c)
    flat, starts = np.atleast_1d(out).reshape(-1), np.atleast_1d(c).reshape(-1)
    for i, (left, right) in enumerate(zip(p.reshape(-1, p.shape[-1]), q.reshape(-1, p.shape[-1]))):
        if np.isfinite(left).all() and np.isfinite(right).all() and np.isfinite(starts[i]) and np.isfinite(flat[i]):
            flat[i] = function(left, right, starts[i])
    return flat.reshape(np.shape(out))[()]


def round_fraction(value: Fraction, dtype: type) -> np.floating:
    """To the nearest float64 or float32, ties to even, in one rounding."""
    wide = float(value)
    if dtype is np.float64 or Fraction(wide) == value:
        return dtype(wide)
    near = dtype(wide)
    beyond = np.nextafter(near, dtype(np.inf if wide > near else -np.inf))
    if near != wide and abs(float(beyond) - wide) == abs(wide - float(near)):  # wide is a tie, value is not
        return max(near, beyond) if value > Fraction(wide) else min(near, beyond)
    return near


def fused(p: Array, q: Array, c: Array) -> Array:
    """A chain of fused multiply-adds: one rounding per term, emulated exactly."""
    def chain(left: Array, right: Array, start: float) -> float:
        result = Fraction(float(start))
        for a, b in zip(left, right):
            result = Fraction(float(round_fraction(result + Fraction(float(a)) * Fraction(float(b)), left.dtype.type)))
        return float(result)
    return each_row(chain, p, q, c)


def rounded_once(p: Array, q: Array, c: Array) -> Array:
    """Products rounded, their sum exact: math.fsum."""
    return each_row(lambda left, right, start: math.fsum([*map(float, left * right), float(start)]), p, q, c)


# ---- sigmoid and its derivative ----

def naive(z: Array) -> Array:
    """The seed's own formula."""
    one = z.dtype.type(1)
    return one / (one + np.exp(-z))


def high_exp(z: Array) -> Array:
    """The seed's formula on an exp that is always 2 ULP too large."""
    one, infinity = z.dtype.type(1), z.dtype.type(np.inf)
    return one / (one + np.nextafter(np.nextafter(np.exp(-z), infinity), infinity))


def two_sided(z: Array) -> Array:
    """exp of a negative number only."""
    one = z.dtype.type(1)
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e / (one + e), one / (one + e))


def growing(z: Array) -> Array:
    """e / (1 + e) with e = exp(z), which overflows on the right: there 1 / (1 + exp(-z))."""
    e = np.exp(np.minimum(z, z.dtype.type(30)))
    return np.where(z < 30, e / (e.dtype.type(1) + e), naive(z))


def times_slope_left(dy: Array, z: Array, y: Array) -> Array:
    """(dy y) (1 - y), as in the seed's class."""
    return dy * y * (y.dtype.type(1) - y)


def times_slope_right(dy: Array, z: Array, y: Array) -> Array:
    """dy (y (1 - y)), as in the seed's functions."""
    return dy * (y * (y.dtype.type(1) - y))


def times_slope_mirrored(dy: Array, z: Array, y: Array) -> Array:
    """dy sigmoid(z) sigmoid(-z)."""
    return dy * (two_sided(z) * two_sided(-z))


def times_slope_stable(dy: Array, z: Array, y: Array) -> Array:
    """dy e / (1 + e)^2 with e = exp(-|z|)."""
    e = np.exp(-np.abs(z))
    one_e = e.dtype.type(1) + e
    return dy * (e / (one_e * one_e))


# ---- means ----

def divide_last(values: Array, count: Array) -> Array:
    """The sum divided by B."""
    return values / count


def multiply_last(values: Array, count: Array) -> Array:
    """The sum times 1 / B."""
    return values * (count.dtype.type(1) / count)


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to evaluate everything."""

    name: str
    sum: Callable[[Array, Array, Array], Array]
    sigmoid: Callable[[Array], Array]
    times_slope: Callable[[Array, Array, Array], Array]
    mean: Callable[[Array, Array], Array]
    scale_rows: bool = False  # dz / B before the sum
    steer: bool = False  # z so that b.grad errs upwards; sum is steered


WAYS = (
    Way("seed", forwards, naive, times_slope_left, divide_last),
    Way("functions", pairwise, naive, times_slope_right, multiply_last),
    Way("backwards", backwards, two_sided, times_slope_stable, divide_last, True),
    Way("lanes", lanes, growing, times_slope_left, multiply_last, True),
    Way("largest-first", largest_first, two_sided, times_slope_mirrored, divide_last),
    Way("fused", fused, two_sided, times_slope_right, divide_last),
    Way("high-exp", largest_first, high_exp, times_slope_left, multiply_last, True),
    Way("rounded-once", rounded_once, naive, times_slope_stable, multiply_last),
    Way("steered", steered, naive, times_slope_left, divide_last, steer=True),
)


def forward(way: Way, x: Array, w: Array, b: Array, dy: Array | None = None, target: Array | None = None,
            ) -> tuple[Array, Array]:
    """x[..., n], w[n], b[] -> z[...], y[...]. dy or target[...]: what a steered z needs to know."""
    start = np.broadcast_to(b, x.shape[:-1])
    if way.steer:
        y = two_sided(np.asarray(forwards(x, w, start)))
        rise = dy * (1 - 2 * y) if target is None else y * (1 - y) + (y - target) * (1 - 2 * y)  # the sign of d dz / dz
        z = np.asarray(steered(x, w, start, rise >= 0))
    else:
        z = np.asarray(way.sum(x, w, start))
    return z, np.asarray(way.sigmoid(z))


def mean_gradients(way: Way, x: Array, dz: Array) -> tuple[Array, Array]:
    """x[B, n], dz[B] -> dw[n], db[]: means."""
    count = x.dtype.type(len(x))
    rows = np.ascontiguousarray(x.T)
    zeros, ones = np.zeros(len(rows), x.dtype), np.ones(len(x), x.dtype)
    if way.scale_rows:
        dz = way.mean(dz, count)
        return way.sum(rows, dz, zeros), way.sum(dz, ones, np.zeros((), x.dtype))
    return (way.mean(way.sum(rows, dz, zeros), count), way.mean(way.sum(dz, ones, np.zeros((), x.dtype)), count))


def neuron(way: Way, a: dict[str, Array]) -> dict[str, Array]:
    """One sample or a batch, by the shape of x."""
    x, w, dy = a["x"], a["w"], a["y.grad"]
    z, y = forward(way, x, w, a["b"], dy)
    dz = np.asarray(way.times_slope(dy, z, y))
    dw, db = (dz * x, dz) if x.ndim == 1 else mean_gradients(way, x, dz)
    return {"z": z, "y": y, "x.grad": dz[..., None] * w, "w.grad": dw, "b.grad": db}


def sigmoid(way: Way, a: dict[str, Array]) -> dict[str, Array]:
    """z[n], y.grad[n]."""
    y = way.sigmoid(a["z"])
    return {"y": y, "z.grad": way.times_slope(a["y.grad"], a["z"], y)}


def descend(way: Way, a: dict[str, Array]) -> dict[str, Array]:
    """neuron_update and neuron_train, by whether there is a target."""
    x, w, b, rate = a["x"], a["w"], a["b"], a["learning_rate"]
    losses = []
    for _ in range(int(a["steps"])):
        z, y = forward(way, x, w, b, a.get("y.grad"), a.get("target"))
        dy = a["y.grad"] if "y.grad" in a else y - a["target"]
        if "target" in a:
            squares = way.sum(dy, dy, np.zeros((), x.dtype))
            losses.append(way.mean(squares / x.dtype.type(2), x.dtype.type(len(x))))
        dz = np.asarray(way.times_slope(dy, z, y))
        dw, db = (dz * x, dz) if x.ndim == 1 else mean_gradients(way, x, dz)
        w, b = w - rate * dw, np.asarray(b - rate * db)
    return {"loss": np.array(losses, x.dtype), "w.updated": w, "b.updated": b}


def evaluate(kernel: str, way: Way, inputs: dict[str, Array]) -> dict[str, Array]:
    """What the kernel gives, evaluated that way; nothing for neuron_init, whose draws have one definition."""
    kernels = {"sigmoid": sigmoid, "neuron": neuron, "neuron_sample": neuron, "neuron_batch": neuron,
               "neuron_update": descend, "neuron_train": descend}
    if kernel not in kernels:
        return {}
    with np.errstate(all="ignore"):
        return kernels[kernel](way, inputs)
