# SPDX-License-Identifier: MIT
"""corpus.py FOLDER: damaged and exotic .npy and .npz files, and index.txt that says what a reader must make of each.

A line of the index: FILE STATUS OFFSET MEMBER [SUM], the status without GOLDEN_, the byte that the error must name (in
the member, if there is one; -1: none), "-" for no member. SUM, of files that are right, adds up all elements.
"""
from __future__ import annotations

import io
import pathlib
import struct
import sys
import zipfile
import zlib

import numpy as np

HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"
DATA = np.array([1.0, 2.0, 3.0]).tobytes()
files: dict[str, tuple[bytes, str]] = {}


def put(name: str, content: bytes, status: str, offset: int = -1, member: str = "-",
        total: float | None = None) -> None:
    """One file of the corpus."""
    assert name not in files and content not in [other for other, _ in files.values()], name
    files[name] = content, f"{name} {status} {offset} {member}" + ("" if total is None else f" {total!r}")


# ---- .npy ----

def npy(header: bytes, data: bytes = DATA, major: int = 1, length: int | None = None) -> bytes:
    """A file of that header, padded as NumPy pads it."""
    start = 10 if major == 1 else 12
    header += b" " * (-(start + len(header) + 1) % 64) + b"\n"
    size = len(header) if length is None else length
    return b"\x93NUMPY" + bytes([major, 0]) + struct.pack("<H" if major == 1 else "<I", size) + header + data


