#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the golden file of the engine's test bed: exact values and Jacobians of oracle/bed_functions.py.

A central difference over a step of 2^-1400 in 6,000-bit arithmetic gives some 200 right digits, whatever the
formula; a second step of 2^-1420 must agree with it to 60. Values are rounded once to the nearest double.
"""
import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mpmath import mp, mpf

from bed_functions import FUNCTIONS, SUBGRADIENTS, Function, Point

GOLDEN = Path(__file__).resolve().parent.parent / "tests/gradcheck/bed/golden.inc"
BITS = 6000
STEPS = (-1400, -1420)
AGREEMENT = mpf(10) ** -60
NOTHING = mpf(2) ** -1300  # far below the smallest double


def nearest_double(value: mpf) -> float:
    """Round once: mpmath's own float() rounds a subnormal twice."""
    if abs(value) < mpf(2) ** -1022:
        return float(int(mp.nint(value * mpf(2) ** 1074))) * 2.0**-1074
    return float(value)


def slopes(f: Function, x: Sequence[mpf], i: int, left: mpf, right: mpf) -> list[mpf]:
    """(f(x + right e_i) - f(x - left e_i)) / (left + right), per output."""
    lower = f.formula(*(v - left if k == i else v for k, v in enumerate(x)))
    upper = f.formula(*(v + right if k == i else v for k, v in enumerate(x)))
    return [(b - a) / (left + right) for a, b in zip(lower, upper)]


def check_subgradient(f: Function, x: Sequence[mpf], rows: Sequence[Sequence[float]]) -> None:
    """A subgradient lies between the one-sided slopes of every coordinate."""
    h = mpf(2) ** STEPS[0]
    for i in range(len(x)):
        sides = zip(slopes(f, x, i, h, mpf(0)), slopes(f, x, i, mpf(0), h))
        for j, (a, b) in enumerate(sides):
            if not min(a, b) - AGREEMENT <= rows[j][i] <= max(a, b) + AGREEMENT:
                raise SystemExit(f"{f.name} at {[float(v) for v in x]}: [{j}][{i}] = {rows[j][i]} is no subgradient")


def jacobian(f: Function, x: Sequence[mpf]) -> list[list[float]]:
    """Exact partial derivatives, one row for each output."""
    columns = []
    for i in range(len(x)):
        first, second = (slopes(f, x, i, mpf(2) ** s, mpf(2) ** s) for s in STEPS)
        for a, b in zip(first, second):
            if abs(a - b) > AGREEMENT * abs(b) + NOTHING:
                raise SystemExit(f"{f.name} at {[float(v) for v in x]}: two steps disagree on input {i}")
        columns.append([nearest_double(v) for v in second])
    return [list(row) for row in zip(*columns)]


def braces(values: Sequence[float]) -> str:
    return "{" + ", ".join(v.hex() for v in values) + "}"


def golden_row(f: Function, point: Point) -> str:
    """One initialiser of struct bed_point."""
    x = [mpf(v) for v in point]
    y = [nearest_double(mpf(v)) for v in f.formula(*x)]
    rows = SUBGRADIENTS.get((f.name, point))
    if rows:
        check_subgradient(f, x, rows)
    flat = [v for row in rows or jacobian(f, x) for v in row]
    kink = "true" if rows else "false"
    return f'{{"{f.name}", {len(x)}, {len(y)}, {kink}, {braces(point)}, {braces(y)}, {braces(flat)}}},\n'


def golden() -> str:
    mp.prec = BITS
    rows = [golden_row(f, point) for f in FUNCTIONS for point in f.points]
    head = ("// SPDX-License-Identifier: MIT\n// Written by oracle/bed.py, checked by `oracle/bed.py --check`.\n"
            "// name, inputs, outputs, on a kink, point, exact value, exact Jacobian (a row for each output)\n")
    return head + "".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    parser.add_argument("--output", type=Path, default=GOLDEN, help="the golden file")
    arguments = parser.parse_args()
    text = golden()
    if not arguments.check:
        arguments.output.write_text(text, encoding="utf-8")
        return 0
    committed = arguments.output.read_text(encoding="utf-8").splitlines()
    for number, (have, want) in enumerate(zip(committed, text.splitlines()), 1):
        if have != want:
            print(f"{arguments.output}:{number}: differs\n  committed {have}\n  now       {want}", file=sys.stderr)
            return 1
    if len(committed) != len(text.splitlines()):
        print(f"{arguments.output}: {len(committed)} lines, {len(text.splitlines())} expected", file=sys.stderr)
        return 1
    print(f"{len(FUNCTIONS)} functions, {sum(len(f.points) for f in FUNCTIONS)} points: as committed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
