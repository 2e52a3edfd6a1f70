#include "promql/parser.h"

#include <algorithm>

#include "promql/check.h"
#include "promql/expression_parser.h"

namespace tickscope::promql {
namespace {

Status CheckSize(std::string_view text) {
  if (text.size() <= kQueryBytesMax) return {};
  return Fail(ErrorCode::kInvalidArgument, "query too long: bytes=" + std::to_string(text.size()) +
                                               " max=" + std::to_string(kQueryBytesMax));
}

}  // namespace

std::string LineColumn(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  return std::to_string(line) + ":" + std::to_string(offset - line_start + 1);
}

std::unexpected<Error> ParseErrorAt(std::string_view text, std::size_t position, std::string_view message) {
  // In an empty text there is no byte to point at.
  const std::string where = text.empty() ? "unknown position" : LineColumn(text, position);
  return Fail(ErrorCode::kInvalidArgument, where + ": parse error: " + std::string(message));
}

Result<ExprPtr> ParseExpr(std::string_view text, const EngineOptions& options) {
  TICKSCOPE_RETURN_IF_ERROR(CheckSize(text));
  TICKSCOPE_ASSIGN_OR_RETURN(ExprPtr expr, ExpressionParser(text, options).ParseAll());
  TICKSCOPE_RETURN_IF_ERROR(CheckTypes(*expr, text));
  return expr;
}

Result<std::vector<Matcher>> ParseSeriesSelector(std::string_view text, const EngineOptions& options) {
  TICKSCOPE_RETURN_IF_ERROR(CheckSize(text));
  return ExpressionParser(text, options).ParseSelectorAll();
}

}  // namespace tickscope::promql
