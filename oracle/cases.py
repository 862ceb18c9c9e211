# SPDX-License-Identifier: MIT
"""The cases of every kernel: data only. inputs.py turns a recipe into an array, the README says how to add a case.

A recipe is a tuple: ("values", [...]), ("uniform", scale), ("exponents", low, high), ("full", value),
("one_hot", index), ("mirrored", scale), ("paired", scale), ("spaced", low, high, count), ("ulps", [centre, ...], k),
("data", column). Where float32 needs another one than float64: {"f64": recipe, "f32": recipe}.
"""
from __future__ import annotations

SEED = 20240501

FLAGS = {
    "notebook": "The numbers of the notebook itself. A port that fails here differs from what its readers saw printed.",
    "odd_n": "n is not a multiple of 2, 4 or 8. Catches the tail of a vector loop left out or read twice: the last "
             "weights would never learn.",
    "long": "n beyond one vector block. Catches an accumulator that is dropped between blocks, which short vectors "
            "never reach.",
    "batch": "B > 1. Catches sums where dw and db are means, means where dx is not: the learning rate would silently "
             "be B times too large or too small.",
    "single_row": "B = 1. Catches a batch of one taken for a sample, and rows times columns mixed up.",
    "square": "B = n, so that no shape gives a transposed x away. Catches x used where x^T belongs: the gradient has "
              "the right size and the wrong entries.",
    "one_hot": "All but one entry is zero. Catches an index off by one or a transposed gradient: the one entry stands "
               "in the wrong place, and with dense inputs it may only look noisy.",
    "negative_dy": "A negative cotangent. Catches |dy|, a clipped or an unsigned one: parameters would move away from "
                   "the minimum on half of the samples.",
    "zero_dy": "The cotangent is 0. Catches a backward that ignores dy or adds to what was there: masked samples "
               "would still train.",
    "non_unit_dy": "The cotangent is not 1. Catches a backward that assumes it is: right alone, wrong below "
                   "another layer.",
    "saturated_high": "z so large that y is 1 or next to it. Catches gradients that do not vanish, and exp(z) taken "
                      "of a large z: inf / inf makes NaN, and one NaN ends a training run.",
    "saturated_low": "z so small that y is next to 0. Catches 1 - sigmoid(-z) and (1 + tanh(z / 2)) / 2: no digit of "
                     "y is left, and log(y) in a loss becomes -inf.",
    "exp_overflow": "exp(-z) overflows. Catches inf / inf; the seed's own 1 / (1 + inf) = 0 is admitted.",
    "subnormal": "Numbers below the smallest normal. Catches flushing to zero (-ffast-math, FTZ), which changes "
                 "results for the whole process.",
    "huge": "Numbers near the largest. Catches products in an order that overflows.",
    "cancellation": "The terms of the sum cancel. Catches sums in lower precision than the dtype's.",
    "negative_zero": "-0.0 among the inputs. Catches tests of the sign bit, and 1 / x.",
    "nan": "A NaN must come out where the formula says so and nowhere else. Catches max and comparisons that drop "
           "it: a broken sample would go unseen.",
    "infinite": "An infinity among the inputs. Catches clamping; inf * 0 must be NaN, sigmoid(+-inf) 1 and 0.",
    "steps": "Several updates. Catches a stale cache, gradients that accumulate, and an update of w before b's "
             "gradient was taken.",
    "zero_rate": "The learning rate is 0: parameters must not move.",
    "negative_rate": "The learning rate is negative. Catches an update with the wrong sign that |rate| would hide.",
    "dataset": "Real data, 200 steps. Catches what drifts slowly: the loss still falls, only along another curve.",
    "seeded": "NumPy's legacy generator. Catches another seeding, another order of the polar pair, a missing cached "
              "second draw: experiments could not be repeated.",
}

SIZES = [*range(1, 18), 31, 32, 33, 63, 64, 65, 255, 256, 257]
NOTEBOOK = {"x": ("values", [1.0, 2.0, 3.0]), "w": ("values", [0.5, -0.2, 0.1]), "b": ("values", 0.3)}
NOTEBOOK_OBJECT = {"x": ("values", [1.0, 2.0, 3.0]), "b": ("values", 0.0),
                   "w": ("values", [0.004967141530112327, -0.0013826430117118466, 0.006476885381006925])}
