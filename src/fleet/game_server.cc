#include "fleet/game_server.h"

#include <algorithm>

#include "base/random.h"
#include "fleet/server_identity.h"

namespace tickscope::fleet {
namespace {

constexpr double kPlayersMax = 200;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kQuietestHour = 8;  ///< Local; the busiest is twelve hours later.
constexpr double kQuietDemand = 0.3;       ///< Of the evening's.
constexpr double kDeclaredParts = 1e6;  ///< Of a unit: what clocks of game servers tell apart, a microsecond.
constexpr double kObservedParts = 1U << 20U;
constexpr double kCpuParts = 100;
constexpr double kObservedCpuParts = 128;  ///< So that sums of them are exact.
constexpr std::size_t kLoadLevels = 17;    ///< Load is rounded to sixteenths to look bucket shares up.

using BucketShares = std::array<double, kBucketsPerHistogram>;
using HistogramShares = std::array<BucketShares, kLoadLevels>;

// Share of observations in each bucket: differences of the log-logistic distribution function
// F(x) = x^4 / (x^4 + median^4).
BucketShares SharesAt(const HistogramModel& model, double load) {
  const double median = model.median * (1 + model.load_effect * load);
  BucketShares shares{};
  double below = 0;
  for (std::size_t i = 0; i < kBucketsPerHistogram; ++i) {
    const double x = model.upper_bounds[i] / median;
    const double x4 = x * x * x * x;
    const double up_to = i + 1 == kBucketsPerHistogram ? 1 : x4 / (x4 + 1);
    shares[i] = up_to - below;
    below = up_to;
  }
  return shares;
}

std::array<HistogramShares, kHistogramsPerServer> MakeShares() {
  std::array<HistogramShares, kHistogramsPerServer> shares{};
  for (std::size_t h = 0; h < kHistogramsPerServer; ++h) {
    for (std::size_t level = 0; level < kLoadLevels; ++level) {
      shares[h][level] =
          SharesAt(TheGameCatalog().histograms[h], static_cast<double>(level) / (kLoadLevels - 1));
    }
  }
  return shares;
}

const HistogramShares& SharesOf(std::size_t histogram) {
  static const auto shares = MakeShares();
  return shares[histogram];
}

double RoundTo(double x, double parts) {
  return RoundWhole(x * parts) / parts;
}

}  // namespace

GameServer::GameServer(std::uint64_t seed, std::uint32_t server_index, std::int64_t cadence_ms,
                       TimeMs start_ms, Resolution resolution)
    : draws_(MixBits(seed) ^ MixBits(server_index)),
      resolution_(resolution),
      cadence_ms_(cadence_ms),
      region_offset_ms_(RegionOffsetMs(MakeServerIdentity(server_index).region)),
      next_ms_(start_ms),
      now_ms_(start_ms) {
  const double uptime_s = RoundWhole(draws_.Between(60, 4 * 3600));
  process_start_ms_ = start_ms - static_cast<TimeMs>(uptime_s) * 1000;
  matches_to_restart_ = 1 + static_cast<int>(draws_.Between(0, 12));
  capacity_ = RoundWhole(kPlayersMax * DemandAt(start_ms) * draws_.Between(0.8, 1));
  match_elapsed_s_ = RoundWhole(draws_.Between(0, 1200));
  phase_left_s_ = 1200 - match_elapsed_s_;
  players_ = RoundWhole(capacity_ * draws_.Between(0.7, 1));
  load_ = players_ / kPlayersMax;
  joined_ = left_ = players_ * uptime_s / 1200;
  MoveScalars(uptime_s);
  MoveHistograms(uptime_s);
}

void GameServer::Advance() {
  now_ms_ = next_ms_;
  next_ms_ += cadence_ms_;
  const double seconds = static_cast<double>(cadence_ms_) / 1000;
  MoveMatch(seconds);
  MoveScalars(seconds);
  MoveHistograms(seconds);
}

double GameServer::DemandAt(TimeMs time_ms) const {
  const std::int64_t since_quietest =
      ((time_ms + region_offset_ms_ - kQuietestHour * kHourMs) % kDayMs + kDayMs) % kDayMs;
  const double half_days = static_cast<double>(since_quietest) / (static_cast<double>(kDayMs) / 2);
  const double x = half_days < 1 ? half_days : 2 - half_days;
  return kQuietDemand + (1 - kQuietDemand) * x * x * (3 - 2 * x);
}

void GameServer::MoveMatch(double seconds) {
  matches_started_ = 0;
  matches_ended_ = 0;
  phase_left_s_ -= seconds;
  if (phase_left_s_ <= 0) EnterNextPhase();
  if (phase_ != Phase::kIdle) match_elapsed_s_ += seconds;

  joined_ = 0;
  left_ = 0;
  switch (phase_) {
    case Phase::kIdle:
      left_ = players_;
      break;
    case Phase::kLobby:
      joined_ = draws_.Poisson((capacity_ - players_) * std::min(1.0, seconds / 25));
      break;
    case Phase::kPlaying:
      joined_ = draws_.Poisson((capacity_ - players_) * std::min(1.0, seconds / 60));
      left_ = draws_.Poisson(players_ * seconds * 0.0006);
      break;
    case Phase::kEnding:
      left_ = draws_.Poisson(players_ * std::min(1.0, seconds / 12));
      break;
  }
  joined_ = std::min(joined_, kPlayersMax - players_);
  left_ = std::min(left_, players_ + joined_);
  players_ += joined_ - left_;
  load_ = players_ / kPlayersMax;
}

void GameServer::EnterNextPhase() {
  switch (phase_) {
    case Phase::kIdle:
      phase_ = Phase::kLobby;
      phase_left_s_ = 90;
      match_elapsed_s_ = 0;
      capacity_ = RoundWhole(kPlayersMax * DemandAt(now_ms_) * draws_.Between(0.8, 1));
      matches_started_ = 1;
      break;
    case Phase::kLobby:
      phase_ = Phase::kPlaying;
      phase_left_s_ = RoundWhole(draws_.Between(600, 1500));
      break;
    case Phase::kPlaying:
      phase_ = Phase::kEnding;
      phase_left_s_ = 30;
      break;
    case Phase::kEnding:
      phase_ = Phase::kIdle;
      phase_left_s_ = RoundWhole(draws_.Between(5, 40));
      match_elapsed_s_ = 0;
      matches_ended_ = 1;
      if (--matches_to_restart_ <= 0) Restart();
      break;
  }
}

void GameServer::Restart() {
  const auto& series = TheGameCatalog().series;
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    if (IsMonotonic(series[i].dynamics)) values_[i] = 0;
  }
  // Between the scrape before and this one: a restart takes less than a cadence.
  process_start_ms_ = now_ms_ - cadence_ms_ / 2;
  matches_to_restart_ = 8 + static_cast<int>(draws_.Between(0, 8));
  matches_ended_ = 0;
}

