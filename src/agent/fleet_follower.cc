#include "agent/fleet_follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kRequestTimeout{5'000};
constexpr std::size_t kAnswerBytesMax = 16 * 1024;

}  // namespace

Result<std::unique_ptr<FleetFollower>> FleetFollower::Make(const FleetConfig& config,
                                                           const AgentContext& context, Executor executor) {
  std::unique_ptr<control::Verifier> verifier;
  if (!config.public_key_file.empty()) {
    if (context.fs == nullptr) return Fail(ErrorCode::kUnsupported, "fleet: this agent has no file system");
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string pem, io::ReadWholeFile(*context.fs, config.public_key_file,
                                                                        control::kKeyFileBytesMax));
    auto made = control::Verifier::FromPem(pem);
    if (!made) return FailWith("file=" + config.public_key_file, std::move(made).error());
    verifier = *std::move(made);
  }
  return std::unique_ptr<FleetFollower>(
      new FleetFollower(config, context, std::move(executor), std::move(verifier)));
}

FleetFollower::FleetFollower(const FleetConfig& config, const AgentContext& context, Executor executor,
                             std::unique_ptr<control::Verifier> verifier)
    : config_(config), context_(context), executor_(std::move(executor)), verifier_(std::move(verifier)) {
  constexpr std::array<const char*, kOutcomeCount> kNames = {"applied", "unchanged", "forged",
                                                             "older",   "failed",    "reverted"};
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    outcomes_[i] = context_.registry->AddCounter(
        "tickscope_agent_fleet_settings_total",
        "What became of settings that gateways told: applied or not, and why; reverted at their end.",
        {{"result", kNames[i]}});
  }
  generation_ = context_.registry->AddGauge("tickscope_agent_fleet_generation",
                                            "Generation of the fleet's settings in force; 0 for none.", {});
  cadence_ =
      context_.registry->AddGauge("tickscope_agent_fleet_cadence_seconds",
                                  "How often targets are read by the fleet's settings; 0 as configured.", {});
}

FleetFollower::~FleetFollower() {
  if (ask_timer_) context_.loop.CancelTimer(*ask_timer_);
  if (revert_timer_) context_.loop.CancelTimer(*revert_timer_);
}

TimeMs FleetFollower::MonotonicMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock.Monotonic()).count();
}

void FleetFollower::Decorate(http::Headers& headers) {
  if (!hooks_.report) return;
  control::AgentReport report = hooks_.report();
  report.generation = settings_.generation;
  headers.Set(control::kAgentHeader, control::ReportText(report));
}

void FleetFollower::OnAnswer(const PushTarget& target, const http::Headers& headers) {
  if (verifier_ == nullptr) return;
  const std::string_view header = headers.Get(control::kGenerationHeader);
  if (header.empty()) return;
  const bool is_known = header == header_;
  if (!is_known) {
    header_ = header;
    const auto said = control::ParseGeneration(header);
    if (!said || !verifier_->Verify(control::GenerationText(said->generation), said->signature))
      return Count(Outcome::kForged);
    // One that went back: an old answer that somebody kept, or a gateway that lost its settings.
    if (said->generation < heard_) return Count(Outcome::kOlder);
    heard_ = said->generation;
  }
  if (heard_ <= settings_.generation || is_asking_) return;
  is_asking_ = true;
  const auto wait = std::chrono::milliseconds(
      context_.random.Below(static_cast<std::uint64_t>(config_.fetch_jitter_ms) + 1));
  ask_timer_ = context_.loop.After(wait, [this, target] {
    ask_timer_.reset();
    Ask(target);
  });
}

void FleetFollower::Ask(const PushTarget& target) {
  const TimeMs asked_ms = MonotonicMs();
  const bool is_taken = executor_([this, target, asked_ms] {
    const auto client = http::Client::Make(context_.network, {.connect_timeout = kRequestTimeout,
                                                              .request_timeout = kRequestTimeout,
                                                              .response_bytes_max = kAnswerBytesMax,
                                                              .idle_connections_max = 0,
                                                              .tls = target.tls});
    http::Request request{.method = "GET", .target = std::string(control::kSettingsPath)};
    for (const auto& [name, value] : target.headers)
      request.headers.Set(name, value);
    context_.loop.Post([this, asked_ms, response = client->Fetch(target.url, std::move(request))] {
      OnSettings(response, asked_ms);
    });
  });
  // The next push's answer says it again.
  if (!is_taken) is_asking_ = false;
}

void FleetFollower::OnSettings(const Result<http::Response>& response, TimeMs asked_monotonic_ms) {
  is_asking_ = false;
  if (!response || response->status != 200) return Count(Outcome::kFailed);
  if (!verifier_->Verify(response->body, response->headers.Get(control::kSignatureHeader)))
    return Count(Outcome::kForged);
  const auto settings = control::ParseSettings(response->body);
  if (!settings) return Count(Outcome::kFailed);
  if (settings->generation < heard_) return Count(Outcome::kOlder);
  if (settings->generation == settings_.generation) return Count(Outcome::kUnchanged);
  heard_ = settings->generation;
  Apply(*settings, asked_monotonic_ms);
}

void FleetFollower::Apply(const control::FleetSettings& settings, TimeMs asked_monotonic_ms) {
  settings_ = settings;
  Count(Outcome::kApplied);
  generation_->Set(static_cast<double>(settings.generation));
  if (const auto timer = std::exchange(revert_timer_, std::nullopt); timer) context_.loop.CancelTimer(*timer);
  // The answer was made after it was asked for: counted from then on, the end is early rather than late.
  const std::int64_t lasts_ms = std::min(settings.until_ms - settings.now_ms, config_.ttl_max_ms) -
                                (MonotonicMs() - asked_monotonic_ms);
  const bool is_on = settings.cadence_ms > 0 && lasts_ms > 0;
  const std::int64_t cadence_ms = is_on ? std::max(settings.cadence_ms, config_.cadence_min_ms) : 0;
  Log(LogLevel::kInfo, "settings of the fleet are in force",
      {{"generation", settings.generation}, {"cadence_ms", cadence_ms}, {"for_ms", is_on ? lasts_ms : 0}});
  cadence_->Set(static_cast<double>(cadence_ms) / 1000);
  if (hooks_.set_cadence) hooks_.set_cadence(cadence_ms);
  if (hooks_.tell) hooks_.tell(settings_);
  if (!is_on) return;
  revert_timer_ = context_.loop.After(std::chrono::milliseconds(lasts_ms), [this] {
    revert_timer_.reset();
    Revert();
  });
}

void FleetFollower::Revert() {
  Count(Outcome::kReverted);
  Log(LogLevel::kInfo, "settings of the fleet have ended", {{"generation", settings_.generation}});
  cadence_->Set(0);
  if (hooks_.set_cadence) hooks_.set_cadence(0);
}

}  // namespace tickscope::agent
