# SPDX-License-Identifier: MIT
"""What a mutant of each module meets, in which order, and a copy of the tree to build and run it in.

A check kills a mutant if a command of it fails, crashes, or needs much more CPU time or memory than on the sources as
they are. The cheap and sharp ones stand first. Only what the project itself would call wrong counts; the checks
`regression` and `regression of mistakes` are its record of what the engine answers; what those kill is counted apart.
"""
import dataclasses
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from mutant_coverage import Coverage, measure

# A mutant compiles without debug information; pointers of other types are no program; gold links in half the time.
# MEMORY is for address space, in bytes.
QUICKLY = "-Werror=incompatible-pointer-types -g0 -fuse-ld=gold"
MAKE = ("make", "-s")
MEMORY = 4 << 30
BUILD_SECONDS = 900
MOST_OUTPUT = 1 << 16
SLOW = 0.02  # share of all tests' time


class CannotRun(Exception):
    """The sources as they are do not build or do not pass."""


@dataclasses.dataclass(frozen=True)
class Check:
    name: str
    commands: tuple[str, ...]   # run with {B} as build/<mode>; the first word is built first
    mode: str = "debug"
    module: str = ""            # if it is that module's tests, and takes names of them
    slow: bool | None = None    # only those of them that are slow, or that are not

    @property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(word for command in self.words() for word in command if "build/" in word))

    def words(self) -> list[list[str]]:
        return [command.format(B=f"build/{self.mode}").split() for command in self.commands]


@dataclasses.dataclass(frozen=True)
class Outcome:
    failed: bool
    cpu: float      # seconds, with all its children
    words: tuple[str, ...] = ()  # the last that it printed

    @property
    def last_word(self) -> str:
        return self.words[-1] if self.words else ""


def alone(module: str, mode: str = "debug", slow: bool | None = None) -> Check:
    """The module's Criterion tests in one process, without Criterion."""
    name = "slow tests" if slow else "tests" if mode == "debug" else "sanitizer"
    return Check(name, (f"{{B}}/alone_{module}",), mode, module, slow)


def suite(*commands: str) -> Check:
    return Check("other suites", tuple(f"{{B}}/tests/{command} -f -j1 --color=never" for command in commands))


CHECKS = {
    "neuron": [
        alone("neuron"),
        Check("gate", ("{B}/gradgate verify",)),
        suite("test_notebook"),
        alone("neuron", "sanitize"),
    ],
    "gradcheck": [
        alone("gradcheck", slow=False),
        Check("regression", ("{B}/regression --first bed vjp jvp mixed kernels screen",)),
        alone("gradcheck", slow=True),
        alone("gradcheck", "sanitize", slow=False),
        Check("regression of mistakes", ("{B}/regression --first mistakes",)),
        Check("evidence", ("{B}/evidence --jobs 1 kinks peers vjp",)),
        Check("more evidence", ("{B}/evidence --jobs 1 --first 680 soak honesty",
                                "{B}/evidence --jobs 1 --first 60 neuron")),
        Check("gate", ("{B}/gradgate verify neuron_batch neuron_f32",)),
        suite("test_kernels", "test_criterion"),
        Check("bed", ("{B}/evidence --jobs 1 bed",)),
    ],
    "golden": [
        alone("golden"),
        alone("golden", "sanitize"),
        Check("gate", ("{B}/gradgate compare tests/golden/neuron_init.npz tests/golden/neuron_init.npz",
                       "{B}/gradgate verify neuron_init neuron_update_f32")),
        suite("test_criterion", "test_gate", "test_cli --filter cli_transcript/compare"),
    ],
}


@functools.cache
def python_with_numpy() -> str:
    """For the tests that hold C against NumPy; the suite itself says so if there is none."""
    for python in (os.environ.get("PYTHON"), sys.executable, "/usr/bin/python3"):
        if python and subprocess.run([python, "-c", "import numpy"], stderr=subprocess.DEVNULL,
                                     check=False).returncode == 0:
            return python
    return "python3"


def without_make() -> dict[str, str]:
    """The environment, less what a make that runs this would tell another."""
    return {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}


def variables_of(check: Check) -> list[str]:
    return [f"MODE={check.mode}", f"CFLAGS={QUICKLY}"]


def call(command: list[str], folder: pathlib.Path, mode: str, cpu: float) -> Outcome:
    """Run a command that may take so much CPU time in each of its processes, and much longer by the clock."""
    limits = f"ulimit -c 0 && ulimit -t {int(cpu) + 1}"
    if mode != "sanitize":  # which reserves more addresses than there is memory
        limits += f" && ulimit -v {MEMORY >> 10}"
    temporary = folder / "build/tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = without_make() | {"GRADGATE": f"build/{mode}/gradgate", "PYTHON": python_with_numpy(),
                                    "TMPDIR": str(temporary), "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["sh", "-c", f'{limits} && exec "$@"', "sh", *command], cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
        clock = threading.Timer(60 + 60 * cpu, os.killpg, (process.pid, signal.SIGKILL))
        clock.start()
        _, status, used = os.wait4(process.pid, 0)
        clock.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(max(0, output.seek(0, os.SEEK_END) - MOST_OUTPUT))
        words = output.read().decode(errors="replace").split()
    shutil.rmtree(temporary, ignore_errors=True)  # what a test left that did not come to its end
    return Outcome(process.returncode != 0, used.ru_utime + used.ru_stime, tuple(words))


