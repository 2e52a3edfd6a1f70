// Tokens: the hash is the standard's, a value has one token within its tenant, key and epoch and another outside, and
// nothing of it shows. Key files: what they mean, and that errors never say what is in them.
#include "tokens/tokenizer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tokens/file_key_provider.h"

namespace tickscope::tokens {
namespace {

using guard::PiiKind;

std::string Hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out.push_back("0123456789abcdef"[b >> 4U]);
    out.push_back("0123456789abcdef"[b & 15U]);
  }
  return out;
}

// RFC 4231, cases 1, 2, 3 and 6.
TEST(KeyedHash, IsHmacSha256) {
  struct Case {
    std::string key;
    std::string text;
    const char* want;
  };
  const Case cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const Case& c : cases) {
    const KeyedHash hash(std::as_bytes(std::span(c.key)));
    EXPECT_EQ(Hex(hash.Of(c.text, "")), c.want);
    EXPECT_EQ(Hex(hash.Of(c.text.substr(0, 3), c.text.substr(3))), c.want);
  }
}

constexpr std::string_view kKeyA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
constexpr std::string_view kKeyB = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

class KeyFile : public testing::Test {
 protected:
  void SetUp() override { path_ = testing::TempDir() + "tickscope_keys_" + std::to_string(::getpid()); }
  void TearDown() override { ::unlink(path_.c_str()); }
  Result<std::unique_ptr<FileKeyProvider>> Open(const std::string& content) {
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), 0600);
    return FileKeyProvider::Open(path_);
  }
  std::unique_ptr<FileKeyProvider> Two() {
    auto keys = Open("# comment\n* k1 0 " + std::string(kKeyA) + "\n\n* k2 700 " + std::string(kKeyB) +
                     "\neu e1 10 " + std::string(kKeyB) + "\n");
    EXPECT_TRUE(keys.has_value()) << keys.error().message;
    return std::move(*keys);
  }
  TokenSession Session(KeyProvider& keys, const TenantId& tenant, TokenEpoch epoch) {
    static const auto kScanner = guard::PiiScanner::Make({.player_patterns = {"P-[0-9]+"}}).value();
    return TokenSession::Open(keys, tenant, epoch, *kScanner).value();
  }
  std::string Token(KeyProvider& keys, const TenantId& tenant, TokenEpoch epoch, PiiKind kind,
                    std::string_view value) {
    std::string out;
    Session(keys, tenant, epoch).AppendToken(kind, value, out);
    return out;
  }
  std::string path_;
};

TEST_F(KeyFile, KeysGoByTenantAndEpoch) {
  const auto keys = Two();
  EXPECT_EQ(keys->KeyFor("na", 699)->id, "k1");
  EXPECT_EQ(keys->KeyFor("na", 700)->id, "k2");
  EXPECT_EQ(keys->KeyFor("eu", 700)->id, "e1");
  EXPECT_EQ(keys->KeyFor("eu", 9).error().code, ErrorCode::kNotFound);
}

TEST_F(KeyFile, TokensAreEqualWithinTenantAndEpochOnly) {
  const auto keys = Two();
  const std::string token = Token(*keys, "na", 5, PiiKind::kEmail, "jane@example.com");
  EXPECT_TRUE(token.starts_with("eml_k1_5_")) << token;
  EXPECT_EQ(token.size(), std::string("eml_k1_5_").size() + 26);
  EXPECT_EQ(Token(*keys, "na", 5, PiiKind::kEmail, "Jane@Example.com"), token);
  EXPECT_EQ(Token(*keys, "na", 5, PiiKind::kEmail, "ｊane＠example.com"), token);
  // The part behind key and epoch has nothing in common.
  const auto body = [](const std::string& t) { return t.substr(t.rfind('_')); };
  const std::string others[] = {Token(*keys, "na", 6, PiiKind::kEmail, "jane@example.com"),
                                Token(*keys, "apac", 5, PiiKind::kEmail, "jane@example.com"),
                                Token(*keys, "na", 5, PiiKind::kPlayerId, "jane@example.com"),
                                Token(*keys, "na", 5, PiiKind::kEmail, "jane@example.org")};
  for (const std::string& other : others)
    EXPECT_NE(body(other), body(token));
  // A new reading of the file gives the same.
  EXPECT_EQ(Token(*Two(), "na", 5, PiiKind::kEmail, "jane@example.com"), token);
}

TEST_F(KeyFile, AddressesOfANetworkShareItsPart) {
  const auto keys = Two();
  const auto token = [&](std::string_view ip) { return Token(*keys, "na", 5, PiiKind::kIp, ip); };
  const auto network = [](const std::string& t) { return t.substr(0, t.rfind('_')); };
  EXPECT_EQ(network(token("203.0.113.7")), network(token("203.0.113.200")));
  EXPECT_NE(token("203.0.113.7"), token("203.0.113.200"));
  EXPECT_NE(network(token("203.0.113.7")), network(token("203.0.114.7")));
  EXPECT_EQ(network(token("2001:db8:1::1")), network(token("2001:db8:1:ffff::2")));
  EXPECT_NE(network(token("2001:db8:1::1")), network(token("2001:db8:2::1")));
  EXPECT_EQ(token("2001:db8::1"), token("2001:0DB8:0:0::1"));
  EXPECT_EQ(token("::ffff:203.0.113.7"), token("203.0.113.7"));
}

TEST_F(KeyFile, LinesAreRewrittenOnce) {
  const auto keys = Two();
  const TokenSession session = Session(*keys, "na", 5);
  std::vector<guard::PiiFinding> findings;
  std::string out;
  const std::string_view line =
      "P-77 jane@example.com +1 (555) 010-9999 203.0.113.7 password=hunter2 4111 1111 1111 1111";
  EXPECT_EQ(session.Rewrite(line, guard::kLogKinds, findings, out), 6U);
  for (const char* const raw : {"P-77", "jane", "555", "203", "hunter2", "4111"})
    EXPECT_EQ(out.find(raw), std::string::npos) << out;
  EXPECT_TRUE(out.starts_with("plr_k1_5_")) << out;
  std::string again;
  EXPECT_EQ(session.Rewrite(out, guard::kLabelKinds, findings, again), 0U);
  EXPECT_EQ(again, out);
  std::string clean;
  EXPECT_EQ(session.Rewrite("match 12 began", guard::kLogKinds, findings, clean), 0U);
  EXPECT_EQ(clean, "match 12 began");
}

TEST_F(KeyFile, BadFilesAreRefusedWithoutTheirContent) {
  const std::string a(kKeyA);
  const std::string cases[] = {"default k1 0 " + a.substr(2),
                               "default k1 0 " + a.substr(1) + "x",
                               "default k1 x " + a,
                               "default K1 0 " + a,
                               "default k1 0 " + a + " more",
                               "de/fault k1 0 " + a,
                               "default k1 5 " + a + "\ndefault k2 5 " + a,
                               "default k1 5 " + a + "\neu k1 5 " + a,
                               "default k1",
                               a};
  for (const std::string& content : cases) {
    const auto keys = Open(content);
    ASSERT_FALSE(keys.has_value()) << content;
    EXPECT_EQ(keys.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(keys.error().message.find(a.substr(8, 16)), std::string::npos) << keys.error().message;
  }
}

TEST(TokenEpochs, AreCountedFrom1970) {
  EXPECT_EQ(EpochOf(-1, kEpochMs), 0U);
  EXPECT_EQ(EpochOf(kEpochMs - 1, kEpochMs), 0U);
  EXPECT_EQ(EpochOf(kEpochMs, kEpochMs), 1U);
}

}  // namespace
}  // namespace tickscope::tokens
