// The fleet's switch at the gateway: what is signed, what is durable, what is refused; and the inventory's bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "control/agent_report.h"
#include "control/fleet_control.h"
#include "control/inventory.h"
#include "control/schema_number.h"
#include "io/memory_file_system.h"

namespace tickscope::control {
namespace {

using ::testing::HasSubstr;

constexpr TimeMs kNowMs = 1'800'000'000'000;

// From RFC 8032, section 7.1, test 2, as PEM.
constexpr const char* kPrivatePem =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n-----END "
    "PRIVATE KEY-----\n";

// The public half of a private key.
std::string PublicPem(const std::string& private_pem) {
  BIO* const in = BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, key);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(in);
  BIO_free(out);
  EVP_PKEY_free(key);
  return pem;
}

TEST(Signing, SignsAsTheStandardSays) {
  const auto signer = Signer::FromPem(kPrivatePem).value();
  EXPECT_EQ(signer->Sign("\x72"),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Signing, OnlyTheSameTextAndKeyVerify) {
  const auto signer = Signer::FromPem(kPrivatePem).value();
  const auto verifier = Verifier::FromPem(PublicPem(kPrivatePem)).value();
  const std::string signature = signer->Sign("text");
  EXPECT_TRUE(verifier->Verify("text", signature));
  EXPECT_FALSE(verifier->Verify("Text", signature));
  EXPECT_FALSE(verifier->Verify("text", ""));
  EXPECT_FALSE(verifier->Verify("text", std::string(128, '0')));
  EXPECT_FALSE(verifier->Verify("text", std::string(128, 'x')));
  EXPECT_FALSE(Signer::FromPem("nonsense").has_value());
  EXPECT_FALSE(Signer::FromPem(PublicPem(kPrivatePem)).has_value());
  EXPECT_FALSE(Verifier::FromPem(kPrivatePem).has_value());
}

TEST(Settings, ReadBackAndRefuseAllElse) {
  const FleetSettings settings{17, kNowMs, 5'000, kNowMs + 60'000, 3, 12};
  const std::string text = SettingsText(settings);
  EXPECT_EQ(ParseSettings(text).value(), settings);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(ParseSettings(text.substr(0, size)).has_value()) << size;
  for (const char* const bad : {"tickscope-fleet-settings 2\n", "\n", "generation 1\n"})
    EXPECT_FALSE(ParseSettings(bad + text).has_value()) << bad;
  EXPECT_FALSE(ParseSettings(text + "more 1\n").has_value());
  EXPECT_FALSE(ParseGeneration("17").has_value());
  EXPECT_FALSE(ParseGeneration("-1.a").has_value());
  EXPECT_EQ(ParseGeneration("17.abc")->signature, "abc");
}

class FleetControlTest : public ::testing::Test {
 protected:
  FleetControlTest() {
    clock_.JumpTo(kNowMs);
    const std::string pem = kPrivatePem;
    const std::vector<ByteView> pieces = {AsBytes(pem)};
    EXPECT_TRUE(fs_.OpenAppend("key", io::OpenMode::kTruncate).value()->Append(pieces).has_value());
  }
  std::unique_ptr<FleetControl> Open(const ControlConfig& config = {.signing_key_file = "key"}) {
    return FleetControl::Open(fs_, clock_, metrics_, config, "/data/fleet").value();
  }

  ManualClock clock_;
  MetricRegistry metrics_;
  io::MemoryFileSystem fs_;
};

TEST_F(FleetControlTest, AnIncidentEndsByItself) {
  const auto control = Open();
  const std::uint64_t before = control->Current().generation;
  EXPECT_EQ(control->Current().cadence_ms, 0);
  const FleetSettings begun = control->Begin(5'000, 60'000).value();
  EXPECT_GT(begun.generation, before);
  clock_.Advance(std::chrono::milliseconds(59'999));
  EXPECT_EQ(control->Current().cadence_ms, 5'000);
  EXPECT_EQ(control->Current().until_ms - control->Current().now_ms, 1);
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(control->Current().cadence_ms, 0);
  EXPECT_EQ(control->Current().generation, begun.generation) << "agents know its end already";
}

TEST_F(FleetControlTest, GenerationsAscendOverRestartsAndLostFilesAndClocksThatGoBack) {
  auto control = Open();
  const FleetSettings begun = control->Begin(5'000, 3'600'000).value();
  control = Open();
  EXPECT_EQ(control->Current().generation, begun.generation);
  EXPECT_EQ(control->Current().cadence_ms, 5'000);
  clock_.JumpTo(kNowMs - 3'000'000);
  const FleetSettings ended = control->End().value();
  EXPECT_EQ(ended.generation, begun.generation + 1);
  clock_.JumpTo(kNowMs + 1'000'000);
  ASSERT_TRUE(fs_.Remove("/data/fleet/settings").has_value());
  EXPECT_GT(Open()->Current().generation, ended.generation);
}

TEST_F(FleetControlTest, OtherVersionsAreANewGeneration) {
  const std::uint64_t first = Open()->Current().generation;
  ControlConfig config{.signing_key_file = "key", .schema_version = 4, .key_epoch = 2};
  const FleetSettings told = Open(config)->Current();
  EXPECT_GT(told.generation, first);
  EXPECT_EQ(told.schema_version, 4U);
  EXPECT_EQ(told.key_epoch, 2U);
  EXPECT_EQ(Open(config)->Current().generation, told.generation);
}

TEST_F(FleetControlTest, WhatIsToldIsSigned) {
  const auto control = Open();
  const auto verifier = Verifier::FromPem(PublicPem(kPrivatePem)).value();
  const FleetSettings begun = control->Begin(5'000, 60'000).value();
  const std::string header = control->generation_header();
  const auto said = ParseGeneration(header).value();
  EXPECT_EQ(said.generation, begun.generation);
  EXPECT_TRUE(verifier->Verify(GenerationText(said.generation), said.signature));
  const auto made = control->SignedSettings().value();
  EXPECT_TRUE(verifier->Verify(made.text, made.signature));
  EXPECT_EQ(ParseSettings(made.text).value(), control->Current());
}

TEST_F(FleetControlTest, Refuses) {
  const auto control = Open();
  EXPECT_EQ(control->Begin(999, 60'000).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(control->Begin(5'000, 0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(control->Begin(5'000, 24 * 3'600'000 + 1).error().code, ErrorCode::kInvalidArgument);
  const auto silent = Open(ControlConfig{});
  EXPECT_EQ(silent->Begin(5'000, 60'000).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(silent->generation_header(), "");
  EXPECT_FALSE(FleetControl::Open(fs_, clock_, metrics_, {.signing_key_file = "/data/fleet/settings"}, "/x"))
      << "no key";
}

TEST(AgentReportText, ReadsBackAndPassesOverWhatIsNew) {
  const AgentReport report{"0.1.0", 17, 5'000, 1'000'003, 12, 1'200, 5, 7};
  EXPECT_EQ(ParseReport(ReportText(report)).value(), report);
  EXPECT_EQ(ParseReport(ReportText(report) + " colour=blue").value(), report);
  for (const char* const bad : {"version", "lag=-1", "lag=x", "version=a\"b", "generation="})
    EXPECT_FALSE(ParseReport(bad).has_value()) << bad;
  EXPECT_FALSE(ParseReport(std::string(kReportBytesMax + 1, 'a')).has_value());
}

TEST(SchemaNumber, AscendsWithTheVersionAndReadsBack) {
  struct Case {
    const char* text;
    std::uint64_t number;
  };
  for (const Case& c : {Case{"", 0},
                        {"1.0", 1'000'000},
                        {"1.4", 1'000'004},
                        {"2.0", 2'000'000},
                        {"999999.999999", 999'999'999'999}}) {
    EXPECT_EQ(ParseSchemaNumber(c.text), c.number) << c.text;
    EXPECT_EQ(SchemaNumberText(c.number), c.text);
  }
  for (const char* const bad : {"1", "1.", ".1", "1.2.3", "-1.0", "1.x", " 1.0", "1000000.0", "1.1000000"})
    EXPECT_EQ(ParseSchemaNumber(bad), std::nullopt) << bad;
  EXPECT_EQ(SchemaNumber(4'000'000'000U, 4'000'000'000U), 999'999'999'999U);
}

TEST(Inventory, KeepsWhoWasHeardLastAndListsByPages) {
  MetricRegistry metrics;
  Inventory inventory(metrics, 3);
  for (const char* const sender : {"a", "b", "c", "a", "d"}) {
    SeenAgent agent;
    agent.tenant = "eu";
    agent.sender = sender;
    inventory.Note(std::move(agent));
  }
  const auto names = [](const Inventory::Page& page) {
    std::string all;
    for (const SeenAgent& agent : page.agents)
      all += agent.sender;
    return all;
  };
  EXPECT_EQ(names(inventory.List("", "", 10)), "acd");
  EXPECT_EQ(inventory.List("us", "", 10).total, 0U);
  const Inventory::Page first = inventory.List("eu", "", 2);
  EXPECT_EQ(names(first), "ac");
  EXPECT_EQ(first.total, 3U);
  EXPECT_EQ(names(inventory.List("eu", first.next_after, 2)), "d");
}

}  // namespace
}  // namespace tickscope::control
