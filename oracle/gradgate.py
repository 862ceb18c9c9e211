# SPDX-License-Identifier: MIT
"""The door for NumPy kernels, in one file that needs NumPy only: golden files and the port protocol.

    record(folder, "dense", forward, backward, cases)          vectors and a manifest for any NumPy kernel
    serve({"dense": {"forward": forward, "backward": backward}})   answers the gate on standard input and output
    write(folder, suite), load(folder, kernel)                 golden files, written and read strictly

A pass is a function from a dict of named arrays to another: forward from inputs ("x", "w") to outputs ("y"), backward
from inputs and cotangents ("y.grad") to gradients ("x.grad", "w.grad"). Nothing is kept between calls.
The files are described in tests/golden/README.md, the protocol in `serve`.
"""
from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

FORMAT = "gradgate-golden"
VERSION = 1
DTYPES = {"f64": np.dtype("<f8"), "f32": np.dtype("<f4"), "i64": np.dtype("<i8"), "i32": np.dtype("<i4"),
          "u8": np.dtype("u1")}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
CASE_ID = re.compile(r"[A-Za-z0-9_.=+-]{1,63}")
ARRAY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,30}")
PARTS = {"": "value", ".exact": "exact", ".bound": "bound"}
MANIFEST_KEYS = ("format", "version", "kernel", "npz", "sha256", "seed", "versions", "bounds", "flags", "cases")

Arrays = dict[str, np.ndarray]
Pass = Callable[[Arrays], Arrays]


class FormatError(ValueError):
    """A suite that cannot be written, or a file that is not what it should be; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Expected:
    """One expected array: NumPy's value, the exact value rounded to the dtype, and the absolute bound around it.

    A gradient is stored times grad_scale (a mean over a batch of 4: 0.25).
    """

    value: np.ndarray
    exact: np.ndarray
    bound: np.ndarray
    grad_scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class Case:
    """One set of inputs and what must come out (for `record`: nothing yet). The id is permanent."""

    id: str
    inputs: Arrays
    expected: dict[str, Expected] = dataclasses.field(default_factory=dict)
    flags: tuple[str, ...] = ()
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Suite:
    """All cases of one kernel, the notes of its flags and a sentence per expected array on its bound."""

    kernel: str
    cases: tuple[Case, ...]
    flags: dict[str, str]
    bounds: dict[str, str]
    seed: int = 0
    versions: dict[str, str] = dataclasses.field(default_factory=dict)


def beyond(actual: np.ndarray, exact: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Where actual is not exact within bound: NaN only for NaN, infinities only for the same, else by distance."""
    if exact.dtype.kind in "iu":  # a float64 does not tell neighbours beyond 2^53 apart
        distance = np.abs(np.asarray(actual).astype(object) - np.asarray(exact).astype(object))
        return np.asarray(distance > np.asarray(bound).astype(object), bool)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(np.asarray(actual, np.float64) - np.asarray(exact, np.float64))
        agrees = np.where(np.isfinite(exact), distance <= bound,
                          (actual == exact) | (np.isnan(actual) & np.isnan(exact)))
    return ~agrees


