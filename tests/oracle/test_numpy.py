# SPDX-License-Identifier: MIT
"""--numpy: what NumPy gives here against the committed exact values and bounds."""
from __future__ import annotations

import contextlib
import hashlib
import io
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "oracle"))

import generate  # noqa: E402
import gradgate  # noqa: E402

KERNEL = "neuron_update"


class Numpy(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for suffix in ("json", "npz"):
            shutil.copy(generate.GOLDEN / f"{KERNEL}.{suffix}", self.folder)

    def run_numpy(self) -> tuple[int, str]:
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            code = generate.main([KERNEL, "--numpy", "--dir", str(self.folder)])
        return code, text.getvalue()

    def move(self, name: str, bounds: float) -> None:
        """Committed values and exact values that far from what NumPy gives, in bounds."""
        npz, manifest = self.folder / f"{KERNEL}.npz", self.folder / f"{KERNEL}.json"
        arrays = gradgate.read_archive(npz)
        for part in (name, f"{name}.exact"):
            arrays[part] = arrays[f"{name}.exact"] + bounds * arrays[f"{name}.bound"]
        np.savez(npz, **arrays)
        tree = json.loads(manifest.read_text())
        tree["sha256"] = hashlib.sha256(npz.read_bytes()).hexdigest()
        manifest.write_bytes(gradgate.dump_manifest(tree))

    def test_the_committed_bounds_admit_numpy_here(self):
        code, output = self.run_numpy()
        self.assertEqual(code, 0, output)
        self.assertIn(f"NumPy {np.__version__} with ", output)
        self.assertRegex(output, KERNEL + r" +32 cases +345 values +\d+ not as committed +NumPy uses 0\.\d\d of a bo")

    def test_a_value_beyond_its_bound_is_named(self):
        self.move("n3-sample-5-steps/w.updated", 3.0)
        code, output = self.run_numpy()
        self.assertEqual(code, 1, output)
        self.assertIn(f"{KERNEL}: n3-sample-5-steps/w.updated[0]: NumPy gives ", output)

    def test_files_that_cannot_be_read_are_refused(self):
        (self.folder / f"{KERNEL}.npz").unlink()
        code, output = self.run_numpy()
        self.assertEqual(code, 1, output)
        self.assertIn("refused", output)


if __name__ == "__main__":
    unittest.main()
