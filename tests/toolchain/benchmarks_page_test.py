# SPDX-License-Identifier: Apache-2.0
"""scripts/benchmarks_page.py: any mixture of rows becomes readable tables."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LATENCY = {"case": "get | 1 KB", "mecha": {"p50_us": 9.1234, "ops_s": 123456.7},
           "peer": {"name": "hiredis", "p50_us": 8.9}, "ratio_p50": 1.02, "target": "<= 1.05",
           "met": True, "extra": 0.0000123}
VALUE = {"case": "load", "value": 3.5, "unit": "ms", "target": "<= 3", "met": False}


class BenchmarksPage(unittest.TestCase):
    """Runs the generator as scripts/bench does."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def page(self, *results):
        paths = []
        for index, result in enumerate(results):
            path = self.folder / f"bench{index}.json"
            path.write_text(result if isinstance(result, str) else json.dumps(result))
            paths.append(str(path))
        out = self.folder / "page.md"
        done = subprocess.run([sys.executable, str(ROOT / "scripts" / "benchmarks_page.py"),
                               str(out), *paths], capture_output=True, text=True, check=False)
        return done, out.read_text() if out.exists() else ""

    def test_latencies_and_values_stand_in_tables_of_their_own(self):
        done, text = self.page({"bench": "state", "question": "What does it cost?",
                                "machine": {"cpu": "x", "cores": 2}, "rows": [LATENCY, VALUE],
                                "notes": ["nine pairs"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("## state\n", "What does it cost?", "| get \\| 1 KB | 9.12 | 123,457 |",
                     "| hiredis | 8.9 | 1.02 | 0.000012 | <= 1.05 | yes |",
                     "| load | 3.5 ms | <= 3 | **no** |", "- nine pairs", "cpu x, cores 2",
                     "1 of 2 targets met"):
            self.assertIn(part, text)

    def test_sections_are_sorted_and_a_missing_name_is_the_file_name(self):
        done, text = self.page({"bench": "zebra", "rows": []}, {"rows": [VALUE]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(text.index("## bench1"), text.index("## zebra"))

    def test_a_file_that_is_no_result_is_named(self):
        for broken in ("{", "[]", '{"bench": "x"}'):
            done, _ = self.page(broken)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("bench0.json", done.stderr)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