RANDOM = {"x": ("uniform", 1.0), "w": ("uniform", 1.0), "b": ("uniform", 0.5), "y.grad": ("uniform", 2.0)}
NAN, INF = float("nan"), float("inf")


def size_flags(n: int) -> list[str]:
    """The flags that a length brings with it."""
    return (["odd_n"] if n % 8 else []) + (["long"] if n > 16 else [])


# Biases that take the neuron to a region of the sigmoid: name, bias in float64, in float32, flags.
REGIONS = [
    ("high", 30.0, 12.0, ["saturated_high"]),
    ("higher", 40.0, 20.0, ["saturated_high"]),
    ("highest", 800.0, 120.0, ["saturated_high"]),
    ("low", -30.0, -12.0, ["saturated_low"]),
    ("lower", -300.0, -60.0, ["saturated_low"]),
    ("low-subnormal-edge", -709.0, -88.0, ["saturated_low", "subnormal"]),
    ("low-overflow", -730.0, -98.0, ["saturated_low", "exp_overflow", "subnormal"]),
    ("lowest", -800.0, -120.0, ["saturated_low", "exp_overflow"]),
]

SAMPLE = [
    {"id": "notebook", "flags": ["notebook"], "n": 3, **NOTEBOOK, "y.grad": ("values", 1.0),
     "note": "Sections 1 and 2 of the notebook."},
    {"id": "notebook-object", "flags": ["notebook"], "n": 3, **NOTEBOOK_OBJECT, "y.grad": ("values", 1.0),
     "note": "Section 4 of the notebook: the weights of seed 42."},
    *({"id": f"n{n}-random", "flags": size_flags(n) + ["non_unit_dy"], "n": n, **RANDOM} for n in SIZES),
    *({"id": f"{name}", "flags": flags, "n": 5, **RANDOM, "b": {"f64": ("full", b64), "f32": ("full", b32)},
       "y.grad": ("values", -1.5)} for name, b64, b32, flags in REGIONS),
    {"id": "one-hot-first", "flags": ["one_hot"], "n": 5, **RANDOM, "x": ("one_hot", 0)},
    {"id": "one-hot-middle", "flags": ["one_hot"], "n": 5, **RANDOM, "x": ("one_hot", 2)},
    {"id": "one-hot-last", "flags": ["one_hot", "odd_n"], "n": 9, **RANDOM, "x": ("one_hot", 8)},
    {"id": "one-hot-weight", "flags": ["one_hot"], "n": 4, **RANDOM, "w": ("one_hot", 1)},
    {"id": "negative-dy", "flags": ["negative_dy", "non_unit_dy"], "n": 4, **RANDOM, "y.grad": ("values", -3.25)},
    {"id": "negative-unit-dy", "flags": ["negative_dy"], "n": 4, **RANDOM, "y.grad": ("values", -1.0)},
    {"id": "zero-dy", "flags": ["zero_dy"], "n": 7, **RANDOM, "y.grad": ("values", 0.0)},
    {"id": "tiny-dy", "flags": ["non_unit_dy", "subnormal"], "n": 3, **RANDOM,
     "y.grad": {"f64": ("values", 1e-310), "f32": ("values", 1e-40)}},
    {"id": "huge-dy", "flags": ["non_unit_dy", "huge"], "n": 3, **RANDOM,
     "y.grad": {"f64": ("values", 1e300), "f32": ("values", 1e36)}},
    {"id": "all-zero", "flags": [], "n": 3, "x": ("full", 0.0), "w": ("full", 0.0), "b": ("full", 0.0),
     "y.grad": ("values", 1.0)},
    {"id": "negative-zeros", "flags": ["negative_zero"], "n": 3, "x": ("values", [-0.0, 1.0, -0.0]),
     "w": ("values", [0.5, -0.0, -0.0]), "b": ("values", -0.0), "y.grad": ("values", -0.0)},
    {"id": "subnormal-weights", "flags": ["subnormal"], "n": 6, **RANDOM, "b": ("full", 0.0),
     "w": {"f64": ("exponents", -1073, -1030), "f32": ("exponents", -148, -130)}},
    {"id": "subnormal-features", "flags": ["subnormal"], "n": 6, **RANDOM,
     "x": {"f64": ("exponents", -1073, -1030), "f32": ("exponents", -148, -130)}},
    {"id": "subnormal-products", "flags": ["subnormal"], "n": 8, **RANDOM, "b": ("full", 0.0),
     "x": {"f64": ("exponents", -540, -520), "f32": ("exponents", -75, -65)},
     "w": {"f64": ("exponents", -540, -520), "f32": ("exponents", -75, -65)}},
    {"id": "huge-weights", "flags": ["huge"], "n": 6, **RANDOM,
     "x": {"f64": ("exponents", -1001, -1000), "f32": ("exponents", -111, -110)},
     "w": {"f64": ("exponents", 999, 1000), "f32": ("exponents", 109, 110)}},
    {"id": "huge-z", "flags": ["huge", "saturated_high"], "n": 3, **RANDOM, "x": ("values", [1.5, 0.5, 2.0]),
     "w": {"f64": ("full", 1e300), "f32": ("full", 1e30)}},
    {"id": "huge-negative-z", "flags": ["huge", "saturated_low"], "n": 3, **RANDOM, "x": ("values", [1.5, 0.5, 2.0]),
     "w": {"f64": ("full", -1e300), "f32": ("full", -1e30)}},
    {"id": "overflowing-z", "flags": ["huge", "saturated_high"], "n": 2, **RANDOM, "x": ("values", [3.0, 5.0]),
     "w": {"f64": ("full", 1e308), "f32": ("full", 2e38)}},
    {"id": "cancellation-even", "flags": ["cancellation"], "n": 16, **RANDOM, "x": ("mirrored", 8.0),
     "w": ("paired", 8.0)},
    {"id": "cancellation-odd", "flags": ["cancellation", "odd_n"], "n": 33, **RANDOM, "x": ("mirrored", 8.0),
     "w": ("paired", 8.0)},
    {"id": "cancellation-large", "flags": ["cancellation"], "n": 8, **RANDOM,
     "x": {"f64": ("mirrored", 65536.0), "f32": ("mirrored", 64.0)},
     "w": {"f64": ("paired", 65536.0), "f32": ("paired", 16.0)}},
    {"id": "inf-feature", "flags": ["infinite"], "n": 3, **NOTEBOOK, "x": ("values", [1.0, INF, 0.0]),
     "w": ("values", [0.5, 0.25, 0.1]), "y.grad": ("values", 2.0)},
    {"id": "minus-inf-feature", "flags": ["infinite"], "n": 3, **NOTEBOOK, "x": ("values", [1.0, -INF, 0.0]),
     "w": ("values", [0.5, 0.25, 0.1]), "y.grad": ("values", 2.0)},
    {"id": "inf-weight", "flags": ["infinite"], "n": 3, **NOTEBOOK, "w": ("values", [0.5, INF, 0.1]),
     "y.grad": ("values", 2.0)},
    {"id": "inf-bias", "flags": ["infinite"], "n": 3, **NOTEBOOK, "b": ("values", INF), "y.grad": ("values", 2.0)},
    {"id": "minus-inf-bias", "flags": ["infinite"], "n": 3, **NOTEBOOK, "b": ("values", -INF),
     "y.grad": ("values", 2.0)},
    {"id": "inf-dy", "flags": ["infinite"], "n": 3, **NOTEBOOK, "y.grad": ("values", INF)},
    {"id": "inf-minus-inf", "flags": ["infinite", "nan"], "n": 3, **NOTEBOOK, "x": ("values", [INF, INF, 1.0]),
     "y.grad": ("values", 1.0)},
    {"id": "inf-times-zero", "flags": ["infinite", "nan"], "n": 3, **NOTEBOOK, "x": ("values", [INF, 1.0, 1.0]),
     "w": ("values", [0.0, 1.0, 1.0]), "y.grad": ("values", 1.0)},
    {"id": "nan-feature", "flags": ["nan"], "n": 3, **NOTEBOOK, "x": ("values", [1.0, NAN, 3.0]),
     "y.grad": ("values", 1.0)},
    {"id": "nan-weight", "flags": ["nan"], "n": 3, **NOTEBOOK, "w": ("values", [0.5, NAN, 0.1]),
     "y.grad": ("values", 1.0)},
    {"id": "nan-bias", "flags": ["nan"], "n": 3, **NOTEBOOK, "b": ("values", NAN), "y.grad": ("values", 1.0)},
    {"id": "nan-dy", "flags": ["nan"], "n": 3, **NOTEBOOK, "y.grad": ("values", NAN)},
]

