# SPDX-License-Identifier: MIT
"""Write the golden files (tests/golden), or certify those that are there: --check.

A suite is only written, and only passes --check, if every bound admits NumPy's value of today and every evaluation of
evaluations.py, so that a wrong formula, exact value or bound stops here.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import platform
import sys
from collections.abc import Callable, Iterator

import mpmath
import numpy as np

import committed
import evaluations
import gradgate
from bounds import around_rounded
from cases import FLAGS, RANDOM, SEED, SIZES
from exact import FORMATS, round_array
from families import FAMILIES
from gradgate import Case, Expected, FormatError, Suite

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden"
DTYPES = {"f64": np.float64, "f32": np.float32}
SOURCES = (".c", ".h", ".py")
SHOWN = 10  # differences printed per kernel
DRAWS = 40  # random cases per length for --tightness
LOOSEST = 64.0  # a bound may be this many times the largest error seen, up to n = 65


def kernel_names() -> list[str]:
    """Every kernel in both precisions."""
    return [name + suffix for name in FAMILIES for suffix in ("", "_f32")]


def split(kernel: str) -> tuple[str, str]:
    """The family and the format of a kernel."""
    return (kernel[:-4], "f32") if kernel.endswith("_f32") else (kernel, "f64")


def expected_arrays(kernel: str, inputs: dict[str, np.ndarray]) -> dict[str, Expected]:
    """NumPy's value, the exact value and the bound of every expected array."""
    family_name, dtype = split(kernel)
    family, fmt = FAMILIES[family_name], FORMATS[dtype]
    values = family.value(inputs)
    truth = family.truth(inputs)
    errors = family.errors(inputs, truth, fmt)
    scales = family.scales(inputs)
    expected = {}
    for name in family.expected:
        target = np.asarray(truth[name], dtype=object)
        expected[name] = Expected(np.asarray(values[name]).astype(DTYPES[dtype]), round_array(target, fmt),
                                  around_rounded(target, np.asarray(errors[name], dtype=object), fmt),
                                  scales.get(name, 1.0))
    return expected


def evaluated(kernel: str, case: Case) -> Iterator[tuple[str, str, np.ndarray]]:
    """(way, array name, result) of every evaluation of a case."""
    family_name, _ = split(kernel)
    for way in evaluations.WAYS:
        for name, array in evaluations.evaluate(family_name, way, case.inputs).items():
            if name in case.expected:
                yield way.name, name, np.asarray(array)


def refuse_unsound(kernel: str, case: Case) -> None:
    """Raise FormatError if a right evaluation lies outside a bound of the case."""
    for way, name, array in evaluated(kernel, case):
        expected = case.expected[name]
        where = f"{kernel}: {case.id}/{name}"
        if array.dtype != expected.exact.dtype or array.shape != expected.exact.shape:
            raise FormatError(f"{where}: the way '{way}' gives {array.dtype} {array.shape}")
        wrong = np.argwhere(gradgate.beyond(array, expected.exact, expected.bound))
        if len(wrong):
            at = tuple(int(i) for i in wrong[0])
            raise FormatError(f"{where}{list(at)}: the way '{way}' gives {array[at]!r}, exact is "
                              f"{expected.exact[at]!r}, allowed {expected.bound[at]!r}")


def share_used(array: np.ndarray, expected: Expected, ulps: float = 0.0) -> float:
    """The largest share of a bound that an array within its bounds uses, over bounds of at least so many ULP.

    0 if there is none.
    """
    with np.errstate(invalid="ignore"):
        used = np.isfinite(expected.exact) & (expected.bound > 0) & (
            expected.bound >= ulps * np.spacing(np.abs(expected.exact)))
    distance = np.abs(array[used].astype(np.float64) - expected.exact[used].astype(np.float64))
    return float(np.max(distance / expected.bound[used].astype(np.float64), initial=0.0))


def build_case(kernel: str, spec: dict) -> Case:
    """One case, certified."""
    family_name, dtype = split(kernel)
    inputs = FAMILIES[family_name].inputs(spec, dtype)
    case = Case(spec["id"], inputs, expected_arrays(kernel, inputs), tuple(spec["flags"]), spec.get("note", ""))
    refuse_unsound(kernel, case)
    return case


def build_suite(kernel: str) -> Suite:
    """The suite of one kernel, certified."""
    family = FAMILIES[split(kernel)[0]]
    versions = {"numpy": np.__version__, "mpmath": mpmath.__version__, "python": platform.python_version()}
    suite = Suite(kernel, tuple(build_case(kernel, spec) for spec in family.cases), FLAGS, family.derivation, SEED,
                  versions)
    gradgate.check(suite)
    return suite


# ---- against the committed files ----

