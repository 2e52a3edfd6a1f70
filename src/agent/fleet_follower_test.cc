// The fleet's switch as agents see it: a thousand agents and a gateway in one simulated world. Cadence changes within 15 s of the command and
// goes back at its end, also when the gateway is gone; what is forged or old changes nothing.
#include "agent/fleet_follower.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

#include "agent/agent.h"
#include "control/fleet_control.h"
#include "http/server.h"
#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "wire/remote_write_headers.h"

namespace tickscope::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimeMs kNowMs = 1'800'000'000'000;

struct KeyPair {
  std::string private_pem;
  std::string public_pem;
};

KeyPair MakeKeys() {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  const auto to_pem = [](auto write) {
    BIO* const bio = BIO_new(BIO_s_mem());
    write(bio);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string pem(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
  };
  KeyPair pair{.private_pem = to_pem([&](BIO* bio) {
                 PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
               }),
               .public_pem = to_pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key); })};
  EVP_PKEY_free(key);
  return pair;
}

class NoProcesses final : public io::ProcessTable {
 public:
  [[nodiscard]] bool Runs(std::uint64_t, std::uint64_t) const override { return false; }
};

class FleetFollowerTest : public testing::Test {
 protected:
  struct Member {
    MetricRegistry registry;
    std::unique_ptr<AgentMetrics> metrics;
    std::unique_ptr<FleetFollower> follower;
    std::unique_ptr<Agent> agent;
    control::FleetSettings told;
  };

  FleetFollowerTest() : loop_(network_.MakeLoop()) {
    clock_.JumpTo(kNowMs);
    Put("gateway.key", keys_.private_pem);
    Put("fleet.pub", keys_.public_pem);
    OpenGateway();
    target_ = http::Server::Start(
                  network_, {.address = "target:9100"},
                  [](const http::Request&, http::Respond respond) {
                    http::Response response{.body = "kills 1\n"};
                    response.headers.Set("Content-Type", "text/plain; version=0.0.4");
                    respond(std::move(response));
                  },
                  metrics_)
                  .value();
  }
  ~FleetFollowerTest() override {
    members_.clear();
    gateway_.reset();
    target_.reset();
  }

  void Put(const std::string& name, const std::string& bytes) {
    const std::vector<ByteView> pieces = {AsBytes(bytes)};
    ASSERT_TRUE(fs_.OpenAppend(name, io::OpenMode::kTruncate).value()->Append(pieces).has_value());
  }
  void OpenControl(std::uint64_t schema_version = 0, std::uint64_t key_epoch = 0) {
    control_ =
        control::FleetControl::Open(
            fs_, clock_, metrics_,
            {.signing_key_file = "gateway.key", .schema_version = schema_version, .key_epoch = key_epoch},
            "/fleet")
            .value();
  }
  void OpenGateway() {
    OpenControl();
    gateway_ = http::Server::Start(
                   network_, {.address = "gateway:9280"},
                   [this](const http::Request& request, http::Respond respond) { respond(Answer(request)); },
                   metrics_)
                   .value();
  }
  http::Response Answer(const http::Request& request) {
    http::Response response{.status = 204};
    if (request.path() == control::kSettingsPath) {
      ++settings_requests_;
      const auto made = control_->SignedSettings().value();
      response = {.status = 200, .body = forged_settings_.value_or(made.text)};
      response.headers.Set(control::kSignatureHeader, made.signature);
      return response;
    }
    ++pushes_;
    response.headers.Set(wire::kSamplesWrittenHeader, "1");
    response.headers.Set(control::kGenerationHeader,
                         said_generation_.value_or(control_->generation_header()));
    return response;
  }

  void AddAgents(std::size_t count) {
    const Executor executor = [](WorkerPool::Task&& task) {
      task();
      return true;
    };
    for (std::size_t i = 0; i < count; ++i) {
      auto member = std::make_unique<Member>();
      member->metrics = std::make_unique<AgentMetrics>(member->registry);
      AgentContext context{.network = network_,
                           .loop = *loop_,
                           .clock = clock_,
                           .random = random_,
                           .metrics = *member->metrics,
                           .processes = processes_,
                           .fs = &fs_,
                           .registry = &member->registry,
                           .host_name = fmt::format("host-{}", i)};
      member->follower = FleetFollower::Make({.public_key_file = "fleet.pub"}, context, executor).value();
      context.observer = member->follower.get();
      member->agent = std::make_unique<Agent>(context, executor, executor);
      Agent& agent = *member->agent;
      member->follower->SetHooks(
          {.set_cadence = [&agent](std::int64_t cadence_ms) { agent.SetCadence(cadence_ms); },
           .tell = [member = member.get()](const control::FleetSettings& told) { member->told = told; },
           .report = [] { return control::AgentReport{.version = "test"}; }});
      const std::string yaml = fmt::format(
          "scrape_configs:\n  - job_name: game\n    static_configs:\n"
          "      - {{targets: [\"target:9100\"], labels: {{host: h{}}}}}\n"
          "remote_write:\n  - url: http://gateway:9280/api/v1/write\n",
          i);
      ASSERT_TRUE(agent.Apply(ParseAgentConfig(yaml, "agent.yaml").value()).has_value());
      members_.push_back(std::move(member));
    }
  }
  std::size_t CountAt(std::int64_t cadence_ms) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members_, [&](const auto& member) { return member->agent->cadence_ms() == cadence_ms; }));
  }
  std::uint64_t Settings(const char* result) {
    std::uint64_t sum = 0;
    for (const auto& member : members_)
      sum += member->registry.AddCounter("tickscope_agent_fleet_settings_total", "", {{"result", result}})
                 ->value();
    return sum;
  }
  void RunFor(std::chrono::milliseconds time) { network_.scheduler().RunFor(time); }

  const KeyPair keys_ = MakeKeys();
  ManualClock clock_;
  io::MemoryNetwork network_{clock_, {}};
  io::MemoryFileSystem fs_;
  MetricRegistry metrics_;
  SeededRandom random_{9};
  NoProcesses processes_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<control::FleetControl> control_;
  std::unique_ptr<http::Server> gateway_;
  std::unique_ptr<http::Server> target_;
  std::vector<std::unique_ptr<Member>> members_;
  std::optional<std::string> said_generation_;
  std::optional<std::string> forged_settings_;
  std::uint64_t pushes_ = 0;
  std::uint64_t settings_requests_ = 0;
};

