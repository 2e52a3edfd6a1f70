// Annotations: what a query's user should know about a result that is nevertheless one.
//
// A warning says the answer may be wrong or incomplete, an info that something was left out as documented. Texts
// are Prometheus' own, since people search for them, and end in the "(line:col)" of the expression at fault.
//
// Equal texts are kept once and point to the place noted last, infos on monotonicity and start times to the first.
// Memory   Bounded: at most kAnnotationsMax of each kind.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "promql/ast.h"

namespace tickscope::promql {

inline constexpr std::size_t kAnnotationsMax = 1000;

/// Buckets that fell where cumulative counts must rise, and were lifted.
struct MonotonicityFix {
  double bucket_min = 0;  ///< Smallest and largest upper bound concerned.
  double bucket_max = 0;
  double difference_max = 0;
};

class Annotations {
 public:
  /// `query` is the text positions point into; it outlives this object.
  explicit Annotations(std::string_view query) : query_(query) {}

  void Warn(PositionRange at, std::string_view text) { Add(warnings_, text, at); }
  void Inform(PositionRange at, std::string_view text) { Add(infos_, text, at); }
  /// Infos on one metric are merged into one that tells the extent.
  void MonotonicityFixed(PositionRange at, std::string_view metric_name, const MonotonicityFix& fix,
                         TimeMs time_ms);

  /// Windows with start times before the previous sample, counted by metric.
  void StartsOverlapped(PositionRange at, std::string_view metric_name, std::size_t windows);

  /// Offsets into the text, by the offsets of what is the same elsewhere in it.
  using Places = std::map<std::size_t, std::size_t>;
  /// Notes everything that `more` has noted, at the places that stand for its own; those that are not among `places` stay.
  void Merge(const Annotations& more, const Places& places);

  [[nodiscard]] std::vector<std::string> warnings() const;
  [[nodiscard]] std::vector<std::string> infos() const;

 private:
  using Notes = std::map<std::string, std::size_t, std::less<>>;  // Text to the offset it points to.
  struct MonotonicityExtent {
    std::size_t place = 0;
    MonotonicityFix fix;
    TimeMs first_ms = 0;
    TimeMs last_ms = 0;
    std::size_t samples = 0;

    void Add(const MonotonicityExtent& more);
  };

  static void Add(Notes& to, std::string_view text, PositionRange at);
  [[nodiscard]] std::vector<std::string> Texts(const Notes& notes, std::string_view kind) const;

  std::string_view query_;
  struct StartOverlap {
    std::size_t place = 0;
    std::size_t count = 0;
  };
  Notes warnings_;
  Notes infos_;
  std::map<std::string, MonotonicityExtent, std::less<>> monotonicity_;  // By metric name.
  std::map<std::string, StartOverlap, std::less<>> start_overlaps_;
};

/// ` for metric name "up"`, or nothing for an empty name.
[[nodiscard]] std::string ForMetric(std::string_view metric_name);
/// `"text"` with quotes, backslashes, control characters and bytes that are not UTF-8 escaped.
[[nodiscard]] std::string Quoted(std::string_view text);

// Texts used in more than one place.
[[nodiscard]] std::string MixedFloatsHistogramsText(std::string_view metric_name);
[[nodiscard]] std::string IgnoredHistogramsInRangeText(std::string_view metric_name);
[[nodiscard]] std::string MixedBucketKindsText(std::string_view metric_name);
[[nodiscard]] std::string QuantileOutOfRangeText(double q);
inline constexpr std::string_view kResetConflictText = "conflicting counter resets during histogram ";
inline constexpr std::string_view kBoundsReconciledText = "mismatched custom buckets were reconciled during ";

}  // namespace tickscope::promql
