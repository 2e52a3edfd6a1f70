// Targets behind TLS, and such that want to know who asks: what is shown to them, whose certificates are taken, and how each refusal is
// told and counted. In-memory network, with a CA made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulated_site_test.h"
#include "tls/authority_test.h"
#include "tls/server_context.h"

namespace tickscope::agent {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class HttpsTarget : public ::testing::Test {
 protected:
  HttpsTarget() { PutFile("ca.pem", ca_.certificate()); }

  void PutFile(const std::string& name, const std::string& bytes) {
    const std::vector<ByteView> pieces = {AsBytes(bytes)};
    ASSERT_TRUE(site_.fs.OpenAppend(name, io::OpenMode::kTruncate).value()->Append(pieces).has_value());
  }
  void Put(const std::string& name, const tls::Issued& issued) {
    PutFile(name + ".pem", issued.certificate);
    PutFile(name + ".key", issued.key);
  }
  // A target at node:443 that shows `issued`.
  void Serve(const tls::Issued& issued, tls::ClientCertificates wants = tls::ClientCertificates::kOff) {
    Put("server", issued);
    server_.reset();
    server_ = http::Server::Start(
                  site_.network,
                  {.address = "node:443",
                   .tls = tls::ServerContext::Load(site_.fs, site_.clock, server_registry_,
                                                   {.certificate_file = "server.pem",
                                                    .key_file = "server.key",
                                                    .client_ca_file = "ca.pem",
                                                    .client_certificates = wants})
                              .value()},
                  [this](const http::Request& request, http::Respond respond) {
                    asked_ = request.headers;
                    http::Response response{.body = "one 1\n"};
                    response.headers.Set("Content-Type", "text/plain; version=0.0.4");
                    respond(std::move(response));
                  },
                  server_registry_)
                  .value();
  }
  std::string Scrape(std::string_view settings) {
    const Status applied =
        site_.Apply(SiteYaml({"node:443"}, std::string("    scheme: https\n").append(settings)));
    if (!applied) return applied.error().message;
    site_.RunFor(seconds(11));
    return site_.agent->Describe().targets.at(0).last.error;
  }
  std::uint64_t Failures(ScrapeFailure reason) { return site_.metrics.scrape_failures(reason).value(); }

