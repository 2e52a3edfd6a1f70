// Function signatures: name, argument types and result of every PromQL function, for the type checker, the
// evaluator and whoever completes queries for a user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "promql/ast.h"

namespace tickscope::promql {

/// Whether a function may be used without EngineOptions::experimental_functions.
enum class Maturity : std::uint8_t { kStable, kExperimental };

inline constexpr std::size_t kArgsUnbounded = std::numeric_limits<std::size_t>::max();
inline constexpr std::size_t kArgTypesMax = 5;

struct FunctionSignature {
  std::string_view name;
  ValueType returns = ValueType::kVector;
  std::size_t args_min = 0;
  std::size_t args_max = 0;  ///< kArgsUnbounded for label_join and the like.
  /// Types of the arguments; the last one set repeats when args_max is larger.
  ValueType arg_types[kArgTypesMax] = {};
  Maturity maturity = Maturity::kStable;

  /// Type of the argument at `index`, which is below args_max.
  [[nodiscard]] ValueType ArgType(std::size_t index) const;
};

/// The signature, or null for a name that is not a function. Names are case-sensitive. Lives for ever.
[[nodiscard]] const FunctionSignature* FindFunction(std::string_view name);

/// All functions, sorted by name.
[[nodiscard]] std::span<const FunctionSignature> AllFunctions();

}  // namespace tickscope::promql
