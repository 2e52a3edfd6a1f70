#include "fleet/crowd_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "fleet/game_server.h"
#include "fleet/request_encoder.h"
#include "fleet/server_identity.h"
#include "http/async_client.h"
#include "io/event_loop.h"

namespace tickscope::fleet {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A loop and its share of the agents.
class CrowdRun::Lane {
 public:
  Lane(io::Network& network, const Clock& clock, const CrowdOptions& options, RunCounts& counts,
       nanoseconds started)
      : network_(network),
        clock_(clock),
        options_(options),
        counts_(counts),
        started_(started),
        counted_from_(started + options.warm_up),
        loop_(network.MakeLoop()),
        encoder_(options.to.protocol) {}

  ~Lane() {
    thread_.reset();  // From here on nothing runs on the loop.
    agents_.clear();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Add(std::uint32_t server) {
    const RunPlan& plan = options_.plan;
    const ServerIdentity identity = MakeServerIdentity(server);
    agents_.push_back(std::make_unique<Agent>(Agent{
        .number = server,
        .server = GameServer(plan.seed, server, plan.cadence_ms, plan.start_ms, plan.ResolutionOf(server)),
        .pieces = encoder_.Prepare({&identity, 1}),
        .client =
            std::make_unique<http::AsyncClient>(network_, *loop_, options_.to.url, options_.client, 1)}));
  }

  void Start() {
    loop_->Post([this] {
      // A fleet does not come in the second: agents do over half of what is not counted, or one cadence.
      const std::int64_t cadence_ms = options_.plan.cadence_ms;
      const std::int64_t coming_ms = std::max<std::int64_t>(options_.warm_up.count() / 2 - cadence_ms, 0);
      for (const auto& agent : agents_) {
        agent->tick =
            static_cast<std::uint64_t>(agent->number * coming_ms / options_.plan.servers / cadence_ms);
        Schedule(*agent);
      }
    });
    thread_ = network_.RunInBackground(*loop_);
  }

 private:
  struct Agent {
    std::uint32_t number;
    GameServer server;
    GroupPieces pieces;
    std::unique_ptr<http::AsyncClient> client;
    std::uint64_t tick = 0;
    bool is_sending = false;
  };

  [[nodiscard]] nanoseconds DueOf(const Agent& agent) const {
    return started_ +
           milliseconds(options_.plan.SampleTime(agent.number, agent.tick) - options_.plan.start_ms);
  }

  void Schedule(Agent& agent) {
    const auto wait = std::chrono::ceil<milliseconds>(DueOf(agent) - clock_.Monotonic());
    loop_->After(std::max(wait, milliseconds(0)), [this, &agent] {
      Push(agent);
      ++agent.tick;
      Schedule(agent);
    });
  }

  void Push(Agent& agent) {
    agent.server.Advance();
    if (agent.is_sending) {
      if (DueOf(agent) >= counted_from_)
        counts_.NoteError("behind", "a scrape was due before the last was answered");
      return;
    }
    const TimeMs time_ms = options_.plan.SampleTime(agent.number, agent.tick);
    std::string body;
    encoder_.Encode(agent.pieces, {&time_ms, 1}, agent.server.values(), body);
    const std::size_t bytes = body.size();
    agent.is_sending = true;
    agent.client->Fetch(
        options_.to.Push(std::move(body)),
        [this, &agent, bytes, due = DueOf(agent), sent = clock_.Monotonic()](Result<http::Response> answer) {
          agent.is_sending = false;
          OnAnswer(answer, bytes, due, sent);
        });
  }

  void OnAnswer(const Result<http::Response>& answer, std::size_t bytes, nanoseconds due, nanoseconds sent) {
    if (due < counted_from_) return;
    if (!answer)
      return counts_.NoteError(std::string(ErrorCodeName(answer.error().code)), answer.error().message);
    if (answer->status / 100 != 2) {
      counts_.NoteRefused(kSeriesPerServer);
      return counts_.NoteError(fmt::to_string(answer->status),
                               std::string_view(answer->body).substr(0, kAnswerTextBytesMax));
    }
    const nanoseconds now = clock_.Monotonic();
    counts_.NoteAcknowledged(
        {.samples = kSeriesPerServer, .bytes = bytes, .from_sent = now - sent, .from_due = now - due});
  }

  io::Network& network_;
  const Clock& clock_;
  const CrowdOptions options_;
  RunCounts& counts_;
  const nanoseconds started_;
  const nanoseconds counted_from_;
  const std::unique_ptr<io::EventLoop> loop_;
  RequestEncoder encoder_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::unique_ptr<io::LoopThread> thread_;
};

CrowdRun::CrowdRun(io::Network& network, const Clock& clock, CrowdOptions options)
    : clock_(clock), started_(clock.Monotonic()), counted_from_(started_ + options.warm_up) {
  TICKSCOPE_CHECK(options.threads > 0 && options.plan.servers_per_request == 1 &&
                  options.plan.points_per_request == 1);
  for (std::size_t i = 0; i < options.threads; ++i)
    lanes_.push_back(std::make_unique<Lane>(network, clock, options, counts_, started_));
  for (std::uint32_t server = 0; server < options.plan.servers; ++server)
    lanes_[server % lanes_.size()]->Add(server);
  for (const auto& lane : lanes_)
    lane->Start();
}

CrowdRun::~CrowdRun() = default;

RunReport CrowdRun::Report() const {
  RunReport report = counts_.Report();
  report.seconds = std::max(std::chrono::duration<double>(clock_.Monotonic() - counted_from_).count(), 0.0);
  report.paced = true;
  return report;
}

}  // namespace tickscope::fleet
