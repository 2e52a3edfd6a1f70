// SeriesIndex: from labels to series and back.
//
// Labels of a series are kept as numbers of label pairs, four bytes each; a pair is a name symbol, a value
// symbol and the postings of the series that carry it. A selector takes the postings of what it asks for,
// unites over the values a regular expression matches (values, never series, are what an expression is run
// on), and subtracts.
//
// How many series carry each value is kept in order while series are added (index/ranked_counts.h), and how many
// different series there were as a sketch, so that questions of cardinality scan nothing.
//
// Invariants   X1 a ref is added once; refs come in any order, ascending but for few.
//              X2 a series' pairs are in label-name order.
// Threads      Externally locked: many readers or one writer.
// Memory       4 bytes a label and about 2 for its posting: some 55 bytes a series of nine labels; some 150 a value.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/hyperloglog.h"
#include "index/postings.h"
#include "index/ranked_counts.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/series_ref.h"
#include "tsdb/symbol_table.h"

namespace tickscope::tsdb {

using index::Postings;

/// How many series carry a label name, a value or a pair.
struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

class SeriesIndex {
 public:
  SeriesIndex() = default;
  SeriesIndex(const SeriesIndex&) = delete;
  SeriesIndex& operator=(const SeriesIndex&) = delete;

  /// Adds a series. Requires: labels sorted, unique, not empty-valued; `ref` beyond every earlier one (refs
  /// between stay unused).
  void Add(SeriesRef ref, std::span<const LabelView> labels);
  [[nodiscard]] bool Has(SeriesRef ref) const;

  [[nodiscard]] Labels LabelsOf(SeriesRef ref) const;
  /// Value of one label of a series, empty when it has none. Lives as long as the index.
  [[nodiscard]] std::string_view ValueOf(SeriesRef ref, std::string_view name) const;

  /// Series every matcher accepts. No matchers: all.
  [[nodiscard]] Postings Select(const std::vector<Matcher>& matchers) const;

  /// Names on any of `series`, sorted.
  [[nodiscard]] std::vector<std::string> LabelNames(const Postings& series) const;
  [[nodiscard]] std::vector<std::string> LabelNames() const;
  /// Values of `name` on any of `series`, sorted.
  [[nodiscard]] std::vector<std::string> LabelValues(std::string_view name, const Postings& series) const;
  [[nodiscard]] std::vector<std::string> LabelValues(std::string_view name) const;

  [[nodiscard]] std::uint64_t series_count() const { return series_count_; }
  [[nodiscard]] std::uint64_t pair_count() const { return pairs_.size(); }
  [[nodiscard]] std::uint64_t name_count() const { return names_.size(); }
  [[nodiscard]] std::size_t bytes() const;

  /// The `limit` metric names with most series, most first.
  [[nodiscard]] std::vector<NamedCount> TopMetrics(std::size_t limit) const {
    return TopValues(kMetricName, limit);
  }
  /// The values of a label name with most series.
  [[nodiscard]] std::vector<NamedCount> TopValues(std::string_view name, std::size_t limit) const;
  /// The same among `series` only. Costs a look at each value.
  [[nodiscard]] std::vector<NamedCount> TopValues(std::string_view name, const Postings& series,
                                                  std::size_t limit) const;
  /// The label names with most values. Costs a look at each name.
  [[nodiscard]] std::vector<NamedCount> TopLabelNames(std::size_t limit) const;
  /// The label names whose values take most bytes.
  [[nodiscard]] std::vector<NamedCount> TopLabelBytes(std::size_t limit) const;
  /// The pairs "name=value" with most series.
  [[nodiscard]] std::vector<NamedCount> TopPairs(std::size_t limit) const;
  /// Values of a label name, and series that have one.
  [[nodiscard]] std::uint64_t value_count(std::string_view name) const;
  [[nodiscard]] std::uint64_t series_with(std::string_view name) const;
  /// Of all series added, by a hash that is the same everywhere.
  [[nodiscard]] const index::HyperLogLog& sketch() const { return sketch_; }

  /// Number of a label pair, from 0 in the order of their first sight.
  using PairId = std::uint32_t;
  /// A series' pairs. Lives until the next Add.
  [[nodiscard]] std::span<const PairId> PairsOf(SeriesRef ref) const;
  /// Lives as long as the index.
  [[nodiscard]] LabelView PairText(PairId pair) const;

 private:
  struct Values;
  struct Pair {
    Symbol name;
    Symbol value;
    Values* values;                  // Of its name.
    index::RankedCounts::Item rank;  // Its item there.
    Postings series;
  };
  // What is looked at before a regular expression is run on a value.
  struct Value {
    PairId pair = 0;
    std::uint64_t signature = 0;
  };
  // All values of one label name, by text so that values come out sorted and prefixes are ranges.
  struct Values {
    std::map<std::string_view, Value> by_text;
    index::RankedCounts ranked;  // By series.
    std::vector<PairId> pairs;   // By item of `ranked`.
    std::uint64_t bytes = 0;
    std::uint64_t series = 0;
  };

  [[nodiscard]] PairId InternPair(const LabelView& label);
  [[nodiscard]] const Values* ValuesOf(std::string_view name) const;
  // Series whose value of the label the matcher's own condition (not its negation) selects.
  [[nodiscard]] Postings SelectPositive(const Matcher& matcher) const;

  SymbolTable symbols_;
  std::vector<Pair> pairs_;
  std::unordered_map<std::uint64_t, PairId>
      pair_of_;  // Name symbol in the high half, value symbol in the low.
  std::map<std::string_view, Values> names_;
  index::HyperLogLog sketch_;
  // Of each series: how many pairs, then their ids. pairs_at_ holds where, by ref; 0, before the first, is nowhere.
  std::vector<PairId> series_pairs_ = {0};
  std::vector<std::uint32_t> pairs_at_;
  Postings all_;
  std::uint64_t series_count_ = 0;
};

}  // namespace tickscope::tsdb