class Tree:
    """A copy of the tree, with the objects that are there already."""

    def __init__(self, top: pathlib.Path, folder: pathlib.Path) -> None:
        self.folder = folder
        self.baselines: dict[Check, float] = {}
        self.known_tests: dict[str, dict[str, float]] = {}
        self.known_commands: dict[tuple[Check, str], str] = {}
        self.known_coverage: dict[str, Coverage] = {}
        self.equipped: set[Check] = set()
        shutil.rmtree(folder, ignore_errors=True)
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=top, text=True, check=True,
                                capture_output=True).stdout.splitlines()
        for name in listed:
            if (top / name).is_file():
                copy(top / name, folder / name)

    def take_objects(self, top: pathlib.Path, mode: str) -> None:
        for path in (top / "build" / mode).rglob("*"):
            target = self.folder / path.relative_to(top)
            if path.is_file() and path.suffix in {".o", ".d", ".so"} and not target.exists():
                copy(path, target)

    def build(self, check: Check) -> Outcome:
        """Make what the check runs."""
        return call([*MAKE, *variables_of(check), *check.targets], self.folder, "sanitize", BUILD_SECONDS)

    def commands(self, check: Check, file: str) -> str:
        """What make would do here, where all that the check runs is built, if the file were changed. Asked once, as
        make itself takes as long as the compiler does; and done here, so that the objects can be compared."""
        if (check, file) not in self.known_commands:
            asked = subprocess.run([*MAKE, "-n", "-W", file, *variables_of(check), *check.targets], cwd=self.folder,
                                   env=without_make(), text=True, capture_output=True, check=False)
            if asked.returncode != 0 or not asked.stdout:
                raise CannotRun(f"make does not say how {file} is built for {check.targets}: {asked.stderr}")
            if call(["sh", "-ec", asked.stdout], self.folder, "sanitize", BUILD_SECONDS).failed:
                raise CannotRun(f"{file} is not built as make says in {self.folder}: {asked.stdout}")
            self.known_commands[check, file] = asked.stdout
        return self.known_commands[check, file]

    def rebuild(self, check: Check, commands: str, clean: "Tree") -> Outcome:
        """After a change of one file; the rest of what the check runs comes from the clean tree. What is there before
        the first change has to pass here as well: what a test lacks would be taken for a mutant's death."""
        if check not in self.equipped:
            self.take_objects(clean.folder, check.mode)
            for target in check.targets:
                copy(clean.folder / target, self.folder / target)
            if self.run(check, clean.limit(check)).failed:
                raise CannotRun(f"what passes in {clean.folder} does not in {self.folder}: {check.commands}")
            self.equipped.add(check)
        return call(["sh", "-ec", commands], self.folder, "sanitize", BUILD_SECONDS)

    def same_code(self, commands: str, clean: "Tree") -> bool:
        """After rebuild: whether the compiler made of the change what it makes of the sources as they are."""
        return all((self.folder / name).read_bytes() == (clean.folder / name).read_bytes()
                   for name in objects(commands))

    def restore(self, commands: str, clean: "Tree") -> None:
        """The objects that these commands made."""
        for name in objects(commands):
            copy(clean.folder / name, self.folder / name)

    def run(self, check: Check, cpu: float, arguments: list[str] | None = None) -> Outcome:
        """The arguments are for a check that takes names of tests."""
        spent = 0.0
        for command in check.words():
            outcome = call(command + (arguments or []), self.folder, check.mode, cpu)
            spent += outcome.cpu
            if outcome.failed:
                return dataclasses.replace(outcome, cpu=spent)
        return Outcome(False, spent)

    def tests(self, check: Check) -> dict[str, float]:
        """Of a check that takes names of tests: all of them, each with its share of their time, as they are built in
        debug mode. Those above SLOW are slow: most mutants do not live to see them."""
        module = check.module
        if module not in self.known_tests:
            plain = alone(module)
            self.limit(plain)
            words = call([*plain.words()[0], "--times"], self.folder, plain.mode, 600).words
            seconds = {name: float(time) for name, time in re.findall(r"(\w+/\w+) ([\d.]+)", " ".join(words))}
            total = max(sum(seconds.values()), 1e-3)
            self.known_tests[module] = {name: t / total for name, t in seconds.items()}
        return self.known_tests[module]

    def coverage(self, module: str) -> Coverage:
        if module not in self.known_coverage:
            counting = alone(module, "cov")
            if self.build(counting).failed:
                raise CannotRun(f"the sources as they are do not build with gcov in {self.folder}")
            program = pathlib.Path(counting.targets[0]).name
            self.known_coverage[module] = measure(self.folder, program, module, python_with_numpy())
        return self.known_coverage[module]

    def limit(self, check: Check, share: float = 1) -> float:
        """Of CPU time for this share of the check, from the sources as they are; they have to pass."""
        if check not in self.baselines:
            if self.build(check).failed:
                raise CannotRun(f"the sources as they are do not build in {self.folder}: {' '.join(check.targets)}")
            outcome = self.run(check, 600)
            if outcome.failed:
                raise CannotRun(f"the sources as they are do not pass in {self.folder}: {check.commands}")
            self.baselines[check] = outcome.cpu
        return 4 * share * self.baselines[check] + 2


def objects(commands: str) -> list[str]:
    return re.findall(r" -o (build/\S+\.o)\b", commands)


def copy(source: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
