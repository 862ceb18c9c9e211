#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The neuron as a port, in Python without NumPy: calls on standard input, answers on standard output."""
from itertools import takewhile
from math import exp, prod
from struct import pack, unpack
from sys import stdin


def sigmoid(z):
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def neuron(step, a):  # arrays are flat; the sigmoid alone is a neuron with w = 1 and b = 0 and a row for each z
    flat, w, b = (a["x"], a["w"], a["b"][0]) if "x" in a else (a["z"], [1.0], 0.0)
    x = [flat[i:i + len(w)] for i in range(0, len(flat), len(w))]
    z = a.get("z") or [sum(v * u for v, u in zip(row, w, strict=True)) + b for row in x]
    if step == "forward":
        return {"z": z, "y": [sigmoid(v) for v in z]}
    dz = a.get("z.grad") or [d * (sigmoid(v) * sigmoid(-v)) for d, v in zip(a["y.grad"], z, strict=True)]
    dw = [sum(d * v for d, v in zip(dz, column)) / len(x) for column in zip(*x)]
    return {"x.grad": [d * u for d in dz for u in w], "w.grad": dw, "b.grad": [sum(dz) / len(x)], "z.grad": dz}


def reply(number, kernel, step, given, want):
    known = kernel in ("sigmoid", "neuron", "neuron_sample", "neuron_batch") and step in ("forward", "backward")
    if not known or any(dtype != "f64" for _, dtype, *_ in given + want):
        return f"@skip {number} no {kernel} {step} here, or not in this dtype"
    try:
        sizes = [prod(map(int, shape.replace("-", "1").split("x"))) for _, _, shape, *_ in given]
        values = [unpack(f">{size}d", bytes.fromhex("".join(a[3:]))) for size, a in zip(sizes, given)]
        answer = neuron(step, {a[0]: v for a, v in zip(given, values)})
        wanted = [(rest, answer[rest[0]]) for rest in want if rest[0] in answer]
        lines = [" ".join(["@out", *rest] + [pack(">d", v).hex() for v in values]) for rest, values in wanted]
        return "\n".join(lines + [f"@done {number}"])
    except Exception as error:
        return f"@error {number} {error!r}"


for word, *rest in map(str.split, takewhile("bye\n".__ne__, stdin)):
    if word == "gradgate":
        print("@port 1 neuron.py", flush=True)
    elif word == "call":
        head, given, want = rest, [], []
    elif word in ("in", "want"):
        (given if word == "in" else want).append(rest)
    elif word == "go":
        print(reply(*head, given, want), flush=True)
