// The client against our server, against servers that speak bytes, and against networks that break. In memory and on
// simulated time.
#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "http/server.h"
#include "io/memory_network.h"

namespace tickscope::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(Url, Parses) {
  struct Case {
    const char* text;
    const char* authority;
    const char* target;
  };
  const Case cases[] = {{"http://localhost:9280/api?x=1", "localhost:9280", "/api?x=1"},
                        {"http://localhost", "localhost:80", "/"},
                        {"HTTP://h/", "h:80", "/"},
                        {"http://[::1]:9280/x", "[::1]:9280", "/x"},
                        {"http://[::1]", "[::1]:80", "/"},
                        {"http://h?q=/:@", "h:80", "/?q=/:@"},
                        {"http://h/a#b", "h:80", "/a"},
                        {"http://h#b", "h:80", "/"},
                        {"https://h/a", "h:443", "/a"},
                        {"HTTPS://h:80", "h:80", "/"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = ParseUrl(c.text);
    ASSERT_TRUE(url.has_value()) << url.error().message;
    EXPECT_EQ(url->authority(), c.authority);
    EXPECT_EQ(url->target, c.target);
    EXPECT_EQ(url->is_secure, c.text[4] == 's' || c.text[4] == 'S');
  }
}

TEST(Url, Refuses) {
  struct Case {
    const char* text;
    ErrorCode code;
  };
  const Case cases[] = {{"", ErrorCode::kInvalidArgument},
                        {"localhost:9280", ErrorCode::kInvalidArgument},
                        {"http://", ErrorCode::kInvalidArgument},
                        {"http://:80", ErrorCode::kInvalidArgument},
                        {"http://h:0", ErrorCode::kInvalidArgument},
                        {"http://h:99999", ErrorCode::kInvalidArgument},
                        {"http://u:p@h", ErrorCode::kInvalidArgument},
                        {"http://h/a b", ErrorCode::kInvalidArgument},
                        {"http://h/\r\nA: b", ErrorCode::kInvalidArgument},
                        {"http://[::1", ErrorCode::kInvalidArgument},
                        {"ftp://h", ErrorCode::kUnsupported}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = ParseUrl(c.text);
    ASSERT_FALSE(url.has_value());
    EXPECT_EQ(url.error().code, c.code);
  }
}

// Answers the n-th connection with the n-th script, whatever is asked, then ends its half.
class ScriptedServer {
 public:
  ScriptedServer(io::MemoryNetwork& network, std::deque<std::string> scripts)
      : loop_(network.MakeLoop()), scripts_(std::move(scripts)) {
    listener_ = network
                    .Listen(*loop_, "server:80",
                            [this](std::unique_ptr<io::Connection> accepted) { Serve(std::move(accepted)); })
                    .value();
  }

 private:
  void Serve(std::unique_ptr<io::Connection> accepted) {
    connections_.push_back(std::move(accepted));
    io::Connection& connection = *connections_.back();
    if (scripts_.empty()) return connection.Close();
    sent_.push_back(std::move(scripts_.front()));
    scripts_.pop_front();
    connection.Read(buffer_, [this, &connection](const Result<std::size_t>&) {
      connection.Write({AsBytes(sent_.back())}, [&connection](const Status&) { connection.ShutdownWrite(); });
    });
  }

  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::Listener> listener_;
  std::deque<std::string> scripts_;
  std::deque<std::string> sent_;
  std::vector<std::unique_ptr<io::Connection>> connections_;
  std::array<std::byte, 4096> buffer_;
};

class ClientTest : public ::testing::Test {
 protected:
  Result<Response> FetchScripted(std::string script, const char* method = "GET", ClientOptions options = {}) {
    const ScriptedServer server(network_, {std::move(script)});
    return Client::Make(network_, options)->Fetch(url_, {.method = method, .target = "/"});
  }

