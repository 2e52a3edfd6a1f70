// TLS over the in-memory network: what goes through, at any cut of the bytes; who is refused, how that is told and counted; that files are
// taken up while connections live, and sessions resumed. Certificates come from a CA made here, times from the test's clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "tls/authority_test.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace tickscope::tls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeMs kNowMs = 1'800'000'000'000;
constexpr TimeMs kDayMs = 86'400'000;

// One end: keeps what it gets.
class End {
 public:
  explicit End(std::unique_ptr<SecureConnection> connection) : connection_(std::move(connection)) {}
  void ReadOn() {
    connection_->Read(buffer_, [this](Result<std::size_t> bytes) {
      if (!bytes) {
        error_ = bytes.error();
        return;
      }
      if (*bytes == 0) {
        ended_ = true;
        return;
      }
      received_.append(AsText(ByteView(buffer_).first(*bytes)));
      ReadOn();
    });
  }
  void Write(std::string text) {
    text_ = std::move(text);
    connection_->Write(
        {AsBytes(std::string_view(text_).substr(0, 3)), AsBytes(std::string_view(text_).substr(3))},
        [this](const Status& written) {
          written_ = written.has_value();
          if (!written) error_ = written.error();
        });
  }
  void Drop() { connection_.reset(); }

  std::unique_ptr<SecureConnection> connection_;
  Bytes buffer_ = Bytes(1000);
  std::string text_;
  std::string received_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool written_ = false;
};

class TlsTest : public ::testing::Test {
 protected:
  TlsTest()
      : network_(clock_, {.seed = 3, .delay_max = milliseconds(5), .deliveries = io::Deliveries::kSplit}) {
    clock_.JumpTo(kNowMs);
    Put("server", ca_.Issue({.names = {"DNS:gateway", "IP:10.0.0.1"}}));
    PutFile("ca.pem", ca_.certificate());
    Put("client", ca_.Issue({.names = {"URI:spiffe://game/eu/host-1"}}));
  }

  void PutFile(const std::string& name, const std::string& bytes) {
    const auto file = fs_.OpenAppend(name, io::OpenMode::kTruncate).value();
    const std::vector<ByteView> pieces = {AsBytes(bytes)};
    ASSERT_TRUE(file->Append(pieces).has_value());
  }
  void Put(const std::string& name, const Issued& issued) {
    PutFile(name + ".pem", issued.certificate);
    PutFile(name + ".key", issued.key);
  }

  void Serve(ClientCertificates wants = ClientCertificates::kRequired) {
    client_.reset();
    server_.reset();
    listener_.reset();
    server_options_ = {.certificate_file = "server.pem",
                       .key_file = "server.key",
                       .client_ca_file = "ca.pem",
                       .client_certificates = wants};
    server_context_ = ServerContext::Load(fs_, clock_, metrics_, server_options_).value();
    loop_ = network_.MakeLoop();
    listener_ = network_
                    .Listen(*loop_, "gateway:1",
                            [this](std::unique_ptr<io::Connection> connection) {
                              server_.emplace(server_context_->Accept(*loop_, std::move(connection)));
                              server_->ReadOn();
                            })
                    .value();
  }
  void UseClient(ClientOptions options) {
    client_context_ = ClientContext::Load(fs_, clock_, metrics_, options).value();
  }
  static ClientOptions WithCertificate() {
    return {.ca_file = "ca.pem", .certificate_file = "client.pem", .key_file = "client.key"};
  }
  // A client that sends a line, and waits for what becomes of it.
  void Talk(const std::string& host = "gateway") {
    client_.reset();
    server_.reset();
    network_.Connect(*loop_, "gateway:1", seconds(5), [&](Result<std::unique_ptr<io::Connection>> made) {
      client_.emplace(client_context_->Connect(*loop_, *std::move(made), host));
      client_->ReadOn();
      client_->Write("hello");
    });
    network_.scheduler().RunFor(seconds(3));
  }
  void ExpectTalked() {
    ASSERT_TRUE(server_.has_value());
    EXPECT_EQ(server_->received_, "hello");
    EXPECT_FALSE(client_->error_.has_value()) << client_->error_->message;
  }

