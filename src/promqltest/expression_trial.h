// ExpressionTrial: what must hold of any text given as an expression, for fuzzing and for mutation tests.
//
// Invariants   T1 the text is refused, or what it prints as parses, and prints as the same; laid out prettily too.
//              T2 evaluation ends, with a value or an error, within its budgets.
//              T3 a range of one step has the elements of the instant query.
// Threads      Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "promql/engine.h"
#include "promqltest/memory_storage.h"

namespace tickscope::promqltest {

class ExpressionTrial {
 public:
  /// Loads the series that expressions run over: counters, gauges, gaps, markers, histograms of both kinds.
  ExpressionTrial();

  /// Ends the process when something does not hold.
  void Try(std::string_view text);

  /// How many texts were expressions, and how many of these had a value.
  [[nodiscard]] std::uint64_t parsed() const { return parsed_; }
  [[nodiscard]] std::uint64_t evaluated() const { return evaluated_; }

 private:
  void Evaluate(std::string_view text);

  const promql::Engine engine_;
  MemoryStorage storage_;
  std::uint64_t parsed_ = 0;
  std::uint64_t evaluated_ = 0;
};

}  // namespace tickscope::promqltest