# B for each n, chosen to keep the files small: every B meets short and odd lengths.
BATCH_SIZES = [*((n, 3) for n in range(1, 18)), *((n, b) for n in (1, 3, 8, 13) for b in (1, 2, 7, 64)),
               *((n, 7) for n in (31, 32, 33)), (33, 64), *((n, 2) for n in (63, 64, 65)),
               *((n, 3) for n in (255, 256, 257))]


def batch_flags(n: int, b: int) -> list[str]:
    """The flags that a shape brings with it."""
    return size_flags(n) + (["batch"] if b > 1 else ["single_row"]) + (["square"] if n == b > 1 else [])


BATCH = [
    {"id": "notebook-rows", "flags": ["notebook", "batch"], "n": 3, "B": 2, **NOTEBOOK,
     "x": ("values", [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), "y.grad": ("values", [1.0, 1.0]),
     "note": "The notebook's sample twice: dw and db must be the sample's."},
    *({"id": f"n{n}-B{b}-random", "flags": batch_flags(n, b) + ["non_unit_dy"], "n": n, "B": b, **RANDOM}
      for n, b in BATCH_SIZES),
    {"id": "n7-B7-random", "flags": ["batch", "square", "odd_n", "non_unit_dy"], "n": 7, "B": 7, **RANDOM},
    {"id": "n64-B64-unit-dy", "flags": ["batch", "square", "long"], "n": 64, "B": 64, **RANDOM,
     "w": ("uniform", 0.125), "y.grad": ("full", 1.0)},
    {"id": "identity-3x3", "flags": ["batch", "square", "one_hot"], "n": 3, "B": 3, **RANDOM,
     "x": ("values", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])},
    {"id": "corner-3x3", "flags": ["batch", "square", "one_hot"], "n": 3, "B": 3, **RANDOM,
     "x": ("values", [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])},
    {"id": "one-hot-columns", "flags": ["batch", "one_hot"], "n": 5, "B": 4, **RANDOM,
     "x": ("values", [[0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0, 0.0],
                      [0.0, 0.0, 0.0, 1.0, 0.0]])},
    {"id": "one-hot-dy", "flags": ["batch", "one_hot", "zero_dy"], "n": 3, "B": 5, **RANDOM, "y.grad": ("one_hot", 3)},
    {"id": "unit-dy", "flags": ["batch"], "n": 5, "B": 7, **RANDOM, "y.grad": ("full", 1.0)},
    {"id": "zero-dy", "flags": ["batch", "zero_dy"], "n": 4, "B": 3, **RANDOM, "y.grad": ("full", 0.0)},
    {"id": "negative-dy", "flags": ["batch", "negative_dy", "non_unit_dy"], "n": 4, "B": 3, **RANDOM,
     "y.grad": ("full", -2.5)},
    {"id": "wide-dy", "flags": ["batch", "non_unit_dy"], "n": 4, "B": 6, **RANDOM, "y.grad": ("exponents", -40, 10)},
    {"id": "cancelling-dy", "flags": ["batch", "cancellation"], "n": 3, "B": 4, **RANDOM, "x": ("full", 0.75),
     "y.grad": ("values", [1.0, -1.0, 1.0, -1.0]), "note": "Equal rows, opposite cotangents: the means are 0."},
    *({"id": name, "flags": flags + ["batch"], "n": 5, "B": 3, **RANDOM,
       "b": {"f64": ("full", b64), "f32": ("full", b32)}} for name, b64, b32, flags in REGIONS),
    {"id": "mixed-saturation", "flags": ["batch", "saturated_high", "saturated_low"], "n": 1, "B": 7,
     "x": {"f64": ("values", [[-800.0], [-300.0], [-30.0], [0.0], [30.0], [300.0], [800.0]]),
           "f32": ("values", [[-120.0], [-60.0], [-12.0], [0.0], [12.0], [60.0], [120.0]])},
     "w": ("values", [1.0]), "b": ("values", 0.0), "y.grad": ("values", [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0])},
    {"id": "negative-zeros", "flags": ["batch", "negative_zero"], "n": 2, "B": 2, **RANDOM,
     "x": ("values", [[-0.0, 1.0], [0.0, -0.0]]), "w": ("values", [-0.0, 0.5]), "b": ("values", -0.0),
     "y.grad": ("values", [-0.0, 1.0])},
    {"id": "subnormal-features", "flags": ["batch", "subnormal"], "n": 4, "B": 3, **RANDOM,
     "x": {"f64": ("exponents", -1073, -1030), "f32": ("exponents", -148, -130)}},
    {"id": "subnormal-weights", "flags": ["batch", "subnormal"], "n": 4, "B": 3, **RANDOM,
     "w": {"f64": ("exponents", -1073, -1030), "f32": ("exponents", -148, -130)}},
    {"id": "huge-weights", "flags": ["batch", "huge"], "n": 4, "B": 3, **RANDOM,
     "x": {"f64": ("exponents", -1001, -1000), "f32": ("exponents", -111, -110)},
     "w": {"f64": ("exponents", 999, 1000), "f32": ("exponents", 109, 110)}},
    {"id": "huge-z", "flags": ["batch", "huge", "saturated_high", "saturated_low"], "n": 2, "B": 2, **RANDOM,
     "x": ("values", [[1.5, 0.5], [-1.5, -0.5]]), "w": {"f64": ("full", 1e300), "f32": ("full", 1e30)}},
    {"id": "cancellation", "flags": ["batch", "cancellation"], "n": 16, "B": 3, **RANDOM, "x": ("mirrored", 8.0),
     "w": ("paired", 8.0)},
    {"id": "nan-row", "flags": ["batch", "nan"], "n": 3, "B": 3, **NOTEBOOK,
     "x": ("values", [[1.0, 2.0, 3.0], [1.0, NAN, 3.0], [-1.0, 0.5, 2.0]]), "y.grad": ("values", [1.0, -1.0, 2.0]),
     "note": "One bad sample: its own dx and the means are NaN, the other rows are not."},
    {"id": "nan-dy", "flags": ["batch", "nan"], "n": 3, "B": 3, **RANDOM, "y.grad": ("values", [1.0, NAN, 2.0])},
    {"id": "inf-feature", "flags": ["batch", "infinite", "nan"], "n": 3, "B": 3, **NOTEBOOK,
     "x": ("values", [[1.0, 2.0, 3.0], [1.0, INF, 3.0], [-INF, 0.5, 2.0]]), "y.grad": ("values", [1.0, -1.0, 2.0])},
    {"id": "inf-bias", "flags": ["batch", "infinite"], "n": 3, "B": 2, **RANDOM, "b": ("values", INF)},
]

