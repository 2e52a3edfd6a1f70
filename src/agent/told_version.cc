#include "agent/told_version.h"

#include <utility>

#include "base/log.h"

namespace tickscope::agent {

ToldVersion::ToldVersion(Options options, io::EventLoop& loop, MetricRegistry& registry)
    : options_(std::move(options)),
      loop_(loop),
      told_gauge_(registry.AddGauge("tickscope_agent_fleet_told",
                                    "Version that the fleet is told to use, by what; 0 when none is told.",
                                    {{"what", options_.what}})),
      in_force_gauge_(registry.AddGauge("tickscope_agent_fleet_in_force", "Version in use, by what.",
                                        {{"what", options_.what}})),
      behind_gauge_(registry.AddGauge("tickscope_agent_fleet_behind",
                                      "1 while what the fleet is told to use is not in this host's files.",
                                      {{"what", options_.what}})),
      self_(std::make_shared<ToldVersion*>(this)) {}

ToldVersion::~ToldVersion() {
  if (retry_timer_) loop_.CancelTimer(*retry_timer_);
}

bool ToldVersion::is_behind() const {
  if (told_ == 0) return false;
  return options_.match == Match::kSame ? in_force_ != told_ : in_force_ < told_;
}

void ToldVersion::Tell(std::uint64_t version) {
  if (std::exchange(told_, version) == version) return;
  error_.clear();
  Show();
  Try();
}

void ToldVersion::SetInForce(std::uint64_t version) {
  in_force_ = version;
  Show();
  Try();
}

void ToldVersion::Try() {
  if (const auto timer = std::exchange(retry_timer_, std::nullopt); timer) loop_.CancelTimer(*timer);
  if (!is_behind()) {
    error_.clear();
    return;
  }
  if (std::exchange(is_trying_, true)) return;
  options_.take_up(told_, [weak = std::weak_ptr(self_)](const Result<std::uint64_t>& in_force) {
    if (const auto self = weak.lock()) (*self)->OnTried(in_force);
  });
}

void ToldVersion::OnTried(const Result<std::uint64_t>& in_force) {
  is_trying_ = false;
  const bool was_behind = is_behind();
  if (in_force) in_force_ = *in_force;
  error_ = in_force ? std::string() : in_force.error().message;
  Show();
  if (!is_behind()) {
    if (was_behind)
      Log(LogLevel::kInfo, "what the fleet is told is in force",
          {{"what", options_.what}, {"version", in_force_}});
    return;
  }
  if (std::exchange(said_, told_) != told_) {
    Log(LogLevel::kWarn, "what the fleet is told is not in this host's files, what was in force stays",
        {{"what", options_.what}, {"told", told_}, {"in_force", in_force_}, {"error", error_}});
  }
  if (retry_timer_) return;
  retry_timer_ = loop_.After(options_.retry, [this] {
    retry_timer_.reset();
    Try();
  });
}

void ToldVersion::Show() {
  told_gauge_->Set(static_cast<double>(told_));
  in_force_gauge_->Set(static_cast<double>(in_force_));
  behind_gauge_->Set(is_behind() ? 1 : 0);
}

}  // namespace tickscope::agent
