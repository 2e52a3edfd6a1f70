#include "discovery/discovery.h"

#include <utility>

#include "base/log.h"
#include "discovery/kubelet_pods.h"
#include "discovery/target_files.h"

namespace tickscope::discovery {
namespace {

constexpr auto kTick = std::chrono::seconds(1);

}  // namespace

std::string NamePart(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_plain) c = '_';
  }
  return name;
}

// Sources of one plan, and what they found. Used by one thread at a time: Follow's, then a look's.
struct Discovery::Following {
  struct Source {
    std::unique_ptr<TargetSource> source;
    std::size_t scrape = 0;
    std::chrono::nanoseconds due{0};
    std::vector<TargetGroup> found;
    bool has_failed = false;
  };
  std::vector<Source> sources;
  std::optional<Ec2Host> host;
  std::chrono::nanoseconds host_due{0};
  bool host_has_failed = false;
  Found found;
  bool is_looking = false;  // Loop thread only.

  // Says once that it fails and once that it is well again.
  static void Note(const Status& outcome, const std::string& name, bool& has_failed, Counter& failures) {
    if (!outcome) failures.Add();
    if (outcome.has_value() != has_failed) return;
    has_failed = !outcome;
    if (has_failed) {
      Log(LogLevel::kWarn, "targets cannot be looked up, those found before stay",
          {{"source", name}, {"error", outcome.error().message}});
    } else {
      Log(LogLevel::kInfo, "targets are looked up again", {{"source", name}});
    }
  }

  void Look(const Clock& clock, Counter& failures) {
    for (Source& source : sources) {
      if (clock.Monotonic() < source.due) continue;
      auto groups = source.source->Look();
      source.due = clock.Monotonic() + std::chrono::milliseconds(source.source->refresh_ms());
      Note(groups ? Status() : std::unexpected(groups.error()), source.source->name(), source.has_failed,
           failures);
      if (groups) source.found = *std::move(groups);
    }
    if (host && clock.Monotonic() >= host_due) {
      auto labels = host->Look();
      host_due = clock.Monotonic() + std::chrono::milliseconds(host->refresh_ms());
      Note(labels ? Status() : std::unexpected(labels.error()), "EC2 instance metadata", host_has_failed,
           failures);
      if (labels) found.host_labels = *std::move(labels);
    }
    for (auto& groups : found.groups)
      groups.clear();
    for (const Source& source : sources) {
      auto& groups = found.groups[source.scrape];
      groups.insert(groups.end(), source.found.begin(), source.found.end());
    }
  }
};

Discovery::Discovery(const DiscoveryContext& context, Executor executor,
                     std::function<void(const Found&)> on_change)
    : context_(context),
      executor_(std::move(executor)),
      on_change_(std::move(on_change)),
      failures_(context.metrics.AddCounter("tickscope_agent_discovery_failures_total",
                                           "Looks for targets that failed; what was found before stays.",
                                           {})) {}

Discovery::~Discovery() = default;

Found Discovery::Follow(const DiscoveryPlan& plan) {
  Stop();
  auto following = std::make_shared<Following>();
  following->found.groups.resize(plan.scrapes.size());
  for (std::size_t scrape = 0; scrape < plan.scrapes.size(); ++scrape) {
    const auto add = [&](std::unique_ptr<TargetSource> source) {
      following->sources.push_back({.source = std::move(source), .scrape = scrape});
    };
    for (const FileDiscoveryConfig& files : plan.scrapes[scrape].files)
      add(std::make_unique<TargetFiles>(files, context_.fs));
    for (const KubeletDiscoveryConfig& kubelet : plan.scrapes[scrape].kubelets)
      add(std::make_unique<KubeletPods>(kubelet, context_.network, context_.fs, context_.clock,
                                        context_.metrics));
  }
  if (plan.host.ec2) following->host.emplace(plan.host, context_.network);
  following->Look(context_.clock, *failures_);
  following_ = std::move(following);
  if (!following_->sources.empty() || following_->host) Schedule();
  return following_->found;
}

void Discovery::Stop() {
  following_.reset();
  if (const auto timer = std::exchange(timer_, std::nullopt); timer) context_.loop.CancelTimer(*timer);
}

void Discovery::Schedule() {
  timer_ = context_.loop.After(kTick, [this] {
    timer_.reset();
    OnTimer();
    Schedule();
  });
}

void Discovery::OnTimer() {
  if (following_->is_looking) return;
  following_->is_looking = true;
  const bool taken = executor_([this, following = following_, before = following_->found] {
    following->Look(context_.clock, *failures_);
    context_.loop.Post([this, following, is_other = following->found != before] {
      following->is_looking = false;
      if (is_other && following == following_) on_change_(following->found);
    });
  });
  if (!taken) following_->is_looking = false;
}

}  // namespace tickscope::discovery
