// Any bytes as an expression, parsed, printed and evaluated: what expression_trial.h says holds of them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "promqltest/expression_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tickscope::promqltest::ExpressionTrial trial;
  trial.Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