TEST_F(FleetFollowerTest, AThousandAgentsFollowWithinFifteenSecondsAndGoBackAtTheEnd) {
  constexpr std::size_t kAgents = 1'000;
  AddAgents(kAgents);
  RunFor(seconds(60));
  ASSERT_EQ(CountAt(10'000), kAgents);
  settings_requests_ = 0;
  ASSERT_TRUE(control_->Begin(5'000, 600'000).has_value());
  RunFor(seconds(15));
  EXPECT_EQ(CountAt(5'000), kAgents);
  EXPECT_EQ(settings_requests_, kAgents) << "each asks once";
  RunFor(seconds(10));
  pushes_ = 0;
  RunFor(seconds(60));
  EXPECT_EQ(pushes_, kAgents * 12);

  // The gateway goes, and is not needed for the end.
  gateway_.reset();
  RunFor(minutes(7));
  EXPECT_EQ(CountAt(5'000), kAgents);
  RunFor(minutes(2));
  EXPECT_EQ(CountAt(10'000), kAgents);
  EXPECT_EQ(Settings("reverted"), kAgents);
}

TEST_F(FleetFollowerTest, AnEndByHandIsHeardAsWell) {
  AddAgents(20);
  ASSERT_TRUE(control_->Begin(5'000, 600'000).has_value());
  RunFor(seconds(15));
  ASSERT_EQ(CountAt(5'000), 20U);
  // It was restarted meanwhile, and knows what it said.
  OpenControl();
  ASSERT_TRUE(control_->End().has_value());
  RunFor(seconds(15));
  EXPECT_EQ(CountAt(10'000), 20U);
  RunFor(minutes(15));
  EXPECT_EQ(Settings("reverted"), 0U);
}

TEST_F(FleetFollowerTest, VersionsOfSchemaAndKeysAreToldToAllBesideTheCadence) {
  AddAgents(20);
  ASSERT_TRUE(control_->Begin(5'000, 3'600'000).has_value());
  RunFor(seconds(15));
  OpenControl(1'000'004, 690);
  RunFor(seconds(15));
  for (const auto& member : members_) {
    EXPECT_EQ(member->told.schema_version, 1'000'004U);
    EXPECT_EQ(member->told.key_epoch, 690U);
  }
  EXPECT_EQ(CountAt(5'000), 20U) << "the incident goes on";
}

TEST_F(FleetFollowerTest, TheEndDoesNotGoByAnybodysWallClock) {
  AddAgents(5);
  ASSERT_TRUE(control_->Begin(5'000, 60'000).has_value());
  RunFor(seconds(15));
  ASSERT_EQ(CountAt(5'000), 5U);
  clock_.JumpTo(kNowMs - 7'200'000);
  RunFor(seconds(50));
  EXPECT_EQ(CountAt(10'000), 5U);
}

TEST_F(FleetFollowerTest, WhatIsForgedOrOldChangesNothing) {
  AddAgents(3);
  RunFor(seconds(30));
  const std::string old = control_->generation_header();
  ASSERT_TRUE(control_->Begin(5'000, 3'600'000).has_value());
  const std::string real = control_->generation_header();

  said_generation_ = "99999999999999" + real.substr(real.find('.'));
  settings_requests_ = 0;
  RunFor(seconds(20));
  EXPECT_EQ(Settings("forged"), 3U) << "said once, looked at once";
  EXPECT_EQ(settings_requests_, 0U);

  // The generation is real, and the settings are not what was signed.
  said_generation_.reset();
  forged_settings_ =
      control::SettingsText({.generation = 99'999'999'999'999, .now_ms = 1, .cadence_ms = 1, .until_ms = 9});
  RunFor(seconds(20));
  EXPECT_EQ(CountAt(10'000), 3U);
  EXPECT_GE(Settings("forged"), 6U);
  forged_settings_.reset();
  RunFor(seconds(20));
  EXPECT_EQ(CountAt(5'000), 3U);

  said_generation_ = old;
  RunFor(seconds(20));
  EXPECT_EQ(CountAt(5'000), 3U);
  EXPECT_EQ(Settings("older"), 3U);
}

TEST_F(FleetFollowerTest, TheAgentsOwnBoundsHold) {
  AddAgents(1);
  // A second is the agent's least by default; the gateway here would let less through.
  control_ = control::FleetControl::Open(
                 fs_, clock_, metrics_,
                 {.signing_key_file = "gateway.key", .cadence_min_ms = 100, .ttl_max_ms = 72LL * 3'600'000},
                 "/fleet")
                 .value();
  ASSERT_TRUE(control_->Begin(100, 72LL * 3'600'000).has_value());
  RunFor(seconds(15));
  EXPECT_EQ(CountAt(1'000), 1U);
  RunFor(minutes(24 * 60));
  EXPECT_EQ(CountAt(10'000), 1U);
}

}  // namespace
}  // namespace tickscope::agent
