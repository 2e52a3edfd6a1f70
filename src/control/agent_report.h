// AgentReport: what an agent says of itself with each push, in one header.
//
//   X-Tickscope-Agent: version=0.1.0 generation=17 cadence=10000 schema=1000003 keys=12 lag=1200 rejects=5 lost=0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::control {

inline constexpr std::size_t kReportBytesMax = 512;

struct AgentReport {
  std::string version;
  std::uint64_t generation = 0;      ///< Of the settings it goes by; 0 for its own.
  std::int64_t cadence_ms = 0;       ///< Of its quickest target.
  std::uint64_t schema_version = 0;  ///< control/schema_number.h; 0 for none.
  std::uint64_t key_epoch = 0;       ///< From which its tokenizer's key is used; 0 for none.
  std::int64_t lag_ms = 0;           ///< Age of the oldest push that waits.
  std::uint64_t rejects = 0;         ///< Samples its guard refused, since its start.
  std::uint64_t lost = 0;            ///< Samples dropped for any other reason.

  friend bool operator==(const AgentReport&, const AgentReport&) = default;
};

[[nodiscard]] std::string ReportText(const AgentReport& report);
/// Fields it does not know are passed over, for newer agents. Errors: kInvalidArgument.
[[nodiscard]] Result<AgentReport> ParseReport(std::string_view text);

}  // namespace tickscope::control
