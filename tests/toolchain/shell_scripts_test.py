# SPDX-License-Identifier: Apache-2.0
"""The shell scripts: they parse, they can be run, and test.sh counts what happened."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = """
cmake_minimum_required(VERSION 3.22)
project(sample NONE)
enable_testing()
add_test(NAME good COMMAND true)
set_tests_properties(good PROPERTIES LABELS unit)
add_test(NAME skipped COMMAND sh -c "exit 77")
set_tests_properties(skipped PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
add_test(NAME unlabelled COMMAND true)
"""
BAD_TEST = "add_test(NAME bad COMMAND false)\n"


def scripts():
    found = [ROOT / ".ci" / "run", *sorted((ROOT / "scripts").iterdir())]
    return [path for path in found if path.is_file() and path.read_bytes().startswith(b"#!")]


class ShellScripts(unittest.TestCase):
    """What holds for each of them."""

    def test_each_script_can_be_executed(self):
        for path in scripts():
            self.assertTrue(os.access(path, os.X_OK), f"chmod +x {path}")

    def test_each_shell_script_parses_and_stops_on_unset_names(self):
        shell = [path for path in scripts() if b"bash" in path.read_bytes().split(b"\n")[0]]
        self.assertGreaterEqual(len(shell), 5)
        for path in shell:
            done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            if path.name != "run":
                self.assertRegex(path.read_text(), r"set -e?uo pipefail")


class TestScript(unittest.TestCase):
    """Runs test.sh on a tiny project."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "test.sh", self.folder / "scripts")
        shutil.copy(ROOT / "CMakePresets.json", self.folder)
        for name in ("setup.sh", "tidy"):
            self.script(name, "exit 0")

    def script(self, name, body):
        path = self.folder / "scripts" / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def run_script(self, project, *arguments):
        (self.folder / "CMakeLists.txt").write_text(project)
        done = subprocess.run([str(self.folder / "scripts" / "test.sh"), *arguments],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[-1]

    def test_all_parts_add_up_and_a_skipped_test_does_not_count(self):
        self.assertEqual(self.run_script(PROJECT), (0, "5 passed, 0 failed"))

    def test_a_failed_test_fails_the_run(self):
        self.assertEqual(self.run_script(PROJECT + BAD_TEST, "--quick"), (1, "2 passed, 1 failed"))

    def test_a_filter_that_matches_nothing_fails_the_run(self):
        self.assertEqual(self.run_script(PROJECT, "--quick", "-R", "nothing"),
                         (1, "0 passed, 0 failed"))

    def test_a_project_that_does_not_configure_fails_the_run(self):
        self.assertEqual(self.run_script(PROJECT + "message(FATAL_ERROR no)\n", "--quick"),
                         (1, "0 passed, 1 failed"))

    def test_a_failed_setup_fails_the_run(self):
        self.script("setup.sh", "exit 1")
        self.assertEqual(self.run_script(PROJECT), (1, "0 passed, 1 failed"))

    def test_findings_of_clang_tidy_fail_the_run(self):
        self.script("tidy", "exit 1")
        self.assertEqual(self.run_script(PROJECT), (1, "4 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