def saved(array: np.ndarray) -> bytes:
    """What numpy.save writes."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def header_of(descr: bytes = b"'<f8'", fortran: bytes = b"False", shape: bytes = b"(3,)") -> bytes:
    """A header with one field replaced."""
    return b"{'descr': " + descr + b", 'fortran_order': " + fortran + b", 'shape': " + shape + b", }"


def at(field: bytes, header: bytes) -> int:
    """The byte of the file where the header has this text."""
    return 10 + header.index(field)


def put_right_arrays() -> None:
    """What NumPy writes, and what the format allows though NumPy does not write it."""
    arrays = {"f8": np.arange(6.0).reshape(2, 3), "f4": np.float32([0.5, -0.25]), "i8": np.array([-7, 2**40]),
              "i4": np.int32([[1], [2]]), "u1": np.uint8([0, 255]), "scalar": np.array(2.5), "empty": np.zeros((0, 3)),
              "eight-axes": np.ones((1, 1, 1, 2, 1, 1, 1, 1)), "nan": np.array([np.nan])}
    for name, array in arrays.items():
        put(f"right-{name}.npy", saved(array), "OK", total=float(array.astype(float).sum()))
    for major in (2, 3):
        put(f"right-version-{major}.npy", npy(HEADER, major=major), "OK", total=6.0)
    put("right-other-order.npy", npy(b"{'shape': (3,), 'descr': '<f8', 'fortran_order': False}"), "OK", total=6.0)
    put("right-long-header.npy", npy(HEADER + b" " * 60000), "OK", total=6.0)


def put_cut_arrays() -> None:
    """Cut in every field."""
    whole = npy(HEADER)
    for size, status, offset in ((0, "NPY_PREAMBLE", 0), (3, "NPY_PREAMBLE", 3), (6, "NPY_PREAMBLE", 6),
                                 (7, "NPY_PREAMBLE", 7), (8, "NPY_PREAMBLE", 8), (9, "NPY_PREAMBLE", 9),
                                 (10, "NPY_HEADER_BEYOND_FILE", 8), (25, "NPY_HEADER_BEYOND_FILE", 8),
                                 (127, "NPY_HEADER_BEYOND_FILE", 8), (128, "NPY_DATA_TRUNCATED", 128),
                                 (129, "NPY_DATA_TRUNCATED", 129), (151, "NPY_DATA_TRUNCATED", 151)):
        put(f"cut-at-{size}.npy", whole[:size], status, offset)
    put("cut-version-2.npy", npy(HEADER, major=2)[:11], "NPY_PREAMBLE", 11)
    put("trailing.npy", whole + b"\0", "NPY_TRAILING_BYTES", 152)
    put("trailing-empty.npy", saved(np.zeros((0, 3))) + b"\0", "NPY_TRAILING_BYTES", 128)


def put_damaged_arrays() -> None:
    """Wrong in one field."""
    put("magic.npy", b"\x93NUMPZ" + npy(HEADER)[6:], "NPY_MAGIC", 5)
    put("version-0.npy", npy(HEADER, major=1).replace(b"Y\1\0", b"Y\0\0", 1), "NPY_VERSION", 6)
    put("version-1.1.npy", npy(HEADER, major=1).replace(b"Y\1\0", b"Y\1\1", 1), "NPY_VERSION", 6)
    put("version-4.npy", npy(HEADER, major=4), "NPY_VERSION", 6)
    put("header-length-beyond.npy", npy(HEADER, length=65535), "NPY_HEADER_BEYOND_FILE", 8)
    put("header-length-2-32.npy", npy(HEADER, major=2, length=2**32 - 1), "NPY_HEADER_BEYOND_FILE", 8)
    put("header-too-long.npy", npy(HEADER + b" " * 70000, major=2), "NPY_HEADER_TOO_LONG", 8)
    put("header-length-0.npy", npy(HEADER, length=0), "NPY_HEADER_SYNTAX", 10)
    put("header-no-dict.npy", npy(b"[1, 2]"), "NPY_HEADER_SYNTAX", 10)
    put("header-nul.npy", npy(HEADER.replace(b"d", b"\0", 1)), "NPY_HEADER_SYNTAX", 11)
    put("header-unfinished.npy", npy(HEADER[:-2]), "NPY_HEADER_SYNTAX", 127)
    put("key-unknown.npy", npy(HEADER[:-1] + b"'x': 1}"), "NPY_KEY_UNKNOWN", 10 + len(HEADER) - 1)
    put("key-twice.npy", npy(HEADER[:-1] + b"'shape': (3,)}"), "NPY_KEY_TWICE", 10 + len(HEADER) - 1)
    put("key-missing.npy", npy(b"{'descr': '<f8', 'shape': (3,), }"), "NPY_KEY_MISSING", 10 + 32)
    descrs = {"object": (b"'|O'", "NPY_DESCR_OBJECT"), "structured": (b"[('a', '<f8')]", "NPY_DESCR_STRUCTURED"),
              "big-endian": (b"'>f8'", "NPY_DESCR_BIG_ENDIAN"), "big-endian-i4": (b"'>i4'", "NPY_DESCR_BIG_ENDIAN"),
              "f2": (b"'<f2'", "NPY_DESCR"), "f16": (b"'<f16'", "NPY_DESCR"), "c16": (b"'<c16'", "NPY_DESCR"),
              "b1": (b"'|b1'", "NPY_DESCR"), "u8": (b"'<u8'", "NPY_DESCR"), "native": (b"'=f8'", "NPY_DESCR"),
              "U4": (b"'<U4'", "NPY_DESCR"), "M8": (b"'<M8[ns]'", "NPY_DESCR"), "unheard-of": (b"'<q9'", "NPY_DESCR")}
    for name, (descr, status) in descrs.items():
        put(f"descr-{name}.npy", npy(header_of(descr=descr)), status, at(descr, header_of(descr=descr)))
    put("descr-pickled.npy", saved(np.array([{}, []], dtype=object)), "NPY_DESCR_OBJECT", 20)
    put("fortran.npy", saved(np.asfortranarray(np.ones((2, 3)))), "NPY_FORTRAN", 44)
    put("fortran-1.npy", npy(header_of(fortran=b"1")), "NPY_FORTRAN_SYNTAX", 44)
    shapes = {"negative": (b"(-3,)", "NEGATIVE", 1), "overflow": (b"(4294967296, 4294967296)", "OVERFLOW", 0),
              "overflow-zero": (b"(4294967296, 0, 4294967296)", "OVERFLOW", 0),
              "overflow-bytes": (b"(2305843009213693952,)", "OVERFLOW", 0),
              "overflow-digits": (b"(99999999999999999999,)", "OVERFLOW", 1),
              "nine-axes": (b"(1, 1, 1, 1, 1, 1, 1, 1, 3)", "DIMS", 25), "float": (b"(3.0,)", "SYNTAX", 2),
              "leading-zero": (b"(03,)", "SYNTAX", 1), "no-tuple": (b"3", "SYNTAX", 0), "list": (b"[3]", "SYNTAX", 0)}
    for name, (shape, what, offset) in shapes.items():
        header = header_of(shape=shape)
        put(f"shape-{name}.npy", npy(header), f"NPY_SHAPE_{what}", at(shape, header) + offset)
    put("shape-huge.npy", npy(header_of(shape=b"(100000000000,)")), "NPY_DATA_TRUNCATED", 152)


# ---- .npz ----

def archive(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED, zip64: bool = False) -> bytes:
    """A zip of these."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as z:
        for name, content in members:
            with z.open(zipfile.ZipInfo(name) if method == zipfile.ZIP_STORED else name, "w", force_zip64=zip64) as out:
                out.write(content)
    return stream.getvalue()


def raw_archive(name: bytes, packed: bytes, size: int, crc: int, flags: int = 0, method: int = 8) -> bytes:
    """A zip of one member whose headers say what they are told to."""
    fields = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, crc, len(packed), size, len(name), 0)
    local = b"PK\3\4" + fields + name + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def deflated(content: bytes) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def put_right_archives() -> None:
    """Stored, deflated, with zip64 fields, empty."""
    x, y = npy(HEADER), saved(np.float32([4, 5]))
    stream = io.BytesIO()
    np.savez(stream, x=np.arange(4.0), y=np.array(7))
    put("right-savez.npz", stream.getvalue(), "OK", total=13.0)
    put("right-stored.npz", archive([("a/x.npy", x), ("y.npy", y)]), "OK", total=15.0)
    put("right-deflated.npz", archive([("a/x.npy", x), ("y.npy", y)], zipfile.ZIP_DEFLATED), "OK", total=15.0)
    put("right-zip64.npz", archive([("x.npy", x)], zip64=True), "OK", total=6.0)
    put("right-deflated-zip64.npz", archive([("x.npy", x)], zipfile.ZIP_DEFLATED, zip64=True), "OK", total=6.0)
    put("right-empty.npz", archive([]), "OK", total=0.0)


