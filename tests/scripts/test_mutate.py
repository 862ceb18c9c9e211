# SPDX-License-Identifier: MIT
"""scripts/mutate: which changes it makes of a line, which it leaves alone, and that it tells who notices them."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

TOP = pathlib.Path(__file__).resolve().parents[2]
LOADER = importlib.machinery.SourceFileLoader("mutate", str(TOP / "scripts/mutate"))
SPEC = importlib.util.spec_from_loader("mutate", LOADER)
assert SPEC is not None
mutate = importlib.util.module_from_spec(SPEC)
sys.modules["mutate"] = mutate
LOADER.exec_module(mutate)

# a statement -> every change that must be made of it
MUST = [
    ("y = a + b;", {"y = a - b;", "y = a ;", "(void)0;"}),
    ("y = a * b - c;", {"y = a / b - c;", "y = a * b + c;", "y = a * b ;"}),
    ("y = -a;", {"y = a;"}),
    ("y += x[i];", {"y -= x[i];", "y += x[i + 1];"}),
    ("if (n == 0) { return 1; }", {"if (n != 0) { return 1; }", "if (!(n == 0)) { return 1; }",
                                   "if (n == 1) { return 1; }", "if (n == 0) { return 2; }"}),
    ("f(x, w, n);", {"f(w, x, n);", "(void)0;"}),
    ("double sum = 0;", {"float sum = 0;", "double sum = 1;"}),
    ("y = 0.5 * x;", {"y = (2 * 0.5) * x;", "y = 0.5 / x;"}),
    ("y = 0x1.8p-3 * x;", {"y = (1.001 * 0x1.8p-3) * x;"}),
    ("y = x > 0.0;", {"y = x > (0.0 + 1);", "y = x >= 0.0;"}),
    ("while (a < b && c) { a++; }", {"while (a <= b && c) { a++; }", "while (a < b || c) { a++; }"}),
]
# a statement -> a change that must not be made: it would not compile, or means nothing
MUST_NOT = [
    ("double *p = q;", "double / p = q;"),
    ('s = "a + b";', 's = "a - b";'),
    ("y = x; // a + b", "y = x; // a - b"),
    ("char *name;", "(void)0;"),
    ("char text[8];", "char text[9];"),
    ("struct x a[N] = {0};", "struct x a[N + 1] = {0};"),
    ("n = sizeof a / sizeof a[0];", "n = sizeof a / sizeof a[1];"),
]


def outcomes(statement: str) -> set[str]:
    text = f"void f(void) {{\n    {statement}\n}}\n"
    return {mutate.mutated(m, text).splitlines()[1].strip() for m in mutate.generate("lib/x/x.c", text)}


class Mutate(unittest.TestCase):
    def test_makes_each_kind_of_change(self):
        for statement, wanted in MUST:
            with self.subTest(statement=statement):
                self.assertLessEqual(wanted, outcomes(statement))

    def test_leaves_types_strings_comments_and_declarations_alone(self):
        for statement, unwanted in MUST_NOT:
            with self.subTest(statement=statement):
                self.assertNotIn(unwanted, outcomes(statement))

    def test_every_change_differs_from_the_original(self):
        text = (TOP / "lib/neuron/neuron_template.h").read_text(encoding="utf-8")
        mutants = mutate.generate("lib/neuron/neuron_template.h", text)
        self.assertGreater(len(mutants), 100)
        for mutant in mutants:
            self.assertNotEqual(mutate.mutated(mutant, text), text)

    def test_a_sample_is_fixed_by_its_seed_and_not_by_edits_elsewhere(self):
        text = "int f(int a, int b) {\n    return a + b * 3;\n}\n"
        mutants = mutate.generate("lib/x/x.c", text)
        later = mutate.generate("lib/x/x.c", "int g(int a) {\n    return a;\n}\n" + text)
        first = [m.identity for m in mutate.select(mutants, [], 3, 1)]
        self.assertEqual(len(first), 3)
        self.assertEqual([m.identity for m in mutate.select(later, [], 3, 1)], first)
        self.assertNotEqual([m.identity for m in mutate.select(mutants, [], 0, 2)],
                            [m.identity for m in mutate.select(mutants, [], 0, 1)])

    def test_equal_changes_of_equal_lines_are_told_apart(self):
        mutants = mutate.generate("lib/x/x.c", "void f(void) {\n    a = b + c;\n    a = b + c;\n}\n")
        self.assertEqual(len({m.identity for m in mutants}), len(mutants))

    def test_the_interval_holds_the_share_and_narrows(self):
        for hits, n in ((0, 10), (9, 10), (10, 10), (45, 50), (450, 500)):
            low, high = mutate.interval(hits, n)
            self.assertTrue(0 <= low <= hits / n <= high <= 1)
        self.assertAlmostEqual(mutate.interval(45, 50)[0], 0.7864, 3)  # Wilson, by hand
        self.assertAlmostEqual(mutate.interval(45, 50)[1], 0.9565, 3)


GCOV = {"files": [{"file": "lib/x/x.c", "functions": [{"start_line": 3, "end_line": 9, "execution_count": 1}],
                   "lines": [{"line_number": 4, "count": 2}, {"line_number": 5, "count": 0}]}]}


class Coverage(unittest.TestCase):
    def test_a_line_is_executed_by_the_tests_that_count_it(self):
        coverage = sys.modules["mutant_coverage"].Coverage()
        coverage.add("s/comes_there", json.dumps(GCOV))
        never = json.loads(json.dumps(GCOV).replace('"execution_count": 1', '"execution_count": 0').replace("2}", "0}"))
        coverage.add("s/does_not", json.dumps(never))
        for first, last, tests in ((4, 4, {"s/comes_there"}), (5, 5, set()), (4, 5, {"s/comes_there"}),
                                   (7, 7, {"s/comes_there"}), (1, 1, None), (9, 10, None)):
            with self.subTest(first=first, last=last):
                self.assertEqual(coverage.tests_of("lib/x/x.c", first, last), tests)
        self.assertIsNone(coverage.tests_of("lib/x/y.c", 4, 4))
        coverage.add("s/comes_there", json.dumps(GCOV).replace("x.c", "x.h"))
        self.assertIsNone(coverage.tests_of("lib/x/x.h", 4, 4), "tests have headers of their own")

    def test_each_test_runs_with_the_python_that_is_asked_for(self):
        with tempfile.TemporaryDirectory() as name:
            program = pathlib.Path(name, "build/cov/program")
            program.parent.mkdir(parents=True)
            program.write_text("#!/bin/sh\ncase $1 in --list) echo s/t ;; *) echo $2 $PYTHON >>met ;; esac\n",
                               encoding="utf-8")
            program.chmod(0o755)
            sys.modules["mutant_coverage"].measure(pathlib.Path(name), "program", "x", "python-with-numpy")
            self.assertEqual(pathlib.Path(name, "met").read_text(encoding="utf-8"), "s/t python-with-numpy\n")


SOURCE = """int sum(int a, int b) {
    int unused = 0;
    unused = a;
    return a + b;
}
"""
LOOP = """int sum(int a, int b) {
    while (b > 0) {
        a++;
        b--;
    }
    return a;
}
"""
PROGRAM = """#include <stdio.h>
int sum(int a, int b);
int main(void) {
    printf("suite/%s\\n", "first");
    return sum(2, 3) != 5;
}
"""
MAKEFILE = """build/debug/check: $(patsubst %.c,build/debug/%.o,$(wildcard lib/x/*.c) check.c)
\t@gcc -o $@ $^
build/debug/%.o: %.c
\t@mkdir -p $(@D)
\t@gcc -c -o $@ $<
"""


class Run(unittest.TestCase):
    """A tree of one function and one test."""

    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in {"lib/x/x.c": SOURCE, "check.c": PROGRAM, "Makefile": MAKEFILE,
                           ".gitignore": "/build/\n"}.items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_text(text, encoding="utf-8")
        (self.top / "tests").mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.top, check=True)
        checks = {"x": [mutate.Check("tests", ("{B}/check",))]}
        self.enterContext(mock.patch.object(mutate, "CHECKS", checks))
        self.enterContext(mock.patch.object(mutate, "TOP", self.top))

    def mutate(self, *arguments: str) -> tuple[int, str]:
        """(exit code, what it prints)"""
        out = io.StringIO()
        words = ["mutate", "--jobs", "2", "--results", str(self.top / "build/results.jsonl"),
                 "--json", str(self.top / "build/mutants.json"), *arguments]
        with mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return mutate.main(), out.getvalue()

    def summary(self) -> dict:
        return json.loads((self.top / "build/mutants.json").read_text(encoding="utf-8"))[0]

    def recorded(self) -> list[str]:
        text = (self.top / "tests/mutants-killed.txt").read_text(encoding="utf-8")
        return [word for line in text.splitlines() if line.startswith(" ") for word in line.split()]

    def write_results(self, results: list[dict]) -> None:
        (self.top / "build/results.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in results),
                                                      encoding="utf-8")

    def results(self) -> list[dict]:
        lines = (self.top / "build/results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def test_names_survivors_and_those_alone(self):
        code, out = self.mutate()
        self.assertEqual(code, 1)
        summary = self.summary()
        self.assertTrue(all("unused" in name for name in summary["survivors"]), out)
        self.assertGreaterEqual(summary["killed"], 2)
        self.assertEqual(summary["killed"] + len(summary["survivors"]), summary["mutants"])
        self.assertIn("lib/x/x.c:3: `unused = a` -> `(void)0`", out)
        self.assertEqual((self.top / "lib/x/x.c").read_text(encoding="utf-8"), SOURCE)

    def test_nothing_of_a_mutant_stays_in_the_next(self):
        (self.top / "lib/x/a.c").write_text("int one(void) {\n    return 1;\n}\n", encoding="utf-8")
        (self.top / "lib/x/x.c").write_text("int one(void);\nint sum(int a, int b) {\n    int unused = 0;\n"
                                            "    return unused + a + b * one() - unused;\n}\n", encoding="utf-8")
        self.mutate("--jobs", "1")  # a.c first
        for name in self.summary()["survivors"]:
            self.assertIn("unused", name)
        self.assertEqual(self.summary()["by"]["tests"], self.summary()["killed"])
        self.assertGreaterEqual(len(self.summary()["survivors"]), 1)

    def test_survivors_that_are_listed_with_a_reason_are_equivalent(self):
        lines = ["int unused = 0; | 0 -> 1", "unused = a; | unused = a -> (void)0"]
        (self.top / "tests/mutants-equivalent.txt").write_text(
            "".join(f"lib/x/x.c | {line} | nobody reads it\n" for line in lines), encoding="utf-8")
        code, out = self.mutate()
        self.assertEqual(code, 0, out)
        self.assertEqual(self.summary()["equivalent"], 2)
        (self.top / "tests/mutants-equivalent.txt").write_text(f"lib/x/x.c | {lines[0]} | \n", encoding="utf-8")
        self.assertEqual(self.mutate()[0], 2, "no reason")

    def test_an_equivalent_change_that_is_made_no_more_is_an_error(self):
        (self.top / "tests/mutants-equivalent.txt").write_text(
            "lib/x/x.c | int unused = 1; | 1 -> 2 | nobody reads it\n", encoding="utf-8")
        code, out = self.mutate()
        self.assertEqual(code, 2, out)
        self.assertIn("int unused = 1; | 1 -> 2", out)

    def test_what_compiles_to_the_same_code_is_equivalent_and_counted_apart(self):
        (self.top / "Makefile").write_text(MAKEFILE.replace("gcc -c", "gcc -O2 -c"), encoding="utf-8")
        code, out = self.mutate()
        self.assertEqual((code, self.summary()["survivors"]), (0, []), out)
        self.assertGreaterEqual(self.summary()["same_code"], 2)
        self.assertEqual(self.summary()["killed"], self.summary()["mutants"])

    def test_a_run_is_resumed_from_its_results(self):
        _, out = self.mutate("--sample", "2")
        before = (self.top / "build/results.jsonl").read_text(encoding="utf-8")
        self.assertEqual(len(before.splitlines()), 2)
        self.mutate("--sample", "3", "--resume")
        after = (self.top / "build/results.jsonl").read_text(encoding="utf-8")
        self.assertTrue(after.startswith(before))
        self.assertEqual(len(after.splitlines()), 3, out)
        self.assertEqual(self.summary()["mutants"] + self.summary()["not_compiled"], 3)

    def test_a_survivor_is_resumed_at_the_check_after_the_last_that_it_met(self):
        link = "".join(MAKEFILE.splitlines(keepends=True)[:2])
        (self.top / "Makefile").write_text(MAKEFILE + link.replace("check", "later"), encoding="utf-8")
        (self.top / "later.c").write_text(PROGRAM, encoding="utf-8")
        checks = {"x": [*mutate.CHECKS["x"], mutate.Check("later tests", ("{B}/later",))]}
        with mock.patch.object(mutate, "CHECKS", checks):
            self.mutate("--until", "tests")
            survivors = self.summary()["survivors"]
            first = self.results()
            self.mutate("--until", "tests", "--resume")
            self.assertEqual(self.results(), first, "all have met it")
            self.mutate("--resume")
        later = self.results()[len(first):]
        self.assertEqual(len(later), len(survivors))
        self.assertEqual({entry["met"] for entry in later}, {"later tests"})

    def test_those_listed_as_equivalent_may_be_believed(self):
        (self.top / "tests/mutants-equivalent.txt").write_text(
            "lib/x/x.c | unused = a; | unused = a -> (void)0 | nobody reads it\n", encoding="utf-8")
        self.mutate("--unlisted")
        self.assertEqual(self.summary()["equivalent"], 1)
        self.assertNotIn("unused = a -> (void)0", (self.top / "build/results.jsonl").read_text(encoding="utf-8"))

    def test_those_recorded_as_killed_may_be_believed(self):
        self.assertEqual(self.mutate("--recorded")[0], 2, "nothing is recorded")
        self.mutate()
        before = self.summary()
        self.assertEqual(self.mutate("--record")[0], 0)
        self.assertEqual(len(self.recorded()), before["killed"])
        (self.top / "build/results.jsonl").unlink()
        self.mutate("--recorded")
        self.assertEqual(self.summary()["by"], {"the record": before["killed"]})
        self.assertEqual(self.summary()["survivors"], before["survivors"])
        self.assertFalse([entry for entry in self.results() if entry["by"] == "tests"])
        (self.top / "tests/mutants-killed.txt").write_text("lib/x/x.c\n  not-a-mark\n", encoding="utf-8")
        self.assertEqual(self.mutate("--recorded")[0], 2)

    def test_the_record_grows_and_loses_what_survives(self):
        self.mutate()
        self.mutate("--record")
        everything = self.recorded()
        results = self.results()
        killed = [entry for entry in results if entry["by"] == "tests"]
        self.write_results([killed[0] | {"by": ""}, killed[1]])
        self.mutate("--record")
        self.assertEqual(len(self.recorded()), len(everything) - 1)
        self.write_results([killed[0]])
        self.mutate("--record")
        self.assertEqual(self.recorded(), everything)

    def test_a_mutant_that_hangs_is_killed(self):
        (self.top / "lib/x/x.c").write_text(LOOP, encoding="utf-8")
        self.mutate("--at", "x.c:4")
        self.assertEqual(self.summary()["survivors"], [])
        self.assertIn("b-- -> (void)0", (self.top / "build/results.jsonl").read_text(encoding="utf-8"))

    def test_a_settled_mutant_that_survives_fails(self):
        self.mutate()
        self.assertEqual(self.mutate("--settle", "5")[0], 0)
        settled = self.top / "tests/mutants-settled.txt"
        self.assertEqual(self.mutate("--settled")[0], 0)
        (self.top / "check.c").write_text(PROGRAM.replace("!= 5", "== 0"), encoding="utf-8")
        self.assertEqual(self.mutate("--settled")[0], 1)
        listed = settled.read_text(encoding="utf-8")
        settled.write_text(listed + listed.replace("lib/x/x.c", "lib/x/gone.c") + "lib/x/y.c | a | b -> c | 0\n",
                           encoding="utf-8")
        self.assertEqual(self.mutate("--settled")[0], 2, "half of it is gone")

    def test_sources_that_do_not_pass_as_they_are_are_an_error(self):
        (self.top / "check.c").write_text(PROGRAM.replace("!= 5", "!= 6"), encoding="utf-8")
        code, out = self.mutate()
        self.assertEqual(code, 2)
        self.assertIn("do not pass", out)

    def test_what_a_test_needs_and_does_not_find_is_no_death(self):
        for needed, code in (("build/debug/needed.so", 1), ("build/debug/needed.txt", 2)):
            (self.top / "check.c").write_text(PROGRAM.replace("!= 5", f'!= 5 || fopen("{needed}", "r") == NULL'),
                                              encoding="utf-8")
            (self.top / "Makefile").write_text(MAKEFILE.replace("check.c)", f"check.c) {needed}").replace(
                "$^", "$(filter %.o,$^)") + f"{needed}:\n\t@echo >$@\n", encoding="utf-8")
            with self.subTest(needed=needed):
                got, out = self.mutate()
                self.assertEqual(got, code, out)
        self.assertIn("does not in", out)


if __name__ == "__main__":
    unittest.main()
