// Labels: the identity of a series, a sorted set of name and value pairs.
//
// Kept as one packed string (lengths and bytes in name order), so that a copy is one allocation, equality one
// memcmp and a hash one pass. A million series in a query result then cost a million allocations, not twenty.
//
// Invariants   L1 names are strictly ascending, hence unique.
//              L2 no value is empty: an empty value and a missing label are the same thing.
// Threads      A value type; immutable but for assignment.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickscope {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kBucketLabel = "le";

/// One pair, borrowed from the Labels it was read from.
struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
};

class Labels {
 public:
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = const LabelView*;
    using reference = const LabelView&;

    Iterator() = default;
    Iterator(const char* at, const char* end) : at_(at), end_(end) { Load(); }
    reference operator*() const { return current_; }
    pointer operator->() const { return &current_; }
    Iterator& operator++() {
      at_ = next_;
      Load();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    void Load();

    const char* at_ = nullptr;
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    LabelView current_;
  };

  Labels() = default;
  /// From pairs in any order; of equal names the last wins, empty values are left out.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);
  [[nodiscard]] static Labels FromPairs(std::vector<std::pair<std::string_view, std::string_view>> pairs);
  /// From views that already satisfy L1 and L2; checked in debug builds.
  [[nodiscard]] static Labels FromSorted(const std::vector<LabelView>& sorted);

  [[nodiscard]] Iterator begin() const { return {packed_.data(), packed_.data() + packed_.size()}; }
  [[nodiscard]] Iterator end() const {
    return {packed_.data() + packed_.size(), packed_.data() + packed_.size()};
  }
  [[nodiscard]] bool empty() const { return packed_.empty(); }
  /// Number of labels; walks the set.
  [[nodiscard]] std::size_t size() const;

  /// Value of `name`, empty when it is not there. Lives as long as this object.
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  [[nodiscard]] bool Has(std::string_view name) const { return !Get(name).empty(); }
  [[nodiscard]] std::string_view metric_name() const { return Get(kMetricName); }

  /// 64-bit hash of the content, equal for equal sets within one process run and across them.
  [[nodiscard]] std::uint64_t Hash() const;

  /// `name{a="b",c="d"}`, `{a="b"}` without a metric name, `{}` when empty. Names that are not classic
  /// identifiers are quoted; values are escaped.
  [[nodiscard]] std::string ToString() const;

  /// The packed bytes, for use as a key. Lives as long as this object.
  [[nodiscard]] std::string_view packed() const { return packed_; }

  friend bool operator==(const Labels&, const Labels&) = default;
  /// By labels in order: name, then value; a prefix comes first.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelsBuilder;
  std::string packed_;
};

/// Changes a label set; Build gives the result. One builder may be Reset and used for many series.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) { Reset(base); }

  void Reset(const Labels& base);
  /// Sets or replaces; an empty value deletes.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Delete(std::string_view name);
  /// Current value, empty when not set. Lives until the next change.
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  [[nodiscard]] Labels Build() const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;  // Unordered; small, so scanned.
};

/// True for [a-zA-Z_][a-zA-Z0-9_]*.
[[nodiscard]] bool IsClassicLabelName(std::string_view name);
/// True for [a-zA-Z_:][a-zA-Z0-9_:]*.
[[nodiscard]] bool IsClassicMetricName(std::string_view name);
/// True for well-formed UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool IsValidUtf8(std::string_view text);

}  // namespace tickscope

template <>
struct std::hash<tickscope::Labels> {
  std::size_t operator()(const tickscope::Labels& labels) const noexcept { return labels.Hash(); }
};
