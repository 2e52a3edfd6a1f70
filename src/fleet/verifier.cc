#include "fleet/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/civil_time.h"
#include "fleet/game_server.h"
#include "fleet/server_identity.h"

namespace tickscope::fleet {
namespace {

constexpr std::chrono::milliseconds kReadAgainAfter{250};

// Compares one group of one run, window after window.
class GroupCheck {
 public:
  GroupCheck(const LedgerRun& run, std::uint32_t group, std::uint64_t window_ticks)
      : plan_(run.plan), group_(group), window_ticks_max_(window_ticks) {
    if (const auto ticks = run.acknowledged.find(group); ticks != run.acknowledged.end())
      acknowledged_ = ticks->second;
    for (std::uint32_t s = 0; s < plan_.ServerCount(group); ++s) {
      const std::uint32_t server = plan_.FirstServer(group) + s;
      const ServerIdentity identity = MakeServerIdentity(server);
      names_.push_back(identity.server);
      simulated_.emplace_back(plan_.seed, server, plan_.cadence_ms, plan_.start_ms,
                              plan_.ResolutionOf(server));
      for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
        labels_.push_back(SeriesLabels(identity, i));
        series_.emplace(labels_.back(), labels_.size() - 1);
      }
    }
  }

  // Simulates the next ticks, up to `tick_end`. False when there are none.
  bool NextWindow(std::uint64_t tick_end) {
    first_tick_ += tick_count_;
    if (first_tick_ >= tick_end) return false;
    tick_count_ = std::min(window_ticks_max_, tick_end - first_tick_);
    expected_.resize(labels_.size() * tick_count_);
    for (std::size_t s = 0; s < simulated_.size(); ++s) {
      for (std::uint64_t t = 0; t < tick_count_; ++t) {
        simulated_[s].Advance();
        std::ranges::copy(simulated_[s].values(), expected_.begin() + Offset(s * kSeriesPerServer, t));
      }
    }
    return true;
  }

  // What the window's samples turn out to be.
  VerifyReport Compare(const std::vector<FetchedSeries>& fetched) {
    VerifyReport report;
    seen_.assign(expected_.size(), 0);
    for (const FetchedSeries& series : fetched) {
      const auto known = series_.find(series.labels);
      if (known == series_.end()) {
        for (const FloatSample& sample : series.samples) {
          Note(report, report.altered,
               {.cause = "altered: series never sent",
                .labels = series.labels,
                .time_ms = sample.time_ms,
                .got = sample.value});
        }
        continue;
      }
      for (const FloatSample& sample : series.samples)
        CompareSample(known->second, sample, report);
    }
    CountMissing(report);
    return report;
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  // The window lies in (after_ms, until_ms], and no sample is near either end.
  [[nodiscard]] TimeMs after_ms() const {
    return plan_.start_ms + static_cast<TimeMs>(first_tick_) * plan_.cadence_ms - 1;
  }
  [[nodiscard]] TimeMs until_ms() const {
    return after_ms() + static_cast<TimeMs>(tick_count_) * plan_.cadence_ms;
  }

 private:
  // Where the value of the series numbered `series` in the group lies; a server's series are side by side.
  [[nodiscard]] std::ptrdiff_t Offset(std::size_t series, std::uint64_t tick_in_window) const {
    const std::size_t server = series / kSeriesPerServer;
    return static_cast<std::ptrdiff_t>((server * tick_count_ + tick_in_window) * kSeriesPerServer +
                                       series % kSeriesPerServer);
  }

  void CompareSample(std::size_t series, const FloatSample& sample, VerifyReport& report) {
    if (sample.time_ms <= after_ms() || sample.time_ms > until_ms()) return;
    const TimeMs since_first = sample.time_ms - plan_.SampleTime(group_, first_tick_);
    if (since_first < 0 || since_first % plan_.cadence_ms != 0) {
      Note(report, report.altered,
           {.cause = "altered: time never sent",
            .labels = labels_[series],
            .time_ms = sample.time_ms,
            .got = sample.value});
      return;
    }
    const auto tick = static_cast<std::uint64_t>(since_first / plan_.cadence_ms);
    const auto at = static_cast<std::size_t>(Offset(series, tick));
    const bool right = sample.value == expected_[at];
    if (seen_[at] != 0) {
      Note(report, report.doubled,
           {.cause = right ? "doubled: same value" : "doubled: another value",
            .labels = labels_[series],
            .time_ms = sample.time_ms,
            .got = sample.value,
            .want = expected_[at]});
      return;
    }
    seen_[at] = 1;
    if (!right) {
      Note(report, report.altered,
           {.cause = "altered: value",
            .labels = labels_[series],
            .time_ms = sample.time_ms,
            .got = sample.value,
            .want = expected_[at]});
    } else if (acknowledged_.Contains(first_tick_ + tick)) {
      ++report.present;
    } else {
      ++report.unacknowledged_present;
    }
  }

  void CountMissing(VerifyReport& report) {
    for (std::uint64_t t = 0; t < tick_count_; ++t) {
      if (!acknowledged_.Contains(first_tick_ + t)) continue;
      report.acknowledged += labels_.size();
      for (std::size_t s = 0; s < simulated_.size(); ++s) {
        const auto scrape = seen_.begin() + Offset(s * kSeriesPerServer, t);
        const bool whole = std::find(scrape, scrape + kSeriesPerServer, 1) == scrape + kSeriesPerServer;
        for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
          if (scrape[static_cast<std::ptrdiff_t>(i)] != 0) continue;
          const std::size_t series = s * kSeriesPerServer + i;
          Note(report, report.missing,
               {.cause = whole ? "missing: whole scrape" : "missing: single samples",
                .labels = labels_[series],
                .time_ms = plan_.SampleTime(group_, first_tick_ + t),
                .want = expected_[static_cast<std::size_t>(Offset(series, t))]});
        }
      }
    }
  }

