// What a series' labels must be to be taken, and the error that says which rule was broken.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"

namespace tickscope::ingest {

struct LabelLimits {
  std::size_t labels_max = 64;  ///< Labels a series, metric name included.
  std::size_t name_bytes_max = 1024;
  std::size_t value_bytes_max = 8192;

  friend bool operator==(const LabelLimits&, const LabelLimits&) = default;
};

/// Sorts `labels`, leaves out empty values, and checks: a metric name, names not empty, unique and valid UTF-8, values
/// valid UTF-8, limits kept. Errors: kInvalidArgument naming the label and the rule (values are not repeated: they may
/// be personal data).
[[nodiscard]] Status NormalizeLabels(const LabelLimits& limits, std::vector<LabelView>& labels);

/// Of one label, what no series may have.
enum class LabelFault : std::uint8_t { kBadUtf8, kTooLong };

struct FaultyLabel {
  LabelFault fault = LabelFault::kBadUtf8;
  std::string_view name;
};

/// The first label for which NormalizeLabels refuses the series as no text or too long. Nothing when it is for another rule.
[[nodiscard]] std::optional<FaultyLabel> FindFaultyLabel(const LabelLimits& limits,
                                                         const std::vector<LabelView>& labels);

}  // namespace tickscope::ingest
