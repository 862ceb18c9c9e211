# SPDX-License-Identifier: MIT
"""scripts/bootstrap with a dpkg-query, apt-get and id of the test's own."""
import os
import pathlib
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


def bootstrap(*arguments: str, installed: str = "", user: int = 1000, apt: int = 0) -> tuple[int, str, str]:
    """Run it where only `installed` (a shell pattern) is there; apt-get leaves its arguments in a file."""
    tools = {
        "dpkg-query": 'for last; do :; done\n'
                      f'case $last in {installed or "-"}) echo "install ok installed";; *) exit 1;; esac',
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >>"$LOG"; exit {apt}',
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, body in tools.items():
            path = pathlib.Path(folder, name)
            path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            path.chmod(0o755)
        log = pathlib.Path(folder, "log")
        environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", LOG=str(log))
        done = subprocess.run([str(TOP / "scripts/bootstrap"), *arguments], env=environment, text=True,
                              capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr, log.read_text(encoding="utf-8") if log.exists() else ""


class Bootstrap(unittest.TestCase):
    def test_does_nothing_when_all_is_there(self):
        self.assertEqual(bootstrap(installed="*"), (0, "bootstrap: everything is there\n", ""))

    def test_prints_the_exact_command_and_stops_when_not_root(self):
        status, output, log = bootstrap(installed="[!l]*")
        self.assertEqual((status, log), (3, ""))
        self.assertIn("sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends libc6-dev", output)

    def test_installs_only_what_is_missing_as_root(self):
        status, _, log = bootstrap(installed="[!g]*", user=0)
        self.assertEqual(status, 0)
        self.assertEqual(log.splitlines(), ["update -qq", "install -y -qq --no-install-recommends gcc"])

    def test_a_failed_install_fails(self):
        self.assertEqual(bootstrap(user=0, apt=100)[0], 1)

    def test_a_dry_run_changes_nothing(self):
        status, output, log = bootstrap("--dry-run", "--all", user=0)
        self.assertEqual((status, log), (0, ""))
        self.assertTrue(output.startswith("apt-get update && apt-get install"))

    def test_lists_the_packages(self):
        self.assertIn("libcriterion-dev", bootstrap("--list")[1].split())
        self.assertIn("lcov", bootstrap("--list", "--all")[1].split())

    def test_an_unknown_option_is_named(self):
        status, output, _ = bootstrap("--everything")
        self.assertEqual(status, 2)
        self.assertIn("'--everything'", output)


if __name__ == "__main__":
    unittest.main()
