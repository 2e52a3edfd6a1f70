// Delimited protobuf exposition: io.prometheus.client.MetricFamily messages, each after its length as a varint.
//
// A Metric message becomes one sample (counter, gauge, untyped, native histogram) or several (classic
// histogram, summary) with the names and labels the text formats would give them. Label names keep their
// order of arrival within `series`, so one target's repeated metrics have repeated bytes.
//
// Both modes are alike but for this: strict mode also refuses families that come twice and metrics whose kind
// is not their family's.
//
// Bounds    Nothing is allocated by a length the sender claims.
// Source    client_model metrics.proto field numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "wire/checked_pbf_reader.h"
#include "wire/client_histogram.h"
#include "wire/exposition.h"
#include "wire/exposition_line.h"

namespace tickscope::wire {

class ProtobufExpositionParser final : public ExpositionParser {
 public:
  ProtobufExpositionParser(std::string_view body, const ExpositionOptions& options);
  [[nodiscard]] Result<ExpositionEntry> Next() override;
  [[nodiscard]] Result<Labels> labels() const override;

 private:
  /// One sample a Metric message stands for.
  struct SubSample {
    std::string_view suffix{};
    std::string_view label_name{};  ///< "le", "quantile" or empty.
    double label_value = 0;
    double value = 0;
    bool is_native = false;
    std::string_view exemplar{};  ///< Message bytes, empty for none.
  };
  struct Family {
    std::string_view name;
    std::string_view help;
    std::string_view unit;
    MetricType type = MetricType::kUnknown;
    CheckedPbfReader message;
    std::size_t metadata_step = 0;
  };

  [[nodiscard]] Result<ExpositionEntry> NextOrThrow();
  [[nodiscard]] Result<bool> ReadFamily();
  [[nodiscard]] Status ReadMetric(std::string_view message);
  [[nodiscard]] Status ReadLabel(std::string_view message);
  [[nodiscard]] Status ReadSimple(std::string_view message, bool is_counter);
  [[nodiscard]] Status ReadSummary(std::string_view message);
  [[nodiscard]] Status ReadHistogram(std::string_view message);
  [[nodiscard]] Status EmitSample(const SubSample& sub);
  [[nodiscard]] Status AddExemplar(std::string_view message);
  [[nodiscard]] std::unexpected<Error> Corrupt(std::string_view message) const;

  std::string_view body_;
  std::string_view rest_;
  ExpositionOptions options_;
  bool in_family_ = false;
  Family family_;
  std::vector<LabelSpan> labels_;
  std::vector<SubSample> pending_;
  std::size_t pending_at_ = 0;
  ClientHistogram histogram_;
  std::optional<TimeMs> metric_time_ms_;
  TimeMs start_time_ms_ = 0;
  const SubSample* current_ = nullptr;
  std::string series_;
  std::size_t sample_count_ = 0;
  std::unordered_set<std::string_view> families_;  // Strict mode only.
};

}  // namespace tickscope::wire
