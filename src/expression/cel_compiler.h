// SPDX-License-Identifier: Apache-2.0
// CelCompiler: the grammar of the subset, turned into steps while it is read. Recursion is bounded
// by CelProgram::kDeepestNesting. Used once, by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expression/cel_program.h"
#include "expression/cel_token.h"
#include "result/status.h"

namespace mecha {

class CelCompiler {
 public:
  CelCompiler(std::string_view source, CelProgram& program)
      : source_(source), program_(program), tokens_(source) {}

  // The steps, constants and unknown names of `program` are filled when this is OK.
  Status Run();

 private:
  using Operation = CelProgram::Operation;
  using Kind = CelToken::Kind;

  // What may be called: as a function, or behind a dot.
  struct Function;
  static const Function* FindFunction(std::string_view name);

  void Advance() { token_ = tokens_.Next(); }
  bool Accept(std::string_view symbol);
  void Expect(std::string_view symbol);
  bool failed() const { return !error_.empty(); }
  // Only the first is kept. Places are offsets into the source.
  void Fail(uint32_t offset, std::string_view text);
  void FailAtToken(std::string_view wanted);

  void Expression();
  void Conditional();
  void Binary(int lowest);
  void Unary();
  void Member();
  void Primary();
  void Word();
  void Literal(bool is_negative);
  void Selector();
  void Index();
  void List();
  size_t ItemsUntil(std::string_view end);
  void Variable(const CelToken& name);
  void GlobalCall(const CelToken& name);
  void MemberCall(const CelToken& name);
  void Call(const CelToken& name, const Function* function, size_t given);
  void Has(uint32_t offset);
  bool FoldList(size_t start, size_t count);

  // Appends a step; `change` is what it does to the height of the stack.
  size_t Emit(Operation operation, int change, uint32_t argument, uint32_t offset);
  void PatchJump(size_t step);
  uint32_t AddConstant(CelValue value);
  uint32_t AddText(std::string text);
  CelValue OwnText(std::string text, bool is_bytes);

  std::string_view source_;
  CelProgram& program_;
  CelTokenizer tokens_;
  CelToken token_;
  std::string error_;
  uint32_t error_offset_ = 0;
  size_t depth_ = 0;
  size_t height_ = 0;       // of the stack, after the last step
  size_t last_target_ = 0;  // of a jump
};

}  // namespace mecha