def check(suite: Suite) -> None:
    """Raise FormatError unless the suite keeps every rule, NumPy's values within their bounds included."""
    def require(condition: bool, where: str, what: str) -> None:
        if not condition:
            raise FormatError(f"{suite.kernel}: {where}: {what}")

    require(bool(ARRAY_NAME.fullmatch(suite.kernel)), "kernel", "malformed name")
    require(len(suite.cases) > 0, "cases", "there is none")
    ids = [case.id for case in suite.cases]
    for case in suite.cases:
        require(bool(CASE_ID.fullmatch(case.id)) and case.id not in (".", ".."), repr(case.id), "malformed case id")
        require(ids.count(case.id) == 1, case.id, "two cases have this id")
        require(len(case.expected) > 0, case.id, "expects nothing")
        for flag in case.flags:
            require(flag in suite.flags, case.id, f"flag {flag} has no note")
        require(not set(case.inputs) & set(case.expected), case.id, "an array is input and expected at once")
        for name, array in case.inputs.items():
            require(bool(ARRAY_NAME.fullmatch(name)), f"{case.id}/{name}", "malformed array name")
            require(array.dtype in DTYPE_NAMES, f"{case.id}/{name}", f"dtype {array.dtype}")
        for name, expected in case.expected.items():
            where = f"{case.id}/{name}"
            require(bool(ARRAY_NAME.fullmatch(name)), where, "malformed array name")
            require(name in suite.bounds, where, "bounds has no sentence for it")
            value, exact, bound = expected.value, expected.exact, expected.bound
            require(value.dtype in DTYPE_NAMES, where, f"dtype {value.dtype}")
            scaled = expected.grad_scale != 1
            require(bool(np.isfinite(expected.grad_scale)) and expected.grad_scale != 0, where, "grad_scale is 0, NaN "
                    "or infinite")
            require(not scaled or name.endswith(".grad") and name[:-5] in case.inputs, where, "grad_scale, but not "
                    "the gradient of an input")
            require(value.dtype == exact.dtype == bound.dtype, where, "value, exact and bound differ in dtype")
            require(value.shape == exact.shape == bound.shape, where, "value, exact and bound differ in shape")
            require(bool(np.all(np.isfinite(bound) & (bound >= 0))), where, "a bound is negative or not finite")
            require(bool(np.all(bound[~np.isfinite(exact)] == 0)), where, "a bound is not 0 beside NaN or infinity")
            wrong = np.argwhere(beyond(value, exact, bound))
            if len(wrong):
                at = tuple(int(i) for i in wrong[0])
                require(False, where, f"{list(at)}: NumPy gives {value[at]!r}, exact is {exact[at]!r}, "
                        f"allowed {bound[at]!r}; {len(wrong)} of {value.size} elements")


def members(suite: Suite) -> dict[str, np.ndarray]:
    """Every array of the archive under its name, in order."""
    arrays = {}
    for case in suite.cases:
        for name, array in case.inputs.items():
            arrays[f"{case.id}/{name}"] = array
        for name, expected in case.expected.items():
            for suffix, part in PARTS.items():
                arrays[f"{case.id}/{name}{suffix}"] = getattr(expected, part)
    return arrays


def manifest(suite: Suite, sha256: str) -> dict:
    """The manifest as a dict whose order is that of the file."""
    def entry_of(name: str, array: np.ndarray, grad_scale: float = 1.0) -> dict:
        scale = {} if grad_scale == 1 else {"grad_scale": float(grad_scale)}
        return {"name": name, "dtype": DTYPE_NAMES[array.dtype], "shape": list(array.shape), **scale}

    cases = []
    for case in suite.cases:
        entry = {"id": case.id, "flags": list(case.flags)}
        if case.note:
            entry["note"] = case.note
        entry["inputs"] = [entry_of(name, array) for name, array in case.inputs.items()]
        entry["expected"] = [entry_of(name, expected.value, expected.grad_scale)
                             for name, expected in case.expected.items()]
        cases.append(entry)
    used = {flag for case in suite.cases for flag in case.flags}
    return {"format": FORMAT, "version": VERSION, "kernel": suite.kernel, "npz": f"{suite.kernel}.npz",
            "sha256": sha256, "seed": suite.seed, "versions": dict(sorted(suite.versions.items())),
            "bounds": dict(sorted(suite.bounds.items())),
            "flags": {flag: {"note": note} for flag, note in sorted(suite.flags.items()) if flag in used},
            "cases": cases}


def dump_manifest(tree: dict) -> bytes:
    """The manifest's bytes: indent 1, but one array per line."""
    def one_line(match: re.Match) -> str:
        return json.dumps(json.loads(match[0]), ensure_ascii=False)

    text = json.dumps(tree, indent=1, ensure_ascii=False)
    text = re.sub(r'\{\s+"name": "[^"]*",\s+"dtype": "[^"]*",\s+"shape": \[[^\]]*\](,\s+"grad_scale": [^\s]+)?\s+\}',
                  one_line, text)
    text = re.sub(r'(?<="flags": )\[[^\]]*\]', one_line, text)
    return (text + "\n").encode()


