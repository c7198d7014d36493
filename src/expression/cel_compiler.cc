// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_compiler.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "encoding/quoted.h"

namespace mecha {

namespace {

struct BinaryOperator {
  std::string_view symbol;
  int level;
};

constexpr BinaryOperator kOperators[] = {{"||", 1}, {"&&", 2}, {"==", 3}, {"!=", 3}, {"<", 3},
                                         {"<=", 3}, {">", 3},  {">=", 3}, {"in", 3}, {"+", 4},
                                         {"-", 4},  {"*", 5},  {"/", 5},  {"%", 5}};

constexpr std::string_view kReserved[] = {
    "as",  "break", "const", "continue", "else",      "for",    "function", "if",   "import",
    "let", "loop",  "in",    "package",  "namespace", "return", "var",      "void", "while"};

bool IsReserved(std::string_view name) {
  return std::ranges::find(kReserved, name) != std::end(kReserved);
}

bool IsKeyword(std::string_view name) {
  return name == "true" || name == "false" || name == "null" || name == "in";
}

int LevelOf(const CelToken& token) {
  for (const BinaryOperator& known : kOperators) {
    if (token.IsSymbol(known.symbol) || (known.symbol == "in" && token.IsWord("in"))) {
      return known.level;
    }
  }
  return 0;
}

}  // namespace

Status CelCompiler::Run() {
  Advance();
  Expression();
  if (!failed() && token_.kind != Kind::kEnd) {
    FailAtToken("the end or an operator");
  }
  if (failed()) {
    return InvalidArgument(CelProgram::PlaceIn(source_, error_offset_) + ": " + error_ +
                           (error_.ends_with('?') ? "" : "."));
  }
  return OkStatus();
}

void CelCompiler::Fail(uint32_t offset, std::string_view text) {
  if (!failed()) {
    error_ = text;
    error_offset_ = offset;
  }
}

void CelCompiler::FailAtToken(std::string_view wanted) {
  if (token_.kind == Kind::kBroken) {
    Fail(token_.offset, token_.text);
    return;
  }
  const std::string found =
      token_.kind == Kind::kEnd ? std::string("the end") : Quoted(token_.source);
  Fail(token_.offset, "here is " + found + " where " + std::string(wanted) + " should be");
}

bool CelCompiler::Accept(std::string_view symbol) {
  if (failed() || !token_.IsSymbol(symbol)) {
    return false;
  }
  Advance();
  return true;
}

void CelCompiler::Expect(std::string_view symbol) {
  if (!Accept(symbol) && !failed()) {
    FailAtToken(Quoted(symbol));
  }
}

// One whole expression. All recursion passes here, so it is counted here.
void CelCompiler::Expression() {
  if (failed()) {
    return;
  }
  if (++depth_ > CelProgram::kDeepestNesting) {
    Fail(token_.offset, "nested deeper than " + std::to_string(CelProgram::kDeepestNesting) +
                            " levels. Split the rule");
  } else {
    Conditional();
  }
  --depth_;
}

void CelCompiler::Conditional() {
  Binary(1);
  const uint32_t offset = token_.offset;
  if (!Accept("?")) {
    return;
  }
  const size_t branch = Emit(Operation::kBranch, -1, 0, offset);
  Binary(1);
  Expect(":");
  const size_t jump = Emit(Operation::kJump, -1, 0, offset);
  PatchJump(branch);
  Expression();
  PatchJump(jump);
}

void CelCompiler::Binary(int lowest) {
  struct Meaning {
    std::string_view symbol;
    Operation operation;
  };
  static constexpr Meaning kMeanings[] = {
      {"==", Operation::kEqual},   {"!=", Operation::kNotEqual},
      {"<", Operation::kLess},     {"<=", Operation::kLessOrEqual},
      {">", Operation::kGreater},  {">=", Operation::kGreaterOrEqual},
      {"in", Operation::kIn},      {"+", Operation::kAdd},
      {"-", Operation::kSubtract}, {"*", Operation::kMultiply},
      {"/", Operation::kDivide},   {"%", Operation::kRemainder},
      {"&&", Operation::kAnd},     {"||", Operation::kOr},
  };
  Unary();
  for (int level = LevelOf(token_); !failed() && level >= lowest; level = LevelOf(token_)) {
    const auto* meaning = std::ranges::find(kMeanings, token_.source, &Meaning::symbol);
    const uint32_t offset = token_.offset;
    const bool is_and = meaning->operation == Operation::kAnd;
    const bool is_logical = is_and || meaning->operation == Operation::kOr;
    Advance();
    size_t jump = 0;
    if (is_logical) {
      jump = Emit(is_and ? Operation::kJumpIfFalse : Operation::kJumpIfTrue, 0, 0, offset);
    }
    Binary(level + 1);
    Emit(meaning->operation, -1, 0, offset);
    if (is_logical) {
      PatchJump(jump);
    }
  }
}

void CelCompiler::Unary() {
  const uint32_t offset = token_.offset;
  size_t negations = 0;
  while (Accept("-")) {
    ++negations;
  }
  const bool is_number = token_.kind == Kind::kInt || token_.kind == Kind::kDouble;
  if (negations > 0 && is_number) {
    --negations;
    Literal(true);
    Member();
  } else if (negations == 0) {
    size_t nots = 0;
    while (Accept("!")) {
      ++nots;
    }
    Primary();
    Member();
    for (; nots > 0; --nots) {
      Emit(Operation::kNot, 0, 0, offset);
    }
  } else {
    Primary();
    Member();
  }
  for (; negations > 0; --negations) {
    Emit(Operation::kNegate, 0, 0, offset);
  }
}

void CelCompiler::Member() {
  while (!failed()) {
    if (Accept(".")) {
      Selector();
    } else if (token_.IsSymbol("[")) {
      Index();
    } else if (token_.IsSymbol("{")) {
      Fail(token_.offset, "messages cannot be built here. Compare fields one by one");
    } else {
      return;
    }
  }
}

void CelCompiler::Selector() {
  const CelToken name = token_;
  if (name.kind != Kind::kName || IsKeyword(name.source)) {
    FailAtToken("a field name (write others as [\"name\"])");
    return;
  }
  Advance();
  if (token_.IsSymbol("(")) {
    MemberCall(name);
  } else {
    Emit(Operation::kSelect, 0, AddText(std::string(name.source)), name.offset);
  }
}

void CelCompiler::Index() {
  const uint32_t offset = token_.offset;
  Advance();
  Expression();
  Expect("]");
  Emit(Operation::kIndex, -1, 0, offset);
}

void CelCompiler::Primary() {
  if (failed()) {
    return;
  }
  if (Accept("(")) {
    Expression();
    Expect(")");
  } else if (token_.IsSymbol("[")) {
    List();
  } else if (token_.IsSymbol("{")) {
    Fail(token_.offset, "maps cannot be built here. Compare fields one by one");
  } else if (token_.kind == Kind::kName || token_.IsSymbol(".")) {
    Accept(".");
    Word();
  } else {
    Literal(false);
  }
}

void CelCompiler::Word() {
  const CelToken name = token_;
  if (name.kind != Kind::kName || IsReserved(name.source)) {
    FailAtToken("a value");
    return;
  }
  Advance();
  if (token_.IsSymbol("(")) {
    GlobalCall(name);
  } else {
    Variable(name);
  }
}

void CelCompiler::Variable(const CelToken& name) {
  if (name.source == "event") {
    Emit(Operation::kEvent, 1, 0, name.offset);
  } else if (name.source == "true" || name.source == "false") {
    const CelValue value = CelValue::Bool(name.source == "true");
    Emit(Operation::kConstant, 1, AddConstant(value), name.offset);
  } else if (name.source == "null") {
    Emit(Operation::kConstant, 1, AddConstant(CelValue()), name.offset);
  } else {
    const uint32_t constant = AddText(std::string(name.source));
    const std::string_view kept = program_.constants_[constant].text();
    std::vector<std::string_view>& unknown = program_.unknown_names_;
    if (std::ranges::find(unknown, kept) == unknown.end()) {
      unknown.push_back(kept);
    }
    Emit(Operation::kUnknown, 1, constant, name.offset);
  }
}

void CelCompiler::Literal(bool is_negative) {
  constexpr uint64_t kMostNegated = uint64_t{1} << 63;
  CelValue value;
  switch (token_.kind) {
    case Kind::kInt:
      if (token_.number == kMostNegated && !is_negative) {
        Fail(token_.offset, "a number does not fit into 64 bits");
        return;
      }
      value = CelValue::Int(static_cast<int64_t>(is_negative ? 0 - token_.number : token_.number));
      break;
    case Kind::kUint:
      value = CelValue::Uint(token_.number);
      break;
    case Kind::kDouble:
      value = CelValue::Double(is_negative ? -token_.real : token_.real);
      break;
    case Kind::kString:
    case Kind::kBytes:
      value = OwnText(std::move(token_.text), token_.kind == Kind::kBytes);
      break;
    default:
      FailAtToken("a value");
      return;
  }
  Emit(Operation::kConstant, 1, AddConstant(value), token_.offset);
  Advance();
}

void CelCompiler::List() {
  const uint32_t offset = token_.offset;
  Advance();
  const size_t start = program_.steps_.size();
  const size_t count = ItemsUntil("]");
  if (!failed() && !FoldList(start, count)) {
    Emit(Operation::kList, 1 - static_cast<int>(count), static_cast<uint32_t>(count), offset);
  }
}

// Expressions between commas; a comma may stand behind the last.
size_t CelCompiler::ItemsUntil(std::string_view end) {
  size_t count = 0;
  while (!failed() && !token_.IsSymbol(end)) {
    Expression();
    ++count;
    if (!Accept(",")) {
      break;
    }
  }
  Expect(end);
  return count;
}

// A list of constants becomes one constant, so that nothing is made for each message.
bool CelCompiler::FoldList(size_t start, size_t count) {
  std::vector<CelProgram::Step>& steps = program_.steps_;
  if (steps.size() - start != count ||
      std::any_of(steps.begin() + static_cast<ptrdiff_t>(start), steps.end(),
                  [](const auto& step) { return step.operation != Operation::kConstant; })) {
    return false;
  }
  std::vector<CelValue> items;
  for (size_t i = start; i < steps.size(); ++i) {
    items.push_back(program_.constants_[steps[i].argument]);
  }
  steps.resize(start);
  height_ -= count;
  const std::vector<CelValue>& kept = program_.lists_.emplace_front(std::move(items));
  Emit(Operation::kConstant, 1, AddConstant(CelValue::List(kept)), token_.offset);
  return true;
}

size_t CelCompiler::Emit(Operation operation, int change, uint32_t argument, uint32_t offset) {
  std::vector<CelProgram::Step>& steps = program_.steps_;
  if (failed()) {
    return 0;
  }
  if (steps.size() >= CelProgram::kMostSteps) {
    Fail(offset, "more than " + std::to_string(CelProgram::kMostSteps) +
                     " operators and values. Split the rule");
    return 0;
  }
  steps.push_back({operation, argument, offset});
  const size_t before = height_;
  height_ =
      change < 0 ? height_ - static_cast<size_t>(-change) : height_ + static_cast<size_t>(change);
  // Constants may be on their way into a list that is one constant.
  const bool is_step = operation != Operation::kConstant;
  if (is_step && std::max(before, height_) > CelProgram::kMostStack) {
    Fail(offset, "more than " + std::to_string(CelProgram::kMostStack) +
                     " values wait for others. Split the rule");
  }
  return steps.size() - 1;
}

// Makes the jump at `step` go to where the next step will be.
void CelCompiler::PatchJump(size_t step) {
  if (!failed()) {
    last_target_ = program_.steps_.size();
    program_.steps_[step].argument = static_cast<uint32_t>(last_target_);
  }
}

uint32_t CelCompiler::AddConstant(CelValue value) {
  program_.constants_.push_back(value);
  return static_cast<uint32_t>(program_.constants_.size() - 1);
}

uint32_t CelCompiler::AddText(std::string text) {
  return AddConstant(OwnText(std::move(text), false));
}

CelValue CelCompiler::OwnText(std::string text, bool is_bytes) {
  const std::string& kept = program_.texts_.emplace_front(std::move(text));
  return is_bytes ? CelValue::Bytes(kept) : CelValue::String(kept);
}

}  // namespace mecha
