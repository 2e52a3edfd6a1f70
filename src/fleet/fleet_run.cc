#include "fleet/fleet_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/check.h"
#include "fleet/game_server.h"
#include "fleet/request_encoder.h"

namespace tickscope::fleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kPauseMin{50};
constexpr milliseconds kPauseMax{2'000};

bool AsksForRetry(int status) {
  return status == 429 || status >= 500;
}

// Seconds of a Retry-After header; zero when it is absent or a date.
milliseconds RetryAfter(const http::Response& response) {
  const std::string_view text = response.headers.Get("Retry-After");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return milliseconds(0);
  return std::min<milliseconds>(std::chrono::seconds(seconds), std::chrono::minutes(1));
}

// A 2.0 receiver says how much it wrote; one that does not say took the body for something else.
bool SaysAllWritten(const http::Response& response, std::uint64_t samples) {
  return response.headers.Get(wire::kSamplesWrittenHeader) == fmt::to_string(samples);
}

}  // namespace

struct FleetRun::Group {
  std::uint32_t number = 0;
  std::vector<GameServer> servers;
  GroupPieces pieces;
};

struct FleetRun::Send {
  std::uint32_t group = 0;
  std::uint64_t first_tick = 0;
  std::uint64_t tick_count = 0;
  std::uint64_t samples = 0;
  nanoseconds due{};
  const std::string& body;
};

FleetRun::FleetRun(RunOptions options, MakeClient make_client, const Clock& clock, LedgerWriter* ledger,
                   std::uint64_t seed)
    : options_(std::move(options)),
      make_client_(std::move(make_client)),
      clock_(clock),
      ledger_(ledger),
      seed_(seed),
      started_(clock.Monotonic()),
      lanes_left_(std::min<std::size_t>(options_.connections, options_.plan.group_count())),
      lanes_(lanes_left_, lanes_left_) {
  for (std::size_t lane = lanes_left_; lane-- > 0;) {
    TICKSCOPE_CHECK(lanes_.Submit([this, lane] { RunLane(lane); }));
  }
}

FleetRun::~FleetRun() {
  StopAndWait();
}

void FleetRun::StopAndWait() {
  Stop();
  lanes_.Stop();
}

void FleetRun::RunLane(std::size_t lane) {
  const std::unique_ptr<http::Client> client = make_client_();
  SeededRandom random(MixBits(seed_) ^ lane);
  RunGroups(lane, *client, random);
  --lanes_left_;
}

void FleetRun::RunGroups(std::size_t lane, http::Client& client, Random& random) {
  const RunPlan& plan = options_.plan;
  const std::size_t lanes = std::min<std::size_t>(options_.connections, plan.group_count());
  RequestEncoder encoder(options_.to.protocol);
  std::unique_ptr<SdkLane> sdk;
  if (plan.sdk_servers != 0) {
    TICKSCOPE_CHECK(options_.sdk != nullptr);
    auto opened = SdkLane::Open(*options_.sdk);
    if (!opened) return GiveUp(opened.error().message);
    sdk = std::move(*opened);
  }
  std::vector<Group> groups;
  for (auto number = static_cast<std::uint32_t>(lane); number < plan.group_count();
       number += static_cast<std::uint32_t>(lanes)) {
    Group& group = groups.emplace_back();
    group.number = number;
    std::vector<ServerIdentity> identities;
    for (std::uint32_t s = 0; s < plan.ServerCount(number); ++s) {
      const std::uint32_t server = plan.FirstServer(number) + s;
      identities.push_back(MakeServerIdentity(server));
      group.servers.emplace_back(plan.seed, server, plan.cadence_ms, plan.start_ms,
                                 plan.ResolutionOf(server));
    }
    group.pieces = encoder.Prepare(identities);
  }

  const std::uint64_t tick_end =
      options_.tick_count != 0 ? options_.tick_count : std::numeric_limits<std::uint64_t>::max();
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  std::string body;
  for (std::uint64_t first = 0; first < tick_end; first += plan.points_per_request) {
    const std::uint64_t count = std::min<std::uint64_t>(plan.points_per_request, tick_end - first);
    for (Group& group : groups) {
      times_ms.clear();
      values.clear();
      for (std::uint64_t t = 0; t < count; ++t)
        times_ms.push_back(plan.SampleTime(group.number, first + t));
      if (const Status read = AppendValues(group, count, sdk.get(), values); !read)
        return GiveUp(read.error().message);
      encoder.Encode(group.pieces, times_ms, values, body);
      const Send send{.group = group.number,
                      .first_tick = first,
                      .tick_count = count,
                      .samples = values.size(),
                      .due = DueTime(group.number, first + count - 1),
                      .body = body};
      if (!stop_.WaitUntil(clock_, send.due) || !SendUntilAnswered(send, client, random)) return;
    }
  }
}

