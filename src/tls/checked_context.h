// CheckedContext: a ClientContext that is loaded when it is first needed, and looks at its files again before use when it is time.
//
// For clients that call now and then, such as scrapes: files that are not there yet are an error of the call, not of the start.
//
// Threads   Thread-safe.
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "io/file_system.h"
#include "tls/client_config.h"
#include "tls/client_context.h"

namespace tickscope::tls {

class CheckedContext {
 public:
  /// All that is given outlives it.
  CheckedContext(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics, ClientConfig config);

  /// The same object each time. Files that went bad later leave it as it was, and are logged. Errors: as ClientContext::Load, for as
  /// long as it never was loaded.
  [[nodiscard]] Result<std::shared_ptr<ClientContext>> Use() TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] const ClientConfig& config() const { return config_; }

 private:
  io::FileSystem& fs_;
  const Clock& clock_;
  MetricRegistry& metrics_;
  const ClientConfig config_;
  Mutex mu_;
  std::shared_ptr<ClientContext> context_ TICKSCOPE_GUARDED_BY(mu_);
  std::chrono::nanoseconds checked_ TICKSCOPE_GUARDED_BY(mu_){0};
};

}  // namespace tickscope::tls
