# SPDX-License-Identifier: MIT
"""A new suite against the committed one: to the byte, for --check; in numbers, for --diff."""
from __future__ import annotations

import dataclasses
import itertools
import pathlib

import numpy as np

import gradgate
from exact import mp
from families import FAMILIES
from gradgate import Case, FormatError, Suite


# ---- to the byte ----

def hexadecimal(value: np.generic) -> str:
    """A number for people and to the bit."""
    return f"{value!r} ({float(value).hex()})" if isinstance(value, np.floating) else repr(value)


def array_difference(where: str, old: np.ndarray, new: np.ndarray) -> list[str]:
    """A line if the two are not the same bytes."""
    if old.dtype != new.dtype or old.shape != new.shape:
        return [f"{where}: committed {old.dtype} {list(old.shape)}, now {new.dtype} {list(new.shape)}"]
    if old.tobytes() == new.tobytes():
        return []
    size = old.dtype.itemsize
    differ = [i for i in range(old.size)
              if old.tobytes()[i * size:(i + 1) * size] != new.tobytes()[i * size:(i + 1) * size]]
    at = np.unravel_index(differ[0], old.shape)
    return [f"{where}{[int(i) for i in at]}: committed {hexadecimal(old[at])}, now {hexadecimal(new[at])}; "
            f"{len(differ)} of {old.size} elements differ"]


def case_differences(old: Case, new: Case) -> list[str]:
    """What is certified and differs: inputs, exact values, bounds. NumPy's values may."""
    lines = []
    for part, before, after in (("input", old.inputs, new.inputs), ("expected", old.expected, new.expected)):
        for name in sorted(set(before) ^ set(after)):
            lines.append(f"{new.id}: {part} {name} is only {'committed' if name in before else 'in cases.py'}")
    for name in set(old.inputs) & set(new.inputs):
        lines += array_difference(f"{new.id}/{name}", old.inputs[name], new.inputs[name])
    for name in set(old.expected) & set(new.expected):
        for part in ("exact", "bound"):
            lines += array_difference(f"{new.id}/{name}.{part}", getattr(old.expected[name], part),
                                      getattr(new.expected[name], part))
    return lines


def manifest_difference(path: pathlib.Path, old: Suite, new: Suite) -> list[str]:
    """A line if the manifest's text is not what would be written now, versions and SHA-256 aside."""
    committed = gradgate.read_manifest(path)
    fresh = gradgate.manifest(dataclasses.replace(new, versions=old.versions), committed["sha256"])
    before, after = path.read_text().splitlines(), gradgate.dump_manifest(fresh).decode().splitlines()
    for number, (left, right) in enumerate(itertools.zip_longest(before, after, fillvalue="nothing"), 1):
        if left != right:
            return [f"{path.name}:{number}: committed {left.strip()}, now {right.strip()}"]
    return []


def differences(folder: pathlib.Path, new: Suite) -> list[str]:
    """Every way in which the committed files of a kernel are not what would be written now."""
    try:
        old = gradgate.load(folder, new.kernel)
    except FormatError as error:
        return [str(error)]
    before, after = ({case.id: case for case in suite.cases} for suite in (old, new))
    lines = [f"{case}: only {'committed' if case in before else 'in cases.py'}" for case in
             sorted(set(before) ^ set(after))]
    for case in after:
        if case in before:
            lines += case_differences(before[case], after[case])
    return lines or manifest_difference(folder / f"{new.kernel}.json", old, new)


# ---- in numbers ----

def ordinals(array: np.ndarray) -> np.ndarray:
    """Integers that count the values of the dtype, -0 and 0 at 0: their difference is the distance in ULP."""
    if array.dtype.kind != "f":
        return array.astype(object)
    words = array.view(np.dtype(f"i{array.dtype.itemsize}")).astype(object)
    lowest = -(1 << (8 * array.dtype.itemsize - 1))
    return np.where(words < 0, lowest - words, words)


