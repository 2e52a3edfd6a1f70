// Whatever the bytes, the parser ends with a tree or an error, and a tree printed parses to the same print.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "promql/parser.h"
#include "promql/printer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::promql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EngineOptions options;
  options.unquoted_utf8_names = true;
  const auto expr = ParseExpr(text, options);
  static_cast<void>(ParseSeriesSelector(text, options));
  if (!expr) return 0;
  static_cast<void>(ToPrettyString(**expr));
  const std::string printed = ToString(**expr);
  const auto again = ParseExpr(printed, options);
  TICKSCOPE_CHECK(again.has_value());
  TICKSCOPE_CHECK(ToString(**again) == printed);
  return 0;
}
