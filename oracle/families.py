# SPDX-License-Identifier: MIT
"""The table of kernels: for each its cases, inputs, NumPy's value, the exact value, the bound and its derivation."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

import bounds
import cases
import exact
import reference
from exact import Format, lift
from inputs import DTYPES, build

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Family:
    """One kernel. Values and truths may hold intermediates; `expected` names what is stored."""

    cases: list[dict]
    inputs: Callable[[dict, str], Arrays]  # (spec, dtype name)
    expected: tuple[str, ...]
    value: Callable[[Arrays], Arrays]  # NumPy, in the dtype of the inputs
    truth: Callable[[Arrays], Arrays]  # mpf
    errors: Callable[[Arrays, Arrays, Format], Arrays]  # (inputs, truth, format) -> mpf
    derivation: dict[str, str]
    scales: Callable[[Arrays], dict[str, float]] = lambda a: {}  # what gradients are stored times


def shaped(spec: dict, shapes: dict[str, tuple | None], dtype: str) -> Arrays:
    """The named arrays of a case."""
    return {name: build(spec[name], shape, dtype, spec["id"], name) for name, shape in shapes.items()}


def integer(value: int) -> np.ndarray:
    """A 0-d i64 array."""
    return np.array(value, DTYPES["i64"])


# ---- inputs ----

def sigmoid_inputs(spec: dict, dtype: str) -> Arrays:
    """z[n], y.grad[n]."""
    z = build(spec["z"], (spec["n"],) if spec["n"] else None, dtype, spec["id"], "z")
    return {"z": z, **shaped(spec, {"y.grad": z.shape}, dtype)}


def neuron_shapes(spec: dict) -> dict[str, tuple]:
    """x[n] or x[B, n], w[n], b[] and y.grad[] or y.grad[B]."""
    n, rows = spec["n"], (spec["B"],) if spec.get("B") else ()
    return {"x": (*rows, n), "w": (n,), "b": (), "y.grad": rows}


def neuron_inputs(spec: dict, dtype: str) -> Arrays:
    """Arrays of neuron_shapes."""
    return shaped(spec, neuron_shapes(spec), dtype)


def update_inputs(spec: dict, dtype: str) -> Arrays:
    """The neuron's, learning_rate[] and steps[]."""
    arrays = shaped(spec, {**neuron_shapes(spec), "learning_rate": ()}, dtype)
    return {**arrays, "steps": integer(spec["steps"])}


def train_inputs(spec: dict, dtype: str) -> Arrays:
    """x[B, n], target[B], w[n], b[], learning_rate[], steps[]."""
    n, rows = spec["n"], spec["B"]
    shapes = {"x": (rows, n), "target": (rows,), "w": (n,), "b": (), "learning_rate": ()}
    return {**shaped(spec, shapes, dtype), "steps": integer(spec["steps"])}


def init_inputs(spec: dict, dtype: str) -> Arrays:
    """seed[], n[]."""
    return {"seed": integer(spec["seed"]), "n": integer(spec["n"])}


# ---- NumPy's values ----

def sigmoid_value(a: Arrays) -> Arrays:
    return {"y": reference.sigmoid(a["z"]), "z.grad": reference.sigmoid_backward(a["z"], a["y.grad"])}


def neuron_value(a: Arrays) -> Arrays:
    z, y = reference.neuron_forward(a["x"], a["w"], a["b"][()])
    dw, db, dx = reference.neuron_backward(a["x"], a["w"], a["b"][()], a["y.grad"][()])
    return {"z": z, "y": y, "x.grad": dx, "w.grad": dw, "b.grad": db}


def object_value(a: Arrays) -> Arrays:
    neuron = reference.Neuron(a["w"], a["b"][()])
    y = neuron.forward(a["x"])
    dx = neuron.backward(a["y.grad"][()])
    return {"y": y, "x.grad": dx, "w.grad": neuron.dw, "b.grad": neuron.db}


def update_value(a: Arrays) -> Arrays:
    w, b = reference.update(a["x"], a["w"], a["b"][()], a["y.grad"][()], a["learning_rate"][()], int(a["steps"]))
    return {"w.updated": w, "b.updated": b}


def train_value(a: Arrays) -> Arrays:
    loss, w, b = reference.train(a["x"], a["target"], a["w"], a["b"][()], a["learning_rate"][()], int(a["steps"]))
    return {"loss": loss, "w.updated": w, "b.updated": b}


def init_value(a: Arrays) -> Arrays:
    return {"w.init": reference.initial_weights(int(a["n"]), int(a["seed"]))}


# ---- exact values ----

def sigmoid_truth(a: Arrays) -> Arrays:
    z = lift(a["z"])
    return {"y": exact.apply(exact.sigmoid, z), "z.grad": lift(a["y.grad"]) * exact.apply(exact.slope, z)}


def sample_truth(a: Arrays) -> Arrays:
    return exact.sample(lift(a["x"]), lift(a["w"]), lift(a["b"]), lift(a["y.grad"]))


def batch_truth(a: Arrays) -> Arrays:
    return exact.batch(lift(a["x"]), lift(a["w"]), lift(a["b"]), lift(a["y.grad"]))


def rows(a: Arrays) -> np.ndarray:
    """x as a batch: one sample is a batch of one."""
    return lift(np.atleast_2d(a["x"]))


def update_truth(a: Arrays) -> Arrays:
    path = exact.descend(rows(a), lift(a["w"]), lift(a["b"]), lift(a["learning_rate"]), int(a["steps"]),
                         dy=lift(np.atleast_1d(a["y.grad"])))
    return {"path": path, "w.updated": path[-1]["w"], "b.updated": path[-1]["b"]}


