// LiveHub against a made-up store and clients that know only the text they were sent: what a client holds is what a range
// query answers, whatever comes late, whoever comes, goes, comes back or does not read; one evaluation a step for all;
// bounds hold. On simulated threads and time, so that each run is the same.
#include "live/live_hub.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <random>

#include "base/simulated_threads.h"

namespace tickscope::live {
namespace {

using http::StreamBody;
using promql::Matrix;
using promql::MatrixSeries;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeMs kStart = 1'700'000'000'000;
using Values = std::map<std::string, std::map<TimeMs, double>>;  // By the label "name", then time.

// Reads what a connection was sent, as a browser's EventSource and the page behind it would.
class Follower {
 public:
  explicit Follower(std::shared_ptr<StreamBody> body) : body_(std::move(body)) {}

  // Takes all that waits, in pieces as a socket would.
  void Read() {
    for (;;) {
      const StreamBody::Taken taken = body_->Take(1000);
      for (const StreamBody::Piece& piece : taken.pieces)
        text_ += *piece;
      ended_ = ended_ || taken.at_end;
      if (taken.pieces.empty()) break;
    }
    for (std::size_t end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n")) {
      Event(text_.substr(0, end));
      text_.erase(0, end + 2);
    }
  }
  // The browser goes on where another left off.
  void ContinueFrom(const Follower& before) {
    last_id_ = before.last_id_;
    queries_ = before.queries_;
  }
  void Leave() { body_->Close(); }

  Values Held(const std::string& query, TimeMs from_ms) const {
    Values held;
    const auto found = queries_.find(query);
    if (found == queries_.end()) return held;
    for (const auto& [number, series] : found->second) {
      std::map<TimeMs, double> points(series.points.lower_bound(from_ms), series.points.end());
      if (!points.empty()) held[series.name] = std::move(points);
    }
    return held;
  }

  std::map<std::string, int> events;
  std::vector<std::string> failures;
  std::map<std::string, TimeMs> to_ms;
  std::map<std::string, int> vanished;
  const std::string& last_id() const { return last_id_; }
  bool ended() const { return ended_; }
  StreamBody& body() { return *body_; }

 private:
  struct Series {
    std::string name;
    std::map<TimeMs, double> points;
  };

  static TimeMs Ms(const simdjson::dom::element& seconds) {
    return static_cast<TimeMs>(seconds.get_double().value() * 1000 + 0.5);
  }

  void Event(const std::string& text) {
    std::string event;
    std::string data;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::string line = text.substr(at, text.find('\n', at) - at);
      at += line.size() + 1;
      if (line.starts_with("id: ")) last_id_ = line.substr(4);
      if (line.starts_with("event: ")) event = line.substr(7);
      if (line.starts_with("data: ")) data = line.substr(6);
    }
    ++events[event];
    if (event.empty() || event == "bye") return;
    simdjson::dom::parser parser;
    const simdjson::dom::element object = parser.parse(data);
    const std::string query(object["query"].get_string().value());
    if (event == "failure") {
      failures.emplace_back(object["error"].get_string().value());
      return;
    }
    auto& held = queries_[query];
    if (event == "snapshot") held.clear();
    to_ms[query] = Ms(object["to"]);
    for (const simdjson::dom::element& one : object["series"].get_array()) {
      const std::uint64_t number = one["n"].get_uint64();
      if (simdjson::dom::element metric; one["metric"].get(metric) == simdjson::SUCCESS) {
        EXPECT_FALSE(held.contains(number)) << "told twice: " << data;
        held[number].name = metric["name"].get_string().value();
      }
      ASSERT_TRUE(held.contains(number)) << "never told of: " << data;
      if (simdjson::dom::array values; one["values"].get(values) == simdjson::SUCCESS) {
        for (const simdjson::dom::element& sample : values)
          held[number].points[Ms(sample.at(0))] = std::stod(std::string(sample.at(1).get_string().value()));
      }
      if (simdjson::dom::array gone; one["gone"].get(gone) == simdjson::SUCCESS) {
        for (const simdjson::dom::element& time : gone)
          held[number].points.erase(Ms(time));
      }
    }
    if (simdjson::dom::array numbers; object["forgotten"].get(numbers) == simdjson::SUCCESS) {
      for (const simdjson::dom::element& number : numbers)
        held.erase(number.get_uint64());
    }
    if (simdjson::dom::array numbers; object["vanished"].get(numbers) == simdjson::SUCCESS)
      vanished[query] += static_cast<int>(numbers.size());
  }

