// The server over TLS: requests say who sent them, limits in time and number hold from the first byte of the handshake, and our client
// speaks https with it. On the in-memory network, with a CA made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/client.h"
#include "http/raw_client_test.h"
#include "http/server.h"
#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "tls/authority_test.h"

namespace tickscope::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class SecureServerTest : public ::testing::Test {
 protected:
  SecureServerTest() {
    clock_.JumpTo(1'800'000'000'000);
    PutFile("ca.pem", ca_.certificate());
    Put("server", ca_.Issue({.names = {"DNS:gateway"}}));
    Put("client", ca_.Issue({.names = {"URI:spiffe://game/eu/host-1"}}));
  }
  void PutFile(const std::string& name, const std::string& bytes) {
    const std::vector<ByteView> pieces = {AsBytes(bytes)};
    ASSERT_TRUE(fs_.OpenAppend(name, io::OpenMode::kTruncate).value()->Append(pieces).has_value());
  }
  void Put(const std::string& name, const tls::Issued& issued) {
    PutFile(name + ".pem", issued.certificate);
    PutFile(name + ".key", issued.key);
  }
  void StartServer(ServerOptions options,
                   tls::ClientCertificates wants = tls::ClientCertificates::kOptional) {
    options.address = "gateway:443";
    options.tls = tls::ServerContext::Load(fs_, clock_, metrics_,
                                           {.certificate_file = "server.pem",
                                            .key_file = "server.key",
                                            .client_ca_file = "ca.pem",
                                            .client_certificates = wants})
                      .value();
    server_ = Server::Start(
                  network_, options,
                  [](Request request, Respond respond) {
                    const std::string who = request.peer == nullptr ? "nobody" : request.peer->uris.at(0);
                    respond({.status = 200, .body = who + " sent " + std::to_string(request.body.size())});
                  },
                  metrics_)
                  .value();
  }
  std::unique_ptr<Client> MakeClient(bool with_certificate) {
    tls::ClientOptions options{.ca_file = "ca.pem"};
    if (with_certificate) {
      options.certificate_file = "client.pem";
      options.key_file = "client.key";
    }
    return Client::Make(network_, {.tls = tls::ClientContext::Load(fs_, clock_, metrics_, options).value()});
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  io::MemoryFileSystem fs_;
  io::MemoryNetwork network_{clock_, {.deliveries = io::Deliveries::kSplit}};
  tls::TestAuthority ca_{"ca"};
  std::unique_ptr<Server> server_;
};

TEST_F(SecureServerTest, RequestsSayWhoSentThem) {
  StartServer({});
  const Url url = ParseUrl("https://gateway/path").value();
  const auto known = MakeClient(true);
  for (const std::size_t size : {0U, 10U, 100'000U}) {
    Request request{.method = "POST"};
    request.body.assign(size, 'b');
    const auto answer = known->Fetch(url, std::move(request));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->body, "spiffe://game/eu/host-1 sent " + std::to_string(size));
  }
  EXPECT_EQ(MakeClient(false)->Fetch(url, {}).value().body, "nobody sent 0");
  EXPECT_EQ(
      metrics_.AddCounter("tickscope_tls_handshakes_total", "", {{"side", "server"}, {"result", "full"}})
          ->value(),
      2U)
      << "connections are kept";
}

TEST_F(SecureServerTest, ClientsSayWhyTheyWereRefused) {
  StartServer({}, tls::ClientCertificates::kRequired);
  const auto answer = MakeClient(false)->Fetch(ParseUrl("https://gateway/").value(), {});
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().message, HasSubstr("certificate required"));
  const auto plain = Client::Make(network_, {})->Fetch(ParseUrl("https://gateway/").value(), {});
  ASSERT_FALSE(plain.has_value());
  EXPECT_EQ(plain.error().code, ErrorCode::kUnsupported);
}

TEST_F(SecureServerTest, ManyWhoConnectAtOnceAllGetIn) {
  StartServer({}, tls::ClientCertificates::kRequired);
  const Url url = ParseUrl("https://gateway/").value();
  // Half of a hello, and silence: they take no turn from those who go on.
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(std::make_unique<RawClient>(network_, "gateway:443"));
    silent.back()->Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  }
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(MakeClient(true));
    const auto answer = clients.back()->Fetch(url, {});
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->body, "spiffe://game/eu/host-1 sent 0");
  }
  EXPECT_EQ(metrics_.AddGauge("tickscope_tls_handshakes_waiting", "", {})->value(), 0);
}

TEST_F(SecureServerTest, AHandshakeIsBoundedInTimeAndNumber) {
  StartServer({.connections_max = 2, .header_timeout = seconds(7)});
  RawClient silent(network_, "gateway:443");
  RawClient half(network_, "gateway:443");
  half.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  RawClient third(network_, "gateway:443");
  EXPECT_EQ(third.AwaitEnd(), "") << "one too many";
  EXPECT_EQ(clock_.Monotonic(), milliseconds(0));
  silent.AwaitEnd();
  half.AwaitEnd();
  EXPECT_EQ(clock_.Monotonic(), seconds(7));
  EXPECT_EQ(
      metrics_
          .AddCounter("tickscope_tls_handshakes_total", "", {{"side", "server"}, {"result", "incomplete"}})
          ->value(),
      2U);
}

}  // namespace
}  // namespace tickscope::http