def put_damaged_archives() -> None:
    """Damage inside members, names, sizes, bombs."""
    x = npy(HEADER)
    for label, name in {"up": "../x.npy", "absolute": "/x.npy", "dot": "a/./x.npy", "backslash": "a\\x.npy",
                        "drive": "C:x.npy", "folder": "a/", "twice-a-slash": "a//x.npy"}.items():
        put(f"name-{label}.npz", archive([(name, x)]), "NPZ_NAME_UNSAFE", -1, name)
    put("name-suffix.npz", archive([("x.txt", x)]), "NPZ_NAME_SUFFIX", -1, "x.txt")
    twice = archive([("x.npy", x), ("y.npy", x)]).replace(b"y.npy", b"x.npy")
    put("name-twice.npz", twice, "NPZ_NAME_TWICE")
    big_endian = npy(header_of(descr=b"'>f8'"))
    put("member-big-endian.npz", archive([("x.npy", x), ("y.npy", big_endian)]), "NPY_DESCR_BIG_ENDIAN", 20, "y.npy")
    put("member-deflated-fortran.npz", archive([("y.npy", saved(np.asfortranarray(np.ones((2, 3)))))],
                                               zipfile.ZIP_DEFLATED), "NPY_FORTRAN", 44, "y.npy")
    put("member-cut.npz", archive([("y.npy", x[:140])]), "NPY_DATA_TRUNCATED", 140, "y.npy")
    put("member-trailing.npz", archive([("y.npy", x + b"\0")]), "NPY_TRAILING_BYTES", 152, "y.npy")
    put("member-no-npy.npz", archive([("y.npy", b"hello, world")]), "NPY_MAGIC", 0, "y.npy")
    put("encrypted.npz", raw_archive(b"x.npy", x, len(x), zlib.crc32(x), flags=1, method=0), "NPZ_ENCRYPTED", -1,
        "x.npy")
    put("method-bzip2.npz", archive([("x.npy", x)], zipfile.ZIP_BZIP2), "NPZ_METHOD", -1, "x.npy")
    put("method-lzma.npz", archive([("x.npy", x)], zipfile.ZIP_LZMA), "NPZ_METHOD", -1, "x.npy")
    put("crc.npz", raw_archive(b"x.npy", deflated(x), len(x), zlib.crc32(x) ^ 1), "NPZ_CRC", -1, "x.npy")
    put("crc-stored.npz", raw_archive(b"x.npy", x, len(x), zlib.crc32(x) ^ 1, method=0), "NPZ_CRC", -1, "x.npy")
    garbled = raw_archive(b"x.npy", b"\xff" * 90, len(x), zlib.crc32(x))
    put("stream-garbled.npz", garbled, "NPZ_DATA", -1, "x.npy")
    huge = npy(header_of(shape=b"(25000000,)"), b"")
    bomb = deflated(huge + bytes(200 * 10**6))
    put("bomb.npz", raw_archive(b"x.npy", bomb, len(huge) + 200 * 10**6, 0), "NPZ_BOMB", -1, "x.npy")
    put("bomb-that-lies.npz", raw_archive(b"x.npy", bomb, 4096, 0), "NPY_DATA_TRUNCATED", 4096, "x.npy")
    declared = raw_archive(b"x.npy", deflated(x), 2**32 - 2, zlib.crc32(x))
    put("bomb-by-declaration.npz", declared, "NPZ_BOMB", -1, "x.npy")
    whole = archive([("x.npy", x)])
    for size in (1, 20, 60, len(whole) - 60, len(whole) - 22, len(whole) - 1):
        put(f"cut-at-{size}.npz", whole[:size], "NPZ_ARCHIVE", 0 if size < 22 else -1)
    put("junk-before.npz", b"junk" + whole, "NPZ_ARCHIVE")
    put("junk-after.npz", whole + b"junk", "NPZ_ARCHIVE")


def main(folder: str) -> None:
    """Write them all."""
    for step in (put_right_arrays, put_cut_arrays, put_damaged_arrays, put_right_archives, put_damaged_archives):
        step()
    for name, (content, _) in files.items():
        pathlib.Path(folder, name).write_bytes(content)
    pathlib.Path(folder, "index.txt").write_text("".join(line + "\n" for _, line in files.values()), encoding="utf-8")


main(sys.argv[1])