double GameServer::Told(double value) const {
  return resolution_ == Resolution::kDeclared ? RoundTo(value, kDeclaredParts) : value;
}

double GameServer::StartTimeOf(std::span<const double, kSeriesPerServer> values) {
  static const auto at = static_cast<std::size_t>(
      std::ranges::find(TheGameCatalog().series, Dynamics::kStartTime, &CatalogSeries::dynamics) -
      TheGameCatalog().series.begin());
  return values[at];
}

double GameServer::ObservedIn(const HistogramModel& model, std::size_t bucket) {
  const double below = bucket == 0 ? 0 : model.upper_bounds[bucket - 1];
  return RoundTo((below + model.upper_bounds[bucket]) / 2, kObservedParts);
}

double GameServer::MeanCount(Dynamics dynamics, double amount, double seconds) const {
  switch (dynamics) {
    case Dynamics::kPlayerCounter:
      return amount * players_ * seconds;
    case Dynamics::kJoinCounter:
      return amount * joined_;
    case Dynamics::kLeaveCounter:
      return amount * left_;
    case Dynamics::kOverloadCounter:
      return amount * seconds * load_ * load_ * load_ * load_;
    default:
      return amount * seconds;
  }
}

void GameServer::MoveScalars(double seconds) {
  const auto& catalog = TheGameCatalog().series;
  for (std::size_t i = 0; i < kScalarSeriesPerServer; ++i) {
    const double amount = catalog[i].amount;
    double& value = values_[i];
    switch (catalog[i].dynamics) {
      case Dynamics::kConstant:
        value = amount;
        break;
      case Dynamics::kStartTime:
        value = static_cast<double>(process_start_ms_) / 1000;
        break;
      case Dynamics::kPlayers:
        value = RoundWhole(players_ * amount);
        break;
      case Dynamics::kMatchInBucket: {
        const double bucket = static_cast<double>(static_cast<int>((players_ - 1) / 50));
        value = phase_ != Phase::kIdle && bucket == amount ? 1 : 0;
        break;
      }
      case Dynamics::kMatchElapsed:
        value = match_elapsed_s_;
        break;
      case Dynamics::kMatchPhase:
        value = static_cast<double>(phase_);
        break;
      case Dynamics::kSmoothed: {
        const double measured = amount * (1 + 0.4 * load_ + 0.15 * draws_.Normal());
        value = Told(value == 0 ? measured : value + 0.2 * (measured - value));
        break;
      }
      case Dynamics::kRatio:
        value = RoundTo(std::max(0.0, amount * (0.7 + 0.6 * load_ + 0.3 * draws_.Normal())), 10'000);
        break;
      case Dynamics::kPercent:
        value = RoundTo(amount * (0.08 + 0.92 * load_) * (1 + 0.03 * draws_.Normal()), 100);
        break;
      case Dynamics::kLevel: {
        const double goal = amount * (0.25 + 0.75 * load_);
        value = RoundWhole(std::max(0.0, value + 0.1 * (goal - value) + 0.01 * amount * draws_.Normal()));
        break;
      }
      case Dynamics::kSteadyCounter:
        value += RoundWhole(amount * seconds);
        break;
      case Dynamics::kCounter:
      case Dynamics::kPlayerCounter:
      case Dynamics::kJoinCounter:
      case Dynamics::kLeaveCounter:
      case Dynamics::kOverloadCounter:
        value += draws_.Poisson(MeanCount(catalog[i].dynamics, amount, seconds));
        break;
      case Dynamics::kVolumeCounter:
        value += RoundWhole(amount * players_ * seconds * (1 + 0.05 * draws_.Normal()));
        break;
      case Dynamics::kCpuCounter: {
        const double used_s = amount * (0.08 + 0.92 * load_) * seconds * (1 + 0.03 * draws_.Normal());
        value = RoundTo(value + used_s, resolution_ == Resolution::kObserved ? kObservedCpuParts : kCpuParts);
        break;
      }
      case Dynamics::kMatchesStarted:
        value += matches_started_;
        break;
      case Dynamics::kMatchesEnded:
        value += matches_ended_;
        break;
      case Dynamics::kHistogramPart:
        break;
    }
  }
}

void GameServer::MoveHistograms(double seconds) {
  const auto level = static_cast<std::size_t>(RoundWhole(load_ * (kLoadLevels - 1)));
  const auto& histograms = TheGameCatalog().histograms;
  const bool is_observed = resolution_ == Resolution::kObserved;
  for (std::size_t h = 0; h < kHistogramsPerServer; ++h) {
    const HistogramModel& model = histograms[h];
    const double observations = MeanCount(model.dynamics, model.amount, seconds);
    const BucketShares& shares = SharesOf(h)[level];
    double* const parts = &values_[model.first_series];
    double count = 0;
    double sum = 0;
    double below = 0;
    for (std::size_t b = 0; b < kBucketsPerHistogram; ++b) {
      // Counts of a Poisson number of observations, split by chance, are Poisson each.
      const double in_bucket = draws_.Poisson(observations * shares[b]);
      count += in_bucket;
      sum += is_observed ? in_bucket * ObservedIn(model, b) : in_bucket * (below + model.upper_bounds[b]) / 2;
      below = model.upper_bounds[b];
      parts[b] += count;
    }
    // Values within a bucket vary, but for those that were observed one by one.
    const double spread = 0.01 * draws_.Normal();
    parts[kBucketsPerHistogram] =
        Told(parts[kBucketsPerHistogram] + (is_observed ? sum : sum * (1 + spread)));
    parts[kBucketsPerHistogram + 1] += count;
  }
}

}  // namespace tickscope::fleet
