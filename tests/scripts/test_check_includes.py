# SPDX-License-Identifier: MIT
"""scripts/check-includes against small trees, each with one mistake."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
MAKEFILE = ("needs_array := \nneeds_port := array\nneeds_gate := port\n"
            "floor_array := 0\nfloor_port := 1\nfloor_gate := 2\nfaces_port := door\n")
RIGHT = {
    "Makefile": MAKEFILE,
    "lib/array/array.h": "#include <stddef.h>\n",
    "lib/array/array.c": '#include "array/array.h"\n#include <math.h>\n',
    "lib/port/port.h": '#include "array/array.h"\n',
    "lib/port/pipe.h": "",
    "lib/port/worker.c": '#include "pipe.h"\n#include "port/port.h"\n#include <unistd.h>\n',
    "lib/port/door.h": "",
    "lib/gate/gate.c": '#include "port/port.h"\n#include "port/door.h"\n',
    "tests/gate/test_gate.c": '#include "array/array.h"\n#include <criterion/criterion.h>\n',
}
# what is changed in the right tree -> a part of the message
WRONG = [
    ({"lib/array/array.c": '#include "port/port.h"\n'}, 'lib/array/array.c:1: "port/port.h": array does not need port'),
    ({"lib/gate/gate.c": '\n#include "array/array.h"\n'},
     'lib/gate/gate.c:2: "array/array.h": gate does not need array'),
    ({"lib/gate/gate.c": '#include "port/pipe.h"\n'}, '"port/pipe.h" is private to port'),
    ({"lib/gate/gate.c": '#include "../port/port.h"\n'}, "leaves the folder"),
    ({"lib/gate/gate.c": '#include "missing.h"\n'}, '"missing.h" is not in gate/'),
    ({"lib/gate/gate.c": '#include "ghost/ghost.h"\n'}, "there is no module ghost"),
    ({"lib/array/array.c": "#include <unistd.h>\n"}, "<unistd.h> is not for module array"),
    ({"tests/gate/test_gate.c": '#include "port/pipe.h"\n'}, '"port/pipe.h" is private to port'),
    ({"Makefile": MAKEFILE.replace("needs_array := ", "needs_array := gate")}, "array (floor 0) needs gate (floor 2)"),
    ({"lib/extra/extra.c": ""}, "lib/extra: the Makefile states no needs_extra"),
    ({"Makefile": MAKEFILE + "needs_cli := gate\nfloor_cli := 4\n"}, "module cli has no folder"),
]


def check(files: dict[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, str(TOP / "scripts/check-includes"), folder], text=True,
                              capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


class CheckIncludes(unittest.TestCase):
    def test_this_project_keeps_to_its_floors(self):
        done = subprocess.run([sys.executable, str(TOP / "scripts/check-includes"), str(TOP)], text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "check-includes: every include keeps to the floors\n"))

    def test_a_right_tree_passes(self):
        self.assertEqual(check(RIGHT)[0], 0)

    def test_every_kind_of_mistake_is_named_with_its_place(self):
        for change, message in WRONG:
            with self.subTest(message=message):
                status, output = check({**RIGHT, **change})
                self.assertEqual(status, 1)
                self.assertIn(message, output)

    def test_a_tree_without_a_makefile_cannot_be_read(self):
        self.assertEqual(check({"lib/a/a.c": ""})[0], 2)


if __name__ == "__main__":
    unittest.main()