Status FleetRun::AppendValues(Group& group, std::uint64_t ticks, SdkLane* lane,
                              std::vector<double>& values) const {
  const std::uint32_t first_server = options_.plan.FirstServer(group.number);
  const std::uint64_t server_values = ticks * kSeriesPerServer;
  values.resize(group.servers.size() * server_values);
  const auto values_of = [&](std::uint32_t server, std::uint64_t tick) {
    return std::span(values)
        .subspan(server * server_values + tick * kSeriesPerServer)
        .first<kSeriesPerServer>();
  };
  const bool runs_sdk = first_server < options_.plan.sdk_servers;
  for (std::uint64_t tick = 0; tick < ticks; ++tick) {
    for (std::uint32_t s = 0; s < group.servers.size(); ++s) {
      group.servers[s].Advance();
      std::ranges::copy(group.servers[s].values(), values_of(s, tick).begin());
      if (first_server + s < options_.plan.sdk_servers)
        lane->Record(first_server + s, group.servers[s].values());
    }
    if (!runs_sdk) continue;
    TICKSCOPE_RETURN_IF_ERROR(lane->Refresh());
    for (std::uint32_t s = 0; s < group.servers.size(); ++s)
      if (first_server + s < options_.plan.sdk_servers) lane->Read(first_server + s, values_of(s, tick));
  }
  return {};
}

nanoseconds FleetRun::DueTime(std::uint32_t group, std::uint64_t last_tick) const {
  if (options_.speed == 0) return nanoseconds(0);
  const TimeMs after_start_ms = options_.plan.SampleTime(group, last_tick) - options_.plan.start_ms;
  return started_ +
         nanoseconds(static_cast<std::int64_t>(static_cast<double>(after_start_ms) * 1e6 / options_.speed));
}

bool FleetRun::SendUntilAnswered(const Send& send, http::Client& client, Random& random) {
  const nanoseconds first_sent = clock_.Monotonic();
  milliseconds backoff = kPauseMin;
  while (!stop_.IsSet()) {
    milliseconds pause = backoff;
    if (SendOnce(send, client, pause) != Attempt::kAgain) return true;
    if (clock_.Monotonic() - first_sent > options_.retry_for) {
      GiveUp(fmt::format("no acknowledgement of group {} tick {} within {} s", send.group, send.first_tick,
                         std::chrono::duration_cast<std::chrono::seconds>(options_.retry_for).count()));
      return false;
    }
    counts_.NoteRetry();
    // Half to all of the pause, so that lanes that failed together do not come back together.
    const auto half = static_cast<std::uint64_t>(nanoseconds(pause).count() / 2);
    const nanoseconds wait(static_cast<std::int64_t>(half + random.Below(half + 1)));
    if (!stop_.WaitUntil(clock_, clock_.Monotonic() + wait)) return false;
    backoff = std::min(backoff * 2, kPauseMax);
  }
  return false;
}

FleetRun::Attempt FleetRun::SendOnce(const Send& send, http::Client& client, milliseconds& pause) {
  http::Request request = options_.to.Push(std::string(send.body));
  const nanoseconds sent = clock_.Monotonic();
  const Result<http::Response> response = client.Fetch(options_.to.url, std::move(request));
  if (!response) {
    counts_.NoteError(std::string(ErrorCodeName(response.error().code)), response.error().message);
    return Attempt::kAgain;
  }
  if (response->status / 100 != 2) {
    counts_.NoteError(fmt::to_string(response->status),
                      std::string_view(response->body).substr(0, kAnswerTextBytesMax));
    if (AsksForRetry(response->status)) {
      pause = std::max(pause, RetryAfter(*response));
      return Attempt::kAgain;
    }
    counts_.NoteRefused(send.samples);
    return Attempt::kRefused;
  }
  if (options_.to.protocol == wire::RemoteWriteProtocol::kV2 && !SaysAllWritten(*response, send.samples)) {
    counts_.NoteError("not all written",
                      fmt::format("{}: \"{}\", want {}", wire::kSamplesWrittenHeader,
                                  response->headers.Get(wire::kSamplesWrittenHeader), send.samples));
    counts_.NoteRefused(send.samples);
    return Attempt::kRefused;
  }
  const nanoseconds now = clock_.Monotonic();
  if (ledger_ != nullptr) ledger_->Acknowledge(send.group, send.first_tick, send.tick_count);
  counts_.NoteAcknowledged({.samples = send.samples,
                            .bytes = send.body.size(),
                            .from_sent = now - sent,
                            .from_due = options_.speed != 0 ? std::optional(now - send.due) : std::nullopt});
  return Attempt::kAcknowledged;
}

void FleetRun::GiveUp(std::string_view message) {
  const std::string last_error = counts_.last_error();
  {
    const MutexLock lock(mu_);
    if (outcome_)
      outcome_ = Fail(ErrorCode::kDeadlineExceeded,
                      last_error.empty() ? std::string(message) : fmt::format("{}: {}", message, last_error));
  }
  stop_.Set();
}

Status FleetRun::Outcome() const {
  const MutexLock lock(mu_);
  return outcome_;
}

RunReport FleetRun::Report() const {
  RunReport report = counts_.Report();
  report.seconds = std::chrono::duration<double>(clock_.Monotonic() - started_).count();
  report.paced = options_.speed != 0;
  return report;
}

}  // namespace tickscope::fleet
