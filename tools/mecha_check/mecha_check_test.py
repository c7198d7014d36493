# SPDX-License-Identifier: Apache-2.0
"""Runs mecha-check on folders that are good and on folders that are not.

  mecha_check_test.py PROGRAM [UNITTEST-ARGUMENTS...]
"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""


def component(name, kind, fields, rest=""):
    """A Component document with one line per field, so that tests can name line numbers."""
    metadata = "".join(f"    - {{name: {key}, value: {json.dumps(value)}}}\n"
                       for key, value in fields.items())
    return (f"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n"
            f"  type: {kind}\n  version: v1\n  metadata:\n{metadata}{rest}")


def unused_port():
    """A port nobody listens on: it was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class MechaCheck(unittest.TestCase):
    """Each test has a folder of its own; `check` runs the program on it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.data = pathlib.Path(scratch.name)
        self.folder = self.data / "resources"
        self.folder.mkdir()

    def write(self, name, *documents):
        (self.folder / name).write_text("---\n".join(documents))

    def run_program(self, *arguments):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def check(self, expected_code, *options):
        code, out, err = self.run_program(*options, self.folder)
        self.assertEqual((code, err), (expected_code, ""), out)
        return out

    def sqlite(self):
        return component("orders", "state.sqlite", {"connectionString": str(self.data / "o.db")})

    def test_a_plugin_that_is_missing_is_named(self):
        self.write("a.yaml", component("cache", "state.in-memory", {}))
        self.assertIn("plug-in /nowhere.so is not there", self.check(1, "--plugins", "/nowhere.so"))

    def test_a_good_folder_is_well(self):
        self.write("a.yaml", self.sqlite(), component("cache", "state.in-memory", {}))
        out = self.check(0)
        self.assertEqual(out, "orders (state.sqlite): ok\ncache (state.in-memory): ok\n"
                              "2 components, 0 problems, 0 warnings\n")
        self.assertTrue((self.data / "o.db").exists())

    def test_without_ping_nothing_is_created(self):
        self.write("a.yaml", self.sqlite())
        self.assertIn("orders (state.sqlite): ok (not contacted)\n", self.check(0, "--no-ping"))
        self.assertFalse((self.data / "o.db").exists())

    def test_broken_yaml_names_file_line_and_column(self):
        self.write("good.yaml", self.sqlite())
        self.write("broken.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: [a\n")
        out = self.check(1)
        self.assertRegex(out, rf"^{self.folder}/broken\.yaml:\d+:\d+: not valid YAML")
        self.assertFalse((self.data / "o.db").exists())

    def test_every_mistake_of_the_documents_has_a_line(self):
        self.write("a.yaml", component("one", "state.rediss", {}),
                   component("two", "state.sqlite", {}))
        out = self.check(1)
        self.assertIn(f'{self.folder}/a.yaml:6:9: unknown component type "state.rediss". Did you '
                      'mean "state.redis"?', out)
        self.assertIn(f'{self.folder}/a.yaml:10:1: "connectionString" is missing.', out)
        self.assertIn("no component was looked at, 2 problems, 0 warnings\n", out)

    def test_an_unreachable_redis_is_a_problem_and_the_others_are_still_checked(self):
        port = unused_port()
        self.write("a.yaml", component("remote", "state.redis",
                                       {"redisHost": f"127.0.0.1:{port}"}),
                   component("cache", "state.in-memory", {}))
        out = self.check(1)
        self.assertIn(f"remote (state.redis): connect to 127.0.0.1:{port}: connection refused "
                      f"({self.folder}/a.yaml:9:32)\n", out)
        self.assertIn("cache (state.in-memory): ok\n", out)
        self.assertIn("2 components, 1 problem, 0 warnings\n", out)

    def test_a_missing_secret_is_a_problem_with_its_place(self):
        (self.data / "secrets.json").write_text('{"other": "hunter2"}')
        self.write("a.yaml", component("vault", "secretstores.local.file",
                                       {"secretsFile": str(self.data / "secrets.json")}),
                   component("remote", "state.redis", {"redisHost": "127.0.0.1:1"},
                             "    - name: redisPassword\n      secretKeyRef: {name: redis}\n"
                             "auth: {secretStore: vault}\n"))
        out = self.check(1)
        self.assertRegex(
            out, r'remote \(state\.redis\): "redisPassword": the secret "redis" is not in the '
                 rf'secret store "vault".* \({self.folder}/a\.yaml:20:7\)\n')
        self.assertIn("vault (secretstores.local.file): ok\n", out)
        self.assertNotIn("hunter2", out)
        self.assertIn("warning: ", self.check(1, "--strictness", "dapr"))

    def test_an_unknown_field_is_a_warning(self):
        self.write("a.yaml", component("cache", "state.in-memory", {"keyprefx": "name"}))
        out = self.check(0)
        self.assertIn('warning: ', out)
        self.assertIn('Did you mean "keyPrefix"?\n1 component, 0 problems, 1 warning\n', out)

    def test_the_identity_decides_which_components_are_checked(self):
        self.write("a.yaml", component("cache", "state.in-memory", {}, "scopes: [shop]\n"))
        self.assertEqual(self.check(0), 'cache: left out, because its scopes do not name the app '
                         f'"mecha-check" ({self.folder}/a.yaml:1)\n'
                         '0 components, 0 problems, 0 warnings, 1 left out\n')
        found = json.loads(self.check(0, "--json"))
        self.assertEqual([each["name"] for each in found["left_out"]], ["cache"])
        self.assertIn("cache (state.in-memory): ok\n", self.check(0, "--app-id", "shop"))

    def test_a_subscription_says_what_to_serve(self):
        subscription = ("---\napiVersion: dapr.io/v2alpha1\nkind: Subscription\n"
                        "metadata: {{name: {name}}}\nspec: {{pubsubname: bus, topic: orders, "
                        "routes: {{rules: [{{match: '{match}', path: /big}}], default: /all}}}}\n")
        good = subscription.format(name="orders", match="event.data.n > 3")
        self.write("a.yaml", component("bus", "pubsub.in-memory", {}) + good +
                   subscription.format(name="theirs", match="true") + "scopes: [shop]\n")
        out = self.check(0)
        self.assertIn("orders (bus/orders): serve /big, /all\n", out)
        self.assertIn("theirs (Subscription): left out, because its scopes", out)
        found = json.loads(self.check(0, "--json"))
        self.assertEqual(found["subscriptions"], [{"name": "orders", "component": "bus",
                                                   "topic": "orders", "paths": ["/big", "/all"]}])
        self.write("a.yaml", component("bus", "pubsub.in-memory", {}) +
                   subscription.format(name="orders", match="event.data.n = 3"))
        self.assertEqual(self.check(1).count("a.yaml:"), 1)

    def test_rules_of_what_is_left_out_are_looked_at(self):
        self.write("a.yaml", component("bus", "pubsub.in-memory", {}) +
                   "---\napiVersion: dapr.io/v2alpha1\nkind: Subscription\n"
                   "metadata: {name: theirs}\nspec: {pubsubname: bus, topic: orders, routes: "
                   "{rules: [\n{match: 'event.data.n = 3', path: /a},\n"
                   "{match: 'evnt.data.n == 3', path: /b}], default: /all}}\nscopes: [shop]\n")
        out = self.check(1)
        self.assertIn("bus (pubsub.in-memory): ok\n", out)
        self.assertRegex(out, "theirs .* left out, because its scopes .*\n"
                              r'.*a\.yaml:14:.* the rule "event\.data\.n = 3" cannot be used.*\n'
                              r'.*a\.yaml:15:.* Did you mean "event"')
        self.assertIn("1 component, 1 problem, 0 warnings, 1 left out", out)
        [theirs] = json.loads(self.check(1, "--json"))["left_out"]
        self.assertEqual(theirs["ok"], False)
        self.assertIn("event.data.n = 3", theirs["problem"])
        self.assertIn("evnt", self.check(1, "--app-id", "shop"))

    def test_json_says_the_same(self):
        self.write("a.yaml", component("remote", "state.redis",
                                       {"redisHost": f"127.0.0.1:{unused_port()}"}))
        found = json.loads(self.check(1, "--json"))
        self.assertEqual((found["ok"], found["errors"], found["warnings"]), (False, [], []))
        self.assertEqual([(each["name"], each["ok"]) for each in found["components"]],
                         [("remote", False)])
        self.assertIn("connection refused", found["components"][0]["problem"])

    def test_wrong_usage_has_an_exit_code_of_its_own(self):
        for words in ([], ["--nonsense", "x"], ["--app-id"], ["--strictness", "lax", "x"]):
            code, out, err = self.run_program(*words)
            self.assertEqual((code, out), (2, ""), words)
            self.assertTrue(err.startswith("mecha-check: "), err)
        self.assertEqual(self.run_program("--help")[0], 0)
        code, out, _ = self.run_program(self.data / "nowhere")
        self.assertEqual(code, 1)
        self.assertIn("no such file or folder", out)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
