// SPDX-License-Identifier: Apache-2.0
// The part of CelCompiler that knows functions: which there are, and which are left out.
#include <string>
#include <string_view>
#include <vector>

#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "expression/cel_compiler.h"

namespace mecha {

struct CelCompiler::Function {
  std::string_view name;
  Operation operation;
  bool is_global;
  size_t global_arguments;
  bool is_member;
  size_t member_arguments;
};

namespace {

// Of CEL, but not here, with what to write instead.
struct LeftOut {
  std::string_view name;
  std::string_view advice;
};
constexpr LeftOut kLeftOut[] = {
    {"matches", "Use startsWith, endsWith or contains"},
    {"all", "Name the elements one by one, as event.data.list[0]"},
    {"exists", "Use \"value in list\""},
    {"exists_one", "Use \"value in list\""},
    {"map", "Name the elements one by one, as event.data.list[0]"},
    {"filter", "Name the elements one by one, as event.data.list[0]"},
    {"timestamp", "Times in RFC 3339 of one offset compare as texts"},
    {"duration", "Compare numbers"},
    {"type", "Ask with has(), or convert with int(), string() and the like"},
    {"bool", "Compare with true or with \"true\""},
};

}  // namespace

const CelCompiler::Function* CelCompiler::FindFunction(std::string_view name) {
  static constexpr Function kFunctions[] = {
      {"startsWith", Operation::kStartsWith, false, 0, true, 1},
      {"endsWith", Operation::kEndsWith, false, 0, true, 1},
      {"contains", Operation::kContains, false, 0, true, 1},
      {"size", Operation::kSize, true, 1, true, 0},
      {"int", Operation::kToInt, true, 1, false, 0},
      {"uint", Operation::kToUint, true, 1, false, 0},
      {"double", Operation::kToDouble, true, 1, false, 0},
      {"string", Operation::kToString, true, 1, false, 0},
      {"bytes", Operation::kToBytes, true, 1, false, 0},
      {"dyn", Operation::kToDynamic, true, 1, false, 0},
  };
  for (const Function& function : kFunctions) {
    if (function.name == name) {
      return &function;
    }
  }
  return nullptr;
}

void CelCompiler::GlobalCall(const CelToken& name) {
  Advance();
  if (name.source == "has") {
    Has(name.offset);
    return;
  }
  const Function* function = FindFunction(name.source);
  const bool is_here = function != nullptr && function->is_global;
  const size_t given = ItemsUntil(")");
  if (function != nullptr && !is_here) {
    Fail(name.offset, Quoted(name.source) + " stands behind a value: write value." +
                          std::string(name.source) + "(...)");
  } else if (is_here && given != function->global_arguments) {
    Fail(name.offset, Quoted(name.source) + " takes " + std::to_string(function->global_arguments) +
                          " argument and here are " + std::to_string(given));
  }
  Call(name, function, given);
}

void CelCompiler::MemberCall(const CelToken& name) {
  Advance();
  const Function* function = FindFunction(name.source);
  const bool is_here = function != nullptr && function->is_member;
  const size_t given = ItemsUntil(")");
  if (function != nullptr && !is_here) {
    Fail(name.offset, Quoted(name.source) + " takes its value in brackets: write " +
                          std::string(name.source) + "(value)");
  } else if (is_here && given != function->member_arguments) {
    Fail(name.offset, Quoted(name.source) + " takes " + std::to_string(function->member_arguments) +
                          " arguments here and these are " + std::to_string(given));
  }
  Call(name, function, given + 1);
}

// `given` operands are on the stack, the one before the dot included.
void CelCompiler::Call(const CelToken& name, const Function* function, size_t given) {
  if (function != nullptr) {
    Emit(function->operation, 1 - static_cast<int>(given), 0, name.offset);
    return;
  }
  for (const LeftOut& left_out : kLeftOut) {
    if (left_out.name == name.source) {
      Fail(name.offset, Quoted(name.source) + " is of CEL, but not of the subset that is here. " +
                            std::string(left_out.advice));
      return;
    }
  }
  constexpr std::string_view kNames[] = {"startsWith", "endsWith", "contains", "size",   "has",
                                         "int",        "uint",     "double",   "string", "bytes"};
  const std::string hint = DidYouMean(name.source, kNames);
  Fail(name.offset,
       "there is no function " + Quoted(name.source) +
           (hint.empty() ? ". Functions here begin with startsWith and contains" : "." + hint));
}

void CelCompiler::Has(uint32_t offset) {
  const size_t start = program_.steps_.size();
  Expression();
  Expect(")");
  if (failed()) {
    return;
  }
  std::vector<CelProgram::Step>& steps = program_.steps_;
  const bool is_selection = steps.size() > start && steps.back().operation == Operation::kSelect &&
                            last_target_ != steps.size();
  if (!is_selection) {
    Fail(offset, "has() asks for a field. Write has(event.data.name)");
    return;
  }
  steps.back().operation = Operation::kHas;
}

}  // namespace mecha
