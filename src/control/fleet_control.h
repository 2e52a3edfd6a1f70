// FleetControl: the switch of the whole fleet, at the gateway.
//
//   incident on, ttl --> new generation, on disk --> in the answer of every push --> agents ask for it, and go back by themselves at its end
//
// A generation is durable before anybody hears of it, and higher than all before, also after the file was lost: the clock is its floor.
//
// Threads   Thread-safe.
// Metrics   tickscope_fleet_generation, tickscope_fleet_cadence_seconds, tickscope_fleet_settings_requests_total
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "control/control_config.h"
#include "control/settings.h"
#include "control/signing.h"
#include "io/file_system.h"

namespace tickscope::control {

class FleetControl {
 public:
  /// Takes up what `directory` says of before. Everything given outlives the object.
  /// Errors: as the file system; kInvalidArgument for a key that is none; kCorruption for a file that is no settings.
  [[nodiscard]] static Result<std::unique_ptr<FleetControl>> Open(io::FileSystem& fs, const Clock& clock,
                                                                  MetricRegistry& metrics,
                                                                  const ControlConfig& config,
                                                                  std::string directory);

  /// Has the fleet read every `cadence_ms` for `ttl_ms`. Durable when it returns.
  /// Errors: kFailedPrecondition without a signing key; kInvalidArgument out of bounds; as the file system: nothing changes then.
  [[nodiscard]] Result<FleetSettings> Begin(std::int64_t cadence_ms, std::int64_t ttl_ms)
      TICKSCOPE_EXCLUDES(mu_);
  /// Ends that now. Errors: as Begin.
  [[nodiscard]] Result<FleetSettings> End() TICKSCOPE_EXCLUDES(mu_);
  /// What is in force, as of now: cadence 0 once its time is over.
  [[nodiscard]] FleetSettings Current() const TICKSCOPE_EXCLUDES(mu_);

  /// The settings as of now and their signature.
  struct Signed {
    std::string text;
    std::string signature;
  };
  [[nodiscard]] Result<Signed> SignedSettings() TICKSCOPE_EXCLUDES(mu_);
  /// For answers of pushes; empty without a key.
  [[nodiscard]] std::string generation_header() const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] const ControlConfig& config() const { return config_; }

 private:
  FleetControl(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics, ControlConfig config,
               std::string directory, std::unique_ptr<Signer> signer);
  [[nodiscard]] Status Load();
  [[nodiscard]] Result<FleetSettings> Put(FleetSettings settings) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Status Save(const FleetSettings& settings);
  void Use(const FleetSettings& settings) TICKSCOPE_REQUIRES(mu_);

  io::FileSystem& fs_;
  const Clock& clock_;
  const ControlConfig config_;
  const std::string directory_;
  const std::unique_ptr<Signer> signer_;  // Null: agents are told nothing.
  Gauge* const generation_;
  Counter* const requests_;
  Mutex change_mu_;  // Held over a change, the disk included.
  mutable Mutex mu_;
  FleetSettings settings_ TICKSCOPE_GUARDED_BY(mu_);
  std::string header_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::control
