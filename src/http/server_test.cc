// The server against clients that speak bytes: what it answers to good, bad, slow, huge and broken ones. On
// the in-memory network, so that every timeout is exact and every run the same; one test goes over real
// sockets.
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/mutex.h"
#include "http/abandonment.h"
#include "http/client.h"
#include "http/raw_client_test.h"
#include "io/asio_network.h"
#include "io/memory_network.h"

namespace tickscope::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Answers with what it was asked: "METHOD TARGET BODY".
void Echo(Request request, Respond respond) {
  respond({.status = 200, .body = request.method + " " + request.target + " " + request.body});
}

class ServerTest : public ::testing::Test {
 protected:
  void StartServer(Handler handler, ServerOptions options = {},
                   io::MemoryNetworkOptions network_options = {}) {
    network_ = std::make_unique<io::MemoryNetwork>(clock_, network_options);
    options.address = "server:80";
    server_ = Server::Start(*network_, std::move(options), std::move(handler), metrics_).value();
  }

  RawClient Connect() { return RawClient(*network_, server_->address()); }

  // Everything the server says to a client that sends `text` and then ends its half.
  std::string Exchange(std::string_view text) {
    RawClient client = Connect();
    client.Send(text);
    client.FinishSending();
    return client.AwaitEnd();
  }

  std::uint64_t Rejections(const char* limit) {
    return metrics_.AddCounter("tickscope_http_rejections_total", "", {{"limit", limit}})->value();
  }
  double Metric(const char* name) { return metrics_.AddGauge(name, "", {})->value(); }

