# SPDX-License-Identifier: MIT
"""Which tests execute which lines of a module, by gcov and one run of each test: a test that never comes to the line
that a mutant changes does what it did before."""
import collections
import json
import os
import pathlib
import subprocess


class Coverage:
    def __init__(self) -> None:
        self.lines: dict[tuple[str, int], set[str]] = collections.defaultdict(set)
        self.functions: dict[tuple[str, int, int], set[str]] = collections.defaultdict(set)

    def add(self, test: str, documents: str) -> None:
        """What gcov says after a run of this test: a document an object. A header is in several of them."""
        for document in documents.splitlines():
            for file in json.loads(document)["files"]:
                for line in file["lines"]:
                    self.lines[file["file"], line["line_number"]] |= {test} if line["count"] else set()
                for function in file["functions"]:
                    place = file["file"], function["start_line"], function["end_line"]
                    self.functions[place] |= {test} if function["execution_count"] else set()

    def tests_of(self, file: str, first: int, last: int) -> set[str] | None:
        """Those that execute one of these lines. A line that gcov does not count, in an expression that goes on or a
        table within a function, is executed with its function. None outside of functions, and of a header, which tests
        compile into themselves: any test may depend on it."""
        if file.endswith(".h"):
            return None
        found: set[str] = set()
        for line in range(first, last + 1):
            if (file, line) in self.lines:
                found |= self.lines[file, line]
                continue
            around = [tests for (name, start, end), tests in self.functions.items()
                      if name == file and start <= line <= end]
            if not around:
                return None
            found |= set().union(*around)
        return found


def measure(folder: pathlib.Path, program: str, module: str, python: str) -> Coverage:
    """Of a program of tests/alone, built with gcov in `folder`/build/cov; `python` is for tests that ask NumPy."""
    coverage = Coverage()
    objects = folder / "build/cov/lib" / module
    for test in output_of([f"build/cov/{program}", "--list"], folder).split():
        for old in (folder / "build/cov").rglob("*.gcda"):
            old.unlink()
        output_of([f"build/cov/{program}", "--only", test], folder, PYTHON=python)
        counted = sorted(str(path.relative_to(folder)) for path in objects.glob("*.gcda"))
        if counted:
            coverage.add(test, output_of(["gcov", "--json-format", "--stdout", *counted], folder))
    return coverage


def output_of(command: list[str], folder: pathlib.Path, **variables: str) -> str:
    return subprocess.run(command, cwd=folder, text=True, check=True, env=os.environ | variables,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).stdout
