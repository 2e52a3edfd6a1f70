// Verifier: compares what a receiver holds with what it acknowledged, sample by sample.
//
// Values are not stored anywhere but in the receiver: the ledger's plan lets every server be simulated again. It is
// read group by group in windows of bounded size. A window that lacks samples is read again until settle has passed
// since the start, for receivers that show a sample some time after they acknowledge it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "fleet/ledger.h"
#include "fleet/sample_source.h"
#include "fleet/stop_flag.h"

namespace tickscope::fleet {

inline constexpr std::size_t kExamplesMax = 10;

struct VerifyOptions {
  std::uint64_t samples_per_read = 150'000;
  std::chrono::milliseconds settle{5'000};
  /// How often a read that fails is tried again.
  int read_retries = 5;
};

struct VerifyReport {
  std::uint64_t acknowledged = 0;  ///< Samples the ledger says were acknowledged.
  std::uint64_t present = 0;       ///< Of these, found with the right time and value.
  std::uint64_t missing = 0;
  std::uint64_t doubled = 0;
  std::uint64_t altered = 0;  ///< Value changed, or a time or series that was never sent.
  /// Sent, never acknowledged, yet there: in flight at a crash. Allowed.
  std::uint64_t unacknowledged_present = 0;
  std::map<std::string, std::uint64_t> causes;
  std::vector<std::string> examples;  ///< The first kExamplesMax.

  [[nodiscard]] bool ok() const { return missing == 0 && doubled == 0 && altered == 0; }
};

/// Reads everything `ledger` names. `on_progress` is called after each window with what is known so far.
/// Errors: as SampleSource::Read once its retries are used up; kCancelled when `stop` was set.
[[nodiscard]] Result<VerifyReport> VerifyLedger(const Ledger& ledger, SampleSource& source,
                                                const VerifyOptions& options, const Clock& clock,
                                                StopFlag& stop,
                                                const std::function<void(const VerifyReport&)>& on_progress);

}  // namespace tickscope::fleet
