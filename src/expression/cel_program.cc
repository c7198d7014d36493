// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_program.h"

#include <algorithm>

#include "encoding/utf8.h"
#include "expression/cel_compiler.h"
#include "expression/cel_evaluator.h"

namespace mecha {

StatusOr<CelProgram> CelProgram::Compile(std::string_view source) {
  if (source.size() > kMostSourceBytes) {
    return InvalidArgument("an expression longer than " + std::to_string(kMostSourceBytes) +
                           " bytes. Split the rule.");
  }
  if (!IsValidUtf8(source)) {
    return InvalidArgument("the expression is not UTF-8 text. Save it as UTF-8.");
  }
  CelProgram program;
  program.source_ = source;
  CelCompiler compiler(source, program);
  RETURN_IF_ERROR(compiler.Run());
  return program;
}

std::string CelProgram::PlaceIn(std::string_view source, uint32_t offset) {
  const std::string_view before = source.substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
  const std::string column = "column " + std::to_string(offset - line_start + 1);
  if (source.find('\n') == std::string_view::npos) {
    return "at " + column;
  }
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return "at line " + std::to_string(line) + ", " + column;
}

CelValue CelProgram::Evaluate(const CelMap& event, CelArena& arena) const {
  return CelEvaluator(*this, event, arena).Run();
}

StatusOr<bool> CelProgram::Matches(const CelMap& event) const {
  CelArena arena;
  const CelValue result = Evaluate(event, arena);
  if (result.Is(CelKind::kBool)) {
    return result.boolean();
  }
  if (result.IsError()) {
    return FailedPrecondition(PlaceOf(result.place()) + ": " + TextOfError(result) + ".");
  }
  return FailedPrecondition("the expression gives " + std::string(NameOf(result.kind())) +
                            ", not true or false. Compare it with something.");
}

}  // namespace mecha
