# SPDX-License-Identifier: MIT
"""scripts/mutate: which changes it makes of a line, and which it leaves alone."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
LOADER = importlib.machinery.SourceFileLoader("mutate", str(TOP / "scripts/mutate"))
SPEC = importlib.util.spec_from_loader("mutate", LOADER)
assert SPEC is not None
mutate = importlib.util.module_from_spec(SPEC)
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
    ("y = 0.5 * x;", {"y = (1.001 * 0.5) * x;", "y = 0.5 / x;"}),
    ("while (a < b && c) { a++; }", {"while (a <= b && c) { a++; }", "while (a < b || c) { a++; }"}),
]
# a statement -> a change that must not be made: it would not compile, or means nothing
MUST_NOT = [
    ("double *p = q;", "double / p = q;"),
    ('s = "a + b";', 's = "a - b";'),
    ("y = x; // a + b", "y = x; // a - b"),
    ("char *name;", "(void)0;"),
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

    def test_the_order_is_fixed(self):
        mutants = mutate.select(["neuron"], [], 20)
        self.assertEqual([m.name for m in mutants], [m.name for m in mutate.select(["neuron"], [], 20)])
        self.assertEqual(len(mutants), 20)


if __name__ == "__main__":
    unittest.main()