  ManualClock clock_;
  MetricRegistry metrics_;
  std::unique_ptr<io::MemoryNetwork> network_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  StartServer(Echo);
  RawClient client = Connect();
  client.Send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.AwaitText("/a?b=c "), "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nGET /a?b=c ");
  client.Send("POST /d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_THAT(client.AwaitText("body"),
              EndsWith("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nPOST /d body"));
  EXPECT_FALSE(client.ended());
  EXPECT_EQ(Metric("tickscope_http_connections"), 1);
  client.Disconnect();
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(Metric("tickscope_http_connections"), 0);
  EXPECT_EQ(metrics_.AddCounter("tickscope_http_requests_total", "", {{"code", "200"}})->value(), 2U);
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  StartServer(Echo);
  struct Case {
    const char* name;
    const char* request;
    bool keeps;
  };
  const Case cases[] = {
      {"1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
      {"1.1 close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
      {"1.1 close among others", "GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", false},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", false},
      {"1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RawClient client = Connect();
    client.Send(c.request);
    client.AwaitText("GET / ");
    network_->scheduler().RunFor(milliseconds(1));
    EXPECT_EQ(client.ended(), !c.keeps);
    EXPECT_EQ(client.received().contains("Connection: close"), !c.keeps);
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  const auto timer_loop = std::make_shared<std::unique_ptr<io::EventLoop>>();
  int running = 0;
  StartServer([&](Request request, Respond respond) {
    EXPECT_EQ(++running, 1) << "one request of a connection at a time";
    // The first takes longest.
    const milliseconds delay(request.target == "/1" ? 500 : 5);
    (*timer_loop)
        ->After(delay, [&running, request = std::move(request), respond = std::move(respond)]() mutable {
          --running;
          Echo(std::move(request), std::move(respond));
        });
  });
  *timer_loop = network_->MakeLoop();
  const std::string answers = Exchange(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answers,
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /1 "
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nPOST /2 abc"
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nPOST /3 def"
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /4 ");
}

TEST_F(ServerTest, TakesBodiesHoweverTheyArrive) {
  std::string body;
  for (int i = 0; i < 700'000; ++i)
    body += static_cast<char>('a' + i % 26);
  std::string chunked = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 2 % 70'001) {
    const std::string piece = body.substr(at, size);
    char header[32];
    std::snprintf(header, sizeof header, "%zx;ext=1\r\n", piece.size());
    chunked += header + piece + "\r\n";
  }
  chunked += "0\r\nTrailer: dropped\r\n\r\n";
  const std::string counted =
      "POST /l HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    std::vector<std::string> bodies;
    StartServer(
        [&](Request request, Respond respond) {
          EXPECT_FALSE(request.headers.Has("Trailer"));
          bodies.push_back(std::move(request.body));
          respond({.status = 204});
        },
        {},
        {.seed = seed,
         .delay_max = milliseconds(seed % 2 == 0 ? 0 : 3),
         .deliveries = seed < 2 ? io::Deliveries::kWhole : io::Deliveries::kSplit});
    EXPECT_EQ(Exchange(counted + chunked), "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    ASSERT_EQ(bodies.size(), 2U);
    EXPECT_TRUE(bodies[0] == body);
    EXPECT_TRUE(bodies[1] == body);
    server_.reset();
  }
  EXPECT_EQ(Metric("tickscope_http_body_bytes_in_flight"), 0);
}

TEST_F(ServerTest, AsksForTheBodyOfWhoWaits) {
  StartServer(Echo);
  RawClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.AwaitText("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_THAT(client.AwaitText("ok"), EndsWith("POST / ok"));
}

TEST_F(ServerTest, RefusesTheBodyOfWhoWaitsWhenItIsTooLarge) {
  StartServer(Echo, {.body_bytes_max = 10});
  RawClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(client.AwaitText("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  StartServer(Echo);
  EXPECT_EQ(Exchange("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /2 ");
}

TEST_F(ServerTest, AnswersWhoHasClosedItsHalf) {
  const auto timer_loop = std::make_shared<std::unique_ptr<io::EventLoop>>();
  StartServer([&](Request request, Respond respond) {
    (*timer_loop)->After(seconds(3), [request = std::move(request), respond = std::move(respond)]() mutable {
      Echo(std::move(request), std::move(respond));
    });
  });
  *timer_loop = network_->MakeLoop();
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("GET / "));
}

TEST_F(ServerTest, TellsTheHandlerThatNobodyWaits) {
  struct Case {
    const char* name;
    std::function<void(RawClient&)> act;
    bool abandoned;
  };
  const Case cases[] = {
      {"waits", [](RawClient&) {}, false},
      {"sends the next request", [](RawClient& c) { c.Send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"); }, false},
      {"closes", [](RawClient& c) { c.Disconnect(); }, true},
      {"ends its half", [](RawClient& c) { c.FinishSending(); }, true},
      {"sends half a request and closes",
       [](RawClient& c) {
         c.Send("GET /2 HT");
         c.Disconnect();
       },
       false},  // Not seen: the next request's bytes are not read past the buffer's first.
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::pair<Request, Respond>> waiting;
    StartServer([&](Request request, Respond respond) {
      waiting.emplace_back(std::move(request), std::move(respond));
    });
    RawClient client = Connect();
    client.Send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    client.Await([&] { return waiting.size() == 1; });
    c.act(client);
    network_->scheduler().RunFor(milliseconds(1));
    EXPECT_EQ(waiting[0].first.abandonment->told(), c.abandoned);
    waiting[0].second({.status = 200, .body = "late"});
    network_->scheduler().RunFor(milliseconds(1));
    server_.reset();
    waiting.clear();
  }
}

TEST_F(ServerTest, ARequestSentEarlyWaitsItsTurn) {
  std::vector<std::pair<Request, Respond>> waiting;
  StartServer([&](Request request, Respond respond) {
    waiting.emplace_back(std::move(request), std::move(respond));
  });
  RawClient client = Connect();
  for (int i = 0; i < 3; ++i) {
    const std::string path = "/" + std::to_string(i);
    if (i == 0) client.Send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.Await([&] { return waiting.size() == static_cast<std::size_t>(i) + 1; });
    EXPECT_EQ(waiting.back().first.target, path);
    // In two pieces, so that one arrives while the handler works and one after its answer.
    client.Send("GET /" + std::to_string(i + 1) + " HTTP");
    waiting.back().second({.status = 200, .body = "answer " + path});
    client.AwaitText("answer " + path);
    client.Send("/1.1\r\nHost: x\r\n\r\n");
  }
  client.Await([&] { return waiting.size() == 4; });
  EXPECT_EQ(waiting.back().first.target, "/3");
  server_.reset();
}

TEST_F(ServerTest, TakesAbsoluteTargets) {
  StartServer(Echo);
  struct Case {
    const char* target;
    const char* seen;
  };
  const Case cases[] = {
      {"http://x/a?b", "GET /a?b "}, {"http://x", "GET / "}, {"http://x?q=1", "GET /?q=1 "}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target);
    EXPECT_THAT(Exchange("GET " + std::string(c.target) + " HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith(c.seen));
  }
}

TEST_F(ServerTest, RefusesWhatIsMalformed) {
  int handled = 0;
  StartServer(
      [&](Request, Respond respond) {
        ++handled;
        respond({});
      },
      {.header_bytes_max = 8192, .body_bytes_max = 100});
  const auto fields = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
      text += "A: b\r\n";
    return text;
  };
  struct Case {
    const char* name;
    std::string request;
    int status;
  };
  const Case cases[] = {
      {"noise", "\x16\x03\x01\x02 hello\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"blank lines only", "\r\n\r\n\r\n", 400},
      {"bad version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400},
      {"bad method", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"control character in the target", std::string("GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"), 400},
      {"target of no origin", "GET a/b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"authority target", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"field without a colon", "GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400},
      {"blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"field name of none", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400},
      {"zero byte in a value", std::string("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 35), 400},
      {"line feed alone", "GET / HTTP/1.1\nHost: x\n\n", 400},
      {"length not a number", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
      {"length past 64 bits", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
       400},
      {"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length and chunks",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and length",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"coding not served", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
      {"coding under chunks",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunk size not hex", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"chunk size past 64 bits",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
      {"chunk without its end",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400},
      {"endless chunk header",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(9000, 'e'), 400},
      {"length among trailers",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
      {"head cut short", "GET / HTTP/1.1\r\nHost: x\r\n", 400},
      {"body cut short", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 400},
      {"chunks cut short", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       400},
      {"odd expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n", 417},
      {"long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
      {"long field", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(9000, 'a') + "\r\n\r\n", 431},
      {"endless field", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(9000, 'a'), 431},
      {"too many fields", "GET / HTTP/1.1\r\nHost: x\r\n" + fields(256) + "\r\n", 431},
      {"too many bytes of short fields",
       "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(7000, 'a') + "\r\n" + fields(250) + "\r\n", 431},
      {"long body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", 413},
      {"hostile length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n", 413},
      {"long chunk",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'a') +
           "\r\n0\r\n\r\n",
       413},
      {"hostile chunk",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n", 413},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string answer = Exchange(c.request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(c.status) + " "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
  EXPECT_EQ(handled, 0);
  network_->scheduler().RunFor(milliseconds(1));
  EXPECT_EQ(Metric("tickscope_http_connections"), 0);
}

TEST_F(ServerTest, HoldsItsLimitsExactly) {
  StartServer([](Request request,
                 Respond respond) { respond(TextResponse(200, std::to_string(request.body.size()))); },
              {.header_bytes_max = 4096, .body_bytes_max = 1000});
  const auto post = [](std::size_t bytes) {
    return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
           std::string(bytes, 'b');
  };
  EXPECT_THAT(Exchange(post(1000)), HasSubstr("\r\n\r\n1000\n"));
  EXPECT_THAT(Exchange(post(1001)), HasSubstr("413 Content Too Large"));
  const auto chunk = [](std::size_t bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes);
    return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
           (size + std::string(bytes, 'b')) + "\r\n0\r\n\r\n";
  };
  EXPECT_THAT(Exchange(chunk(1000)), HasSubstr("\r\n\r\n1000\n"));
  EXPECT_THAT(Exchange(chunk(1001)), HasSubstr("413 Content Too Large"));
  EXPECT_EQ(Rejections("body_bytes"), 2U);

  const auto get = [](std::size_t head_bytes) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
    return head + std::string(head_bytes - head.size() - 4, 'a') + "\r\n\r\n";
  };
  EXPECT_THAT(Exchange(get(4096)), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Exchange(get(4200)), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ServerTest, ExplainsItselfToWhoKeepsSending) {
  // A client that writes 3 MB before it looks must find the 413, not a reset.
  StartServer(Echo, {.body_bytes_max = 1000});
  RawClient client = Connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'b');
  client.Send(request);
  client.FinishSending();
  EXPECT_THAT(client.AwaitEnd(),
              AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("announced=3000000 bytes_max=1000")));
  EXPECT_FALSE(client.broken());
}

TEST_F(ServerTest, EndsWhoSendsOnForEver) {
  StartServer(Echo, {.body_bytes_max = 1000, .linger_bytes_max = 100'000});
  RawClient client = Connect();
  const std::string flood(10'000'000, 'b');
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
  client.SendLater(flood);
  client.AwaitEnd();
  EXPECT_LT(clock_.Monotonic(), seconds(1));
}

TEST_F(ServerTest, ABodyThatDripsIsGivenUp) {
  StartServer(Echo, {.body_timeout = seconds(30), .body_rate_min = 100, .body_rate_interval = seconds(5)});
  const std::string piece(500, 'b');
  RawClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n");
  for (int turn = 0; turn < 3; ++turn) {  // Just fast enough.
    client.Send(piece);
    network_->scheduler().RunFor(seconds(5));
    EXPECT_EQ(client.received(), "") << turn;
  }
  client.Send(piece.substr(1));
  EXPECT_THAT(client.AwaitText("comes too slowly"), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(Rejections("body_rate"), 1U);
  EXPECT_EQ(Rejections("body_time"), 0U);
  EXPECT_EQ(clock_.Monotonic(), seconds(20));
}

TEST_F(ServerTest, TimesOut) {
  const ServerOptions options = {.header_timeout = seconds(10),
                                 .body_timeout = seconds(30),
                                 .body_rate_min = 0,
                                 .idle_timeout = seconds(120),
                                 .linger_timeout = seconds(5)};
  struct Case {
    const char* name;
    const char* sent;
    int after_seconds;
    const char* answer;
  };
  const Case cases[] = {
      {"says nothing", "", 10, ""},
      {"stops inside the head", "GET / HTTP/1.1\r\nHo", 10, "HTTP/1.1 408 "},
      {"stops before the body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 30,
       "HTTP/1.1 408 "},
      {"stops inside the body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", 30,
       "HTTP/1.1 408 "},
      {"stops inside a chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 30,
       "HTTP/1.1 408 "},
      {"stops after an answer", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 120, "HTTP/1.1 200 "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StartServer(Echo, options);
    const auto start = clock_.Monotonic();
    RawClient client = Connect();
    if (*c.sent != '\0') client.Send(c.sent);
    EXPECT_THAT(client.AwaitEnd(), StartsWith(c.answer));
    EXPECT_EQ(std::chrono::round<seconds>(clock_.Monotonic() - start), seconds(c.after_seconds));
    server_.reset();
  }
  EXPECT_EQ(Rejections("header_time"), 1U);
  EXPECT_EQ(Rejections("body_time"), 3U);
}

TEST_F(ServerTest, IsNotHeldByWhoSendsDropByDrop) {
  StartServer(Echo, {.header_timeout = seconds(10), .linger_timeout = seconds(5)});
  RawClient client = Connect();
  const auto start = clock_.Monotonic();
  client.Send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 100 && !client.ended(); ++i) {
    client.Send("A: b\r\n");
    network_->scheduler().RunFor(milliseconds(900));
  }
  EXPECT_THAT(client.AwaitEnd(), StartsWith("HTTP/1.1 408 "));
  EXPECT_LE(clock_.Monotonic() - start, seconds(17));
}

TEST_F(ServerTest, IsNotHeldByWhoDoesNotRead) {
  StartServer([](Request, Respond respond) { respond({.status = 200, .body = std::string(5'000'000, 'x')}); },
              {.write_timeout = seconds(30)});
  const auto loop = network_->MakeLoop();
  std::unique_ptr<io::Connection> deaf;
  network_->Connect(*loop, server_->address(), seconds(1), [&](auto made) { deaf = std::move(*made); });
  loop->RunUntil([&] { return deaf != nullptr; });
  deaf->Write({AsBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}, [](const Status&) {});
  network_->scheduler().RunFor(seconds(29));
  EXPECT_EQ(Metric("tickscope_http_connections"), 1);
  network_->scheduler().RunFor(seconds(2));
  EXPECT_EQ(Metric("tickscope_http_connections"), 0);
  EXPECT_EQ(Rejections("write_time"), 1U);
}

TEST_F(ServerTest, BoundsBodiesInFlight) {
  std::vector<Respond> waiting;
  StartServer([&](Request, Respond respond) { waiting.push_back(std::move(respond)); },
              {.body_bytes_in_flight_max = 1000});
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\n\r\n" + std::string(600, 'b');
  RawClient first = Connect();
  first.Send(request);
  first.Await([&] { return waiting.size() == 1; });
  EXPECT_EQ(Metric("tickscope_http_body_bytes_in_flight"), 600);

  const std::string refused = Exchange(request);
  EXPECT_THAT(refused,
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: "), HasSubstr("bytes_max=1000")));
  EXPECT_EQ(Rejections("body_bytes_in_flight"), 1U);

  waiting[0]({.status = 200, .body = "done"});
  first.AwaitText("done");
  EXPECT_EQ(Metric("tickscope_http_body_bytes_in_flight"), 0);
  RawClient second = Connect();
  second.Send(request);
  second.Await([&] { return waiting.size() == 2; });
  waiting[1]({.status = 200, .body = "done"});
  EXPECT_THAT(second.AwaitText("done"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AnAnnouncedBodyCostsWhatHasArrived) {
  // Eight clients announce 32 MB each, which is the whole budget, and send nothing: others must still be
  // served.
  StartServer(Echo);
  std::vector<std::unique_ptr<RawClient>> idlers;
  for (int i = 0; i < 8; ++i) {
    idlers.push_back(std::make_unique<RawClient>(*network_, server_->address()));
    idlers.back()->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\nab");
  }
  EXPECT_THAT(Exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"), EndsWith("POST / ok"));
  EXPECT_LT(Metric("tickscope_http_body_bytes_in_flight"), 3e6);
}

TEST_F(ServerTest, BoundsConnections) {
  StartServer(Echo, {.connections_max = 2});
  RawClient first = Connect();
  RawClient second = Connect();
  RawClient third = Connect();
  EXPECT_THAT(third.AwaitText("\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: ")));
  third.Disconnect();
  first.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.AwaitText("GET / "), StartsWith("HTTP/1.1 200 "));
  first.Disconnect();
  network_->scheduler().RunFor(milliseconds(1));
  RawClient fourth = Connect();
  fourth.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(fourth.AwaitText("GET / "), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Rejections("connections"), 1U);
}

TEST_F(ServerTest, AHandlerThatDropsItsReplyAnswers500) {
  StartServer([](Request, Respond) {});
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, AnAnswerCannotSmuggleFields) {
  StartServer([](Request, Respond respond) {
    Response response;
    response.headers.Add("Location", "/x\r\nSet-Cookie: stolen");
    respond(std::move(response));
  });
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("stolen"))));
}

TEST_F(ServerTest, DrainFinishesWhatIsInProgress) {
  std::vector<Respond> waiting;
  StartServer([&](Request, Respond respond) { waiting.push_back(std::move(respond)); });
  const auto loop = network_->MakeLoop();
  RawClient idle = Connect();
  RawClient busy = Connect();
  busy.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  busy.Await([&] { return waiting.size() == 1; });
  loop->After(seconds(2), [&] { waiting[0]({.status = 200, .body = "done"}); });
  const auto start = clock_.Monotonic();
  server_->Drain(seconds(60));
  EXPECT_EQ(clock_.Monotonic() - start, seconds(2));
  EXPECT_EQ(idle.AwaitEnd(), "");
  EXPECT_THAT(busy.AwaitEnd(), AllOf(HasSubstr("Connection: close"), EndsWith("done")));
  server_->Drain(seconds(60));  // Again: nothing left to do.
}

TEST_F(ServerTest, DrainGivesUpAfterItsGrace) {
  std::vector<Respond> waiting;
  StartServer([&](Request, Respond respond) { waiting.push_back(std::move(respond)); });
  RawClient stuck = Connect();
  stuck.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  stuck.Await([&] { return waiting.size() == 1; });
  const auto start = clock_.Monotonic();
  server_->Drain(seconds(7));
  EXPECT_EQ(clock_.Monotonic() - start, seconds(7));
  stuck.AwaitEnd();
  waiting[0]({});  // Too late, and harmless.
  network_->scheduler().RunFor(seconds(1));
}

TEST_F(ServerTest, AnAnswerMayComeAfterTheServer) {
  std::vector<Respond> waiting;
  StartServer([&](Request, Respond respond) { waiting.push_back(std::move(respond)); });
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.Await([&] { return waiting.size() == 1; });
  server_.reset();
  waiting[0]({});
  waiting.clear();
}

TEST_F(ServerTest, SurvivesAResetAtEveryByte) {
  const std::string request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  for (std::uint64_t n = 1; n <= 110; ++n) {
    SCOPED_TRACE(n);
    StartServer(Echo, {}, {.seed = n, .deliveries = io::Deliveries::kSplit});
    network_->ResetAfterBytes(n);
    RawClient unlucky = Connect();
    unlucky.Send(request);
    unlucky.AwaitText("hello");
    EXPECT_TRUE(unlucky.broken() || unlucky.received().ends_with("hello"));
    unlucky.Disconnect();
    RawClient next = Connect();
    next.Send(request);
    next.AwaitText("hello");
    EXPECT_TRUE(next.broken() || next.received().ends_with("hello"));
    server_.reset();
    EXPECT_EQ(Metric("tickscope_http_connections"), 0);
    EXPECT_EQ(Metric("tickscope_http_body_bytes_in_flight"), 0);
  }
}

TEST_F(ServerTest, RefusesAnAddressInUse) {
  StartServer(Echo);
  const auto second = Server::Start(*network_, {.address = "server:80"}, Echo, metrics_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

// Real sockets, a real thread for the loop, answers from other threads: for the sanitizers as much as for the
// result.
TEST(ServerOverSockets, AnswersFromOtherThreads) {
  const auto network = io::MakeAsioNetwork();
  MetricRegistry metrics;
  Mutex mu;
  std::vector<std::jthread> workers;
  const auto server =
      Server::Start(
          *network, {.address = "127.0.0.1:0"},
          [&](Request request, Respond respond) {
            const MutexLock lock(mu);
            workers.emplace_back([request = std::move(request), respond = std::move(respond)]() mutable {
              Echo(std::move(request), std::move(respond));
            });
          },
          metrics)
          .value();
  const Url url = ParseUrl("http://" + server->address() + "/").value();
  std::vector<std::jthread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      const auto client = Client::Make(*network, {});
      for (int i = 0; i < 50; ++i) {
        const std::string body(static_cast<std::size_t>(i) * 10'000, 'b');
        const auto response = client->Fetch(url, {.method = "POST", .target = "/x", .body = body});
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response->status, 200);
        EXPECT_EQ(response->body, "POST /x " + body);
      }
    });
  }
  clients.clear();
  server->Drain(seconds(10));
  EXPECT_EQ(metrics.AddCounter("tickscope_http_requests_total", "", {{"code", "200"}})->value(), 200U);
}

}  // namespace
}  // namespace tickscope::http
