# SPDX-License-Identifier: MIT
"""A dense layer with tanh in NumPy: the code that is to be ported to C.

    dense_tanh.py record DIR    writes what it gives into DIR/dense_tanh.npz and .json
    dense_tanh.py serve         answers as a port on standard input and output
"""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))
import gradgate  # noqa: E402


def forward(a):
    """x[B, n], w[n, m], b[m] -> y[B, m]."""
    return {"y": np.tanh(a["x"] @ a["w"] + a["b"])}


def backward(a):
    """The same and y.grad[B, m] -> x.grad[B, n]; means over the batch: w.grad[n, m], b.grad[m]."""
    y = forward(a)["y"]
    dz = a["y.grad"] * (1 - y * y)
    return {"x.grad": dz @ a["w"].T, "w.grad": a["x"].T @ dz / len(y), "b.grad": np.mean(dz, axis=0)}


AXES = {"x": ("B", "n"), "w": ("n", "m"), "b": ("m",), "y": ("B", "m")}
FLAGS = {"batch": "B, n and m differ: a swapped index reads a wrong entry, a mean over the wrong axis shows.",
         "tail": "n is odd: vector code that forgets its tail loses the last feature.",
         "saturated": "1 - y * y is nearly 0: a slope taken from x or z instead of y shows."}


def case(name, flags, rows, n, m, scale=1.0):
    """Random arrays of one case."""
    random = np.random.RandomState(sum(name.encode()))
    shapes = {"x": (rows, n), "w": (n, m), "b": (m,), "y.grad": (rows, m)}
    return gradgate.Case(name, {key: scale * random.uniform(-1, 1, shape) for key, shape in shapes.items()},
                         flags=flags)


CASES = [case("1x1x1", (), 1, 1, 1), case("4x3x2", ("batch",), 4, 3, 2), case("2x17x5", ("batch", "tail"), 2, 17, 5),
         case("3x8x4-saturated", ("saturated",), 3, 8, 4, scale=3.0)]


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        sys.exit(gradgate.serve({"dense_tanh": {"forward": forward, "backward": backward}}))
    if len(sys.argv) != 3 or sys.argv[1] != "record":
        sys.exit(__doc__)
    mean = {name: lambda a: 1 / len(a["x"]) for name in ("w.grad", "b.grad")}
    gradgate.record(sys.argv[2], "dense_tanh", forward, backward, CASES, axes=AXES, flags=FLAGS, grad_scale=mean)
