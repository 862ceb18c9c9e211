# SPDX-License-Identifier: MIT
"""The lists of mutants that are kept with the tests: those that change nothing, and those that were killed.

tests/mutants-equivalent.txt   by hand, one a line with the reason: `file | the line's text | what -> what | reason`
tests/mutants-settled.txt      a few killed ones: what CI runs
tests/mutants-killed.txt       all that a long run killed, as marks: the next one need not begin anew
"""
import pathlib
import re

from mutant_checks import CannotRun
from mutations import Mutant

EQUIVALENT = pathlib.Path("tests/mutants-equivalent.txt")
SETTLED = pathlib.Path("tests/mutants-settled.txt")
KILLED = pathlib.Path("tests/mutants-killed.txt")
MARKS_A_LINE = 10


# ---- those that change nothing ----

def read_equivalent(path: pathlib.Path) -> dict[tuple[str, str, str], str]:
    known = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                fields = [field.strip() for field in line.split(" | ")]
                if len(fields) != 4 or not fields[3]:
                    raise CannotRun(f"{path}: not `file | line | change | reason`: {line}")
                known[(fields[0], fields[1], fields[2])] = fields[3]
    return known


def listed(mutant: Mutant, known: dict[tuple[str, str, str], str]) -> bool:
    return tuple(part.strip() for part in mutant.key) in known


def check_equivalent(known: dict[tuple[str, str, str], str], mutants: list[Mutant], modules: list[str]) -> None:
    """Every entry of these modules has to be of a mutant that is still made."""
    there = {tuple(part.strip() for part in m.key) for m in mutants}
    gone = [key for key in known if key[0].split("/")[1] in modules and key not in there]
    if gone:
        raise CannotRun(f"{EQUIVALENT}: {len(gone)} entries are of lines or changes that are gone, first: "
                        + " | ".join(gone[0]))


# ---- those that must stay killed ----

def settled(mutants: list[Mutant], path: pathlib.Path) -> list[Mutant]:
    """Those listed in the file that are still there; if half of them are gone, the list has to be made anew."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    by_identity = {m.identity: m for m in mutants}
    there = [by_identity[line] for line in lines if line in by_identity]
    print(f"{len(lines)} mutants in {path.name}, {len(lines) - len(there)} of them of lines that are gone")
    if 2 * len(there) < len(lines):
        raise CannotRun(f"{path}: half of it is gone: write it again with --settle")
    return there


def write_settled(path: pathlib.Path, killed: list[Mutant], each: int) -> None:
    """`each` of each module, spread over its files by a fixed order."""
    chosen: list[str] = []
    for module in sorted({m.module for m in killed}):
        ours = sorted((m for m in killed if m.module == module), key=lambda m: m.order(0))
        chosen += [m.identity for m in ours[:each]]
    path.write_text("# Mutants that were killed when this was written by scripts/mutate --settle, and must stay "
                    "killed.\n" + "".join(f"{line}\n" for line in sorted(chosen)), encoding="utf-8")


# ---- those that a long run killed ----

def read_killed(path: pathlib.Path, mutants: list[Mutant]) -> list[Mutant]:
    """Those of the mutants that the file has; marks of lines that are gone are passed over."""
    if not path.exists():
        raise CannotRun(f"{path}: not there: write it with --record")
    text = re.sub(r"(?m)^#.*$", "", path.read_text(encoding="utf-8"))
    marks = set()
    file = ""
    for word in text.split():
        if "/" in word:
            file = word
        elif not re.fullmatch("[0-9a-f]{10}", word):
            raise CannotRun(f"{path}: neither a file nor a mark: {word}")
        else:
            marks.add((file, word))
    return [m for m in mutants if (m.file, m.mark) in marks]


def write_killed(path: pathlib.Path, killed: list[Mutant]) -> None:
    out = ["# Mutants that were killed when scripts/mutate --record wrote this: --recorded believes it.",
           "# Of each file, the first ten digits of the SHA-256 of what is changed in which line."]
    for file in sorted({m.file for m in killed}):
        marks = sorted(m.mark for m in killed if m.file == file)
        out.append(file)
        out += ["  " + " ".join(marks[i:i + MARKS_A_LINE]) for i in range(0, len(marks), MARKS_A_LINE)]
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text("\n".join(out) + "\n", encoding="utf-8")
    temporary.replace(path)