# Regions of z: name, flags, recipe in float64, in float32. About 2,000 points in all.
SIGMOID_REGIONS = [
    ("centre", [], ("spaced", -4.0, 4.0, 300), ("spaced", -4.0, 4.0, 300)),
    ("tiny", ["subnormal"], ("exponents", -1074, -2), ("exponents", -149, -2)),
    ("right", ["saturated_high"], ("spaced", 4.0, 40.0, 300), ("spaced", 4.0, 20.0, 300)),
    ("far-right", ["saturated_high"], ("spaced", 40.0, 760.0, 150), ("spaced", 20.0, 110.0, 150)),
    ("left", ["saturated_low"], ("spaced", -40.0, -4.0, 300), ("spaced", -20.0, -4.0, 300)),
    ("far-left", ["saturated_low"], ("spaced", -708.0, -40.0, 300), ("spaced", -87.0, -20.0, 300)),
    ("underflow", ["saturated_low", "subnormal", "exp_overflow"], ("spaced", -746.0, -708.0, 300),
     ("spaced", -104.5, -87.0, 300)),
    ("edges", ["saturated_low", "saturated_high", "subnormal", "exp_overflow"],
     ("ulps", [-745.1332191019412, -744.4400719213812, -709.782712893384, -708.3964185322641, -37.42994775023705,
               -36.7368005696771, 36.04365338911715, 36.7368005696771, 37.42994775023705, 709.782712893384,
               745.1332191019412, 0.0, 1.0, -1.0], 4),
     ("ulps", [-103.97208404541016, -103.27893, -88.72283935546875, -87.33654022216797, -17.32868, -16.635532,
               15.942385, 16.635532, 17.32868, 88.72283935546875, 103.97208404541016, 0.0, 1.0, -1.0], 4)),
    ("special", ["negative_zero", "infinite", "nan", "huge"],
     ("values", [0.0, -0.0, INF, -INF, NAN, 1e308, -1e308, 5e-324, -5e-324, 1e-300, 1000.0, -1000.0]),
     ("values", [0.0, -0.0, INF, -INF, NAN, 3e38, -3e38, 1e-45, -1e-45, 1e-37, 1000.0, -1000.0])),
]
SIGMOID = [
    {"id": name, "flags": flags + ["non_unit_dy"], "n": 100 if name == "tiny" else None,
     "z": {"f64": f64, "f32": f32}, "y.grad": ("uniform", 4.0)} for name, flags, f64, f32 in SIGMOID_REGIONS
] + [
    {"id": "zero-dy", "flags": ["zero_dy"], "n": 3, "z": ("values", [-1.0, 0.0, 2.0]), "y.grad": ("full", 0.0)},
    {"id": "unit-dy", "flags": [], "n": 9, "z": ("values", [-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0]),
     "y.grad": ("full", 1.0)},
    {"id": "negative-dy", "flags": ["negative_dy"], "n": 9, "y.grad": ("full", -1.0),
     "z": ("values", [-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0])},
]

