# SPDX-License-Identifier: MIT
"""The neuron in 50-digit arithmetic, from the formulas, and its correct rounding to float64 and float32.

Arrays are NumPy object arrays of mpf. Infinities and NaN follow IEEE 754 (inf * 0 and inf - inf are NaN,
exp(-inf) is 0); zero has no sign here, so an exact zero is stored as +0 (comparisons do not judge its sign).
Shares no code with reference.py.
"""
from __future__ import annotations

import dataclasses
import math

import mpmath
import numpy as np

DIGITS = 50
mp = mpmath.mp.clone()
mp.dps = DIGITS
ZERO, ONE = mp.mpf(0), mp.mpf(1)


@dataclasses.dataclass(frozen=True)
class Format:
    """A binary floating-point format: precision in bits, exponent of its smallest number, and 2^limit overflows."""

    name: str
    precision: int
    smallest: int
    limit: int

    @property
    def u(self) -> mpmath.mpf:
        """The unit roundoff: a normal result is off by at most u times itself."""
        return mp.ldexp(ONE, -self.precision)

    @property
    def eta(self) -> mpmath.mpf:
        """A result below the normal numbers is off by at most this."""
        return mp.ldexp(ONE, self.smallest - 1)

    @property
    def largest(self) -> mpmath.mpf:
        """The largest finite number."""
        return mp.ldexp(ONE - mp.ldexp(ONE, -self.precision), self.limit)


FORMATS = {"f64": Format("f64", 53, -1074, 1024), "f32": Format("f32", 24, -149, 128)}


# ---- rounding ----

def round_to(v: mpmath.mpf, fmt: Format, up: bool = False) -> float:
    """V rounded once to the format: to nearest, ties to even (or up, for v >= 0: the next number not below v)."""
    if not mp.isfinite(v):
        return float(v)
    sign, mantissa, exponent, bits = v._mpf_
    if mantissa == 0:
        return 0.0
    last = max(exponent + bits - fmt.precision, fmt.smallest)  # exponent of the last place kept
    drop = last - exponent
    if drop <= 0:
        kept = mantissa << -drop
    elif drop > bits + 1:  # below half of the last place
        kept = 1 if up else 0
    else:
        kept, rest, half = mantissa >> drop, mantissa & ((1 << drop) - 1), 1 << (drop - 1)
        if up:
            kept += rest > 0
        else:
            kept += rest > half or (rest == half and kept & 1)
    if kept.bit_length() + last > fmt.limit:
        magnitude = math.inf
    else:
        magnitude = math.ldexp(kept, last)
    return -magnitude if sign else magnitude


def round_array(values: np.ndarray, fmt: Format, up: bool = False) -> np.ndarray:
    """An object array of mpf, rounded element by element to the format's dtype."""
    values = np.asarray(values, dtype=object)
    out = np.empty(values.shape, np.float64)
    for index in np.ndindex(values.shape):
        out[index] = round_to(values[index], fmt, up)
    return out.astype({"f64": np.float64, "f32": np.float32}[fmt.name])  # exact: already rounded


def lift(array: np.ndarray) -> np.ndarray:
    """An array of floats as mpf, exactly; shape kept (a scalar becomes 0-d)."""
    array = np.asarray(array, np.float64)
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        out[index] = mp.mpf(float(array[index]))
    return out


