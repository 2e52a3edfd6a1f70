#include "live/live_metrics.h"

namespace tickscope::live {
namespace {

// A step's time to its event: the delay before evaluation is in it.
constexpr std::array<double, 14> kLagBucketsSeconds = {0.1, 0.25, 0.5, 0.6, 0.75, 1,  1.5,
                                                       2,   3,    5,   7.5, 10,   20, 60};

template <std::size_t N>
std::array<Counter*, N> AddCounters(MetricRegistry& registry, const char* name, const char* help,
                                    const char* label, const std::array<const char*, N>& values) {
  std::array<Counter*, N> counters{};
  for (std::size_t i = 0; i < N; ++i)
    counters[i] = registry.AddCounter(name, help, {{label, values[i]}});
  return counters;
}

}  // namespace

LiveMetrics::LiveMetrics(MetricRegistry& registry)
    : connections(registry.AddGauge("tickscope_live_connections", "Clients that follow queries.", {})),
      subscriptions(
          registry.AddGauge("tickscope_live_subscriptions", "Queries they follow, all together.", {})),
      topics(registry.AddGauge(
          "tickscope_live_topics",
          "Different queries, each evaluated once a step; those kept for a while included.", {})),
      points(registry.AddGauge("tickscope_live_points", "Points held in the windows of all topics.", {})),
      behind(
          registry.AddGauge("tickscope_live_behind", "Clients that have not read what they were sent.", {})),
      evaluations(AddCounters<3>(registry, "tickscope_live_evaluations_total",
                                 "Range queries evaluated for live queries, by result.", "result",
                                 {"ok", "error", "cancelled"})),
      evaluation_seconds(registry.AddHistogram("tickscope_live_evaluation_seconds",
                                               "Time of bringing one topic up to date.", {},
                                               kLatencyBucketsSeconds)),
      lag_seconds(
          registry.AddHistogram("tickscope_live_lag_seconds",
                                "Time from a step to its event being handed to every client's connection.",
                                {}, kLagBucketsSeconds)),
      steps(registry.AddCounter("tickscope_live_steps_total", "Steps published, all topics together.", {})),
      snapshot_events(registry.AddCounter("tickscope_live_events_total", "Events sent to clients, by kind.",
                                          {{"event", "snapshot"}})),
      point_events(registry.AddCounter("tickscope_live_events_total", "Events sent to clients, by kind.",
                                       {{"event", "points"}})),
      failure_events(registry.AddCounter("tickscope_live_events_total", "Events sent to clients, by kind.",
                                         {{"event", "failure"}})),
      event_bytes(registry.AddCounter("tickscope_live_event_bytes_total",
                                      "Bytes of events handed to connections.", {})),
      corrections(registry.AddCounter("tickscope_live_corrections_total",
                                      "Points sent again because they changed behind the newest step.", {})),
      snapshots(AddCounters<4>(registry, "tickscope_live_snapshots_total", "Snapshots sent, by why.",
                               "reason", {"new", "too_old", "behind", "anew"})),
      snapshots_made(registry.AddCounter("tickscope_live_snapshots_made_total",
                                         "Snapshots written; the others were shared.", {})),
      resumes(registry.AddCounter("tickscope_live_resumes_total",
                                  "Queries of clients that came back and got only what they had missed.",
                                  {})),
      ended(AddCounters<3>(registry, "tickscope_live_ended_total", "Connections ended, by why.", "reason",
                           {"left", "slow", "stopped"})),
      refused(AddCounters<4>(registry, "tickscope_live_refused_total", "Requests refused, by why.", "reason",
                             {"request", "connections", "topics", "stopping"})) {}

}  // namespace tickscope::live