# n, B (None: one sample) and steps.
STEPS = [(1, None, 1), (2, None, 2), (3, None, 5), (5, None, 3), (8, None, 5), (17, None, 2), (33, None, 3),
         (65, None, 2), (1, 1, 3), (1, 3, 2), (2, 7, 5), (3, 3, 5), (4, 2, 20), (5, 3, 3), (8, 7, 5), (13, 2, 2),
         (33, 3, 2), (65, 3, 2), (3, 64, 3)]


def step_flags(n: int, b: int | None, steps: int) -> list[str]:
    """The flags that a shape and a number of steps bring with them."""
    return size_flags(n) + (["batch"] if b and b > 1 else []) + (["steps"] if steps > 1 else []) + ["non_unit_dy"]


SMALL_RATE = {"learning_rate": ("values", 0.1)}
UPDATE = [
    {"id": "notebook-object", "flags": ["notebook"], "n": 3, "steps": 1, **NOTEBOOK_OBJECT, "y.grad": ("values", 1.0),
     **SMALL_RATE, "note": "Section 4 of the notebook: the weights of seed 42, one update."},
    *({"id": f"n{n}-{f'B{b}' if b else 'sample'}-{steps}-steps", "n": n, "B": b, "steps": steps, **RANDOM,
       **SMALL_RATE, "flags": step_flags(n, b, steps)}
      for n, b, steps in STEPS),
    {"id": "unit-rate", "flags": ["batch", "steps"], "n": 3, "B": 4, "steps": 5, **RANDOM,
     "learning_rate": ("values", 1.0)},
    {"id": "zero-rate", "flags": ["zero_rate", "steps"], "n": 3, "steps": 3, **RANDOM,
     "learning_rate": ("values", 0.0)},
    {"id": "negative-rate", "flags": ["negative_rate", "batch", "steps"], "n": 3, "B": 2, "steps": 3, **RANDOM,
     "learning_rate": ("values", -0.25)},
    {"id": "zero-dy", "flags": ["zero_dy", "batch", "steps"], "n": 3, "B": 2, "steps": 2, **RANDOM, **SMALL_RATE,
     "y.grad": ("full", 0.0)},
    {"id": "negative-dy", "flags": ["negative_dy", "steps"], "n": 4, "steps": 4, **RANDOM, **SMALL_RATE,
     "y.grad": ("values", -1.0)},
    {"id": "one-hot", "flags": ["one_hot", "steps"], "n": 4, "steps": 2, **RANDOM, **SMALL_RATE, "x": ("one_hot", 2)},
    {"id": "identity-3x3", "flags": ["square", "one_hot", "batch", "steps"], "n": 3, "B": 3, "steps": 2, **RANDOM,
     "x": ("values", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), **SMALL_RATE},
    {"id": "saturated-high", "flags": ["saturated_high", "batch", "steps"], "n": 3, "B": 2, "steps": 2, **RANDOM,
     **SMALL_RATE, "b": ("full", 50.0)},
    {"id": "saturated-low", "flags": ["saturated_low", "batch", "steps"], "n": 3, "B": 2, "steps": 2, **RANDOM,
     **SMALL_RATE, "b": ("full", -50.0)},
    {"id": "tiny-rate", "flags": ["subnormal", "steps"], "n": 3, "steps": 2, **RANDOM,
     "learning_rate": {"f64": ("values", 1e-310), "f32": ("values", 1e-40)}},
    {"id": "nan-dy", "flags": ["nan", "steps"], "n": 3, "steps": 2, **RANDOM, **SMALL_RATE, "y.grad": ("values", NAN)},
    {"id": "nan-rate", "flags": ["nan"], "n": 3, "B": 2, "steps": 1, **RANDOM, "learning_rate": ("values", NAN)},
]