def encode(suite: Suite) -> tuple[bytes, bytes]:
    """Check the suite and return the bytes of (manifest, archive)."""
    check(suite)
    archive = io.BytesIO()
    np.savez(archive, **members(suite))
    packed = archive.getvalue()
    return dump_manifest(manifest(suite, hashlib.sha256(packed).hexdigest())), packed


def replace_files(contents: dict[pathlib.Path, bytes]) -> None:
    """Write all files under temporary names beside their places, then rename them: none is ever half there."""
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in contents}
    try:
        for path, data in contents.items():
            temporary[path].write_bytes(data)
        for path in contents:
            os.replace(temporary[path], path)
    finally:
        for leftover in temporary.values():
            leftover.unlink(missing_ok=True)


def write(folder: pathlib.Path, suite: Suite) -> None:
    """Write <kernel>.npz and <kernel>.json into the folder."""
    text, packed = encode(suite)
    folder.mkdir(parents=True, exist_ok=True)
    replace_files({folder / f"{suite.kernel}.npz": packed, folder / f"{suite.kernel}.json": text})


def read_archive(path: pathlib.Path) -> dict[str, np.ndarray]:
    """All arrays of a stored .npz; FormatError if it is damaged, has a name twice or a dtype outside the format."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names):
                raise FormatError(f"{path}: two members have the same name")
            arrays = {}
            for name in names:
                if not name.endswith(".npy"):
                    raise FormatError(f"{path}: {name}: not an .npy member")
                with archive.open(name) as stream:
                    arrays[name[:-4]] = np.lib.format.read_array(stream, allow_pickle=False)
                    if stream.read(1):
                        raise FormatError(f"{path}: {name}: bytes after the data")
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise error if isinstance(error, FormatError) else FormatError(f"{path}: {error}") from error
    for name, array in arrays.items():
        if array.dtype not in DTYPE_NAMES:
            raise FormatError(f"{path}: {name}: dtype {array.dtype}")
    return arrays


def read_manifest(path: pathlib.Path) -> dict:
    """The manifest as a dict with exactly the keys of the format; a recorded baseline has one more."""
    try:
        tree = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: {error}") from error
    if not isinstance(tree, dict) or set(tree) - {"baseline"} != set(MANIFEST_KEYS):
        raise FormatError(f"{path}: the keys are not {', '.join(MANIFEST_KEYS)}")
    if tree["format"] != FORMAT or tree["version"] != VERSION:
        raise FormatError(f"{path}: not {FORMAT} version {VERSION}")
    if tree["kernel"] != path.stem or tree["npz"] != f"{path.stem}.npz":
        raise FormatError(f"{path}: kernel and npz do not name this file")
    return tree


def load(folder: pathlib.Path, kernel: str, certified: bool = True) -> Suite:
    """Read <kernel>.json and its archive; everything the two say is held against each other.

    Without certified, values may lie outside their bounds.
    """
    path = folder / f"{kernel}.json"
    tree = read_manifest(path)
    archive = folder / tree["npz"]
    arrays = read_archive(archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != tree["sha256"]:
        raise FormatError(f"{archive}: SHA-256 is {digest}, the manifest says {tree['sha256']}")

    def take(name: str, entry: dict) -> np.ndarray:
        if name not in arrays:
            raise FormatError(f"{archive}: {name} is missing")
        array = arrays.pop(name)
        if array.dtype != DTYPES.get(entry["dtype"]) or list(array.shape) != entry["shape"]:
            raise FormatError(f"{archive}: {name} is {array.dtype} {list(array.shape)}, the manifest says "
                              f"{entry['dtype']} {entry['shape']}")
        return array

    try:
        cases = []
        for case in tree["cases"]:
            inputs = {entry["name"]: take(f"{case['id']}/{entry['name']}", entry) for entry in case["inputs"]}
            expected = {entry["name"]: Expected(**{part: take(f"{case['id']}/{entry['name']}{suffix}", entry)
                                                   for suffix, part in PARTS.items()},
                                                grad_scale=entry.get("grad_scale", 1.0))
                        for entry in case["expected"]}
            cases.append(Case(case["id"], inputs, expected, tuple(case["flags"]), case.get("note", "")))
        flags = {flag: entry["note"] for flag, entry in tree["flags"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path}: malformed near {error}") from error
    if arrays:
        raise FormatError(f"{archive}: {sorted(arrays)[0]} is not in the manifest")
    suite = Suite(kernel, tuple(cases), flags, tree["bounds"], tree["seed"], tree["versions"])
    if certified:
        check(suite)
    return suite


# ---- recording any NumPy kernel ----

SAFETY = 8.0  # a measured bound is this many times the largest error seen
DRAWS = 16  # orders, nudges and points nearby that are tried
BELOW = 2.0 ** -6  # of one unit roundoff: a nudge that only wider arithmetic sees


@dataclasses.dataclass(frozen=True)
class Given:
    """A bound that the author derived: a sentence on how, and inputs -> the absolute bound, broadcast to the array."""

    sentence: str
    bound: Callable[[Arrays], np.ndarray]


def is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f"


def wider(inputs: Arrays) -> np.dtype:
    """The dtype in which exact values are computed: float64 for float32, longdouble for float64."""
    if not any(array.dtype == np.float64 for array in inputs.values()):
        return np.dtype(np.float64)
    if np.finfo(np.longdouble).nmant <= np.finfo(np.float64).nmant:
        raise FormatError("longdouble is no wider than float64 on this machine: record float64 kernels on another")
    return np.dtype(np.longdouble)


def reordered(arrays: Arrays, axes: dict[str, tuple[str, ...]], orders: dict[str, np.ndarray]) -> Arrays:
    """The arrays with the entries along each named axis in another order; x.grad has the axes of x."""
    out = {}
    for name, array in arrays.items():
        for position, axis in enumerate(axes.get(name, axes.get(name.removesuffix(".grad"), ()))):
            if position >= array.ndim or axis not in orders or array.shape[position] != len(orders[axis]):
                raise FormatError(f"{name}: shape {list(array.shape)} does not fit its axis {axis}")
            array = np.take(array, orders[axis], axis=position)
        out[name] = array
    return out


def axis_lengths(inputs: Arrays, axes: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """The length of each named axis; an input may not contradict another."""
    lengths: dict[str, int] = {}
    for name, array in inputs.items():
        named = axes.get(name, axes.get(name.removesuffix(".grad")))
        if named is not None and (len(named) != array.ndim or any(
                lengths.setdefault(axis, size) != size for axis, size in zip(named, array.shape))):
            raise FormatError(f"{name}: shape {list(array.shape)} does not fit its axes {', '.join(named)}")
    return lengths


def orders_to_try(lengths: dict[str, int], random: np.random.RandomState) -> Iterator[dict[str, np.ndarray]]:
    """All axes reversed, then at random."""
    yield {axis: np.arange(length)[::-1] for axis, length in lengths.items()}
    for _ in range(DRAWS - 1):
        yield {axis: random.permutation(length) for axis, length in lengths.items()}


@dataclasses.dataclass(frozen=True)
class Recorder:
    """A kernel with its wide twin: `run` and `exact` evaluate both passes."""

    forward: Pass
    backward: Pass
    wide: tuple[Pass, Pass]
    axes: dict[str, tuple[str, ...]]

    def run(self, inputs: Arrays) -> Arrays:
        """Both passes in the dtype of the inputs, which they must not change."""
        return self.passes((self.forward, self.backward), inputs)

    def exact(self, inputs: Arrays, dtype: np.dtype) -> Arrays:
        """Both passes in the wider dtype."""
        lifted = {name: array.astype(dtype) if is_float(array) else array for name, array in inputs.items()}
        out = self.passes(self.wide, lifted)
        for name, array in out.items():
            if is_float(array) and array.dtype != dtype:
                raise FormatError(f"{name} is {array.dtype} for {dtype} inputs: the kernel must compute in the dtype "
                                  "of its inputs, or come with a wide twin that does")
        return out

    @staticmethod
    def passes(functions: tuple[Pass, Pass], inputs: Arrays) -> Arrays:
        out: Arrays = {}
        for function in functions:
            given = {name: array.copy() for name, array in inputs.items()}
            result = {name: np.array(value) for name, value in function(given).items()}
            if set(result) & (set(out) | set(inputs)):
                raise FormatError(f"{sorted(set(result) & (set(out) | set(inputs)))[0]} is given twice")
            if any(given[name].tobytes() != array.tobytes() for name, array in inputs.items()):
                raise FormatError("a pass changes its inputs")
            out.update(result)
        return out

    @staticmethod
    def nudged(inputs: Arrays, random: np.random.RandomState, relative: bool) -> Arrays:
        """Every float moved: by one ULP, up or down, or relatively by up to eps^(1/3); what cannot move stays."""
        out = {}
        for name, array in inputs.items():
            if is_float(array):
                one, sign = array.dtype.type(1), 1 - 2 * random.randint(0, 2, array.shape)
                if relative:
                    far = np.cbrt(np.finfo(array.dtype).eps) * sign * random.uniform(0.5, 1, array.shape)
                    moved = array * (one + far.astype(array.dtype))
                else:
                    moved = np.nextafter(array, one * np.inf * sign.astype(array.dtype))
                array = np.where((array != 0) & np.isfinite(array) & np.isfinite(moved), moved, array)
            out[name] = array
        return out

    def refuse_narrow(self, inputs: Arrays, near: Arrays, exact: Arrays, dtype: np.dtype) -> None:
        """Most entries that answer a nudge of one ULP must answer a smaller one too, else the wide twin is not wide."""
        answered = self.exact(near, dtype)
        smaller = {name: array.astype(dtype) + (near[name].astype(dtype) - array.astype(dtype)) * dtype.type(BELOW)
                   if is_float(array) else array for name, array in inputs.items()}
        moved = self.exact(smaller, dtype)
        for name, truth in exact.items():
            if is_float(truth):
                response = np.abs(answered[name] - truth)
                counted = np.isfinite(truth) & (response * dtype.type(BELOW) > 64 * np.spacing(np.abs(truth)))
                if np.sum(counted & (moved[name] == truth)) * 2 > np.sum(counted):
                    raise FormatError(f"{name} does not change when the inputs change by less than one ULP: the kernel "
                                      f"narrows inside, so its value in {dtype} is no truth")

    def errors(self, inputs: Arrays, exact: Arrays, dtype: np.dtype, seed: int) -> Arrays:
        """Per element the largest distance seen, as `measured` says.

        An ULP of input shows the condition, but often leads through the same intermediate roundings (near 1, say), so
        those are sampled at points further away, each against the truth there.
        """
        random = np.random.RandomState(seed)
        worst = {name: np.zeros(array.shape, dtype) for name, array in exact.items()}

        def see(got: Arrays, want: Arrays) -> None:
            for name, truth in exact.items():
                known = np.isfinite(truth) & np.isfinite(want[name])
                distance = np.abs(got[name].astype(dtype) - want[name].astype(dtype))
                worst[name][known] = np.maximum(worst[name], distance)[known]  # NaN stays, and is refused

        see(self.run(inputs), exact)
        for orders in orders_to_try(axis_lengths(inputs, self.axes), random):
            back = {axis: np.argsort(order) for axis, order in orders.items()}

            def in_order(evaluate: Pass, arrays: Arrays) -> Arrays:
                return reordered(evaluate(reordered(arrays, self.axes, orders)), self.axes, back)

            near, other = self.nudged(inputs, random, False), self.nudged(inputs, random, True)
            see(self.exact(near, dtype), exact)
            see(in_order(lambda arrays: self.exact(arrays, dtype), inputs), exact)
            see(in_order(self.run, inputs), exact)
            see(in_order(self.run, other), self.exact(other, dtype))
        self.refuse_narrow(inputs, near, exact, dtype)
        return worst

    def measured(self, dtype: np.dtype, axes: list[str]) -> str:
        """How a measured bound came to be."""
        order = f"in {DRAWS} orders along {', '.join(axes)}" if axes else "not reordered, for no axes were named"
        return (f"Measured, not derived: {SAFETY:g} times the largest distance between the kernel and itself in "
                f"{np.finfo(dtype).nmant + 1}-bit arithmetic, here and at {DRAWS} points nearby, {order}; and how far "
                f"{DRAWS} nudges of one ULP in every input move it; plus one ULP.")


def record(folder: pathlib.Path | str, kernel: str, forward: Pass, backward: Pass, cases: list[Case], *,
           axes: dict[str, tuple[str, ...]] | None = None, flags: dict[str, str] | None = None,
           grad_scale: dict[str, float | Callable[[Arrays], float]] | None = None,
           bounds: dict[str, Given] | None = None, wide: tuple[Pass, Pass] | None = None, seed: int = 0) -> Suite:
    """Write <kernel>.npz and <kernel>.json into the folder: what the kernel gives on the cases, the truth, a bound.

    The truth is the kernel in wider arithmetic (float32: float64; float64: longdouble), itself or its twin `wide`.
    bounds: arrays whose bound was derived; that of every other one is measured, and the manifest says so.
    axes: {"x": ("B", "n"), "w": ("n", "m"), "y": ("B", "m")}: along these, entries may be reordered; that is how the
    sums inside are taken in another order. Name only axes along which the kernel knows no order.
    grad_scale: {"w.grad": lambda inputs: 1 / len(inputs["x"])} for a gradient that is stored as a mean.
    Raises FormatError if something cannot be recorded: the text says what.
    """
    axes, bounds, scales = axes or {}, bounds or {}, grad_scale or {}
    recorder = Recorder(forward, backward, wide or (forward, backward), axes)
    recorded, sentences = [], {}
    for number, case in enumerate(cases):
        try:
            expected = record_case(recorder, case, bounds, scales, seed + number, sentences)
        except FormatError as error:
            raise FormatError(f"{kernel}: {case.id}: {error}") from error
        recorded.append(dataclasses.replace(case, expected=expected))
    for what in sorted((set(bounds) | set(scales)) - set(sentences)):
        raise FormatError(f"{kernel}: {what}: a bound or grad_scale, but the kernel gives no such array")
    suite = Suite(kernel, tuple(recorded), flags or {}, sentences, seed,
                  {"numpy": np.__version__, "python": sys.version.split()[0]})
    write(pathlib.Path(folder), suite)
    return suite


def record_case(recorder: Recorder, case: Case, bounds: dict[str, Given], scales: dict, seed: int,
                sentences: dict[str, str]) -> dict[str, Expected]:
    """What the case expects; adds to the sentences how each bound came to be."""
    with np.errstate(all="ignore"):
        dtype = wider(case.inputs)
        values, exact = recorder.run(case.inputs), recorder.exact(case.inputs, dtype)
        if set(values) != set(exact):
            raise FormatError("the kernel and its wide twin give different arrays")
        for name, value in values.items():
            if value.shape != exact[name].shape or is_float(value) != is_float(exact[name]):
                raise FormatError(f"{name}: the wide twin gives another shape or kind")
        errors = recorder.errors(case.inputs, exact, dtype, seed)
        named = sorted({axis for names in recorder.axes.values() for axis in names})
        expected = {}
        for name, value in values.items():
            truth = exact[name]
            if not is_float(value):
                sentences[name] = "Integers: equal."
                expected[name] = Expected(value, truth.astype(value.dtype), np.zeros_like(value))
                continue
            rounded = truth.astype(value.dtype)
            if name in bounds:
                sentences[name] = f"Given: {bounds[name].sentence}"
                error = np.broadcast_to(np.asarray(bounds[name].bound(case.inputs), dtype), truth.shape)
            else:
                sentences[name] = recorder.measured(dtype, named)
                error = SAFETY * errors[name] + np.spacing(np.abs(rounded))
                refuse_useless(name, error, truth, value.dtype)
            bound = np.nextafter((error + np.abs(truth - rounded)).astype(value.dtype), value.dtype.type(np.inf))
            scale = scales.get(name, 1.0)
            expected[name] = Expected(value, rounded, np.where(np.isfinite(rounded), bound, 0).astype(value.dtype),
                                      float(scale(case.inputs) if callable(scale) else scale))
    return expected


def refuse_useless(name: str, error: np.ndarray, truth: np.ndarray, dtype: np.dtype) -> None:
    """A measured bound that leaves fewer than half of the digits shows a kink, an order that matters, or no digits."""
    known = np.isfinite(truth)
    size = max(np.max(np.abs(truth[known]), initial=0), np.finfo(dtype).tiny)
    loose = known & ~(error <= np.sqrt(np.finfo(dtype).eps) * size)
    if loose.any():
        at = [int(i) for i in np.argwhere(loose)[0]]
        raise FormatError(f"{name}{at}: the kernel moves by {float(error[tuple(at)] / SAFETY):.3g} under reordering or "
                          f"one ULP of input, where {name} is at most {float(size):.3g}: a kink, an axis along which "
                          "order matters, or cancellation. Change the case or the axes, or give the bound")


# ---- the port protocol ----

MOST_ELEMENTS = 1 << 24  # of one array; more is skipped
DECIMAL = re.compile(rb"0|[1-9][0-9]{0,18}")
SHAPE = re.compile(rb"-|(0|[1-9][0-9]{0,18})(x(0|[1-9][0-9]{0,18}))*")
PROTOCOL_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]{0,30}")
DIGITS = re.compile(rb"[0-9a-f]*")


class Refusal(Exception):
    """The reply to one call: word is skip or error."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


