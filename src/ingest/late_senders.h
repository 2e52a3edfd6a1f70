// LateSenders: who sends samples out of order, and how late.
//
// A sender is what its series say of themselves: job and instance, or else the server. Counted are samples older than
// their series' newest: those taken, within the late window, and those refused.
//
// Threads   Externally locked.
// Memory    At most kSendersMax senders; what others send is counted together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"

namespace tickscope::ingest {

inline constexpr std::size_t kSendersMax = 1000;

struct LateCounts {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::int64_t latest_by_ms = 0;  ///< How far behind, at most.
};

/// The sender of a series by its labels: "job/instance", or the value of server or host, or "(unnamed)". At most 128
/// bytes of UTF-8.
[[nodiscard]] std::string SenderOf(const std::vector<LabelView>& labels);

class LateSenders {
 public:
  void Add(const std::string& sender, const LateCounts& counts);
  /// By name; "(others)" when there were too many.
  [[nodiscard]] const std::map<std::string, LateCounts>& counts() const { return counts_; }

 private:
  std::map<std::string, LateCounts> counts_;
};

}  // namespace tickscope::ingest