  // What was there and what should have been; the one that does not apply is not set.
  struct Difference {
    const char* cause;
    const Labels& labels;
    TimeMs time_ms;
    std::optional<double> got = {};
    std::optional<double> want = {};
  };
  static void Note(VerifyReport& report, std::uint64_t& count, const Difference& difference) {
    ++count;
    ++report.causes[difference.cause];
    if (report.examples.size() >= kExamplesMax) return;
    std::string text = fmt::format("{}: {} at {}:", difference.cause, difference.labels.ToString(),
                                   FormatUtcTime(difference.time_ms));
    if (difference.got) text += fmt::format(" got={}", *difference.got);
    if (difference.want) text += fmt::format(" want={}", *difference.want);
    report.examples.push_back(std::move(text));
  }

  const RunPlan plan_;
  const std::uint32_t group_;
  const std::uint64_t window_ticks_max_;
  TickSet acknowledged_;
  std::vector<std::string> names_;
  std::vector<GameServer> simulated_;
  std::vector<Labels> labels_;
  std::unordered_map<Labels, std::size_t> series_;
  std::uint64_t first_tick_ = 0;
  std::uint64_t tick_count_ = 0;
  std::vector<double> expected_;
  std::vector<char> seen_;
};

void AddTo(VerifyReport& total, const VerifyReport& window) {
  total.acknowledged += window.acknowledged;
  total.present += window.present;
  total.missing += window.missing;
  total.doubled += window.doubled;
  total.altered += window.altered;
  total.unacknowledged_present += window.unacknowledged_present;
  for (const auto& [cause, count] : window.causes)
    total.causes[cause] += count;
  for (const std::string& example : window.examples) {
    if (total.examples.size() < kExamplesMax) total.examples.push_back(example);
  }
}

class LedgerCheck {
 public:
  LedgerCheck(SampleSource& source, const VerifyOptions& options, const Clock& clock, StopFlag& stop)
      : source_(source),
        options_(options),
        clock_(clock),
        stop_(stop),
        settled_(clock.Monotonic() + options.settle) {}

  Result<VerifyReport> CheckWindow(GroupCheck& group) {
    while (true) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto fetched, ReadWithRetries(group));
      VerifyReport report = group.Compare(fetched);
      if (report.missing == 0 || clock_.Monotonic() >= settled_) return report;
      if (!Pause()) return Stopped();
    }
  }

 private:
  Result<std::vector<FetchedSeries>> ReadWithRetries(const GroupCheck& group) {
    for (int retry = 0;; ++retry) {
      auto fetched = source_.Read(group.names(), group.after_ms(), group.until_ms());
      if (fetched || retry >= options_.read_retries) return fetched;
      if (!Pause()) return Stopped();
    }
  }
  bool Pause() { return stop_.WaitUntil(clock_, clock_.Monotonic() + kReadAgainAfter); }
  static std::unexpected<Error> Stopped() { return Fail(ErrorCode::kCancelled, "verification was stopped"); }

  SampleSource& source_;
  const VerifyOptions& options_;
  const Clock& clock_;
  StopFlag& stop_;
  const std::chrono::nanoseconds settled_;
};

}  // namespace

Result<VerifyReport> VerifyLedger(const Ledger& ledger, SampleSource& source, const VerifyOptions& options,
                                  const Clock& clock, StopFlag& stop,
                                  const std::function<void(const VerifyReport&)>& on_progress) {
  VerifyReport total;
  LedgerCheck check(source, options, clock, stop);
  for (const LedgerRun& run : ledger.runs) {
    // A request's worth past the end: what was in flight when the run stopped is there, or not.
    const std::uint64_t tick_end = run.TickEnd() == 0 ? 0 : run.TickEnd() + run.plan.points_per_request;
    for (std::uint32_t group = 0; group < run.plan.group_count(); ++group) {
      const std::uint64_t scrape_samples = run.plan.ServerCount(group) * kSeriesPerServer;
      GroupCheck group_check(run, group,
                             std::max<std::uint64_t>(1, options.samples_per_read / scrape_samples));
      while (group_check.NextWindow(tick_end)) {
        if (stop.IsSet()) return Fail(ErrorCode::kCancelled, "verification was stopped");
        TICKSCOPE_ASSIGN_OR_RETURN(const VerifyReport window, check.CheckWindow(group_check));
        AddTo(total, window);
        on_progress(total);
      }
    }
  }
  return total;
}

}  // namespace tickscope::fleet