def one_line(text: str) -> str:
    """Text as a reason: printable ASCII, single spaces, not empty."""
    return " ".join("".join(c if " " <= c <= "~" else " " for c in text).split())[:200] or "no reason"


def declared(words: list[bytes]) -> tuple[str, np.dtype, tuple[int, ...], int]:
    """NAME DTYPE SHAPE of an in or want line, and the number of elements."""
    if len(words) < 4 or not PROTOCOL_NAME.fullmatch(words[1]) or not SHAPE.fullmatch(words[3]):
        raise Refusal("error", "malformed line: " + b" ".join(words[:4]).decode("ascii", "replace"))
    name, dtype = words[1].decode(), DTYPES.get(words[2].decode("ascii", "replace"))
    shape = () if words[3] == b"-" else tuple(int(length) for length in words[3].split(b"x"))
    count = 1
    for length in shape:
        count *= length
    if dtype is None:
        raise Refusal("skip", f"{name}: dtype {words[2].decode('ascii', 'replace')}")
    if count > MOST_ELEMENTS or len(shape) > 32 or max(shape, default=0) > MOST_ELEMENTS:
        raise Refusal("skip", f"{name}: the shape {words[3].decode()} is too large")
    return name, dtype, shape, count


def decoded(line: bytes) -> tuple[str, np.ndarray]:
    """The array of an in line, to the bit."""
    words = line.split(b" ", 4)
    name, dtype, shape, count = declared(words)
    digits = words[4].replace(b" ", b"") if len(words) == 5 else b""
    width = 2 * dtype.itemsize
    spaced = len(words[4]) if len(words) == 5 else -1
    if not DIGITS.fullmatch(digits) or len(digits) != count * width or spaced != count * (width + 1) - 1 or any(
            words[4][i] != 32 for i in range(width, spaced, width + 1)):
        raise Refusal("error", f"{name}: not {count} numbers of {width} hexadecimal digits")
    return name, np.frombuffer(bytes.fromhex(digits.decode()), dtype.newbyteorder(">")).astype(dtype).reshape(shape)