def ulps_apart(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The distance in ULP per element, as Python integers; NaN is one ULP from NaN of other bits, far from the rest."""
    return np.array([0 if left.tobytes() == right.tobytes() else max(1, abs(int(p) - int(q)))
                     for left, right, p, q in zip(before.ravel(), after.ravel(), ordinals(before).ravel(),
                                                  ordinals(after).ravel())], dtype=object).reshape(before.shape)


@dataclasses.dataclass
class Change:
    """What changes in one array of a kernel, over all cases."""

    cases: int = 0
    elements: int = 0
    furthest: int = 0  # ULP
    place: str = ""
    nearer: dict[str, int] = dataclasses.field(default_factory=lambda: {"committed": 0, "new": 0, "neither": 0})
    ratios: list[float] = dataclasses.field(default_factory=list)  # bounds: new / committed

    def add(self, where: str, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Count the elements of one case that differ; returns which."""
        apart = ulps_apart(before, after)
        changed = apart > 0
        if changed.any():
            self.cases += 1
            self.elements += int(np.sum(changed))
            at = np.unravel_index(int(np.argmax(apart)), apart.shape)
            if apart[at] > self.furthest:
                self.furthest = int(apart[at])
                self.place = f"{where}{[int(i) for i in at]}: {before[at]!r} -> {after[at]!r}"
        return changed

    def judge(self, before: np.generic, after: np.generic, truth_before, truth_after) -> None:
        """Which one is nearer to the 50-digit value of its own inputs."""
        if not all(map(mp.isfinite, (truth_before, truth_after))) or not np.isfinite(before) or not np.isfinite(after):
            self.nearer["neither"] += 1
            return
        old, new = abs(mp.mpf(float(before)) - truth_before), abs(mp.mpf(float(after)) - truth_after)
        self.nearer["committed" if old < new else "new" if new < old else "neither"] += 1

    def text(self, name: str) -> str:
        """One line."""
        line = f"{name}: {self.elements} elements in {self.cases} cases, up to {self.furthest} ULP: {self.place}"
        if any(self.nearer.values()):
            line += "; nearer to the exact value: " + ", ".join(f"{who} {n}" for who, n in self.nearer.items())
        if self.ratios:
            line += f"; new / committed {min(self.ratios):.4g} to {max(self.ratios):.4g}"
        return line


def compare_case(family: str, old: Case, new: Case, changes: dict[str, Change]) -> list[str]:
    """Add one case to the changes; lines for arrays that cannot be compared."""
    lines, truths = [], []

    def change(name: str, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        if before.dtype != after.dtype or before.shape != after.shape:
            lines.append(f"{new.id}/{name}: {before.dtype} {list(before.shape)} -> {after.dtype} {list(after.shape)}")
            return np.zeros(0, bool)
        return changes.setdefault(name, Change()).add(new.id, before, after)

    for name in new.inputs:
        if name in old.inputs:
            change(name, old.inputs[name], new.inputs[name])
    for name, after in new.expected.items():
        before = old.expected.get(name)
        for part in ("value", "exact") if before is not None else ():
            label = name + {"value": "", "exact": ".exact"}[part]
            left, right = getattr(before, part), getattr(after, part)
            changed = change(label, left, right)
            if changed.any():
                truths = truths or [FAMILIES[family].truth(case.inputs) for case in (old, new)]
                for at in map(tuple, np.argwhere(changed)):
                    changes[label].judge(left[at], right[at], *(np.asarray(truth[name], dtype=object)[at]
                                                                for truth in truths))
        if before is not None:
            changed = change(name + ".bound", before.bound, after.bound)
            if changed.any():
                changes[name + ".bound"].ratios += [float(q) / float(p) if p else float("inf") for p, q in
                                                    zip(before.bound[changed], after.bound[changed])]
    return lines


def summary(folder: pathlib.Path, family: str, new: Suite) -> list[str]:
    """What writing the new suite would change, one line an array; nothing if nothing."""
    try:
        old = gradgate.load(folder, new.kernel, certified=False)
    except FormatError as error:
        return [f"not readable: {error}"]
    before, after = ({case.id: case for case in suite.cases} for suite in (old, new))
    lines = [f"{case}: {'goes' if case in before else 'comes'}" for case in sorted(set(before) ^ set(after))]
    changes: dict[str, Change] = {}
    for case in after:
        if case in before:
            lines += [f"{case}: {name} {'goes' if name in gone else 'comes'}" for gone, come in
                      ((before[case].inputs, after[case].inputs), (before[case].expected, after[case].expected))
                      for name in sorted(set(gone) ^ set(come))]
            lines += compare_case(family, before[case], after[case], changes)
    lines += [change.text(name) for name, change in changes.items() if change.elements]
    return lines or manifest_difference(folder / f"{new.kernel}.json", old, new)