  std::uint64_t Handshakes(const char* side, const char* result) {
    return metrics_.AddCounter("tickscope_tls_handshakes_total", "", {{"side", side}, {"result", result}})
        ->value();
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  io::MemoryFileSystem fs_;
  io::MemoryNetwork network_;
  TestAuthority ca_{"ca"};
  ServerOptions server_options_;
  std::shared_ptr<ServerContext> server_context_;
  std::shared_ptr<ClientContext> client_context_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::Listener> listener_;
  std::optional<End> server_;
  std::optional<End> client_;
};

TEST_F(TlsTest, BytesGoBothWaysWhateverTheirSize) {
  for (const std::size_t size :
       {std::size_t{4}, std::size_t{16'384}, std::size_t{16'385}, std::size_t{700'000}}) {
    SCOPED_TRACE(size);
    Serve();
    UseClient(WithCertificate());
    Talk();
    ExpectTalked();
    std::string large(size, 'x');
    for (std::size_t i = 0; i < size; ++i)
      large[i] = static_cast<char>('a' + i % 23);
    client_->Write(large);
    server_->Write(large);
    for (int turns = 0; turns < 10'000 && !(client_->written_ && server_->written_); ++turns)
      network_.scheduler().RunFor(seconds(1));
    network_.scheduler().RunFor(seconds(100));
    EXPECT_EQ(server_->received_.substr(5), large);
    EXPECT_EQ(client_->received_, large);
    EXPECT_THAT(server_->connection_->peer()->uris, ElementsAre("spiffe://game/eu/host-1"));
  }
}

TEST_F(TlsTest, AnEndIsToldAndACutIsNotAnEnd) {
  Serve();
  UseClient(WithCertificate());
  Talk();
  client_->connection_->ShutdownWrite();
  network_.scheduler().RunFor(seconds(1));
  EXPECT_TRUE(server_->ended_);
  server_->Write("still here");
  network_.scheduler().RunFor(seconds(1));
  EXPECT_EQ(client_->received_, "still here");

  Talk();
  client_->Drop();
  network_.scheduler().RunFor(seconds(1));
  EXPECT_FALSE(server_->ended_);
  ASSERT_TRUE(server_->error_.has_value());
}

TEST_F(TlsTest, ClientsAreRefusedForAReason) {
  const TestAuthority other("other");
  struct Case {
    const char* name;
    std::optional<Issued> issued;
    const char* result;
    const char* told;
  };
  const Case cases[] = {
      {"no certificate", std::nullopt, "no_certificate", "certificate required"},
      {"expired", ca_.Issue({.to_ms = kNowMs - kDayMs}), "expired", "certificate expired"},
      {"not yet valid", ca_.Issue({.from_ms = kNowMs + kDayMs}), "not_yet_valid", "bad certificate"},
      {"of another CA", other.Issue({}), "unknown_ca", "unknown ca"},
  };
  Serve();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ClientOptions options{.ca_file = "ca.pem"};
    if (c.issued) {
      Put("bad", *c.issued);
      options.certificate_file = "bad.pem";
      options.key_file = "bad.key";
    }
    UseClient(options);
    const std::uint64_t before = Handshakes("server", c.result);
    Talk();
    ASSERT_TRUE(client_->error_.has_value());
    EXPECT_THAT(client_->error_->message, HasSubstr(c.told));
    ASSERT_TRUE(server_->error_.has_value());
    EXPECT_EQ(server_->received_, "");
    EXPECT_EQ(Handshakes("server", c.result), before + 1);
  }
  EXPECT_EQ(Handshakes("server", "full"), 0U);
}

TEST_F(TlsTest, ClientsTellServersApart) {
  const TestAuthority other("other");
  struct Case {
    const char* name;
    Issued issued;
    const char* host;
    const char* result;
  };
  const Case cases[] = {
      {"another name", ca_.Issue({.names = {"DNS:elsewhere"}}), "gateway", "bad_certificate"},
      {"an address that is not in it", ca_.Issue({.names = {"DNS:10.0.0.2"}}), "10.0.0.2", "bad_certificate"},
      {"expired", ca_.Issue({.names = {"DNS:gateway"}, .to_ms = kNowMs - 1000}), "gateway", "expired"},
      {"of another CA", other.Issue({.names = {"DNS:gateway"}}), "gateway", "unknown_ca"},
  };
  UseClient({.ca_file = "ca.pem"});
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Put("server", c.issued);
    Serve(ClientCertificates::kOff);
    const std::uint64_t before = Handshakes("client", c.result);
    Talk(c.host);
    EXPECT_TRUE(client_->error_.has_value());
    EXPECT_EQ(Handshakes("client", c.result), before + 1);
  }
  Put("server", ca_.Issue({.names = {"DNS:gateway", "IP:10.0.0.1"}}));
  Serve(ClientCertificates::kOff);
  for (const char* const host : {"gateway", "10.0.0.1"}) {
    Talk(host);
    ExpectTalked();
  }
}

TEST_F(TlsTest, WhatIsNoTlsIsRefusedAndCounted) {
  Serve();
  std::unique_ptr<io::Connection> plain;
  network_.Connect(*loop_, "gateway:1", seconds(5), [&](Result<std::unique_ptr<io::Connection>> made) {
    plain = *std::move(made);
    static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n";
    plain->Write({AsBytes(kRequest)}, [](const Status&) {});
  });
  network_.scheduler().RunFor(seconds(3));
  ASSERT_TRUE(server_.has_value() && server_->error_.has_value());
  EXPECT_THAT(server_->error_->message, HasSubstr("http request"));
  EXPECT_EQ(Handshakes("server", "protocol"), 1U);

  // And one that says nothing, until it is given up.
  network_.Connect(*loop_, "gateway:1", seconds(5),
                   [&](Result<std::unique_ptr<io::Connection>> made) { plain = *std::move(made); });
  network_.scheduler().RunFor(seconds(3));
  EXPECT_FALSE(server_->error_.has_value());
  server_.reset();
  EXPECT_EQ(Handshakes("server", "incomplete"), 1U);
}

TEST_F(TlsTest, SessionsAreResumedUntilTheirCertificateExpires) {
  Put("client", ca_.Issue({.names = {"URI:spiffe://game/eu/host-1"}, .to_ms = kNowMs + 60'000}));
  Serve();
  UseClient(WithCertificate());
  Talk();
  ExpectTalked();
  Talk();
  ExpectTalked();
  EXPECT_EQ(Handshakes("server", "full"), 1U);
  EXPECT_EQ(Handshakes("server", "resumed"), 1U);
  EXPECT_THAT(server_->connection_->peer()->uris, ElementsAre("spiffe://game/eu/host-1"));

  network_.scheduler().RunFor(seconds(120));
  Talk();
  EXPECT_TRUE(client_->error_.has_value());
  EXPECT_EQ(Handshakes("server", "expired"), 1U);
}

TEST_F(TlsTest, EachOfSeveralConnectionsIsResumed) {
  struct Case {
    std::size_t sessions_max;
    std::uint64_t resumed;
  };
  for (const Case& c : {Case{.sessions_max = 64, .resumed = 3}, Case{.sessions_max = 2, .resumed = 2},
                        Case{.sessions_max = 0, .resumed = 0}}) {
    SCOPED_TRACE(c.sessions_max);
    Serve();
    ClientOptions options = WithCertificate();
    options.sessions_max = c.sessions_max;
    UseClient(options);
    const std::uint64_t before = Handshakes("server", "resumed");
    std::vector<std::unique_ptr<End>> ends;
    const auto listener = network_
                              .Listen(*loop_, "gateway:2",
                                      [&](std::unique_ptr<io::Connection> connection) {
                                        ends.push_back(std::make_unique<End>(
                                            server_context_->Accept(*loop_, std::move(connection))));
                                        ends.back()->ReadOn();
                                      })
                              .value();
    for (int round = 0; round < 2; ++round) {
      ends.clear();
      for (int i = 0; i < 3; ++i) {
        network_.Connect(*loop_, "gateway:2", seconds(5), [&](Result<std::unique_ptr<io::Connection>> made) {
          ends.push_back(
              std::make_unique<End>(client_context_->Connect(*loop_, *std::move(made), "gateway")));
          ends.back()->ReadOn();
          ends.back()->Write("hello");
        });
      }
      network_.scheduler().RunFor(seconds(3));
    }
    EXPECT_EQ(Handshakes("server", "resumed") - before, c.resumed);
    ends.clear();
  }
}

TEST_F(TlsTest, FilesAreTakenUpWhileConnectionsLive) {
  Serve();
  UseClient(WithCertificate());
  Talk();
  ExpectTalked();
  auto old_client = std::move(*client_);
  EXPECT_FALSE(server_context_->Reload().value()) << "nothing changed";

  // A half-written file: everything stays.
  PutFile("server.pem", "-----BEGIN CERTIFICATE-----\n");
  EXPECT_FALSE(server_context_->Reload().has_value());

  // Another CA for both sides: old clients are strangers now, also with a session.
  const TestAuthority next("next");
  Put("server", next.Issue({.names = {"DNS:gateway"}}));
  PutFile("ca.pem", next.certificate());
  EXPECT_TRUE(server_context_->Reload().value());
  EXPECT_TRUE(client_context_->Reload().value());
  Talk();
  EXPECT_TRUE(client_->error_.has_value());
  EXPECT_EQ(Handshakes("server", "unknown_ca"), 1U);
  Put("client", next.Issue({}));
  EXPECT_TRUE(client_context_->Reload().value());
  Talk();
  ExpectTalked();
}

TEST_F(TlsTest, CertificatesShownElsewhereAreJudgedByTheSameRules) {
  const TestAuthority other("other");
  struct Case {
    const char* name;
    std::string shown;
    const char* result;
    const char* told;
  };
  const Case cases[] = {
      {"none", "", "no_certificate", "want a client certificate"},
      {"no certificate", "-----BEGIN CERTIFICATE-----\n", "bad_certificate", "no certificate in PEM"},
      {"expired", ca_.Issue({.to_ms = kNowMs - kDayMs}).certificate, "expired", "expired"},
      {"not yet valid", ca_.Issue({.from_ms = kNowMs + kDayMs}).certificate, "not_yet_valid",
       "not yet valid"},
      {"of another CA", other.Issue({}).certificate, "unknown_ca", "issuer"},
      {"too long", std::string(100'000, 'x'), "bad_certificate", "too long"},
  };
  Serve();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto peer = server_context_->Verify(c.shown, "");
    ASSERT_FALSE(peer.has_value());
    EXPECT_EQ(peer.error().code, ErrorCode::kUnauthenticated);
    EXPECT_THAT(peer.error().message, HasSubstr(c.told));
  }
  EXPECT_EQ(Handshakes("server", "expired"), 1U);
  EXPECT_EQ(Handshakes("server", "not_yet_valid"), 1U);
  EXPECT_EQ(Handshakes("server", "unknown_ca"), 1U);
  EXPECT_EQ(Handshakes("server", "no_certificate"), 1U);
  EXPECT_EQ(Handshakes("server", "bad_certificate"), 2U);
  // The one that signed something else is of no help, nor is what follows the certificate.
  const std::string good =
      ca_.Issue({.names = {"URI:spiffe://game/eu/host-1", "URI:spiffe://game/eu/host-2"}}).certificate;
  EXPECT_FALSE(server_context_->Verify(other.Issue({}).certificate + good, good).has_value());
  const auto peer = server_context_->Verify(good, other.certificate());
  ASSERT_TRUE(peer.has_value());
  EXPECT_THAT((*peer)->uris, ElementsAre("spiffe://game/eu/host-1", "spiffe://game/eu/host-2"));
  Serve(ClientCertificates::kOptional);
  EXPECT_EQ(server_context_->Verify("", "").value(), nullptr);
  EXPECT_FALSE(server_context_->Verify(other.Issue({}).certificate, "").has_value());
  Serve(ClientCertificates::kOff);
  EXPECT_EQ(server_context_->Verify(good, "").value(), nullptr);
}

TEST_F(TlsTest, ACertificateThatWasGoodOnceIsLookedAtAgain) {
  const std::string shown = ca_.Issue({.to_ms = kNowMs + 60'000}).certificate;
  const std::string lasting = ca_.Issue({}).certificate;
  Serve();
  EXPECT_TRUE(server_context_->Verify(shown, "").has_value());
  EXPECT_TRUE(server_context_->Verify(shown, "").has_value());
  EXPECT_TRUE(server_context_->Verify(lasting, "").has_value());
  network_.scheduler().RunFor(seconds(120));
  EXPECT_FALSE(server_context_->Verify(shown, "").has_value());
  EXPECT_TRUE(server_context_->Verify(lasting, "").has_value());
  const auto files = server_context_->files();
  EXPECT_EQ(files->ca, ca_.certificate());
  PutFile("ca.pem", TestAuthority("next").certificate());
  EXPECT_TRUE(server_context_->Reload().value());
  EXPECT_FALSE(server_context_->Verify(lasting, "").has_value());
  EXPECT_NE(server_context_->files(), files);
}

TEST_F(TlsTest, BadFilesAreNamed) {
  PutFile("empty.pem", "");
  struct Case {
    const char* name;
    ServerOptions options;
    const char* message;
  };
  const Case cases[] = {
      {"no file", {.certificate_file = "gone.pem", .key_file = "server.key"}, "gone.pem"},
      {"no certificate", {.certificate_file = "empty.pem", .key_file = "server.key"}, "empty.pem"},
      {"a certificate for a key",
       {.certificate_file = "server.pem", .key_file = "server.pem"},
       "private key"},
      {"another's key",
       {.certificate_file = "server.pem", .key_file = "client.key"},
       "not the certificate's"},
      {"clients of nobody",
       {.certificate_file = "server.pem",
        .key_file = "server.key",
        .client_certificates = ClientCertificates::kRequired},
       "client_ca_file"},
      {"no CA in the file",
       {.certificate_file = "server.pem",
        .key_file = "server.key",
        .client_ca_file = "empty.pem",
        .client_certificates = ClientCertificates::kRequired},
       "empty.pem"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = ServerContext::Load(fs_, clock_, metrics_, c.options);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_THAT(loaded.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace tickscope::tls
