// FleetFollower: goes by what the gateway says to the whole fleet, as long as it is signed and new.
//
//   answer of a push: generation --(signed, higher)--> wait, up to the jitter --> ask for the settings --(signed, the same or higher)--> apply
//
// How long an incident lasts is measured here, from when the settings were asked for: neither the gateway's clock nor its being there
// counts for its end. Anything that is not signed, or older than what is known, changes nothing.
//
// Threads   Everything on the loop's thread; the request blocks a thread of the executor.
// Metrics   tickscope_agent_fleet_generation, tickscope_agent_fleet_cadence_seconds, tickscope_agent_fleet_settings_total{result}
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/fleet_config.h"
#include "agent/push_observer.h"
#include "agent/remote_writer.h"
#include "control/agent_report.h"
#include "control/settings.h"
#include "control/signing.h"

namespace tickscope::agent {

class FleetFollower final : public PushObserver {
 public:
  struct Hooks {
    std::function<void(std::int64_t cadence_ms)> set_cadence;  ///< 0: as configured.
    /// Other settings: the version of the schema and the epoch of the key are for whoever has them.
    std::function<void(const control::FleetSettings& settings)> tell;
    std::function<control::AgentReport()> report;
  };

  /// `context` is the agent's, less the observer. Errors: as the file system; kInvalidArgument for a key that is none.
  [[nodiscard]] static Result<std::unique_ptr<FleetFollower>> Make(const FleetConfig& config,
                                                                   const AgentContext& context,
                                                                   Executor executor);
  ~FleetFollower() override;

  /// Before any push.
  void SetHooks(Hooks hooks) { hooks_ = std::move(hooks); }

  void Decorate(http::Headers& headers) override;
  void OnAnswer(const PushTarget& target, const http::Headers& headers) override;

  /// Whether there is somebody whose word it takes.
  [[nodiscard]] bool is_listening() const { return verifier_ != nullptr; }
  /// Settings in force; those of nobody have generation 0.
  [[nodiscard]] const control::FleetSettings& settings() const { return settings_; }

 private:
  enum class Outcome : std::uint8_t { kApplied, kUnchanged, kForged, kOlder, kFailed, kReverted };
  static constexpr std::size_t kOutcomeCount = 6;

  FleetFollower(const FleetConfig& config, const AgentContext& context, Executor executor,
                std::unique_ptr<control::Verifier> verifier);
  void Ask(const PushTarget& target);
  void OnSettings(const Result<http::Response>& response, TimeMs asked_monotonic_ms);
  void Apply(const control::FleetSettings& settings, TimeMs asked_monotonic_ms);
  void Revert();
  void Count(Outcome outcome) { outcomes_[static_cast<std::size_t>(outcome)]->Add(); }
  [[nodiscard]] TimeMs MonotonicMs() const;

  const FleetConfig config_;
  const AgentContext context_;
  const Executor executor_;
  const std::unique_ptr<control::Verifier> verifier_;  // Null: nobody is followed.
  Hooks hooks_;
  std::array<Counter*, kOutcomeCount> outcomes_{};
  Gauge* generation_;
  Gauge* cadence_;
  control::FleetSettings settings_;
  std::uint64_t heard_ = 0;  // The highest generation that was signed.
  std::string header_;       // The last that was looked at: a signature is not checked twice.
  bool is_asking_ = false;
  std::optional<io::TimerId> ask_timer_;
  std::optional<io::TimerId> revert_timer_;
};

}  // namespace tickscope::agent
