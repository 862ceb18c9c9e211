# SPDX-License-Identifier: MIT
"""A reader of vector packs (`gradgate ask KERNEL --expected`) to copy into a project of your own."""
import struct

CODES = {"f64": "d", "f32": "f", "i64": "q", "i32": "i", "u8": "B"}


def read_array(words: list[str]) -> tuple:
    """NAME DTYPE SHAPE HEX...: (name, dtype, shape, values in C order; none of a "want")."""
    name, dtype, shape, *digits = words
    values = [struct.unpack(">" + CODES[dtype], bytes.fromhex(digit))[0] for digit in digits]
    return name, dtype, () if shape == "-" else tuple(map(int, shape.split("x"))), values


def read_pack(lines) -> list[dict]:
    """The calls, each {"id", "kernel", "pass", "case", and lists of arrays: "in", "want", "expect", "bound"}."""
    calls = []
    for word, *rest in map(str.split, lines):
        if word == "call":
            calls.append(dict(zip(("id", "kernel", "pass"), rest)) | {r: [] for r in ("in", "want", "expect", "bound")})
        elif word == "case":
            calls[-1]["case"] = rest[0]
        elif calls and word in ("in", "want", "expect", "bound"):
            calls[-1][word].append(read_array(rest))
        elif word == "bye":
            return calls
    raise ValueError("the pack does not end in bye")
