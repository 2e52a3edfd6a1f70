// PlanTrace: what an evaluation did at each node of its tree, for who asked to see it.
//
// Only `explain` with analyze has one. Everyone else pays a null pointer checked at each node.
//
// Threads   Belongs to one evaluation, used from its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "model/read_span.h"
#include "promql/ast.h"

namespace tickscope::promql {

/// How a node comes by its value.
enum class PlanMethod : std::uint8_t {
  kSeries,    ///< By the evaluator, series by series.
  kColumns,   ///< Added up where the columns are (pushed_aggregate.h).
  kInScan,    ///< Within a node further out that is added up so; it has no value of its own.
  kShared,    ///< Taken from an equal expression, which was evaluated before.
  kConstant,  ///< No samples in it.
};
/// "series by series", "columns", "within the columns above", "shared", "constant".
[[nodiscard]] std::string_view PlanMethodText(PlanMethod method);

/// What was read for one selector, or is going to be.
struct ReadRecord {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::vector<ReadSpan> spans;
};

class PlanTrace {
 public:
  struct Node {
    std::chrono::nanoseconds wall{0};  ///< What is further in included.
    std::uint64_t calls = 0;           ///< 0 when its value was never asked for.
    std::uint64_t series = 0;          ///< Of the value; of a scalar 1.
    PlanMethod method = PlanMethod::kSeries;
  };

  /// The clock outlives the trace.
  explicit PlanTrace(const Clock& clock) : clock_(clock) {}

  [[nodiscard]] std::chrono::nanoseconds Now() const { return clock_.Monotonic(); }
  /// The node's value was worked out (or not: then it has no series), beginning at `began`.
  void Ran(const Expr& expr, std::chrono::nanoseconds began, std::uint64_t series);
  void RanAs(const Expr& expr, PlanMethod method) { nodes_[&expr].method = method; }
  void Read(const VectorSelector& selector, const ReadRecord& record);

  /// Null when it was never evaluated.
  [[nodiscard]] const Node* Find(const Expr& expr) const;
  /// Null when nothing was read for it.
  [[nodiscard]] const ReadRecord* FindRead(const VectorSelector& selector) const;

 private:
  const Clock& clock_;
  std::unordered_map<const Expr*, Node> nodes_;
  std::unordered_map<const VectorSelector*, ReadRecord> reads_;
};

/// Adds to `to` what is read more, neighbours of one source as one. At most kReadSpansMax are told apart.
inline constexpr std::size_t kReadSpansMax = 64;
void AddSpans(std::span<const ReadSpan> more, std::vector<ReadSpan>& to);

}  // namespace tickscope::promql
