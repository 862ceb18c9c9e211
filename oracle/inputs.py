# SPDX-License-Identifier: MIT
"""Turns the recipes of cases.py into arrays: the same bytes on every machine.

Random numbers are RandomState.random_sample and randint, exact integers from a fixed stream; what follows is exact or
one correctly rounded operation. Each array has its own stream, so that a new case changes no other.
"""
from __future__ import annotations

import math
import pathlib
import zlib

import numpy as np

from cases import SEED

DATA = pathlib.Path(__file__).parent / "data"
DTYPES = {"f64": np.float64, "f32": np.float32, "i64": np.int64}


def stream(seed: int, case: str, name: str) -> np.random.RandomState:
    """The random stream of one array of one case."""
    return np.random.RandomState(zlib.crc32(f"{seed}/{case}/{name}".encode()))


def uniform(random: np.random.RandomState, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Numbers in [-scale, scale), all 53 bits in use."""
    return (2.0 * random.random_sample(shape) - 1.0) * scale


def exponents(random: np.random.RandomState, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """+-(1 + r) 2^e with e in low..high."""
    mantissa = 1.0 + random.random_sample(shape)
    exponent = random.randint(low, high + 1, size=shape)
    sign = 1 - 2 * random.randint(0, 2, size=shape)
    return np.array([math.ldexp(m * s, int(e)) for m, e, s in
                     zip(mantissa.ravel(), exponent.ravel(), sign.ravel())]).reshape(shape)


def one_hot(shape: tuple[int, ...], index: int) -> np.ndarray:
    """1 at the flat index, 0 elsewhere."""
    out = np.zeros(shape)
    out.flat[index] = 1.0
    return out


def mirrored(random: np.random.RandomState, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Pairs v, -v (1 + 2^-12 r) along the last axis; the last of an odd number is below 1."""
    out = uniform(random, shape, scale)
    off = uniform(random, shape, 2.0 ** -12)
    pairs = shape[-1] // 2
    out[..., 1:2 * pairs:2] = -out[..., 0:2 * pairs:2] * (1.0 + off[..., 0:2 * pairs:2])
    if shape[-1] % 2:
        out[..., -1] /= scale
    return out


def paired(random: np.random.RandomState, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Pairs v, v along the last axis; the last of an odd number is below 1."""
    out = uniform(random, shape, scale)
    pairs = shape[-1] // 2
    out[..., 1:2 * pairs:2] = out[..., 0:2 * pairs:2]
    if shape[-1] % 2:
        out[..., -1] /= scale
    return out


def spaced(random: np.random.RandomState, low: float, high: float, count: int) -> np.ndarray:
    """One number in each of count equal parts of [low, high)."""
    return low + (high - low) * ((np.arange(count) + random.random_sample(count)) / count)


def ulps(centres: list[float], k: int, dtype: type) -> np.ndarray:
    """Each centre, rounded to the dtype, with its k neighbours on both sides."""
    out = []
    for centre in centres:
        below = above = dtype(centre)
        near = [below]
        for _ in range(k):
            below, above = np.nextafter(below, dtype(-np.inf)), np.nextafter(above, dtype(np.inf))
            near = [below, *near, above]
        out += near
    return np.array(out)


def data(column: str) -> np.ndarray:
    """The features[100, 4] or the target[100] of the two classes, scaled as data/README.md says."""
    rows = [line.split(",") for line in (DATA / "iris_two_classes.csv").read_text().splitlines()[1:]]
    if column == "target":
        return np.array([float(row[4]) for row in rows])
    tenths = np.array([[round(10 * float(value)) for value in row[:4]] for row in rows])
    return (tenths - np.array([63, 29, 49, 17])) / 8.0


MAKERS = {
    "values": lambda random, shape, dtype, values: np.array(values),
    "full": lambda random, shape, dtype, value: np.full(shape, value),
    "one_hot": lambda random, shape, dtype, index: one_hot(shape, index),
    "uniform": lambda random, shape, dtype, scale: uniform(random, shape, scale),
    "exponents": lambda random, shape, dtype, low, high: exponents(random, shape, low, high),
    "mirrored": lambda random, shape, dtype, scale: mirrored(random, shape, scale),
    "paired": lambda random, shape, dtype, scale: paired(random, shape, scale),
    "spaced": lambda random, shape, dtype, low, high, count: spaced(random, low, high, count),
    "ulps": lambda random, shape, dtype, centres, k: ulps(centres, k, DTYPES[dtype]),
    "data": lambda random, shape, dtype, column: data(column),
}


def build(recipe: tuple | dict, shape: tuple[int, ...] | None, dtype: str, case: str, name: str) -> np.ndarray:
    """The array of one recipe; shape None takes the one that the recipe brings with it."""
    kind, *arguments = recipe[dtype] if isinstance(recipe, dict) else recipe
    with np.errstate(over="ignore", under="ignore"):
        array = MAKERS[kind](stream(SEED, case, name), shape, dtype, *arguments).astype(DTYPES[dtype])
    if shape is not None and array.shape != shape:
        raise ValueError(f"{case}/{name}: the recipe gives shape {array.shape}, the case has {shape}")
    return array