def apply(function, *arrays: np.ndarray) -> np.ndarray:
    """The function of each element (or tuple of elements) as an object array, also for 0-d."""
    out = np.empty(np.shape(arrays[0]), dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = function(*(array[index] for array in arrays))
    return out


# ---- the formulas ----

def total(terms) -> mpmath.mpf:
    """The sum of the terms without intermediate rounding, rounded once to 50 digits."""
    terms = list(terms)
    result = ZERO
    if all(mp.isfinite(term) for term in terms):
        for term in terms:
            result = mp.fadd(result, term, exact=True)
        return +result
    for term in terms:
        result = result + term
    return result


def affine(x: np.ndarray, w: np.ndarray, b: mpmath.mpf) -> mpmath.mpf:
    """x[n], w[n], b -> w . x + b: products and sum exact, one rounding to 50 digits."""
    finite = all(mp.isfinite(v) for v in (*x, *w))
    return total([mp.fmul(p, q, exact=True) if finite else p * q for p, q in zip(x, w)] + [b])


def sigmoid(z: mpmath.mpf) -> mpmath.mpf:
    """1 / (1 + exp(-z))."""
    return ONE / (ONE + mp.exp(-z))


def slope(z: mpmath.mpf) -> mpmath.mpf:
    """sigmoid'(z) = sigmoid(z) (1 - sigmoid(z)) = e / (1 + e)^2 with e = exp(-|z|), which keeps all digits."""
    e = mp.exp(-abs(z))
    return e / ((ONE + e) * (ONE + e))


def curvature(z: mpmath.mpf) -> mpmath.mpf:
    """sigmoid''(z) = sigmoid'(z) (1 - 2 sigmoid(z)); the bracket is -tanh(z / 2)."""
    return -slope(z) * mp.tanh(z / 2)


def sample(x: np.ndarray, w: np.ndarray, b: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
    """x[n], w[n], b[], dy[] -> z[], y[], x.grad[n], w.grad[n], b.grad[]."""
    z = affine(x, w, b[()])
    dz = dy[()] * slope(z)
    return {"z": np.array(z, dtype=object), "y": np.array(sigmoid(z), dtype=object), "x.grad": dz * w,
            "w.grad": dz * x, "b.grad": np.array(dz, dtype=object)}


def batch(x: np.ndarray, w: np.ndarray, b: np.ndarray, dy: np.ndarray | None = None, target: np.ndarray | None = None,
          ) -> dict[str, np.ndarray]:
    """x[B, n], w[n], b[] and dy[B], or target[B] for dy = y - target.

    Gives z[B], y[B], dy[B], z.grad[B], x.grad[B, n] and the means w.grad[n], b.grad[].
    """
    z = np.array([affine(row, w, b[()]) for row in x], dtype=object)
    y = apply(sigmoid, z)
    dy = dy if target is None else y - target
    dz = dy * apply(slope, z)
    return {"z": z, "y": y, "dy": dy, "z.grad": dz, "x.grad": dz[:, None] * w[None, :],
            "w.grad": np.array([total(dz * column) / len(x) for column in x.T], dtype=object),
            "b.grad": np.array(total(dz) / len(x), dtype=object)}


def descend(x: np.ndarray, w: np.ndarray, b: np.ndarray, learning_rate: np.ndarray, steps: int,
            dy: np.ndarray | None = None, target: np.ndarray | None = None) -> list[dict[str, np.ndarray]]:
    """Steps of gradient descent on x[B, n] with fixed dy[B], or with dy = y - target.

    One dict a step, before its update: that of batch(), w, b and the loss sum dy^2 / (2 B); a last one with w, b.
    """
    path = []
    rate = learning_rate[()]
    for _ in range(steps):
        step = batch(x, w, b, dy, target)
        loss = total(step["dy"] * step["dy"]) / (2 * len(x))
        path.append({**step, "w": w, "b": b, "loss": np.array(loss, dtype=object)})
        w = w - rate * step["w.grad"]
        b = np.array(b[()] - rate * step["b.grad"][()], dtype=object)
    return path + [{"w": w, "b": b}]


# ---- random numbers ----

def mt19937(seed: int):
    """The 32-bit words of MT19937 (Matsumoto and Nishimura 1998) after init_genrand(seed)."""
    state = [seed & 0xffffffff]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xffffffff)
    while True:
        for i in range(624):
            mixed = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff)
            state[i] = state[(i + 397) % 624] ^ (mixed >> 1) ^ (0x9908b0df if mixed & 1 else 0)
        for word in state:
            word ^= word >> 11
            word ^= (word << 7) & 0x9d2c5680
            word ^= (word << 15) & 0xefc60000
            yield word ^ (word >> 18)


def uniforms(words):
    """Doubles in [0, 1) of 53 bits, from two words each: exact."""
    while True:
        high, low = next(words) >> 5, next(words) >> 6
        yield (high * 67108864 + low) / 9007199254740992


def normals(seed: int):
    """N(0, 1) draws of the polar method (Marsaglia and Bray 1964), in the order of NumPy's legacy randn.

    The squared radius is part of the definition: the double fl(fl(p p) + fl(q q)), because NumPy decides on it and
    takes its logarithm, which near 1 would amplify any other rounding of it. All that follows is exact.
    """
    draws = uniforms(mt19937(seed))
    while True:
        p, q = 2.0 * next(draws) - 1.0, 2.0 * next(draws) - 1.0
        radius = p * p + q * q
        if radius >= 1.0 or radius == 0.0:
            continue
        factor = mp.sqrt(-2 * mp.log(mp.mpf(radius)) / mp.mpf(radius))
        yield factor * mp.mpf(q)
        yield factor * mp.mpf(p)


def initial_weights(seed: int, n: int) -> np.ndarray:
    """w[n] = N(0, 1) * 0.01, where 0.01 is the double of that name."""
    stream = normals(seed)
    return np.array([next(stream) * mp.mpf(0.01) for _ in range(n)], dtype=object)