  SimulatedSite site_;
  MetricRegistry server_registry_;
  tls::TestAuthority ca_{"ca"};
  std::unique_ptr<http::Server> server_;
  http::Headers asked_;
};

constexpr std::string_view kTrusting = "    tls_config: {ca_file: ca.pem}\n";

TEST_F(HttpsTarget, IsScrapedWhenItsCertificateIsGood) {
  Serve(ca_.Issue({.names = {"DNS:node"}}));
  EXPECT_EQ(Scrape(kTrusting), "");
  EXPECT_EQ(site_.metrics.scraped_samples->value(), 1U);
}

TEST_F(HttpsTarget, IsRefusedByItsCertificate) {
  const tls::TestAuthority other("other");
  struct Case {
    const char* name;
    tls::Issued issued;
    const char* error;
  };
  const Case cases[] = {
      {"expired", ca_.Issue({.names = {"DNS:node"}, .to_ms = SimulatedSite::kStartMs - 1'000}),
       "certificate has expired"},
      {"not yet valid", ca_.Issue({.names = {"DNS:node"}, .from_ms = SimulatedSite::kStartMs + 86'400'000}),
       "certificate is not yet valid"},
      {"another's name", ca_.Issue({.names = {"DNS:other"}}), "hostname mismatch"},
      {"of an authority that is not trusted", other.Issue({.names = {"DNS:node"}}),
       "unable to get local issuer certificate"},
  };
  std::uint64_t refused = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Serve(c.issued);
    EXPECT_THAT(Scrape(kTrusting), HasSubstr(c.error));
    EXPECT_GT(Failures(ScrapeFailure::kCertificate), refused);
    refused = Failures(ScrapeFailure::kCertificate);
  }
  EXPECT_EQ(site_.metrics.scraped_samples->value(), 0U);
}

TEST_F(HttpsTarget, IsTakenAnywayWhenToldSo) {
  const tls::TestAuthority other("other");
  Serve(other.Issue({.names = {"DNS:elsewhere"}, .to_ms = SimulatedSite::kStartMs - 1'000}));
  EXPECT_EQ(Scrape("    tls_config: {ca_file: ca.pem, insecure_skip_verify: true}\n"), "");
}

TEST_F(HttpsTarget, MayHaveAnotherName) {
  Serve(ca_.Issue({.names = {"DNS:kubelet"}}));
  EXPECT_EQ(Scrape("    tls_config: {ca_file: ca.pem, server_name: kubelet}\n"), "");
}

TEST_F(HttpsTarget, IsShownOurCertificate) {
  Serve(ca_.Issue({.names = {"DNS:node"}}), tls::ClientCertificates::kRequired);
  EXPECT_NE(Scrape(kTrusting), "");
  Put("client", ca_.Issue({.names = {"URI:spiffe://game/eu/host-1"}}));
  EXPECT_EQ(Scrape("    tls_config: {ca_file: ca.pem, cert_file: client.pem, key_file: client.key}\n"), "");
}

TEST_F(HttpsTarget, IsShownCredentialsOfNow) {
  Serve(ca_.Issue({.names = {"DNS:node"}}));
  PutFile("token", "first\n");
  ASSERT_EQ(Scrape("    tls_config: {ca_file: ca.pem}\n    bearer_token_file: token\n"), "");
  EXPECT_EQ(asked_.Get("Authorization"), "Bearer first");
  PutFile("token", "second\n");
  site_.RunFor(seconds(10));
  EXPECT_EQ(asked_.Get("Authorization"), "Bearer second");

  PutFile("password", "se same\n");
  ASSERT_EQ(Scrape("    tls_config: {ca_file: ca.pem}\n    basic_auth: {username: Aladdin, password_file: "
                   "password}\n"),
            "");
  EXPECT_EQ(asked_.Get("Authorization"), "Basic QWxhZGRpbjpzZSBzYW1l");
}

TEST_F(HttpsTarget, IsDownWhileOurFilesDoNotRead) {
  Serve(ca_.Issue({.names = {"DNS:node"}}));
  EXPECT_THAT(Scrape("    tls_config: {ca_file: later.pem}\n"), HasSubstr("later.pem"));
  PutFile("later.pem", ca_.certificate());
  site_.RunFor(seconds(10));
  EXPECT_EQ(site_.agent->Describe().targets.at(0).last.error, "");

  EXPECT_THAT(Scrape("    tls_config: {ca_file: ca.pem}\n    bearer_token_file: none\n"),
              HasSubstr("credentials cannot be read"));
  PutFile("two", "one\ntwo\n");
  EXPECT_THAT(Scrape("    tls_config: {ca_file: ca.pem}\n    bearer_token_file: two\n"),
              HasSubstr("more than one line"));
  EXPECT_GE(Failures(ScrapeFailure::kCredentials), 3U);
}

TEST_F(HttpsTarget, DoesNotTakeContradictions) {
  const char* const cases[] = {
      "    bearer_token_file: a\n    basic_auth: {username: b}\n",
      "    bearer_token_file: a\n    authorization: {credentials_file: b}\n",
      "    basic_auth: {password_file: b}\n",
      "    basic_auth: {username: 'a:b'}\n",
      "    authorization: {type: 'two words'}\n",
      "    tls_config: {cert_file: a}\n",
      "    basic_auth: {username: a, password: in-the-open}\n",
  };
  for (const char* const settings : cases) {
    SCOPED_TRACE(settings);
    EXPECT_FALSE(ParseAgentConfig(SiteYaml({"node:443"}, settings), "a.yaml").has_value());
  }
}

}  // namespace
}  // namespace tickscope::agent