def unreferenced(folder: pathlib.Path) -> list[str]:
    """Files in the folder that belong to no kernel; sources there are tests, and readers of the vector pack."""
    known = {f"{kernel}.{suffix}" for kernel in kernel_names() for suffix in ("json", "npz")} | {"README.md"}
    stray = [path for path in sorted(folder.glob("*")) if path.name not in known and path.suffix not in SOURCES]
    return [f"{path}: " + ("left over by a run" if path.name.startswith(".") else "no kernel has this file")
            for path in stray]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Of one kernel: a line and, if something is wrong, what."""

    line: str
    problems: list[str]


def examine(kernel: str, folder: pathlib.Path, writing: bool) -> Outcome:
    """Build the kernel's suite; compare it with the folder's files or, if they differ and writing, replace them."""
    try:
        suite = build_suite(kernel)
    except FormatError as error:
        return Outcome(f"{kernel:<18} refused", [str(error)])
    problems = committed.differences(folder, suite)
    verdict = f"{len(problems)} differences" if problems else "certified"
    if writing and problems:
        gradgate.write(folder, suite)
        problems, verdict = [], "written"
    elements = sum(expected.exact.size for case in suite.cases for expected in case.expected.values())
    share = max(share_used(expected.value, expected) for case in suite.cases for expected in case.expected.values())
    return Outcome(f"{kernel:<18}{len(suite.cases):>4} cases {elements:>6} values  NumPy uses {share:.2f} of a bound  "
                   f"{verdict}", problems)


def steps_of(kernel: str) -> int:
    """The most steps of a case: what makes a kernel slow."""
    return max(spec.get("steps", 1) for spec in FAMILIES[split(kernel)[0]].cases)


def each(function: Callable[..., Outcome], kernels: list[str], *arguments) -> Iterator[Outcome]:
    """function(kernel, *arguments) in the order of the kernels, several at once, the slowest begun first."""
    with concurrent.futures.ProcessPoolExecutor() as pool:
        begun = {kernel: pool.submit(function, kernel, *arguments)
                 for kernel in sorted(kernels, key=steps_of, reverse=True)}
        for kernel in kernels:
            yield begun[kernel].result()


def run(kernels: list[str], folder: pathlib.Path, writing: bool) -> int:
    """Examine the kernels; 0 if nothing is wrong, else 1."""
    wrong = 0
    for outcome in each(examine, kernels, folder, writing):
        print(outcome.line)
        for problem in outcome.problems[:SHOWN]:
            print(f"    {problem}")
        if len(outcome.problems) > SHOWN:
            print(f"    and {len(outcome.problems) - SHOWN} more")
        wrong += bool(outcome.problems)
        sys.stdout.flush()
    for problem in unreferenced(folder):
        print(problem)
        wrong += 1
    return 1 if wrong else 0


def changes(kernel: str, folder: pathlib.Path) -> Outcome:
    """What writing the kernel would change, in numbers."""
    try:
        lines = committed.summary(folder, split(kernel)[0], build_suite(kernel))
    except FormatError as error:
        return Outcome(f"{kernel:<18} refused", [str(error)])
    return Outcome(f"{kernel:<18} " + (f"{len(lines)} changes" if lines else "unchanged"), lines)


def report_changes(kernels: list[str], folder: pathlib.Path) -> int:
    """Print them all, whole; 1 if a kernel is refused, else 0: --check is the one that judges."""
    outcomes = list(each(changes, kernels, folder))
    for outcome in outcomes:
        print("\n    ".join([outcome.line, *outcome.problems]))
    return 1 if any(outcome.line.endswith("refused") for outcome in outcomes) else 0


# ---- NumPy alone ----

def blas() -> str:
    """The library that NumPy's dot products come from, where the system tells."""
    try:
        lines = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    # Debian's LAPACK may bring an OpenBLAS along that no dot product comes from.
    found = [line.split()[-1] for name in ("/libblas", "libopenblas", "libmkl") for line in lines if name in line]
    return found[0] if found else "an unknown BLAS"


def numpy_today(kernel: str, folder: pathlib.Path) -> Outcome:
    """What NumPy gives here and now for the committed inputs, held against the committed exact values and bounds."""
    try:
        suite = gradgate.load(folder, kernel)
    except FormatError as error:
        return Outcome(f"{kernel:<18} refused", [str(error)])
    family, problems, moved, elements, share = FAMILIES[split(kernel)[0]], [], 0, 0, 0.0
    for case in suite.cases:
        with np.errstate(all="ignore"):
            values = family.value(case.inputs)
        for name, expected in case.expected.items():
            array = np.asarray(values[name]).astype(expected.exact.dtype)
            wrong = np.argwhere(gradgate.beyond(array, expected.exact, expected.bound))
            if len(wrong):
                at = tuple(int(i) for i in wrong[0])
                problems.append(f"{kernel}: {case.id}/{name}{list(at)}: NumPy gives {array[at]!r}, exact is "
                                f"{expected.exact[at]!r}, allowed {expected.bound[at]!r}")
            elements += array.size
            moved += int(np.sum(committed.ulps_apart(array, expected.value) > 0))
            share = max(share, share_used(array, expected))
    return Outcome(f"{kernel:<18}{len(suite.cases):>4} cases {elements:>6} values {moved:>6} not as committed  "
                   f"NumPy uses {share:.2f} of a bound", problems)