  ManualClock clock_;
  io::MemoryNetwork network_{clock_,
                             {.seed = 3, .delay_max = milliseconds(2), .deliveries = io::Deliveries::kSplit}};
  MetricRegistry metrics_;
  const Url url_ = ParseUrl("http://server/x").value();
};

TEST_F(ClientTest, ReadsAnswersHoweverTheyEnd) {
  struct Case {
    const char* name;
    const char* method;
    const char* script;
    int status;
    const char* body;
  };
  const Case cases[] = {
      {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
      {"chunks", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, "hello"},
      {"end of stream", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello"},
      {"1.0", "GET", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"},
      {"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, ""},
      {"after 100 and 103", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
       "OK\r\nContent-Length: 2\r\n\r\nok",
       200, "ok"},
      {"an error is an answer", "GET", "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno", 503, "no"},
      {"no reason phrase", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto response = FetchScripted(c.script, c.method);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, c.status);
    EXPECT_EQ(response->body, c.body);
  }
}

TEST_F(ClientTest, RefusesBadAnswers) {
  std::string interims;
  for (int i = 0; i < 20; ++i)
    interims += "HTTP/1.1 100 Continue\r\n\r\n";
  struct Case {
    const char* name;
    std::string script;
    ErrorCode code;
  };
  const Case cases[] = {
      {"nothing", "", ErrorCode::kUnavailable},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n", ErrorCode::kCorruption},
      {"head cut", "HTTP/1.1 200 OK\r\nConte", ErrorCode::kCorruption},
      {"body cut", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", ErrorCode::kCorruption},
      {"chunks cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
       ErrorCode::kCorruption},
      {"announces too much", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ErrorCode::kOutOfRange},
      {"sends too many chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
           "\r\n0\r\n\r\n",
       ErrorCode::kOutOfRange},
      {"sends too much until the end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'),
       ErrorCode::kOutOfRange},
      {"endless head", "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x'), ErrorCode::kCorruption},
      {"endless 1xx", interims, ErrorCode::kCorruption},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto response = FetchScripted(c.script, "GET", {.response_bytes_max = 1000});
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, c.code) << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr("server:80"));
  }
}

TEST_F(ClientTest, KeepsConnections) {
  const auto server =
      Server::Start(
          network_, {.address = "server:80"},
          [](Request request, Respond respond) { respond(TextResponse(200, request.remote_address)); },
          metrics_)
          .value();
  const auto client = Client::Make(network_, {});
  const std::string first = client->Fetch(url_, {})->body;
  EXPECT_EQ(client->Fetch(url_, {})->body, first);
  const auto other = Client::Make(network_, {});
  EXPECT_NE(other->Fetch(url_, {})->body, first);
}

TEST_F(ClientTest, ReplacesAConnectionTheServerHasClosed) {
  const auto server =
      Server::Start(
          network_, {.address = "server:80", .idle_timeout = seconds(10)},
          [](Request request, Respond respond) { respond(TextResponse(200, request.body)); }, metrics_)
          .value();
  const auto client = Client::Make(network_, {});
  const Request request = {.method = "POST", .target = "/", .body = "payload"};
  ASSERT_TRUE(client->Fetch(url_, request).has_value());
  network_.scheduler().RunFor(seconds(20));
  const auto response = client->Fetch(url_, request);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "payload\n");
}

TEST_F(ClientTest, DoesNotRepeatOnAFreshConnection) {
  const auto response = FetchScripted("");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, GivesUpInTime) {
  const auto server = Server::Start(
                          network_, {.address = "server:80"},
                          [kept = std::make_shared<std::vector<Respond>>()](Request, Respond respond) {
                            kept->push_back(std::move(respond));
                          },
                          metrics_)
                          .value();
  const auto client = Client::Make(network_, {.connect_timeout = seconds(2), .request_timeout = seconds(3)});
  const auto start = clock_.Monotonic();
  const auto no_answer = client->Fetch(url_, {});
  ASSERT_FALSE(no_answer.has_value());
  EXPECT_EQ(no_answer.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(std::chrono::round<seconds>(clock_.Monotonic() - start), seconds(3));
  network_.Pause();
  const auto no_connection = client->Fetch(url_, {});
  ASSERT_FALSE(no_connection.has_value());
  EXPECT_EQ(no_connection.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(std::chrono::round<seconds>(clock_.Monotonic() - start), seconds(5));
}

TEST_F(ClientTest, SaysWhoRefused) {
  const auto response = Client::Make(network_, {})->Fetch(url_, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("server:80"));
}

TEST_F(ClientTest, ReadsTheAnswerToARequestNobodyFinishedReading) {
  const auto server = Server::Start(
                          network_, {.address = "server:80", .body_bytes_max = 1000},
                          [](Request, Respond respond) { respond({}); }, metrics_)
                          .value();
  const auto client = Client::Make(network_, {});
  const auto response =
      client->Fetch(url_, {.method = "POST", .target = "/", .body = std::string(3'000, 'x')});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST_F(ClientTest, SaysWhoSendsUnlessTheRequestDoes) {
  const auto server =
      Server::Start(
          network_, {.address = "server:80"},
          [](const Request& request, Respond respond) {
            respond({.status = 200, .body = std::string(request.headers.Get("Authorization"))});
          },
          metrics_)
          .value();
  const auto client = Client::Make(network_, {.authorization = "Bearer a"});
  EXPECT_EQ(client->Fetch(url_, {.method = "GET", .target = "/"})->body, "Bearer a");
  Request own{.method = "GET", .target = "/"};
  own.headers.Set("Authorization", "Basic b");
  EXPECT_EQ(client->Fetch(url_, own)->body, "Basic b");
  EXPECT_EQ(Client::Make(network_, {})->Fetch(url_, {.method = "GET", .target = "/"})->body, "");
  const auto split = Client::Make(network_, {.authorization = "Bearer a\r\nX: y"});
  EXPECT_EQ(split->Fetch(url_, {.method = "GET", .target = "/"}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ClientTest, SendsNoSmuggledFields) {
  const auto client = Client::Make(network_, {});
  Request request;
  request.headers.Add("A", "b\r\nC: d");
  EXPECT_EQ(client->Fetch(url_, std::move(request)).error().code, ErrorCode::kInvalidArgument);
  Request other;
  other.target = "/ HTTP/1.1\r\n\r\n";
  EXPECT_EQ(client->Fetch(url_, std::move(other)).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ClientTest, EndsWellWhereverTheConnectionBreaks) {
  const auto server =
      Server::Start(
          network_, {.address = "server:80"},
          [](Request request, Respond respond) { respond(TextResponse(200, request.body)); }, metrics_)
          .value();
  for (std::uint64_t n = 1; n <= 200; ++n) {
    SCOPED_TRACE(n);
    network_.ResetAfterBytes(n);
    const auto client = Client::Make(network_, {});
    const auto response = client->Fetch(url_, {.method = "POST", .target = "/", .body = "hello"});
    if (response) {
      EXPECT_EQ(response->body, "hello\n");
    } else {
      EXPECT_EQ(response.error().code, ErrorCode::kUnavailable) << response.error().message;
    }
  }
}

}  // namespace
}  // namespace tickscope::http