TRAIN = [
    {"id": "iris-200-steps", "flags": ["dataset", "batch", "steps"], "n": 4, "B": 100, "steps": 200,
     "x": ("data", "features"), "target": ("data", "target"), "w": ("full", 0.0), "b": ("full", 0.0),
     "learning_rate": ("values", 0.5), "note": "Versicolor (0) against virginica (1): oracle/data/README.md."},
    {"id": "one-step", "flags": ["batch"], "n": 3, "B": 4, "steps": 1, **RANDOM, **SMALL_RATE,
     "target": ("values", [0.0, 1.0, 1.0, 0.0])},
    {"id": "one-row", "flags": ["single_row", "steps"], "n": 3, "B": 1, "steps": 10, **RANDOM,
     "target": ("values", [1.0]), "learning_rate": ("values", 1.0)},
    {"id": "one-feature", "flags": ["batch", "steps"], "n": 1, "B": 5, "steps": 10, **RANDOM,
     "target": ("values", [0.0, 0.0, 1.0, 1.0, 0.0]), "learning_rate": ("values", 1.0)},
    {"id": "soft-targets", "flags": ["batch", "odd_n", "steps"], "n": 5, "B": 7, "steps": 20, **RANDOM,
     "target": ("values", [0.25, 0.75, 0.5, 0.125, 1.0, 0.0, 0.625]), "learning_rate": ("values", 0.5)},
    {"id": "square", "flags": ["batch", "square", "steps"], "n": 6, "B": 6, "steps": 10, **RANDOM,
     "target": ("values", [0.0, 1.0, 0.0, 1.0, 1.0, 1.0]), "learning_rate": ("values", 0.5)},
    {"id": "wide", "flags": ["batch", "odd_n", "long", "steps"], "n": 33, "B": 3, "steps": 10, **RANDOM,
     "target": ("values", [0.0, 1.0, 0.0]), "learning_rate": ("values", 0.25)},
    {"id": "zero-rate", "flags": ["zero_rate", "batch", "steps"], "n": 2, "B": 3, "steps": 3, **RANDOM,
     "target": ("values", [0.0, 1.0, 0.0]), "learning_rate": ("values", 0.0)},
]

INIT = [
    *({"id": f"seed-{seed}", "flags": ["seeded"], "seed": seed, "n": 1000} for seed in (0, 1, 42, 2 ** 32 - 1)),
    {"id": "seed-42-n1", "flags": ["seeded", "odd_n"], "seed": 42, "n": 1},
    {"id": "seed-42-n3", "flags": ["seeded", "odd_n", "notebook"], "seed": 42, "n": 3,
     "note": "The notebook's object."},
    {"id": "seed-7-n2", "flags": ["seeded"], "seed": 7, "n": 2},
]
