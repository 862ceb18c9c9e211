# SPDX-License-Identifier: MIT
"""The small changes that scripts/mutate makes to a C source, one at a time.

+ - * / and comparisons swapped, signs dropped, constants and indices moved, conditions negated, statements deleted,
and the numerical ones: a term dropped, an accumulator narrowed to float, two arguments swapped. A tokenizer is
enough for these: what does not compile is found by the compiler.
"""
import dataclasses
import hashlib
import re

TOKEN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*)
  | (?P<number>(?:0[xX][0-9a-fA-F.]+(?:[pP][-+]?\d+)?|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)[uUlLfF]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<operator><<=|>>=|->|\+\+|--|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|<<|>>|[-+*/%<>=!&|^~?:;,.(){}\[\]])
""", re.X | re.S | re.M)

SWAPS = {"+": "-", "-": "+", "*": "/", "/": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
         "&&": "||", "||": "&&", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "<<": ">>", ">>": "<<"}
TYPES = {"double", "float", "int", "size_t", "void", "char", "bool", "unsigned", "long", "const", "static", "struct",
         "enum", "uint64_t", "uint32_t", "int64_t", "int32_t", "uint8_t", "return", "sizeof", "case", "FILE", "REAL",
         "inline"}
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof"}


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    start: int
    end: int
    before: str
    after: str
    line: int
    source: str  # the whole line, stripped
    new: str     # exactly what replaces text[start:end]; before and after are for the eye
    nth: int = 0  # which of the changes with the same key in this file

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}: `{self.before}` -> `{self.after}`  in  {self.source}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.source, f"{self.before} -> {self.after}"

    @property
    def identity(self) -> str:
        """The same after edits elsewhere in the file: it has no line number."""
        return " | ".join((*self.key, str(self.nth)))

    @property
    def module(self) -> str:
        return self.file.split("/")[1]

    @property
    def mark(self) -> str:
        """Its identity in a few digits."""
        return hashlib.sha256(self.identity.encode()).hexdigest()[:10]

    def order(self, seed: int) -> str:
        """Sorted by this, mutants stand in a fixed random order, on every machine and after edits elsewhere."""
        return hashlib.sha256(f"{seed} | {self.identity}".encode()).hexdigest()


def tokenize(text: str) -> list[Token]:
    return [Token(found.lastgroup or "", found.group(), found.start()) for found in TOKEN.finditer(text)
            if found.lastgroup != "skip"]


def is_operand_end(token: Token | None) -> bool:
    return token is not None and (token.kind == "number" or token.text in {")", "]"}
                                  or (token.kind == "name" and token.text not in TYPES))


def operator_changes(tokens: list[Token], i: int) -> list[tuple[int, int, str]]:
    token, before = tokens[i], tokens[i - 1] if i else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.text not in SWAPS or after is None:
        return []
    binary = is_operand_end(before)
    end = token.start + len(token.text)
    if not binary:  # a sign; `*` is then a pointer
        return [(token.start, end, "")] if token.text == "-" else []
    if token.text == "*" and (after.text in {")", "const", ","} or (before is not None and before.text in TYPES)):
        return []
    changes = [(token.start, end, SWAPS[token.text])]
    simple = after.kind in {"name", "number"} and i + 2 < len(tokens)
    if token.text in {"+", "-"} and simple and tokens[i + 2].text in {";", ")", ",", "+", "-"}:
        changes.append((token.start, after.start + len(after.text), ""))  # drop a term
    return changes


def declares_array(tokens: list[Token], i: int) -> bool:
    """tokens[i] is the `[` of a declaration: a longer array changes nothing."""
    return i >= 2 and tokens[i - 1].kind == "name" and tokens[i - 2].kind == "name" \
        and tokens[i - 2].text not in {"return", "else", "case"}


def number_changes(token: Token) -> list[tuple[int, int, str]]:
    end = token.start + len(token.text)
    digits = token.text.rstrip("uUlLfF") if not token.text.lower().startswith("0x") else token.text
    if re.fullmatch(r"\d+", digits):
        return [(token.start, end, str(int(digits) + 1) + token.text[len(digits):])]
    if "0x" in digits.lower():
        coefficient = "p" in digits.lower()
        return [(token.start, end, f"(1.001 * {token.text})" if coefficient else f"({token.text} ^ 1)")]
    return [(token.start, end, f"({token.text} + 1)" if float(digits) == 0 else f"(2 * {token.text})")]


def bracket_changes(tokens: list[Token], i: int) -> list[tuple[int, int, str]]:
    """a[k] -> a[k + 1] where the bracket indexes an expression; if (c) -> if (!(c)); f(a, b) -> f(b, a)."""
    token, before = tokens[i], tokens[i - 1] if i else None
    if token.text == "[" and is_operand_end(before) and not declares_array(tokens, i):
        close = matching(tokens, i)
        if close and close > i + 1:
            inside = tokens[close].start
            return [(inside, inside, " + 1")]
    if token.text == "(" and before and before.text in {"if", "while"}:
        close = matching(tokens, i)
        if close:
            return [(token.start, token.start + 1, "(!("), (tokens[close].start, tokens[close].start + 1, "))")]
    if (token.text == "(" and before and before.kind == "name" and before.text not in KEYWORDS and i + 4 < len(tokens)
            and [t.kind for t in tokens[i + 1:i + 4]] == ["name", "operator", "name"] and tokens[i + 2].text == ","
            and tokens[i + 4].text in {",", ")"} and tokens[i + 1].text not in TYPES
            and tokens[i + 1].text != tokens[i + 3].text):
        first, second = tokens[i + 1], tokens[i + 3]
        return [(first.start, second.start + len(second.text), f"{second.text}, {first.text}")]
    return []


def matching(tokens: list[Token], i: int) -> int | None:
    pairs = {"(": ")", "[": "]", "{": "}"}
    stop, depth = pairs[tokens[i].text], 0
    for j in range(i, len(tokens)):
        if tokens[j].text == tokens[i].text:
            depth += 1
        elif tokens[j].text == stop:
            depth -= 1
            if depth == 0:
                return j
    return None


def statement_changes(tokens: list[Token], i: int) -> list[tuple[int, int, str]]:
    """Delete `expression;` inside a function, unless it is a declaration or leaves one (return, break)."""
    if tokens[i].text not in {";", "{", "}"} or i + 2 >= len(tokens):
        return []
    first = tokens[i + 1]
    if first.kind != "name" or first.text in TYPES | KEYWORDS | {"else", "do", "break", "goto", "default", "continue"}:
        return []
    if tokens[i + 2].kind == "name" or (tokens[i + 2].text == "*" and tokens[i + 3].kind == "name"):
        return []  # a declaration
    for j in range(i + 1, len(tokens)):
        if tokens[j].text in {"{", "}"}:
            return []
        if tokens[j].text == ";":
            return [(first.start, tokens[j].start, "(void)0")]
    return []


def function_depths(tokens: list[Token]) -> list[int]:
    """Nesting of braces that belong to functions; initialisers at file level count as 0."""
    depths, depth, stack = [], 0, []
    for i, token in enumerate(tokens):
        if token.text == "{":
            body = depth > 0 or (i > 0 and tokens[i - 1].text == ")")
            stack.append(body)
            depth += body
        elif token.text == "}" and stack:
            depth -= stack.pop()
        depths.append(depth)
    return depths


def generate(file: str, text: str) -> list[Mutant]:
    tokens = tokenize(text)
    depths = function_depths(tokens)
    lines = text.splitlines()
    found: list[Mutant] = []
    seen: dict[tuple[str, str, str], int] = {}

    def add(changes: list[tuple[int, int, str]]) -> None:
        if not changes:
            return
        start, end = changes[0][0], changes[-1][1]
        after, at = "", start
        for begin, stop, new in changes:
            after, at = after + text[at:begin] + new, stop
        line = text.count("\n", 0, start) + 1
        # A change without width (an inserted index) is shown with its brackets.
        shown = (text[start:end], after) if start != end else ("]", after + "]")
        mutant = Mutant(file, start, end, " ".join(shown[0].split()), " ".join(shown[1].split()), line,
                        lines[line - 1].strip(), after)
        nth = seen[mutant.key] = seen.get(mutant.key, -1) + 1
        found.append(dataclasses.replace(mutant, nth=nth))

    for i, token in enumerate(tokens):
        if depths[i] == 0:
            if token.kind == "number" and i and tokens[i - 1].text in {"{", ",", "=", "-"}:
                add(number_changes(token))  # a table of constants
            continue
        if token.kind == "number":
            if not (tokens[i - 1].text == "[" and declares_array(tokens, i - 1)):
                add(number_changes(token))
        elif token.kind == "name" and token.text in {"double", "REAL"} and i + 2 < len(tokens) \
                and tokens[i + 1].kind == "name" and tokens[i + 2].text in {"=", "[", ","}:
            add([(token.start, token.start + len(token.text), "float")])
        elif token.text in {"(", "["}:
            changes = bracket_changes(tokens, i)
            add(changes)
        else:
            for change in operator_changes(tokens, i):
                add([change])
        if token.text in {";", "{", "}"}:
            add(statement_changes(tokens, i))
    return found


def mutated(mutant: Mutant, text: str) -> str:
    return text[:mutant.start] + mutant.new + text[mutant.end:]
