// TargetSource: a place where targets are found, asked again and again.
//
// Threads   One thread at a time; Look may block.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tickscope::discovery {

using LabelPairs = std::vector<std::pair<std::string, std::string>>;

/// Targets with the same labels; those that begin with __ are for relabelling only.
struct TargetGroup {
  std::vector<std::string> targets;  ///< "host:port"
  LabelPairs labels;

  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};

/// More of one source are left out, and said so.
inline constexpr std::size_t kFoundTargetsMax = 10'000;

class TargetSource {
 public:
  virtual ~TargetSource() = default;
  /// All that is there now. Errors: what stands in the way; then what was found before is as good as it gets.
  [[nodiscard]] virtual Result<std::vector<TargetGroup>> Look() = 0;
  /// For logs: "files /etc/targets/*.yaml".
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::int64_t refresh_ms() const = 0;
};

/// A part of a label's name: what may not be in one becomes _.
[[nodiscard]] std::string NamePart(std::string_view text);

}  // namespace tickscope::discovery
