# SPDX-License-Identifier: MIT
"""Golden files: vectors (.npz) beside a manifest (.json), written and read strictly. NumPy only.

A Suite is one kernel's cases; `write` puts it into a folder, `load` reads it back and trusts nothing.
The format is described in tests/golden/README.md.
"""
from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import pathlib
import re
import zipfile

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


class FormatError(ValueError):
    """A suite that cannot be written, or a file that is not what it should be; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Expected:
    """One expected array: NumPy's value, the exact value rounded to the dtype, and the absolute bound around it."""

    value: np.ndarray
    exact: np.ndarray
    bound: np.ndarray


@dataclasses.dataclass(frozen=True)
class Case:
    """One set of inputs and what must come out. The id is permanent."""

    id: str
    inputs: dict[str, np.ndarray]
    expected: dict[str, Expected]
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
    def entries(arrays: dict[str, np.ndarray]) -> list[dict]:
        return [{"name": name, "dtype": DTYPE_NAMES[array.dtype], "shape": list(array.shape)}
                for name, array in arrays.items()]

    cases = []
    for case in suite.cases:
        entry = {"id": case.id, "flags": list(case.flags)}
        if case.note:
            entry["note"] = case.note
        entry["inputs"] = entries(case.inputs)
        entry["expected"] = entries({name: expected.value for name, expected in case.expected.items()})
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
    text = re.sub(r'\{\s+"name": "[^"]*",\s+"dtype": "[^"]*",\s+"shape": \[[^\]]*\]\s+\}', one_line, text)
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
    """The manifest as a dict with exactly the keys of the format."""
    try:
        tree = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: {error}") from error
    if not isinstance(tree, dict) or set(tree) != set(MANIFEST_KEYS):
        raise FormatError(f"{path}: the keys are not {', '.join(MANIFEST_KEYS)}")
    if tree["format"] != FORMAT or tree["version"] != VERSION:
        raise FormatError(f"{path}: not {FORMAT} version {VERSION}")
    if tree["kernel"] != path.stem or tree["npz"] != f"{path.stem}.npz":
        raise FormatError(f"{path}: kernel and npz do not name this file")
    return tree


def load(folder: pathlib.Path, kernel: str) -> Suite:
    """Read <kernel>.json and its archive; everything the two say is held against each other."""
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
                                                   for suffix, part in PARTS.items()})
                        for entry in case["expected"]}
            cases.append(Case(case["id"], inputs, expected, tuple(case["flags"]), case.get("note", "")))
        flags = {flag: entry["note"] for flag, entry in tree["flags"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path}: malformed near {error}") from error
    if arrays:
        raise FormatError(f"{archive}: {sorted(arrays)[0]} is not in the manifest")
    suite = Suite(kernel, tuple(cases), flags, tree["bounds"], tree["seed"], tree["versions"])
    check(suite)
    return suite