def encoded(name: str, array: np.ndarray) -> bytes:
    """The @out line of an array."""
    dtype = DTYPE_NAMES[array.dtype]
    digits = array.astype(array.dtype.newbyteorder(">")).tobytes().hex()
    width = 2 * array.dtype.itemsize
    shape = "x".join(map(str, array.shape)) or "-"
    return " ".join(["@out", name, dtype, shape, *(digits[i:i + width] for i in range(0, len(digits), width))]).encode()


def answer(kernels: dict[str, dict[str, Pass]], kernel: str, pass_name: str, lines: list[bytes]) -> list[bytes]:
    """The @out lines of one call, whose in and want lines are given."""
    if kernel not in kernels:
        raise Refusal("skip", f"no kernel {kernel}")
    if pass_name not in kernels[kernel]:
        raise Refusal("skip", f"{kernel} has no pass {pass_name}")
    given: Arrays = {}
    wanted: list[str] = []
    for line in lines:
        if line.startswith(b"in "):
            name, array = decoded(line)
            if name in given or wanted:
                raise Refusal("error", f"in {name}: twice, or after want")
            given[name] = array
        elif line.startswith(b"want "):
            words = line.split(b" ")
            name = declared(words)[0]
            if name in wanted or len(words) != 4:
                raise Refusal("error", f"want {name}: twice, or malformed")
            wanted.append(name)
    results = kernels[kernel][pass_name](given)
    out = []
    for name in wanted:
        if name in results:
            array = np.asarray(results[name])
            if array.dtype not in DTYPE_NAMES:
                raise Refusal("error", f"{name} came out as {array.dtype}")
            out.append(encoded(name, array))
    return out


