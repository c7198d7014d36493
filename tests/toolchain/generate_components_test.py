# SPDX-License-Identifier: Apache-2.0
"""scripts/generate_components.py: bad files give clear messages, good ones usable output."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "scripts" / "generate_components.py"
GOOD = """
version: v1
status: stable
description: "A store with a \\"quoted\\" word."
execution: blocking
aliases: [state.sample-alias]
capabilities: {etag: native, ttl: emulated, list: none}
fields:
  - {name: host, type: text, required: true, description: Where the server is}
  - {name: password, type: text, sensitive: true, description: The password}
  - {name: timeout, type: duration, unit: ms, default: 5s, description: How long to wait}
  - {name: mode, type: text, values: [fast, safe], default: safe, description: How to write}
  - {name: useTls, type: boolean, default: false, description: Whether to use TLS}
"""


class GenerateComponents(unittest.TestCase):
    """Runs the generator as the build does."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.manifest = self.folder / "state" / "sample" / "component.yaml"
        self.manifest.parent.mkdir(parents=True)
        self.out = self.folder / "out" / "file"

    def generate(self, text, command="info"):
        self.manifest.write_text(text)
        order = [self.manifest, self.out] if command == "info" else [self.out, self.manifest]
        return subprocess.run([sys.executable, str(GENERATOR), command, *map(str, order)],
                              capture_output=True, text=True, check=False)

    def refused(self, text, *parts):
        done = self.generate(text)
        self.assertNotEqual(done.returncode, 0, text)
        self.assertNotIn("Traceback", done.stderr)
        for part in (str(self.manifest), *parts):
            self.assertIn(part, done.stderr)
        self.assertFalse(self.out.exists(), "a refused file leaves no output")

    def accepted(self, command):
        done = self.generate(GOOD, command)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.out.read_text()

    def test_modules_lists_types_and_aliases_and_may_be_empty(self):
        text = self.accepted("modules")
        self.assertIn('{"state.sample", kAliases0}', text)
        self.assertIn('kAliases0[] = {"state.sample-alias"}', text)
        self.assertIn("SetModules(kModules)", text)
        done = subprocess.run([sys.executable, str(GENERATOR), "modules", str(self.out)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SetModules({})", self.out.read_text())

    def test_an_unknown_key_is_named_with_the_known_ones(self):
        self.refused(GOOD + "typo: 1\n", "typo", "capabilities")

    def test_a_missing_key_is_named(self):
        self.refused(GOOD.replace("version: v1\n", ""), "missing version")

    def test_a_wrong_status_lists_the_allowed_ones(self):
        self.refused(GOOD.replace("stable", "ready"), "alpha, beta, stable")

    def test_a_wrong_execution_lists_the_allowed_ones(self):
        self.refused(GOOD.replace("execution: blocking", "execution: slow"), "blocking", "inline")

    def test_a_wrong_support_names_the_capability(self):
        self.refused(GOOD.replace("etag: native", "etag: partly"), "etag", "emulated")

    def test_a_wrong_field_type_names_the_field(self):
        self.refused(GOOD.replace("name: host, type: text", "name: host, type: string"), "host",
                     "duration")

    def test_an_unknown_field_key_names_the_field(self):
        self.refused(GOOD.replace("sensitive: true", "secret: true"), "password", "secret")

    def test_a_field_without_description_is_named(self):
        self.refused(GOOD.replace(", description: Where the server is", ""), "host", "description")

    def test_text_that_is_no_mapping_is_refused(self):
        for text in ("", "just words\n", "- a\n- list\n"):
            self.refused(text)

    def test_fields_and_capabilities_have_their_shape(self):
        front = GOOD.split("capabilities:")[0]
        self.refused(front + "capabilities: {}\nfields:\n", "fields is a list")
        self.refused(front + "capabilities: [etag]\nfields: []\n", "capabilities is a mapping")
        self.refused(front + "capabilities: {}\nfields: [host]\n", "a mapping with a name", "host")

    def test_broken_yaml_is_refused_with_its_line(self):
        self.refused(GOOD + "fields: [\n", "line")

    def test_the_constants_compile(self):
        text = self.accepted("info")
        source = self.folder / "info.cc"
        source.write_text(text)
        done = subprocess.run(
            [os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra",
             "-Werror", f"-I{ROOT / 'src'}", "-DMECHA_COMPONENT=mecha::components::state_sample",
             '-DMECHA_COMPONENT_TYPE="state.sample"', str(source)],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_constants_hold_what_the_manifest_says(self):
        text = self.accepted("info")
        for part in ('"host"', "is_required = true", "is_sensitive = true", '"fast", "safe"',
                     '.unit = "ms"', "Support::kEmulated", "Execution::kBlocking",
                     r'A store with a \"quoted\" word.', '"state.sample-alias"'):
            self.assertIn(part, text)

    def test_another_version_inherits_and_says_what_differs(self):
        versions = GOOD.replace("version: v1", "version: v2") + """
versions:
  - version: v1
    without: [mode]
    capabilities: {list: native}
    fields:
      - {name: table, type: text, description: The table}
"""
        done = self.generate(versions)
        self.assertEqual(done.returncode, 0, done.stderr)
        newest, oldest = self.out.read_text().split("\nnamespace tablesV1 {")
        self.assertIn("kComponentInfo = {", newest)
        self.assertIn('"mode"', newest)
        self.assertNotIn('"table"', newest)
        self.assertIn("kComponentInfoV1 = {", oldest)
        self.assertNotIn('"mode"', oldest)
        for part in ('"table"', '"host"', '{"list", Support::kNative}', '.version = "v1"'):
            self.assertIn(part, oldest)
        self.refused_version(versions, "without", "wihout")

    def refused_version(self, text, right, wrong):
        self.out.unlink()
        self.refused(text.replace(right, wrong), "versions has the keys", right)

    def test_the_schema_knows_types_fields_and_values(self):
        schema = json.loads(self.accepted("schema"))
        types = schema["properties"]["spec"]["properties"]["type"]["enum"]
        self.assertEqual(types, ["state.sample", "state.sample-alias"])
        text = json.dumps(schema["allOf"][0])
        for part in ('"host"', '"keyPrefix"', '["fast", "safe"]', '"contains"'):
            self.assertIn(part, text)

    def test_the_fields_of_a_block_are_those_of_its_components(self):
        self.manifest = self.folder / "pubsub" / "sample" / "component.yaml"
        self.manifest.parent.mkdir(parents=True)
        text = json.dumps(json.loads(self.accepted("schema"))["allOf"][0])
        self.assertIn('"consumerID"', text)
        self.assertIn('"protectedTopics"', text)
        self.assertNotIn('"keyPrefix"', text)

    def test_the_documentation_has_a_row_for_every_field_and_capability(self):
        text = self.accepted("docs")
        for part in ("## state.sample (v1, stable)", "| etag | native |", "host", "(sensitive)",
                     "(bare number: ms)", "| false |"):
            self.assertIn(part, text)

    def test_every_component_of_the_tree_is_well_formed(self):
        manifests = sorted((ROOT / "components").glob("*/*/component.yaml"))
        self.assertTrue(manifests)
        done = subprocess.run([sys.executable, str(GENERATOR), "schema", str(self.out),
                               *map(str, manifests)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
