// SPDX-License-Identifier: Apache-2.0
// CelEvaluator: runs the steps of a CelProgram over a stack of fixed size. Errors are values on
// that stack, so that && and || can pass over them. Used once, by one thread.
#pragma once

#include <cstddef>
#include <memory>

#include "expression/cel_program.h"
#include "expression/cel_value.h"

namespace mecha {

class CelEvaluator {
 public:
  CelEvaluator(const CelProgram& program, const CelMap& event, CelArena& arena)
      : program_(program), event_(event), arena_(arena) {}

  CelValue Run();

 private:
  using Operation = CelProgram::Operation;
  using Step = CelProgram::Step;

  // Where to go on after the step at `at`.
  size_t Execute(const Step& step, size_t at);
  size_t Branch(const Step& step, size_t at);
  void Push(const CelValue& value) { std::construct_at(stack_ + height_++, value); }
  CelValue& Top() { return stack_[height_ - 1]; }
  CelValue Pop() { return stack_[--height_]; }
  CelValue Constant(const Step& step) const { return program_.constants_[step.argument]; }

  CelValue Single(const Step& step, const CelValue& value);
  CelValue Select(const CelValue& container, const CelValue& key, bool only_asks);
  CelValue Size(const CelValue& value);
  CelValue Double(const Step& step, const CelValue& a, const CelValue& b);
  CelValue MakeList(size_t count);

  const CelProgram& program_;
  const CelMap& event_;
  CelArena& arena_;
  size_t height_ = 0;
  // Not initialised: most expressions need a few values of it.
  alignas(CelValue) std::byte memory_[CelProgram::kMostStack * sizeof(CelValue)];
  CelValue* const stack_ = reinterpret_cast<CelValue*>(memory_);
};

}  // namespace mecha