def serve(kernels: dict[str, dict[str, Pass]], source: BinaryIO | None = None, sink: BinaryIO | None = None) -> int:
    """Answer the gate until it says bye; {kernel: {pass: function}}, passes forward, backward and any others.

        gate  = "gradgate 1" SUITE LF {call} "bye" LF
        call  = "call" ID KERNEL PASS LF {"in" NAME DTYPE SHAPE {HEX} LF} {"want" NAME DTYPE SHAPE LF} "go" LF
        port  = "@port 1" TEXT LF {{"@out" NAME DTYPE SHAPE {HEX} LF} "@done" ID LF | "@skip" ID REASON | "@error" ...}

    Unknown kernels, passes, dtypes and oversized arrays are skipped; whatever a pass raises is an error of that call.
    What a pass prints goes to standard error. Returns the exit code: 0, or 2 if this is not the protocol.
    """
    source, sink = source or sys.stdin.buffer, sink or sys.stdout.buffer

    def say(*lines: bytes) -> None:
        sink.write(b"".join(line + b"\n" for line in lines))
        sink.flush()

    def stop(what: str) -> int:
        print(f"not the port protocol: {what}", file=sys.stderr)
        return 2

    greeting = source.readline()
    if not re.fullmatch(rb"gradgate 1 [!-~]+( [!-~]+)*\n", greeting):
        return stop(repr(greeting[:60]))
    say(f"@port 1 gradgate.py numpy {np.__version__}".encode())
    for line in source:
        words = line.removesuffix(b"\n").split(b" ")
        if words == [b"bye"]:
            return 0
        if words[0] != b"call":
            continue  # an unknown request
        if len(words) != 4 or not DECIMAL.fullmatch(words[1]) or not all(map(PROTOCOL_NAME.fullmatch, words[2:])):
            return stop(repr(line[:60]))
        lines = []
        for line in source:
            lines.append(line.removesuffix(b"\n"))
            if line == b"go\n":
                break
        else:
            return stop("the input ends within a call")
        try:
            with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"):
                say(*answer(kernels, words[2].decode(), words[3].decode(), lines), b"@done " + words[1])
        except Refusal as refusal:
            say(f"@{refusal.word} {words[1].decode()} {one_line(str(refusal))}".encode())
        except Exception as error:  # whatever a kernel does, the next call is answered
            say(f"@error {words[1].decode()} {one_line(f'{type(error).__name__}: {error}')}".encode())
    return 0
