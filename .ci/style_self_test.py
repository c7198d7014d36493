# SPDX-License-Identifier: Apache-2.0
"""Builds a small tree that breaks every rule once, and one that breaks none."""
import pathlib
import tempfile

LICENCE = "// SPDX-" + "License-Identifier: Apache-2.0\n"
TASK = "TO" + "DO"
FOLDER = "/" + "wo" + "rk/x"

# path -> (text, the rules that must speak about it and no others)
BAD = {
    "src/a/long.cc": (LICENCE + "int x;\n" * 600, {"file-length"}),
    "src/a/function.cc": (LICENCE + "void F() {\n" + "  G();\n" * 61 + "}\n", {"function-length"}),
    "src/a/lambda.cc": (LICENCE + "void F() {\n  auto g = [&](int a, int b, int c, int d, int e, "
                        "int f) {\n    return a;\n  };\n}\n", {"parameters"}),
    "src/a/parameters.cc": (LICENCE + "int F(int a, std::pair<int, int> b, int c, int d, int e,\n"
                            "      int f) {\n  return a;\n}\n", {"parameters"}),
    "src/a/nesting.cc": (LICENCE + "void F() {\n  if (a) {\n    for (;;) {\n      while (b) {\n"
                         "        switch (c) {\n          case 1: {\n          }\n        }\n"
                         "      }\n    }\n  }\n}\n", {"nesting"}),
    "src/a/wide.cc": (LICENCE + "// " + "w" * 100 + "\n", {"line-length"}),
    "src/a/unlicensed.cc": ("int x;\n", {"licence"}),
    "src/a/task.cc": (LICENCE + f"// {TASK}: later\n", {"open-task"}),
    "src/a/path.cc": (LICENCE + f'const char* x = "{FOLDER}";\n', {"machine-path"}),
    "src/a/merge.cc": (LICENCE + "<" * 7 + " HEAD\n", {"merge-mark"}),
    "src/a/space.cc": (LICENCE + "int x; \n", {"trailing-space"}),
    "src/a/tab.cc": (LICENCE + "\tint x;\n", {"tab"}),
    "src/a/windows.cc": (LICENCE + "int x;\r\n", {"line-end"}),
    "src/a/thing_manager.cc": (LICENCE, {"name"}),
    "src/a/class_name.cc": (LICENCE + "class FooImpl {};\n", {"name"}),
    "src/a/header.h": (LICENCE + "// Header: another class.\nclass Other {\n};\n", {"main-class"}),
    "src/a/bare.h": (LICENCE + "int F();\n", {"first-comment"}),
    "src/a/throws.cc": (LICENCE + "void F() {\n  try {\n    G();\n  } catch (...) {\n  }\n}\n",
                        {"try-catch"}),
    "src/a/prints.cc": (LICENCE + 'void F() {\n  printf("x");\n}\n', {"banned-call"}),
    "src/a/streams.cc": (LICENCE + "#include <iostream>\n", {"banned-call"}),
    "src/a/mutex.cc": (LICENCE + "absl::Mutex mutex;\n", {"banned-call"}),
    "src/a/await.cc": (LICENCE + "Task F() {\n  Pair p{co_await G(), 1};\n}\n", {"co-await"}),
    "src/a/await_lambda.cc": (LICENCE + "void F() {\n  Spawn([&]() -> Task {\n"
                              "    int x = co_await G();\n  });\n}\n", {"co-await"}),
    "src/a/a_test.cc": (LICENCE + 'TEST_CASE("get") {\n  CHECK(true);\n}\n', {"test-name"}),
    "src/a/b_test.cc": (LICENCE + "#include <catch2/catch.hpp>\n", {"catch-include"}),
    "src/a/braces.cc": (LICENCE + "void F() {\n", {"braces"}),
    "components/stat/redis/x.cc": (LICENCE, {"block-name"}),
    "include/mecha/state.h": (LICENCE + "// State.\nstruct x;\nMECHA_API int mecha_get(void);\n",
                              {"documented"}),
    "docs/BAD.md": ("# Title\n\n### Deep\n\n[gone](gone.md)\n\n```\n", {"markdown"}),
    "x.py": ("# SPDX-" + "License-Identifier: Apache-2.0\ndef f(:\n", {"python"}),
    ".ci/try_catch.allow": ("src/a/gone.cc\n", {"allow-list"}),
    ".ci/style.ratchet": ("nesting src/a/good.cc#F 9\n", {"ratchet"}),
}

GOOD = LICENCE + r'''// Good: shapes that must stay silent. Not compiled.
class Good : public Base<int> {
 public:
  Good() : a_{1}, b_(2) {
    if (x) {
    } else if (y) {
    } else if (z) {
    } else if (w) {
    } else if (v) {
    }
  }
  bool operator<(const Good& other) const { return a_ < other.a_; }
  static constexpr int kValues[] = {1, 2, 3};
};
const char* raw = R"(printf("x") { { {)"; char brace = '{'; int big = 1'000'000;
struct mecha_view* Make(void (*done)(int, int), std::map<int, int> map) {
  host.signal(1); policy->exit(2); other::system(3);
  return Call([a = 1, b = 2](int x) { return x; }, Options{.a = 1, .b = {2, 3}});
}
Task<int> Flow(std::string key) {
  int x = co_await Get(key, 1);
  co_return co_await Put(x);
}
'''


def run(check):
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        files = {path: text for path, (text, _) in BAD.items()}
        files["src/a/good.cc"] = GOOD
        files |= {f"src/many/file{index}.cc": LICENCE for index in range(26)}
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, newline="")
        _, _, offences = check(root)
    expected = {path: rules for path, (_, rules) in BAD.items()}
    expected |= {"src/many": {"folder-size"}, "components/stat": {"block-name"}}
    del expected["components/stat/redis/x.cc"]
    found = {}
    for offence in offences:
        found.setdefault(offence.path, set()).add(offence.rule)
    for path in sorted(set(expected) | set(found)):
        if expected.get(path, set()) != found.get(path, set()):
            failures.append(f"{path}: expected {sorted(expected.get(path, ()))}, "
                            f"found {sorted(found.get(path, ()))}")
    for failure in failures:
        print(failure)
    print(f"style self-test: {len(expected)} places, {len(failures)} failures")
    return 1 if failures else 0
