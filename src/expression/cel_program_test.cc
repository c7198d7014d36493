// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_program.h"

#include <atomic>
#include <thread>

#include "expression/cel_json.h"
#include "support/catch.h"

namespace mecha {
namespace {

// An envelope as JSON.
class JsonEvent final : public CelMap {
 public:
  explicit JsonEvent(std::string json) : json_(std::move(json)) {}

  std::optional<CelValue> Find(std::string_view key, CelArena& arena) const override {
    return FindInJson(json_, key, arena);
  }
  size_t size() const override { return 9; }

 private:
  std::string json_;
};

const JsonEvent& Order() {
  static const JsonEvent order(R"({
    "id": "7", "type": "order.created", "source": "shop", "empty": "", "nothing": null,
    "na\u006de": "escaped", "twice": 1, "twice": 2,
    "data": {
      "amount": 12.5, "count": 3, "big": 9007199254740993, "vip": true,
      "name": "Zo\u00eb \ud83d\ude00",
      "tags": ["new", "gift"], "numbers": [1, 2.0, -3e0], "namespace": "far",
      "a b": {"c": [{"d": "e"}]},
      "same": {"x": 1, "y": [true, null]}, "other": {"y": [true, null], "x": 1.0}
    }
  })");
  return order;
}

std::string Evaluated(std::string_view source, const CelMap& event = Order()) {
  const StatusOr<CelProgram> program = CelProgram::Compile(source);
  if (!program.ok()) {
    return "refused " + std::string(program.status().message());
  }
  const StatusOr<bool> result = program->Matches(event);
  return result.ok() ? (*result ? "true" : "false") : std::string(result.status().message());
}

void CheckTrue(std::string_view source) {
  INFO(source);
  CHECK(Evaluated(source) == "true");
}

void CheckFalse(std::string_view source) {
  INFO(source);
  CHECK(Evaluated(source) == "false");
}

void CheckError(std::string_view source, std::string_view wanted) {
  INFO(source);
  const std::string result = Evaluated(source);
  INFO(result);
  INFO("lacks: " << wanted);
  CHECK(result.starts_with("at "));
  CHECK(result.find(wanted) != std::string::npos);
}

void CheckCompileError(std::string_view source, std::string_view wanted) {
  INFO(source);
  const std::string result = Evaluated(source);
  INFO(result);
  INFO("lacks: " << wanted);
  CHECK(result.starts_with("refused "));
  CHECK(result.find(wanted) != std::string::npos);
}

TEST_CASE("rules as people write them") {
  CheckTrue("event.type == \"order.created\"");
  CheckFalse("event.type == 'order.cancelled'");
  CheckTrue("event.type.startsWith('order.') && event.data.amount > 10");
  CheckTrue("has(event.data.vip) && event.data.vip == true");
  CheckTrue("event[\"data\"][\"a b\"].c[0].d == \"e\"");
  CheckTrue("event.type in [\"order.created\", \"order.changed\"]");
  CheckTrue("'gift' in event.data.tags && !('old' in event.data.tags)");
  CheckTrue("int(event.data.amount) == 12 ? event.source == 'shop' : false");
  CheckTrue("(has(input.test) && input.test == 1234) || event.id == '7'");
  CheckTrue("event.data.namespace == 'far'  // a field may have a reserved name");
  CheckTrue("event.data.name.endsWith(\"\\U0001F600\") && size(event.data.name) == 5");
  CheckTrue("event.name == 'escaped' && .event.id == '7'");
}

TEST_CASE("the examples of docs/routing.md say what the page says") {
  CheckTrue("event.type in [\"order.created\", \"order.changed\"]");
  CheckTrue("event.type.startsWith(\"order.\") && !event.type.endsWith(\".test\")");
  CheckTrue("has(event.data.vip) && event.data.vip");
  CheckTrue("\"gift\" in event.data.tags");
  const JsonEvent odd(R"({"source": "/eu/1", "data": {"items": [{"price": 6}], "number": 3}})");
  CHECK(Evaluated("event.data.items[0].price * 2.0 > 10", odd) == "true");
  CHECK(Evaluated("int(event.data.number) % 2 == 0", odd) == "false");
  const std::string_view region =
      "has(event.region) ? event.region == \"eu\" : event.source.contains(\"/eu/\")";
  CHECK(Evaluated(region, odd) == "true");
  CHECK(Evaluated(region, JsonEvent(R"({"region": "us"})")) == "false");
}

TEST_CASE("literals are read as CEL writes them") {
  CheckTrue("1 == 0x1 && 255u == 0xFFu && 1.5e3 == 1500.0 && .5 == 0.5 && 1e-2 == 0.01");
  CheckTrue("-9223372036854775808 < -9223372036854775807 && 18446744073709551615u > 0u");
  CheckTrue(
      "'\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\\"\\'\\`' == "
      "\"\\007\\010\\014\\012\\015\\011\\013\\x5C?\\\"'`\"");
  CheckTrue("'\\u00eb\\xEB\\353' == '\u00eb\u00eb\u00eb' && '\\U0001F600' == '\U0001F600'");
  CheckTrue(
      "r'\\n' == '\\\\n' && R\"\"\"a\"b\"\"\" == 'a\"b' && '''x\ny''' == 'x\\ny' && '' == \"\"");
  CheckTrue("b'\\xff\\377' == b'\\377\\xFF' && b'\u00eb' == b'\\303\\253' && bR'\\' == rb'\\'");
  CheckTrue("true && !false && null == null && [] == [] && [1, 'a',] == [1, 'a']");
  CheckTrue("''''a'b''' == \"'a'b\"");
  CheckCompileError("'a", "at column 1: a text has no end. Close it with '.");
  CheckCompileError("'a\nb'", "at line 1, column 1: a text has no end");
  CheckCompileError("'''a'", "Close it with '''");
  for (const char* bad : {"'\\q'", "'\\u12'", "'\\ud800'", "'\\400'", "'\\U00110000'", "b'\\u0041'",
                          "'\\x4'", "'\\08'"}) {
    CheckCompileError(bad, "begins no escape that CEL has");
  }
  for (const char* bad :
       {"9223372036854775808", "18446744073709551616u", "1e999", "0x", "0x10000000000000000"}) {
    CheckCompileError(bad, "a number does not fit into 64 bits");
  }
  CheckCompileError("1a", "a number runs into a name");
  CheckCompileError("0x1g", "\"g\" where the end or an operator should be");
}

TEST_CASE("operators bind as in CEL") {
  CheckTrue("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 10 - 2 - 3 == 5 && 2 * 7 / 3 % 3 == 1");
  CheckTrue("false && false || true");
  CheckTrue("true || false && false");
  CheckTrue("1 < 2 == true");
  CheckTrue("!false == true && !!true && - -1 == 1 && -(1) == -1 && --1 == 1");
  CheckTrue("false ? false : true ? true : false");
  CheckTrue("(true ? 1 : 2) + 1 == 2 && [true ? 1 : 2, 3] == [1, 3]");
  CheckTrue("1 in [1] == true");
  CheckTrue("'b' + 'c' in ['bc']");
}

TEST_CASE("a known operand of and and or passes over the error of the other") {
  CheckTrue("event.absent == 1 || true");
  CheckTrue("true || event.absent == 1");
  CheckFalse("event.absent == 1 && false");
  CheckFalse("false && event.absent == 1");
  CheckTrue("(1 / 0 == 1 || nobody) || true");
  CheckFalse("1 && false");
  CheckTrue("true || 'text'");
  CheckError("event.absent == 1 || false",
             "at column 7: there is no key \"absent\"; ask with has()");
  CheckError("true && event.absent == 1", "there is no key \"absent\"");
  CheckError("true && 1", "at column 6: \"&&\" has no meaning for bool and int");
  CheckError("event.absent ? true : true", "there is no key \"absent\"");
  CheckError("1 ? true : true", "at column 3: \"?\" has no meaning for int");
  CheckError("!event.id", "at column 1: \"!\" has no meaning for string");
  CheckTrue("true ? true : event.absent");
}

TEST_CASE("numbers of all types compare by their value") {
  CheckTrue("1 == 1u && 1u == 1.0 && 1.0 == 1 && 1 != 1.5 && 2u > 1.5 && 1 < 1.5 && -1 < 0u");
  CheckTrue("0u > -1 && 1.5 < 2u && 1.5 > 1 && !(1u < -1)");
  // 2^53 + 1 has no double of its own: the double of it is 2^53.
  CheckTrue("9007199254740993 > 9007199254740992.0 && 9007199254740992 == 9007199254740992.0");
  CheckTrue("event.data.big == 9007199254740992");
  CheckTrue("9223372036854775807 < 9223372036854775808.0 && -9223372036854775808 >= -1e19");
  CheckTrue("18446744073709551615u < 18446744073709551616.0 && 0u > -0.5 && 1u >= 0.5");
  CheckTrue("event.data.count == 3 && event.data.count >= 3u && event.data.count < 3.5");
  const std::string nan = "(0.0 / 0.0)";
  CheckFalse(nan + " == " + nan);
  CheckTrue(nan + " != 1 && !(1 < " + nan + ") && !(1u >= " + nan + ") && !(" + nan + " <= 1)");
  CheckTrue("1.0 / 0.0 > 9223372036854775807");
}

TEST_CASE("values of different types are not equal and have no order") {
  CheckTrue("'1' != 1 && true != 1 && null != false && [1] != 1 && event.nothing == null");
  CheckFalse("event.data == 'text'");
  CheckError("'1' < 1", "at column 5: \"<\" has no meaning for string and int");
  CheckError("[1] < [2]", "\"<\" has no meaning for list and list");
  CheckError("null >= null", "\">=\" has no meaning for null and null");
  CheckTrue("'a' < 'b' && 'a' < 'ab' && b'a' <= b'a' && false < true && '\u00e9' > 'z'");
  CheckError("event == event", "\"==\" has no meaning for map and map");
}

TEST_CASE("arithmetic stays within one type and says when it leaves it") {
  CheckTrue("7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1 && 7u % 4u == 3u && 1.0 / 2.0 == 0.5");
  CheckTrue("'a' + 'b' == 'ab' && b'a' + b'b' == b'ab' && [1] + [2] == [1, 2]");
  CheckTrue("event.data.tags + ['x'] == ['new', 'gift', 'x'] && -event.data.count == -3.0");
  for (const char* overflowing :
       {"9223372036854775807 + 1", "-9223372036854775808 - 1", "4611686018427387904 * 2",
        "-9223372036854775808 / -1", "-9223372036854775808 % -1", "-(-9223372036854775808)",
        "0u - 1u", "18446744073709551615u * 2u"}) {
    CheckError(std::string(overflowing) + " == 0", "is out of range");
  }
  CheckError("1 / 0 == 1", "at column 3: a division by zero");
  CheckError("1u % 0u == 1u", "a division by zero");
  CheckError("1 + 1.0 == 2.0", "\"+\" has no meaning for int and double");
  CheckError("event.data.amount + 1 > 2", "\"+\" has no meaning for double and int");
  CheckError("5.0 % 2.0 == 1.0", "\"%\" has no meaning for double and double");
  CheckError("-'a' == 'a'", "\"-\" has no meaning for string");
}

TEST_CASE("fields are found in maps and elements in lists") {
  CheckTrue("event.twice == 2");
  CheckTrue("event['id'] == '7' && event.data.tags[1u] == 'gift' && event.data.tags[0.0] == 'new'");
  CheckTrue("[1, 2, 3][2] == 3 && [[1, 2]][0][1] == 2 && [event.id][0] == '7'");
  CheckTrue("'id' in event && !('x' in event) && 'amount' in event.data && !(1 in event.data)");
  CheckTrue("has(event.id) && !has(event.x) && has(event.nothing) && has(event.data.same.x)");
  CheckTrue("2 in event.data.numbers && -3 in event.data.numbers && !('2' in event.data.numbers)");
  CheckTrue("event.data.same == event.data.other && event.data.same != event.data");
  CheckTrue("event.data.tags == ['new', 'gift'] && event.data.tags != ['new']");
  CheckError("event.data.tags[2] == 'x'", "at column 16: an index is out of range");
  CheckError("event.data.tags[-1] == 'x'", "an index is out of range");
  CheckError("[1][0.5] == 1", "an index is out of range");
  CheckError("event['x'] == 1", "at column 6: there is no such key");
  CheckError("event[1] == 1", "there is no such key");
  CheckError("event.data.tags['x'] == 1", "\"[]\" has no meaning for list and string");
  CheckError("event.id.x == 1", "\".\" has no meaning for string");
  CheckError("has(event.id.x)", "\"has\" has no meaning for string");
  CheckError("has(event.x.y)", "at column 11: there is no key \"x\"");
  CheckError("1 in 'abc'", "\"in\" has no meaning for int and string");
}

TEST_CASE("functions of texts and sizes") {
  CheckTrue("event.type.contains('er.cr') && event.type.endsWith('') && ''.startsWith('')");
  CheckFalse("'abc'.contains('abcd') || 'abc'.startsWith('b') || 'abc'.endsWith('b')");
  CheckTrue("size('\u00eb\U0001F600') == 2 && b'\u00eb'.size() == 2 && size([1, 2]) == 2");
  CheckTrue("size(event.data.tags) == 2 && event.data.same.size() == 2 && event.size() == 9");
  CheckError("event.data.amount.contains('1')",
             "\"contains\" has no meaning for double and string");
  CheckError("'a'.startsWith(1)", "\"startsWith\" has no meaning for string and int");
  CheckError("size(1) == 1", "\"size\" has no meaning for int");
}

TEST_CASE("values convert where that has a meaning") {
  CheckTrue(
      "int('-12') == -12 && int('+3') == 3 && int(2.9) == 2 && int(-2.9) == -2 && int(5u) == 5");
  CheckTrue("uint('7') == 7u && uint(7) == 7u && uint(7.9) == 7u && uint(7u) == 7u");
  CheckTrue("double('1.5') == 1.5 && double(2) == 2.0 && double(2u) == 2.0 && double(2.5) == 2.5");
  CheckTrue(
      "string(-1) == '-1' && string(1u) == '1' && string(true) == 'true' && string('a') == 'a'");
  CheckTrue("string(1.0) == '1' && string(-1.5) == '-1.5' && string(999999.0) == '999999'");
  CheckTrue("string(1000000.0) == '1e+06' && string(1234567.0) == '1.234567e+06'");
  CheckTrue(
      "string(0.0001) == '0.0001' && string(0.00001) == '1e-05' && string(1e100) == '1e+100'");
  CheckTrue("string(1.0 / 0.0) == '+Inf' && string(-1.0 / 0.0) == '-Inf'");
  CheckTrue("string(b'ab') == 'ab' && bytes('ab') == b'ab' && dyn(1) == 1 && int(int(1)) == 1");
  CheckError("int('x') == 1", "int() cannot convert this value");
  CheckError("int('+-3') == 1", "int() cannot convert this value");
  CheckError("int(1e19) == 1", "the result of int() is out of range");
  CheckError("int(0.0 / 0.0) == 1", "the result of int() is out of range");
  CheckError("int(9223372036854775808u) == 1", "out of range");
  CheckError("uint(-1) == 1u", "the result of uint() is out of range");
  CheckError("double('1,5') == 1.5", "double() cannot convert");
  CheckError("string(b'\\xff') == ''", "string() cannot convert");
  CheckError("string([1]) == ''", "\"string\" has no meaning for list");
  CheckError("int(true) == 1", "\"int\" has no meaning for bool");
}

TEST_CASE("what is no bool or names no variable is an error of the message") {
  CHECK(Evaluated("event.id") ==
        "the expression gives string, not true or false. Compare it with something.");
  CHECK(Evaluated("event") ==
        "the expression gives map, not true or false. Compare it with something.");
  CheckError("evnt.id == '7'",
             "at column 1: there is no variable \"evnt\"; the message is \"event\"");
  const StatusOr<CelProgram> program = CelProgram::Compile("a == b && a == event.c");
  REQUIRE(program.ok());
  CHECK(program->unknown_names() == std::vector<std::string_view>{"a", "b"});
}

TEST_CASE("what does not compile is refused with its place and what to write") {
  CheckCompileError("", "at column 1: here is the end where a value should be.");
  CheckCompileError("event.", "here is the end where a field name");
  CheckCompileError("event.id =",
                    "at column 10: \"=\" is no sign of an expression. Two values are "
                    "compared with \"==\".");
  CheckCompileError("a & b", "Write it twice");
  CheckCompileError("a \u00e9", "\"\u00e9\" is no sign of an expression");
  CheckCompileError("event.id == '7' event", "at column 17: here is \"event\" where the end or an");
  CheckCompileError("(event.id", "here is the end where \")\" should be");
  CheckCompileError("event[1", "where \"]\" should be");
  CheckCompileError("true ? 1", "where \":\" should be");
  CheckCompileError("[1 2]", "where \"]\" should be");
  CheckCompileError("1 +", "where a value should be");
  CheckCompileError("a &&\n  && b", "at line 2, column 3: here is \"&&\" where a value should be");
  CheckCompileError("event.true", "here is \"true\" where a field name");
  CheckCompileError("for == 1", "here is \"for\" where a value should be");
  CheckCompileError("has(event)", "has() asks for a field. Write has(event.data.name).");
  CheckCompileError("has(event['x'])", "has() asks for a field");
  CheckCompileError("has(true ? event.a : event.b)", "has() asks for a field");
  CheckCompileError("{'a': 1}.a == 1", "maps cannot be built here");
  CheckCompileError("event{a: 1}", "messages cannot be built here");
  CheckCompileError("event.type.matches('a.*')",
                    "at column 12: \"matches\" is of CEL, but not of the subset that is here. Use "
                    "startsWith, endsWith or contains.");
  CheckCompileError("event.data.tags.exists(t, t == 'a')", "Use \"value in list\"");
  CheckCompileError("timestamp(event.time) > timestamp('x')", "\"timestamp\" is of CEL");
  CheckCompileError("event.type.startWith('a')",
                    "there is no function \"startWith\". Did you mean \"startsWith\"?");
  CheckCompileError("frobnicate(1)", "there is no function \"frobnicate\"");
  CheckCompileError("size()", "\"size\" takes 1 argument and here are 0");
  CheckCompileError("'a'.contains('a', 'b')", "\"contains\" takes 1 argument");
  CheckCompileError("contains('a', 'b')", "write value.contains(...)");
  CheckCompileError("'1'.int()", "write int(value)");
  CheckCompileError("event.id == '\xff'", "not UTF-8");
}

TEST_CASE("every size of an expression has a limit that is told") {
  const auto repeated = [](std::string_view text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) {
      all += text;
    }
    return all;
  };
  CheckCompileError(repeated(" ", CelProgram::kMostSourceBytes + 1), "longer than 16384 bytes");
  CheckCompileError(repeated("(", 64) + "true" + repeated(")", 64), "nested deeper than 64 levels");
  CheckTrue(repeated("(", 63) + "true" + repeated(")", 63));
  CheckCompileError(repeated("[", 9000), "nested deeper");
  CheckCompileError(repeated("!", 9000) + "true", "more than 2000 operators and values");
  CheckCompileError(repeated("-", 9000) + "1 == 1", "more than 2000 operators and values");
  CheckCompileError("event.id in [" + repeated("event.id,", 300) + "]",
                    "more than 256 values wait for others");
  CheckTrue("1 in [" + repeated("0,", 1500) + "1]");
  CheckTrue("event.id in [[" + repeated("0,", 300) + "1][0], event.id]");
  CheckCompileError("event.id in [" + repeated("0,", 300) + "event.id]", "more than 256 values");
  CheckCompileError("event.id in [" + repeated("0,", 300) + "-(1)]", "more than 256 values");
  // What CEL asks of everybody: 32 of each.
  CheckTrue(repeated("false || ", 500) + "true");
  CheckTrue(repeated("true && ", 500) + "true");
  CheckTrue("1" + repeated(" + 1", 500) + " == 501");
  CheckTrue(repeated("true ? true : (", 31) + "true" + repeated(")", 31));
}

