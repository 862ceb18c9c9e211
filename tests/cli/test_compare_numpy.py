#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`gradgate compare` against numpy.testing.assert_allclose: 10,000 pairs of arrays, through the command."""
import json
import os
import subprocess
import tempfile
import unittest

import numpy as np

GRADGATE = os.environ.get("GRADGATE", "build/debug/gradgate")
BATCH = 1000
EDGES = {dtype: [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).max, -np.finfo(dtype).max, np.finfo(dtype).tiny,
                 np.finfo(dtype).smallest_subnormal, 1.0, -1.0] for dtype in (np.float64, np.float32)}
# rtol None: the defaults of both sides.
TOLERANCES = [(None, 0.0, True), (1e-7, 1e-12, True), (0.0, 0.0, True), (1e-3, 0.0, False), (0.0, 1e-6, True),
              (0.3, 1e-45, True), (2.0, 1.0, False), (1e-16, 0.0, True), (1e-7, 1e300, True), (1e-5, 1e-8, True)]


def expected_of(random: np.random.Generator, dtype: type, n: int) -> np.ndarray:
    """Values of every magnitude, one in eight of them an edge."""
    with np.errstate(over="ignore", under="ignore"):
        values = (random.standard_normal(n) * 10.0 ** random.integers(-40, 39, n)).astype(dtype)
    return np.where(random.random(n) < 0.125, random.choice(np.array(EDGES[dtype], dtype), n), values)


def actual_of(random: np.random.Generator, expected: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Equal, off by what is just or just not allowed, or an edge."""
    dtype, n = expected.dtype, len(expected)
    with np.errstate(all="ignore"):
        off = (np.array(atol, dtype) + np.array(rtol, dtype) * abs(expected)) * random.choice([-1, 1], n).astype(dtype)
        actual = (expected + off).astype(dtype)
        for _ in range(3):
            actual = np.where(random.random(n) < 0.5, np.nextafter(actual, expected), actual)
        actual = np.where(random.random(n) < 0.3, np.nextafter(actual, np.array(np.inf, dtype)), actual)
    actual = np.where(random.random(n) < 0.2, expected, actual)
    edge = random.choice(np.array(EDGES[dtype.type], dtype), n)
    return np.where(random.random(n) < 0.05, edge, actual).astype(dtype)


def pairs_of(random: np.random.Generator, rtol: float, atol: float) -> list[tuple[np.ndarray, np.ndarray]]:
    pairs = []
    for i in range(BATCH):
        n = int(random.integers(1, 4))
        if i % 10 == 9:
            expected = random.integers(-5, 6, n).astype([np.int64, np.int32, np.uint8][i // 10 % 3])
            pairs.append(((expected + random.integers(-1, 2, n)).astype(expected.dtype), expected))
        else:
            expected = expected_of(random, (np.float64, np.float32)[i % 2], n)
            pairs.append((actual_of(random, expected, rtol, atol), expected))
    return pairs


def numpy_says(actual: np.ndarray, expected: np.ndarray, tolerance: dict) -> bool:
    try:
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(actual, expected, **tolerance)
    except AssertionError:
        return False
    return True


class Compare(unittest.TestCase):
    def batch(self, folder: str, pairs: list, options: list[str]) -> list[bool]:
        paths = [os.path.join(folder, name) for name in ("a.npz", "b.npz", "c.json")]
        for side in (0, 1):
            np.savez(paths[side], **{f"p{i}": pair[side] for i, pair in enumerate(pairs)})
        done = subprocess.run([GRADGATE, "compare", *paths[:2], "--json", paths[2], *options], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        with open(paths[2], encoding="utf-8") as file:
            tree = json.load(file)
        self.assertEqual(tree["exit_code"], done.returncode)
        self.assertEqual([array["name"] for array in tree["arrays"]], [f"p{i}" for i in range(len(pairs))])
        return [array["verdict"] == "pass" for array in tree["arrays"]]

    def test_agrees_with_assert_allclose_on_10000_pairs(self):
        random = np.random.default_rng(20240601)
        counts = {True: 0, False: 0}
        with tempfile.TemporaryDirectory() as folder:
            for rtol, atol, equal_nan in TOLERANCES:
                pairs = pairs_of(random, 1e-7 if rtol is None else rtol, min(atol, 1e30))
                options = [] if rtol is None else [f"--rtol={rtol!r}", f"--atol={atol!r}"]
                options += [] if equal_nan else ["--no-equal-nan"]
                tolerance = {} if rtol is None else {"rtol": rtol, "atol": atol}
                for i, ours in enumerate(self.batch(folder, pairs, options)):
                    theirs = numpy_says(*pairs[i], dict(tolerance, equal_nan=equal_nan))
                    counts[theirs] += 1
                    self.assertEqual(ours, theirs, f"rtol {rtol} atol {atol} equal_nan {equal_nan}: {pairs[i]}")
        # A test whose pairs all pass, or all fail, would prove little.
        self.assertEqual(sum(counts.values()), 10000)
        self.assertGreater(min(counts.values()), 2500, counts)

    def test_is_stricter_than_numpy_where_it_says_so(self):
        big = np.array([2**53 + 1])
        pairs = [(np.float32([1]), np.float64([1])), (np.float64([1, 1]), np.float64(1)), (big, big - 1)]
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.batch(folder, pairs, ["--rtol=0"]), [False] * 3)
        self.assertTrue(all(numpy_says(*pair, {"rtol": 0}) for pair in pairs))


if __name__ == "__main__":
    unittest.main()
