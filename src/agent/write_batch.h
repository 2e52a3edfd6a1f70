// WriteBatch: what one scrape of one target yields, on its way from the scraper to the remote writers.
//
// Labels are not copied: samples share the series that the target's cache holds, so a batch of 300 samples is
// about 14 kB whatever the labels weigh, and an hour of waiting batches is small.
//
// Invariant   W1 samples are in the order in which the target's series were first met, so the batches of a
//             target repeat their order and a receiver that remembers series by their bytes is quick.
// Threads     Immutable once made; shared by all writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "wire/metric_type.h"

namespace tickscope::agent {

/// Type, help and unit of a family as the target declared them.
struct Family {
  std::string name;
  wire::MetricType type = wire::MetricType::kUnknown;
  std::string help;
  std::string unit;

  friend bool operator==(const Family&, const Family&) = default;
};

/// A series as it is sent: target and external labels applied. Immutable.
struct Series {
  Labels labels;
  std::shared_ptr<const Family> family;  ///< Null when the target declared none.
};
using SeriesPtr = std::shared_ptr<const Series>;

inline constexpr std::uint32_t kNoHistogram = 0xffffffffU;

struct BatchSample {
  SeriesPtr series;
  TimeMs time_ms = 0;
  double value = 0;
  TimeMs start_time_ms = 0;
  std::uint32_t ordinal = 0;               ///< The series' place in its target; what W1 sorts by.
  std::uint32_t histogram = kNoHistogram;  ///< Index into WriteBatch::histograms.
  std::uint32_t exemplar_begin = 0;        ///< Index into WriteBatch::exemplars.
  std::uint32_t exemplar_count = 0;
};

struct WriteBatch {
  std::uint64_t target_hash = 0;  ///< Equal for all batches of a target.
  std::vector<BatchSample> samples;
  std::vector<Histogram> histograms;
  std::vector<Exemplar> exemplars;
  bool has_new_series = false;  ///< Their metadata should go out with them.

  /// Memory held while the batch waits, the shared series not counted.
  [[nodiscard]] std::size_t Bytes() const;
};

/// Appends what says that a series has ended.
void AddStaleMarker(const SeriesPtr& series, std::uint32_t ordinal, bool is_histogram, TimeMs time_ms,
                    WriteBatch& batch);

/// W1. Nearly always in order already: a target tells its series as it did before.
void SortByOrdinal(std::vector<BatchSample>& samples);

using WriteBatchPtr = std::shared_ptr<const WriteBatch>;

}  // namespace tickscope::agent