TEST_CASE("an evaluation that costs too much ends with an error") {
  const JsonEvent event("{\"text\": \"" + std::string(1 << 20, 'x') + "\", \"list\": [" +
                        std::string(2 << 20, ' ') + "1]}");
  std::string doubled = "size(event.text";
  for (int i = 0; i < 40; ++i) {
    doubled += " + event.text";
  }
  CHECK(Evaluated(doubled + ") > 0", event).find("reads or makes too much") != std::string::npos);
  std::string walked = "event.list == [1]";
  for (int i = 0; i < 150; ++i) {
    walked += " && event.list == [1]";
  }
  CHECK(Evaluated(walked, event).find("reads or makes too much") != std::string::npos);
  CHECK(Evaluated("event.list == [1] && size(event.text) == 1048576", event) == "true");
}

TEST_CASE("no message of an error holds a value of the event") {
  const JsonEvent event(R"({"data": {"secret": "hunter2", "n": 1}})");
  for (const char* source :
       {"event[event.data.secret] == 1", "event.data.secret < 1", "int(event.data.secret) == 1",
        "event.data.secret", "event.data.secret.x == 1", "-event.data.secret == 1"}) {
    INFO(source);
    const std::string message = Evaluated(source, event);
    CHECK(message.find("hunter2") == std::string::npos);
    CHECK(message != "true");
    CHECK(message != "false");
  }
}

TEST_CASE("a program that has moved still works, on many threads at once") {
  StatusOr<CelProgram> compiled = CelProgram::Compile(
      "event.type in ['order.created', 'x'] && event.data.name.contains('\u00eb') && "
      "event.data.tags + ['x'] == ['new', 'gift', 'x']");
  REQUIRE(compiled.ok());
  std::vector<CelProgram> kept;
  kept.push_back(*std::move(compiled));
  kept.reserve(100);
  const CelProgram moved = std::move(kept.front());
  std::atomic<int> hits = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const StatusOr<bool> result = moved.Matches(Order());
        hits += result.ok() && *result ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(hits == 800);
}

}  // namespace
}  // namespace mecha