  std::shared_ptr<StreamBody> body_;
  std::string text_;
  std::string last_id_;
  std::map<std::string, std::map<std::uint64_t, Series>> queries_;
  bool ended_ = false;
};

class LiveHubTest : public ::testing::Test {
 protected:
  ~LiveHubTest() override {
    threads_.Drop();
    hub_.reset();
  }

  void MakeHub(LiveOptions options = {}) {
    hub_ = std::make_unique<LiveHub>(
        options,
        LiveHub::Dependencies{.evaluate = [this](const RangeQuery& query,
                                                 QueryContext& context) { return Evaluate(query, context); },
                              .clock = clock_,
                              .random = random_,
                              .metrics = metrics_,
                              .threads = threads_});
  }

  // The truth of a query's text at each of its steps.
  Result<promql::QueryResult> Evaluate(const RangeQuery& query, QueryContext& context) {
    evaluated_.push_back({query.text, query.start_ms, query.end_ms});
    if (during_evaluation_) during_evaluation_();
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    if (failure_) return std::unexpected(*failure_);
    Matrix matrix;
    for (const auto& [name, points] : truth_[query.text]) {
      MatrixSeries series{.labels = Labels{{"name", name}}, .points = {}};
      for (TimeMs at = query.start_ms; at <= query.end_ms; at += query.step_ms) {
        if (const auto found = points.find(at); found != points.end())
          series.points.push_back({.time_ms = at, .value = found->second, .histogram = nullptr});
      }
      if (!series.points.empty()) matrix.push_back(std::move(series));
    }
    return promql::QueryResult{.value = std::move(matrix), .warnings = {}, .infos = {}, .stats = {}};
  }

  Values Want(const std::string& text, TimeMs from_ms, TimeMs to_ms) {
    Values want;
    for (const auto& [name, points] : truth_[text]) {
      std::map<TimeMs, double> within(points.lower_bound(from_ms), points.upper_bound(to_ms));
      if (!within.empty()) want[name] = std::move(within);
    }
    return want;
  }

  Follower Follow(std::vector<LiveQuery> queries, const std::string& last_id = "") {
    return Follower(hub_->Subscribe("default", std::move(queries), last_id).value());
  }

  void Settle() {
    while (threads_.RunOne()) {
    }
  }
  void Pass(std::int64_t ms) {
    for (; ms > 0; ms -= 100) {
      clock_.Advance(std::chrono::milliseconds(std::min<std::int64_t>(ms, 100)));
      Settle();
    }
  }
  std::uint64_t Count(const char* name, MetricLabels labels = {}) {
    return metrics_.AddCounter(name, "", std::move(labels))->value();
  }
  double Now(const char* name) { return metrics_.AddGauge(name, "", {})->value(); }