def report_numpy(kernels: list[str], folder: pathlib.Path) -> int:
    """Print them all; 1 if a value is beyond its bound."""
    print(f"NumPy {np.__version__} with {blas()}")
    outcomes = list(each(numpy_today, kernels, folder))
    for outcome in outcomes:
        print("\n    ".join([outcome.line, *outcome.problems[:SHOWN]]))
    return 1 if any(outcome.problems for outcome in outcomes) else 0


# ---- how tight ----

def tightness_specs(kernel: str) -> Iterator[dict]:
    """The kernel's own cases up to the length, and random ones of every length."""
    family_name, _ = split(kernel)
    yield from FAMILIES[family_name].cases
    shapes = {"neuron": {}, "neuron_sample": {}, "neuron_batch": {"B": 3}, "neuron_update": {"B": 3, "steps": 2},
              "neuron_train": {"B": 3, "steps": 5}}
    if family_name in shapes:
        for n, draw in itertools.product((n for n in SIZES if n <= 65), range(DRAWS)):
            yield {**RANDOM, **shapes[family_name], "id": f"draw-{draw}-n{n}", "flags": [], "n": n,
                   "learning_rate": ("values", 0.5), "target": ("uniform", 1.0)}


def tightness(kernel: str) -> Outcome:
    """Per array and length the ratio of bound to error, where an evaluation comes closest to its bound.

    Bounds below 2 ULP are left out: they cannot be tighter.
    """
    shares: dict[tuple[str, int], float] = {}
    for spec in tightness_specs(kernel):
        case = build_case(kernel, spec)
        length = spec["n"] if "w" in case.inputs else 1
        results = list(evaluated(kernel, case)) + [("NumPy", name, expected.value) for name, expected in
                                                   case.expected.items()]
        for _, name, array in results:
            if np.any(case.expected[name].bound >= 2 * np.spacing(np.abs(case.expected[name].exact))):
                share = share_used(array, case.expected[name], ulps=2.0)
                shares[name, length] = max(shares.get((name, length), 0.0), share)
    lines, problems = [], []
    for name in FAMILIES[split(kernel)[0]].expected:
        ratio, length = max(((1 / share if share else np.inf, n) for (array, n), share in shares.items()
                             if array == name and n <= 65), default=(0.0, 0))
        lines.append(f"{kernel:<18}{name:<12} bound / largest error seen: "
                     + (f"{ratio:6.1f} at n = {length}" if length else "below 2 ULP everywhere"))
        if not ratio <= LOOSEST:
            problems.append(f"{kernel}: {name}: the bound is {ratio:.1f} times the largest error seen at n = {length}")
    return Outcome("\n".join(lines), problems)


def report_tightness(kernels: list[str]) -> int:
    """Print every ratio; 1 if one is beyond LOOSEST."""
    outcomes = list(each(tightness, kernels))
    for outcome in outcomes:
        print(outcome.line)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: written or certified; 1: something differs or is refused; 2: usage, or writing in CI."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", help="only these (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing: certify the files that are there")
    parser.add_argument("--diff", action="store_true",
                        help="write nothing: say in numbers what would change, and which side is nearer to the truth")
    parser.add_argument("--numpy", action="store_true",
                        help="write nothing: hold what NumPy gives here, with its BLAS, against the committed bounds")
    parser.add_argument("--tightness", action="store_true", help="print how far bounds are above the errors seen")
    parser.add_argument("--dir", type=pathlib.Path, default=GOLDEN, help="the golden folder (default: tests/golden)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.kernels) - set(kernel_names()))
    if unknown:
        parser.error(f"no kernel {', '.join(unknown)}; there are {', '.join(kernel_names())}")
    kernels = options.kernels or kernel_names()
    if options.tightness:
        return report_tightness(kernels)
    if options.numpy:
        return report_numpy(kernels, options.dir)
    if options.diff:
        return report_changes(kernels, options.dir)
    if not options.check and os.environ.get("CI"):
        print("generate.py: CI is set: golden files are not written there, only checked (--check)", file=sys.stderr)
        return 2
    return run(kernels, options.dir, writing=not options.check)


if __name__ == "__main__":
    sys.exit(main())
