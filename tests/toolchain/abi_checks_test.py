# SPDX-License-Identifier: Apache-2.0
"""The checks of tests/abi notice what they are for."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "abi"))
import documentation  # noqa: E402
import headers  # noqa: E402
import layout  # noqa: E402
import objects  # noqa: E402

GROWS = ["struct s size 8 alignment 4 grows", "field s.a offset 0 size 4",
         "field s.b offset 4 size 4", "constant MECHA_X 1"]
DOCUMENTED = """
/**
 * Does it.
 *
 * @param rt   borrowed.
 * @param out  given.
 * @return MECHA_OK.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_do(mecha_runtime *rt, mecha_result **out);
"""


def parsed(text):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.h").write_text(text)
        return headers.parse(folder).functions


class LayoutTest(unittest.TestCase):
    def test_a_field_at_the_end_breaks_nothing(self):
        grown = ["struct s size 12 alignment 4 grows", *GROWS[1:3],
                 "field s.c offset 8 size 4", GROWS[3]]
        self.assertEqual(layout.breaks(GROWS, grown), [])

    def test_a_field_in_the_middle_a_moved_one_and_another_value_break(self):
        changed = ["struct s size 12 alignment 4 grows", GROWS[1], "field s.c offset 4 size 4",
                   "field s.b offset 8 size 4", "constant MECHA_X 2"]
        self.assertEqual(len(layout.breaks(GROWS, changed)), 3)

    def test_a_frozen_struct_may_not_grow(self):
        frozen = [GROWS[0].replace("grows", "frozen"), *GROWS[1:]]
        grown = [frozen[0].replace("size 8", "size 12"), *GROWS[1:]]
        self.assertEqual(len(layout.breaks(frozen, grown)), 1)

    def test_a_shrunk_struct_and_a_lost_constant_break(self):
        lost = ["struct s size 4 alignment 4 grows", *GROWS[1:2]]
        self.assertEqual(len(layout.breaks(GROWS, lost)), 3)


class DocumentationTest(unittest.TestCase):
    def errors(self, text):
        return list(documentation.errors(parsed(text)[0]))

    def test_a_complete_comment_passes(self):
        self.assertEqual(self.errors(DOCUMENTED), [])

    def test_each_missing_or_misplaced_part_is_found(self):
        for old, new in ((" * Does it.\n", " *\n"), (" * @param out  given.\n", ""),
                         ("borrowed", "a runtime"), (" * @return MECHA_OK.\n", ""),
                         (" * @since 0.1\n", ""), ("@blocks", "@block"),
                         (" * @blocks no.\n * @thread any.", " * @thread any.\n * @blocks no.")):
            with self.subTest(old):
                self.assertNotEqual(self.errors(DOCUMENTED.replace(old, new)), [])

    def test_a_function_without_a_comment_is_found(self):
        self.assertEqual(self.errors(DOCUMENTED[DOCUMENTED.index("MECHA_API"):]),
                         ["has no comment"])


class PrototypeTest(unittest.TestCase):
    def test_names_do_not_count_and_types_do(self):
        one, two, other = parsed("MECHA_API void f(const char *a, int b);\n"
                                 "MECHA_API void g( const char * x , int\n y);\n"
                                 "MECHA_API void h(char *a, int b);\n")
        self.assertEqual(one.prototype(), two.prototype())
        self.assertNotEqual(one.prototype(), other.prototype())


class ObjectsTest(unittest.TestCase):
    def test_functions_that_act_on_the_process_are_denied_and_others_are_not(self):
        for name in ("printf", "signal", "getenv", "_ZSt4cout", "setlocale", "atexit"):
            self.assertRegex(name, objects.DENIED)
        for name in ("snprintf", "memcpy", "pthread_create", "_ZN4mecha4exitEv", "mecha_printf"):
            self.assertNotRegex(name, objects.DENIED)


if __name__ == "__main__":
    unittest.main()
