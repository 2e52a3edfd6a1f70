#include "tls/checked_context.h"

#include <utility>

#include "base/log.h"

namespace tickscope::tls {

CheckedContext::CheckedContext(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics,
                               ClientConfig config)
    : fs_(fs), clock_(clock), metrics_(metrics), config_(std::move(config)) {}

Result<std::shared_ptr<ClientContext>> CheckedContext::Use() {
  const MutexLock lock(mu_);
  const std::chrono::nanoseconds now = clock_.Monotonic();
  if (context_ == nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(context_, ClientContext::Load(fs_, clock_, metrics_, config_.client));
    checked_ = now;
  } else if (now - checked_ >= std::chrono::milliseconds(config_.check_interval_ms)) {
    checked_ = now;
    if (const auto reloaded = context_->Reload(); !reloaded) {
      Log(LogLevel::kError, "certificates stay as they were", {{"error", reloaded.error().message}});
    } else if (*reloaded) {
      Log(LogLevel::kInfo, "certificates taken up", {{"ca_file", config_.client.ca_file}});
    }
  }
  return context_;
}

}  // namespace tickscope::tls