def train_truth(a: Arrays) -> Arrays:
    path = exact.descend(rows(a), lift(a["w"]), lift(a["b"]), lift(a["learning_rate"]), int(a["steps"]),
                         target=lift(a["target"]))
    loss = np.array([step["loss"][()] for step in path[:-1]], dtype=object)
    return {"path": path, "loss": loss, "w.updated": path[-1]["w"], "b.updated": path[-1]["b"]}


def init_truth(a: Arrays) -> Arrays:
    return {"w.init": exact.initial_weights(int(a["seed"]), int(a["n"]))}


# ---- bounds ----

def sigmoid_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return bounds.sigmoid_kernel(lift(a["z"]), lift(a["y.grad"]), fmt)


def sample_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return bounds.sample(lift(a["x"]), lift(a["w"]), lift(a["b"]), lift(a["y.grad"]), truth, fmt)


def batch_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return bounds.batch_kernel(lift(a["x"]), lift(a["w"]), lift(a["b"]), lift(a["y.grad"]), truth, fmt)


def update_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return bounds.descend(rows(a), lift(a["learning_rate"]), truth["path"], fmt, fixed_dy=True)


def train_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return bounds.descend(rows(a), lift(a["learning_rate"]), truth["path"], fmt, fixed_dy=False)


def init_errors(a: Arrays, truth: Arrays, fmt: Format) -> Arrays:
    return {"w.init": bounds.initial_weights(truth["w.init"], fmt)}


# ---- the table ----

SIGMOID_NOTE = ("exp within 3 ULP, then one addition and one division: (6 (1 - y) + 2) u y; where exp(-z) < u / 2 only "
                "y = 1 is right; where exp(-z) overflows 0 is admitted")
SLOPE_NOTE = "the error of y in both factors of y (1 - y), four roundings, and the error of z times |sigmoid''| near z"
AFFINE_NOTE = "(n + 1) roundings on every |x_i w_i| and n on |b|, for any order of summation"
DERIVATION = {
    "z": AFFINE_NOTE + ".",
    "y": f"The error of z ({AFFINE_NOTE}) times the largest sigmoid' near z; and {SIGMOID_NOTE}.",
    "x.grad": f"|w_j| times the error of dz, one rounding. dz: |dy| times ({SLOPE_NOTE}).",
    "w.grad": f"|x_j| times the error of dz, one rounding. dz: |dy| times ({SLOPE_NOTE}).",
    "b.grad": f"The error of dz: |dy| times ({SLOPE_NOTE}).",
}
BATCH_DERIVATION = {
    **{name: DERIVATION[name] for name in ("y", "x.grad")},
    "w.grad": f"Mean over the rows of |x_ij| times the error of dz_i ({SLOPE_NOTE}), and B + 2 roundings on every "
              "|dz_i x_ij| / B, for any order of summation and division before or after it.",
    "b.grad": f"Mean over the rows of the error of dz_i ({SLOPE_NOTE}), and B + 1 roundings on every |dz_i| / B.",
}
PATH_NOTE = ("Each step's local error (that of the gradients and two roundings) becomes a generator; the later steps' "
             "Jacobians carry it on; the bound is the sum of the generators' magnitudes, the second-order remainder "
             "included.")
PATH_DERIVATION = {
    "w.updated": PATH_NOTE, "b.updated": PATH_NOTE,
    "loss": "The gradient of the loss times the generators of the parameters before the step, the error of y times "
            "|y - target|, and B + 3 roundings.",
}

FAMILIES = {
    "sigmoid": Family(cases.SIGMOID, sigmoid_inputs, ("y", "z.grad"), sigmoid_value, sigmoid_truth, sigmoid_errors,
                      {"y": f"{SIGMOID_NOTE[0].upper()}{SIGMOID_NOTE[1:]}.", "z.grad": f"|dy| times ({SLOPE_NOTE})."}),
    "neuron": Family(cases.SAMPLE, neuron_inputs, ("z", "y", "x.grad", "w.grad", "b.grad"), neuron_value, sample_truth,
                     sample_errors, DERIVATION),
    "neuron_sample": Family(cases.SAMPLE, neuron_inputs, ("y", "x.grad", "w.grad", "b.grad"), object_value,
                            sample_truth, sample_errors, {k: v for k, v in DERIVATION.items() if k != "z"}),
    "neuron_batch": Family(cases.BATCH, neuron_inputs, ("y", "x.grad", "w.grad", "b.grad"), object_value, batch_truth,
                           batch_errors, BATCH_DERIVATION,
                           lambda a: dict.fromkeys(("w.grad", "b.grad"), 1 / len(a["x"]))),
    "neuron_update": Family(cases.UPDATE, update_inputs, ("w.updated", "b.updated"), update_value, update_truth,
                            update_errors, {k: PATH_DERIVATION[k] for k in ("w.updated", "b.updated")}),
    "neuron_train": Family(cases.TRAIN, train_inputs, ("loss", "w.updated", "b.updated"), train_value, train_truth,
                           train_errors, PATH_DERIVATION),
    "neuron_init": Family(cases.INIT, init_inputs, ("w.init",), init_value, init_truth, init_errors,
                          {"w.init": "log within 1 ULP, its half through the square root, and four more roundings: "
                                     "4.5 u |w|. float32: the rounding of every float64 within that."}),
}
