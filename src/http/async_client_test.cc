// AsyncClient against the server on the in-memory network: many requests over few connections, kept ones that the server
// closes, answers that go on, errors and limits.
#include "http/async_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "http/server.h"
#include "http/stream_body.h"
#include "io/memory_network.h"

namespace tickscope::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class AsyncClientTest : public ::testing::Test {
 protected:
  void Start(Handler handler, ServerOptions options = {}) {
    options.address = "server:80";
    server_ = Server::Start(network_, std::move(options), std::move(handler), metrics_).value();
  }
  void MakeClient(std::size_t connections_max, ClientOptions options = {}) {
    client_ = std::make_unique<AsyncClient>(network_, *loop_, ParseUrl("http://server:80/").value(), options,
                                            connections_max);
  }
  void Fetch(std::string target) {
    client_->Fetch({.method = "GET", .target = std::move(target)}, [this](Result<Response> response) {
      answers_.push_back(response ? response->body : std::string(ErrorCodeName(response.error().code)));
    });
  }
  void Await(std::size_t answers) {
    loop_->RunUntil([&] { return answers_.size() >= answers; });
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  io::MemoryNetwork network_{clock_, {}};
  std::unique_ptr<io::EventLoop> loop_ = network_.MakeLoop();
  std::unique_ptr<Server> server_;
  std::unique_ptr<AsyncClient> client_;
  std::vector<std::string> answers_;
};

TEST_F(AsyncClientTest, RequestsWaitForOneOfItsConnections) {
  std::vector<std::pair<std::string, Respond>> pending;
  Start([&](const Request& request, Respond respond) {
    pending.emplace_back(request.target, std::move(respond));
  });
  MakeClient(2);
  for (const char* target : {"/1", "/2", "/3"})
    Fetch(target);
  loop_->RunUntil([&] { return pending.size() == 2; });
  EXPECT_EQ(client_->waiting_count(), 1U);
  EXPECT_EQ(metrics_.AddGauge("tickscope_http_connections", "", {})->value(), 2);
  pending[1].second({.status = 200, .body = "second"});
  loop_->RunUntil([&] { return pending.size() == 3; });
  EXPECT_EQ(pending[2].first, "/3");
  pending[2].second({.status = 503, .body = "third"});
  pending[0].second({.status = 200, .body = "first"});
  Await(3);
  EXPECT_THAT(answers_, ElementsAre("second", "third", "first"));
  EXPECT_EQ(metrics_.AddGauge("tickscope_http_connections", "", {})->value(), 2) << "kept";
}

TEST_F(AsyncClientTest, ReplacesAKeptConnectionThatTheServerClosed) {
  Start([](Request, Respond respond) { respond({.status = 200, .body = "ok"}); },
        {.idle_timeout = seconds(5)});
  MakeClient(1);
  Fetch("/");
  Await(1);
  network_.scheduler().RunFor(seconds(30));
  Fetch("/");
  Await(2);
  EXPECT_THAT(answers_, ElementsAre("ok", "ok"));
}

TEST_F(AsyncClientTest, SaysWhoSends) {
  Start([](const Request& request, Respond respond) {
    respond({.status = 200, .body = std::string(request.headers.Get("Authorization"))});
  });
  MakeClient(1, {.authorization = "Bearer a"});
  Fetch("/");
  Await(1);
  EXPECT_THAT(answers_, ElementsAre("Bearer a"));
}

TEST_F(AsyncClientTest, SaysWhatWentWrong) {
  Start([](Request, Respond respond) { respond({.status = 200, .body = std::string(5000, 'x')}); });
  MakeClient(1, {.response_bytes_max = 1000});
  Fetch("/");
  Await(1);
  server_.reset();
  Fetch("/");
  Await(2);
  std::vector<Respond> pending;
  Start([&](Request, Respond respond) { pending.push_back(std::move(respond)); });
  MakeClient(1, {.request_timeout = seconds(3)});
  Fetch("/");
  Await(3);
  EXPECT_THAT(answers_, ElementsAre("out_of_range", "unavailable", "deadline_exceeded"));
  server_.reset();
}

TEST_F(AsyncClientTest, FollowsAnAnswerThatGoesOn) {
  std::shared_ptr<StreamBody> stream;
  Start([&](Request, Respond respond) {
    stream = std::make_shared<StreamBody>(1000);
    respond({.status = 200, .body = "begin ", .stream = stream});
  });
  MakeClient(1, {.request_timeout = seconds(10)});
  std::string received;
  int status = 0;
  std::optional<Result<Response>> end;
  client_->Follow({.target = "/"},
                  {.on_head = [&](const Response& head) { status = head.status; },
                   .on_content = [&](std::string_view content) { received += content; }},
                  [&](Result<Response> response) { end = std::move(response); });
  loop_->RunUntil([&] { return received == "begin "; });
  EXPECT_EQ(status, 200);
  for (int i = 0; i < 4; ++i) {
    network_.scheduler().RunFor(seconds(6));  // Longer than the timeout in sum, not each.
    ASSERT_EQ(stream->Offer({std::make_shared<const std::string>("x")}), StreamBody::Offered::kTaken);
    loop_->RunUntil([&] { return received.size() == 7U + static_cast<std::size_t>(i); });
  }
  stream->End();
  loop_->RunUntil([&] { return end.has_value(); });
  EXPECT_TRUE(end->has_value());
  EXPECT_EQ(received, "begin xxxx");
  // The connection serves again.
  Fetch("/");
  loop_->RunUntil([&] { return stream != nullptr && !stream->closed(); });
  network_.scheduler().RunFor(seconds(11));
  Await(1);
  EXPECT_THAT(answers_, ElementsAre("deadline_exceeded"));
}

TEST_F(AsyncClientTest, AnAnswerThatIsNoSuccessIsWhole) {
  Start([](Request, Respond respond) { respond({.status = 400, .body = "bad"}); });
  MakeClient(1);
  client_->Follow({.target = "/"},
                  {.on_head = [](const Response&) { ADD_FAILURE(); },
                   .on_content = [](std::string_view) { ADD_FAILURE(); }},
                  [&](Result<Response> response) { answers_.push_back(response->body); });
  Await(1);
  EXPECT_THAT(answers_, ElementsAre("bad"));
}

TEST_F(AsyncClientTest, EndsWithRequestsInProgress) {
  std::vector<Respond> pending;
  Start([&](Request, Respond respond) { pending.push_back(std::move(respond)); });
  MakeClient(2);
  for (int i = 0; i < 4; ++i)
    Fetch("/");
  loop_->RunUntil([&] { return pending.size() == 2; });
  client_.reset();
  network_.scheduler().RunFor(milliseconds(10));
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace tickscope::http
