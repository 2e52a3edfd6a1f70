#include "promql/duration_expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <expected>
#include <utility>

namespace tickscope::promql {
namespace {

// 2^63 nanoseconds, the bound of ParseDurationMs.
constexpr double kDurationSecondsMax = 9223372036.0;

struct Fault {
  PositionRange position;
  std::string_view what;
};

std::expected<double, Fault> Seconds(const DurationExpr& expr, const DurationContext& context) {
  double left = 0;
  double right = 0;
  if (expr.left) {
    const auto value = Seconds(*expr.left, context);
    if (!value) return value;
    left = *value;
  }
  if (expr.right) {
    const auto value = Seconds(*expr.right, context);
    if (!value) return value;
    right = *value;
  }
  switch (expr.op) {
    case DurationOp::kLiteral:
      return expr.seconds;
    case DurationOp::kStep:
      return static_cast<double>(context.step_ms) / 1000;
    case DurationOp::kRange:
      return static_cast<double>(context.range_ms) / 1000;
    case DurationOp::kAdd:
      return left + right;
    case DurationOp::kSub:
      return left - right;
    case DurationOp::kMul:
      return left * right;
    case DurationOp::kDiv:
      if (right == 0) return std::unexpected(Fault{expr.position, "division by zero"});
      return left / right;
    case DurationOp::kMod:
      if (right == 0) return std::unexpected(Fault{expr.position, "modulo by zero"});
      return std::fmod(left, right);
    case DurationOp::kPow:
      return std::pow(left, right);
    case DurationOp::kNegate:
      return -right;
    case DurationOp::kMinOf:
      return std::min(left, right);
    case DurationOp::kMaxOf:
      return std::max(left, right);
  }
  std::unreachable();
}

// Users know these with offsets of the first byte and the one behind the last, not with line and column.
std::unexpected<Error> FailAt(PositionRange at, std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{}:{}: {}", at.start, at.end, what));
}

}  // namespace

bool IsDuration(double seconds) {
  return std::fabs(seconds) < kDurationSecondsMax;
}

std::int64_t DurationMs(double seconds) {
  // By way of whole nanoseconds: 1.003 s times 1,000 is a little less than 1,003 ms.
  return std::llround(seconds * 1e9) / 1'000'000;
}

bool ReadsQueryTimes(const DurationExpr& expr) {
  return expr.op == DurationOp::kStep || expr.op == DurationOp::kRange ||
         (expr.left && ReadsQueryTimes(*expr.left)) || (expr.right && ReadsQueryTimes(*expr.right));
}

Result<std::int64_t> ResolveDuration(const Duration& duration, DurationRole role,
                                     const DurationContext& context) {
  if (duration.constant_ms) return *duration.constant_ms;
  const PositionRange at = duration.expr->position;
  const auto seconds = Seconds(*duration.expr, context);
  if (!seconds) return FailAt(seconds.error().position, seconds.error().what);
  if (!std::isfinite(*seconds)) return FailAt(at, "duration is NaN or infinite");
  if (role != DurationRole::kOffset && *seconds <= 0) return FailAt(at, "duration must be greater than 0");
  if (!IsDuration(*seconds)) return FailAt(at, "duration is out of range");
  const std::int64_t ms = DurationMs(*seconds);
  // A range may be cut to nothing, and holds nothing then; steps of nothing lead nowhere.
  if (role == DurationRole::kStep && ms <= 0) return FailAt(at, "duration must be greater than 0");
  return ms;
}

}  // namespace tickscope::promql
