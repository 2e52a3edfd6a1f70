#include "fleet/run_counts.h"

#include <fmt/format.h>

#include <utility>

namespace tickscope::fleet {

void RunCounts::NoteAcknowledged(const Acknowledged& request) {
  from_sent_.Record(request.from_sent);
  if (request.from_due) from_due_.Record(*request.from_due);
  samples_acknowledged_ += request.samples;
  ++requests_acknowledged_;
  bytes_sent_ += request.bytes;
}

void RunCounts::NoteError(std::string name, std::string_view message) {
  const MutexLock lock(mu_);
  if (errors_.size() >= kErrorNamesMax && !errors_.contains(name)) name = "other";
  ++errors_[name];
  last_error_ = fmt::format("{}: {}", name, message);
}

std::string RunCounts::last_error() const {
  const MutexLock lock(mu_);
  return last_error_;
}

RunReport RunCounts::Report() const {
  RunReport report;
  report.samples_acknowledged = samples_acknowledged_;
  report.samples_refused = samples_refused_;
  report.requests_acknowledged = requests_acknowledged_;
  report.retries = retries_;
  report.bytes_sent = bytes_sent_;
  report.from_due_p50 = from_due_.Quantile(0.5);
  report.from_due_p99 = from_due_.Quantile(0.99);
  report.from_due_max = from_due_.max();
  report.from_sent_p50 = from_sent_.Quantile(0.5);
  report.from_sent_p99 = from_sent_.Quantile(0.99);
  report.from_sent_max = from_sent_.max();
  const MutexLock lock(mu_);
  report.errors = errors_;
  report.last_error = last_error_;
  return report;
}

}  // namespace tickscope::fleet