  struct Evaluated {
    std::string text;
    TimeMs start_ms;
    TimeMs end_ms;
  };
  ManualClock clock_{kStart + 500};
  SeededRandom random_{7};
  SimulatedThreads threads_{clock_, random_};
  MetricRegistry metrics_;
  std::map<std::string, Values> truth_;
  std::vector<Evaluated> evaluated_;
  std::optional<Error> failure_;
  std::function<void()> during_evaluation_;
  std::unique_ptr<LiveHub> hub_;
};

LiveQuery Query(const char* text, std::int64_t range_ms = 100'000, std::int64_t step_ms = 10'000) {
  return {.id = text, .text = text, .range_ms = range_ms, .step_ms = step_ms};
}

TEST_F(LiveHubTest, SendsTheWindowOnceAndThenOnlyWhatIsNew) {
  for (TimeMs at = kStart - 200'000; at <= kStart + 60'000; at += 10'000)
    truth_["q"]["a"][at] = static_cast<double>(at - kStart);
  MakeHub();
  Follower follower = Follow({Query("q")});
  Pass(1000);
  follower.Read();
  EXPECT_EQ(follower.events["snapshot"], 1);
  EXPECT_EQ(follower.to_ms["q"], kStart);
  EXPECT_EQ(follower.Held("q", 0), Want("q", kStart - 100'000, kStart));
  ASSERT_EQ(evaluated_.size(), 1U);
  EXPECT_EQ(evaluated_[0].start_ms, kStart - 100'000);

  Pass(10'000);
  follower.Read();
  EXPECT_EQ(follower.events["snapshot"], 1);
  EXPECT_EQ(follower.events["points"], 1);
  ASSERT_EQ(evaluated_.size(), 2U);
  EXPECT_EQ(evaluated_[1].start_ms, kStart - 50'000) << "the look-back again";
  EXPECT_EQ(evaluated_[1].end_ms, kStart + 10'000);
  EXPECT_EQ(follower.Held("q", kStart - 90'000), Want("q", kStart - 90'000, kStart + 10'000));
}

TEST_F(LiveHubTest, WaitsForTheDelayBeforeAStepIsEvaluated) {
  clock_.JumpTo(kStart + 3000);
  MakeHub({.delay_ms = 3000});
  Follower follower = Follow({Query("q")});
  Pass(9'900);
  follower.Read();
  EXPECT_EQ(follower.to_ms["q"], kStart);
  Pass(200);
  follower.Read();
  EXPECT_EQ(follower.to_ms["q"], kStart + 10'000);
}

TEST_F(LiveHubTest, EvaluatesOnceAStepForAllWhoAskTheSame) {
  MakeHub();
  std::vector<Follower> followers;
  for (int i = 0; i < 200; ++i)
    followers.push_back(Follow({Query("q")}));
  Pass(1000);
  EXPECT_EQ(evaluated_.size(), 1U);
  EXPECT_EQ(Count("tickscope_live_snapshots_made_total"), 1U);
  Pass(30'000);
  EXPECT_EQ(evaluated_.size(), 4U);
  EXPECT_EQ(Count("tickscope_live_events_total", {{"event", "points"}}), 600U);
  for (Follower& follower : followers) {
    follower.Read();
    ASSERT_EQ(follower.events["points"], 3);
  }
  EXPECT_EQ(Now("tickscope_live_topics"), 1);
  EXPECT_EQ(Now("tickscope_live_connections"), 200);
}

TEST_F(LiveHubTest, WindowsAreFilledInTheOrderTheyWereAskedFor) {
  MakeHub();
  const Follower first = Follow({Query("z"), Query("m")});
  const Follower second = Follow({Query("a"), Query("z")});
  Pass(1000);
  std::vector<std::string> texts;
  for (const Evaluated& one : evaluated_)
    texts.push_back(one.text);
  EXPECT_THAT(texts, ElementsAre("z", "m", "a")) << "a page that came first is whole first";
}

TEST_F(LiveHubTest, TenantsAndStepsAreApart) {
  MakeHub();
  Follower one = Follow({Query("q")});
  Follower two = Follow({Query("q", 100'000, 20'000)});
  Follower three(hub_->Subscribe("other", {Query("q")}, "").value());
  Pass(1000);
  EXPECT_EQ(evaluated_.size(), 3U);
  EXPECT_EQ(Now("tickscope_live_topics"), 3);
}

TEST_F(LiveHubTest, ALongerRangeIsFilledUpAndEachGetsItsOwn) {
  for (TimeMs at = kStart - 500'000; at <= kStart + 60'000; at += 10'000)
    truth_["q"][at < kStart - 200'000 ? "old" : "new"][at] = 1;
  MakeHub();
  Follower brief = Follow({Query("q", 50'000)});
  Pass(1000);
  Follower lengthy = Follow({Query("q", 400'000)});
  Pass(1000);
  brief.Read();
  lengthy.Read();
  EXPECT_EQ(brief.Held("q", 0), Want("q", kStart - 50'000, kStart));
  EXPECT_EQ(lengthy.Held("q", 0), Want("q", kStart - 400'000, kStart));
  ASSERT_EQ(evaluated_.size(), 2U);
  EXPECT_EQ(evaluated_[1].end_ms, kStart - 60'000) << "only what was missing";
  // A series that only the longer range knew comes back: the other must have heard of it.
  truth_["q"]["old"][kStart + 10'000] = 5;
  Pass(10'000);
  brief.Read();
  EXPECT_EQ(brief.Held("q", kStart + 10'000), Want("q", kStart + 10'000, kStart + 10'000));
}

TEST_F(LiveHubTest, ComesBackToWhatItMissed) {
  for (TimeMs at = kStart - 200'000; at <= kStart + 200'000; at += 10'000)
    truth_["q"]["a"][at] = truth_["r"]["b"][at] = 1;
  MakeHub();
  Follower before = Follow({Query("q"), Query("r")});
  Pass(11'000);
  before.Read();
  before.Leave();
  EXPECT_EQ(Now("tickscope_live_connections"), 0);
  const std::size_t evaluated = evaluated_.size();
  Pass(25'000);
  EXPECT_EQ(evaluated_.size(), evaluated) << "nobody asks";
  Follower after = Follow({Query("q"), Query("r")}, before.last_id());
  after.ContinueFrom(before);
  Pass(1000);
  after.Read();
  EXPECT_EQ(after.events["snapshot"], 0);
  EXPECT_EQ(after.events["points"], 2) << "the steps in between, at once for each query";
  EXPECT_EQ(after.Held("q", kStart - 70'000), Want("q", kStart - 70'000, kStart + 30'000));
  EXPECT_EQ(after.Held("r", kStart - 70'000), Want("r", kStart - 70'000, kStart + 30'000));
  EXPECT_EQ(Count("tickscope_live_resumes_total"), 2U);
}

TEST_F(LiveHubTest, WhatIsTooOldOrNotOursGetsASnapshot) {
  struct Case {
    const char* name;
    std::function<std::string(const std::string&)> make;
  };
  const Case cases[] = {
      {"nonsense", [](const std::string&) { return std::string("12"); }},
      {"another process'", [](const std::string& id) { return std::string("f").append(id); }},
      {"from the future", [](const std::string& id) { return id.substr(0, id.find('.')) + ".ffff"; }},
      {"another topic", [](const std::string& id) { return id.substr(0, id.find('-')) + "-77.1"; }},
      {"empty parts", [](const std::string& id) { return id.substr(0, id.find('-')) + "--.-."; }},
      {"no hex", [](const std::string& id) { return id.substr(0, id.find('-')) + "-1.zz"; }},
  };
  MakeHub();
  Follower stays = Follow({Query("q")});
  Pass(1000);
  stays.Read();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Follower follower = Follow({Query("q")}, c.make(stays.last_id()));
    Pass(500);
    follower.Read();
    EXPECT_EQ(follower.events["snapshot"], 1);
    follower.Leave();
  }
}

TEST_F(LiveHubTest, WhatHistoryDoesNotHoldIsASnapshot) {
  for (TimeMs at = kStart - 200'000; at <= kStart + 200'000; at += 10'000)
    truth_["q"]["a"][at] = 1;
  MakeHub({.history_bytes_max = 100});
  Follower stays = Follow({Query("q")});
  Follower before = Follow({Query("q")});
  Pass(1000);
  before.Read();
  before.Leave();
  Pass(50'000);
  Follower after = Follow({Query("q")}, before.last_id());
  Pass(100);
  after.Read();
  EXPECT_EQ(after.events["snapshot"], 1);
  EXPECT_EQ(Count("tickscope_live_snapshots_total", {{"reason", "too_old"}}), 1U);
}

TEST_F(LiveHubTest, WhoDoesNotReadIsBoundedThenGetsASnapshotOrIsEnded) {
  for (int series = 0; series < 50; ++series) {
    for (TimeMs at = kStart - 200'000; at <= kStart + 400'000; at += 10'000)
      truth_["q"][fmt::format("series-{}", series)][at] = 1;
  }
  MakeHub({.buffer_bytes_max = 15'000, .behind_max_ms = 120'000});
  Follower deaf = Follow({Query("q")});
  Follower slow = Follow({Query("q")});
  Follower reads = Follow({Query("q")});
  Pass(1000);
  deaf.Read();
  slow.Read();
  for (int step = 0; step < 10; ++step) {
    Pass(10'000);
    reads.Read();
    EXPECT_LE(slow.body().waiting_bytes(), 15'000U);
  }
  EXPECT_EQ(Now("tickscope_live_behind"), 2);
  EXPECT_EQ(reads.events["points"], 10);
  // It takes what waits, and a moment later has all of it again.
  slow.Read();
  Pass(500);
  slow.Read();
  EXPECT_EQ(slow.events["snapshot"], 2);
  EXPECT_EQ(slow.Held("q", kStart), Want("q", kStart, kStart + 100'000));
  EXPECT_EQ(Count("tickscope_live_snapshots_total", {{"reason", "behind"}}), 1U);
  EXPECT_EQ(Now("tickscope_live_behind"), 1);
  Pass(100'000);
  EXPECT_TRUE(deaf.body().aborted());
  EXPECT_EQ(Count("tickscope_live_ended_total", {{"reason", "slow"}}), 1U);
  deaf.Leave();
  EXPECT_EQ(Count("tickscope_live_ended_total", {{"reason", "left"}}), 0U);
  EXPECT_EQ(Now("tickscope_live_connections"), 2);
  EXPECT_FALSE(reads.body().aborted());
}

TEST_F(LiveHubTest, SnapshotsLargerThanTheBufferComeOneByOne) {
  for (int series = 0; series < 50; ++series) {
    for (TimeMs at = kStart - 200'000; at <= kStart; at += 10'000) {
      for (const char* query : {"a", "b", "c", "d"})
        truth_[query][fmt::format("series-{}", series)][at] = 1;
    }
  }
  MakeHub({.buffer_bytes_max = 1000});
  Follower follower = Follow({Query("a"), Query("b"), Query("c"), Query("d")});
  for (int i = 0; i < 20; ++i) {
    Pass(250);
    follower.Read();
  }
  EXPECT_EQ(follower.events["snapshot"], 4);
  for (const char* query : {"a", "b", "c", "d"})
    EXPECT_EQ(follower.Held(query, 0), Want(query, kStart - 100'000, kStart));
  EXPECT_EQ(Now("tickscope_live_behind"), 0);
}

TEST_F(LiveHubTest, TheLastToLeaveEndsTheEvaluation) {
  MakeHub();
  std::optional<Follower> follower(Follow({Query("q")}));
  during_evaluation_ = [&] {
    if (follower) follower->Leave();
    follower.reset();
  };
  Pass(1000);
  EXPECT_EQ(Count("tickscope_live_evaluations_total", {{"result", "cancelled"}}), 1U);
  during_evaluation_ = nullptr;
  // Who comes then is served.
  Follower next = Follow({Query("q")});
  Pass(1000);
  next.Read();
  EXPECT_EQ(next.events["snapshot"], 1);
  EXPECT_THAT(next.failures, IsEmpty());
}

TEST_F(LiveHubTest, TellsOfAFailureOnceAndGoesOn) {
  MakeHub();
  truth_["q"]["a"][kStart] = 1;
  failure_ = Error{ErrorCode::kFailedPrecondition, "many-to-many"};
  Follower first = Follow({Query("q")});
  Pass(21'000);
  first.Read();
  EXPECT_THAT(first.failures, ::testing::ElementsAre("many-to-many"));
  Follower second = Follow({Query("q")});
  Pass(500);
  second.Read();
  EXPECT_THAT(second.failures, ::testing::ElementsAre("many-to-many")) << "who comes later, too";
  EXPECT_LE(evaluated_.size(), 4U) << "not again and again between steps";
  failure_.reset();
  Pass(10'000);
  first.Read();
  second.Read();
  EXPECT_EQ(first.events["snapshot"], 1);
  EXPECT_EQ(second.events["snapshot"], 1);
}

TEST_F(LiveHubTest, BoundsAreHeld) {
  for (int series = 0; series < 200; ++series)
    truth_["huge"][fmt::format("s{}", series)][kStart] = 1;
  MakeHub({.connections_max = 3, .topics_max = 2, .points_max = 100});
  Follower a = Follow({Query("huge"), Query("q")});
  const auto topics = hub_->Subscribe("default", {Query("third")}, "");
  ASSERT_FALSE(topics.has_value());
  EXPECT_EQ(topics.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(topics.error().message, HasSubstr("topics_max=2"));
  Follower b = Follow({Query("q")});
  Follower c = Follow({Query("q")});
  const auto connections = hub_->Subscribe("default", {Query("q")}, "");
  ASSERT_FALSE(connections.has_value());
  EXPECT_THAT(connections.error().message, HasSubstr("connections_max=3"));
  Pass(1000);
  a.Read();
  ASSERT_EQ(a.failures.size(), 1U);
  EXPECT_THAT(a.failures[0], HasSubstr("holds 200 points, want at most 100"));
  EXPECT_EQ(a.events["snapshot"], 1);
  EXPECT_EQ(Count("tickscope_live_refused_total", {{"reason", "topics"}}), 1U);
  EXPECT_EQ(Count("tickscope_live_refused_total", {{"reason", "connections"}}), 1U);
  // A topic that nobody wants makes room.
  a.Leave();
  EXPECT_TRUE(hub_->Subscribe("default", {Query("third")}, "").has_value());
}

TEST_F(LiveHubTest, TopicsWithoutSubscribersAreLetGo) {
  truth_["q"]["a"][kStart] = 1;
  MakeHub({.linger_ms = 5000});
  Follower follower = Follow({Query("q")});
  Pass(1000);
  EXPECT_EQ(Now("tickscope_live_points"), 1);
  follower.Leave();
  Pass(4000);
  EXPECT_EQ(Now("tickscope_live_topics"), 1);
  Pass(3000);
  EXPECT_EQ(Now("tickscope_live_topics"), 0);
  EXPECT_EQ(Now("tickscope_live_points"), 0);
}

TEST_F(LiveHubTest, HeartbeatsAndTheEndReachEveryClient) {
  MakeHub({.heartbeat_ms = 15'000});
  Follower follower = Follow({Query("q", 3'600'000, 600'000)});
  Pass(46'000);
  follower.Read();
  EXPECT_EQ(follower.events[""], 1 + 3) << "the retry time, and three heartbeats";
  hub_->Stop();
  follower.Read();
  EXPECT_EQ(follower.events["bye"], 1);
  EXPECT_TRUE(follower.ended());
  EXPECT_FALSE(hub_->Subscribe("default", {Query("q")}, "").has_value());
}

TEST_F(LiveHubTest, AStormOfReturnsIsAnsweredFromOneSnapshot) {
  for (TimeMs at = kStart - 200'000; at <= kStart + 60'000; at += 10'000)
    truth_["q"]["a"][at] = 1;
  MakeHub();
  std::vector<Follower> followers;
  for (int i = 0; i < 500; ++i)
    followers.push_back(Follow({Query("q")}, "deadbeef-1.5"));
  Pass(1000);
  for (Follower& follower : followers) {
    follower.Read();
    ASSERT_EQ(follower.events["snapshot"], 1);
  }
  EXPECT_EQ(evaluated_.size(), 1U);
  EXPECT_LE(Count("tickscope_live_snapshots_made_total"), 2U);
}

// Whatever happens, a client holds what a range query would answer.
TEST_F(LiveHubTest, FollowersHoldWhatAFullQueryAnswers) {
  constexpr std::int64_t kStep = 10'000;
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    truth_.clear();
    MakeHub({.threads = static_cast<std::uint64_t>(1 + draw(3)),
             .buffer_bytes_max = static_cast<std::uint64_t>(draw(2) == 0 ? 3000 : 1 << 20),
             .history_bytes_max = static_cast<std::uint64_t>(draw(2) == 0 ? 500 : 1 << 20),
             .look_back_ms = 60'000,
             .linger_ms = 40'000,
             .behind_max_ms = 3'600'000});
    const std::vector<std::int64_t> ranges = {50'000, 100'000, 200'000};
    struct Client {
      Follower follower;
      std::vector<LiveQuery> queries;
      bool reads = true;
    };
    std::vector<Client> clients;
    for (int step = 0; step < 60; ++step) {
      const TimeMs now_ms = AlignDown(clock_.NowMs(), kStep);
      for (int i = 0; i < 8; ++i) {
        auto& points = truth_[draw(2) == 0 ? "q" : "r"][std::string(1, static_cast<char>('a' + draw(5)))];
        // Within the look-back of the next evaluation.
        const TimeMs at_ms = now_ms + kStep - kStep * draw(7);
        if (draw(4) == 0) {
          points.erase(at_ms);
        } else {
          points[at_ms] = draw(3);
        }
      }
      if (draw(3) == 0 && clients.size() < 6) {
        std::vector<LiveQuery> queries = {Query("q", ranges[static_cast<std::size_t>(draw(3))])};
        if (draw(2) == 0) queries.push_back(Query("r", ranges[static_cast<std::size_t>(draw(3))]));
        clients.push_back({Follow(queries), queries});
      }
      if (!clients.empty() && draw(4) == 0) {
        Client& client = clients[static_cast<std::size_t>(draw(static_cast<int>(clients.size())))];
        client.reads = !client.reads;
      }
      if (!clients.empty() && draw(4) == 0) {
        const auto index = static_cast<std::size_t>(draw(static_cast<int>(clients.size())));
        Client& client = clients[index];
        client.follower.Leave();
        if (draw(3) == 0) {
          clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(index));
        } else {
          if (draw(2) == 0) Pass(kStep * draw(8));
          Follower next = Follow(client.queries, client.follower.last_id());
          next.ContinueFrom(client.follower);
          client.follower = std::move(next);
        }
      }
      Pass(kStep * (1 + (draw(6) == 0 ? draw(4) : 0)));
      for (Client& client : clients) {
        if (client.reads) client.follower.Read();
      }
    }
    // Once all have read and nothing changes any more, at a step that was evaluated.
    for (Client& client : clients)
      client.follower.Read();
    for (int i = 0; i < 8; ++i) {
      Pass(5000);
      for (Client& client : clients)
        client.follower.Read();
    }
    const TimeMs to_ms = AlignDown(clock_.NowMs() - 500, kStep);
    for (Client& client : clients) {
      for (const LiveQuery& query : client.queries) {
        ASSERT_EQ(client.follower.to_ms[query.id], to_ms);
        ASSERT_EQ(client.follower.Held(query.id, to_ms - query.range_ms),
                  Want(query.text, to_ms - query.range_ms, to_ms));
      }
    }
    for (Client& client : clients)
      client.follower.Leave();
    threads_.Drop();
    hub_.reset();
  }
}

}  // namespace
}  // namespace tickscope::live
