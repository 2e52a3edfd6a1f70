// PiiScanner: every kind is found where it stands, whole, in the forms people and machines write it; what only looks
// like it is left alone; and text that is dressed up (look-alikes, no width) is seen through. Values are examples of
// the standards or made up.
#include "guard/pii_scanner.h"

#include <gtest/gtest.h>

#include <iterator>

#include "base/random.h"
#include "guard/text_walk.h"

namespace tickscope::guard {
namespace {

const PiiScanner& Scanner() {
  static const auto kScanner = PiiScanner::Make({}).value();
  return *kScanner;
}

// The text with what is found in brackets, as "kind<...>".
std::string Marked(std::string_view text, PiiKinds kinds = kLabelKinds,
                   const PiiScanner& scanner = Scanner()) {
  std::vector<PiiFinding> findings;
  scanner.Scan(text, kinds, findings);
  std::string out;
  std::size_t at = 0;
  for (const PiiFinding& finding : findings) {
    EXPECT_LE(at, finding.begin);
    EXPECT_LT(finding.begin, finding.end);
    EXPECT_LE(finding.end, text.size());
    out += text.substr(at, finding.begin - at);
    out += std::string(PiiKindName(finding.kind)) + "<";
    out += text.substr(finding.begin, finding.end - finding.begin);
    out += ">";
    at = finding.end;
  }
  out += text.substr(at);
  return out;
}

struct Case {
  const char* text;
  const char* want;
};

TEST(PiiScanner, Finds) {
  const Case cases[] = {
      {"mail to jane.doe+x@mail.example.co.uk, ok", "mail to email<jane.doe+x@mail.example.co.uk>, ok"},
      {"email=jane@example.com", "email=email<jane@example.com>"},
      {"<jane@example.com>.", "<email<jane@example.com>>."},
      {"from 203.0.113.7:50010", "from ip<203.0.113.7>:50010"},
      {"a 12 203.0.113.7 44", "a 12 ip<203.0.113.7> 44"},
      {"src=/10.251.73.220", "src=/ip<10.251.73.220>"},
      {"[2001:db8::1]:443", "[ip<2001:db8::1>]:443"},
      {"peer fe80::1ff:fe23:4567:890a: gone", "peer ip<fe80::1ff:fe23:4567:890a>: gone"},
      {"peer ::ffff:203.0.113.7.", "peer ip<::ffff:203.0.113.7>."},
      {"2001:0db8:85a3:0000:0000:8a2e:0370:7334", "ip<2001:0db8:85a3:0000:0000:8a2e:0370:7334>"},
      {"2001:0db8:85a3:0000:0000:8a2e:0370:7334:27015", "ip<2001:0db8:85a3:0000:0000:8a2e:0370:7334>:27015"},
      {"(29)/083-4182 or (08).4271.0751", "phone<(29)/083-4182> or phone<(08).4271.0751>"},
      {"+55 54 1914-4703", "phone<+55 54 1914-4703>"},
      {"+43 (0) 5647 15585852", "phone<+43 (0) 5647 15585852>"},
      {"card=9111111111111110, and much later in the same line 9111111111111110",
       "card=card<9111111111111110>, and much later in the same line digits<9111111111111110>"},
      {"card 4222222222222", "card card<4222222222222>"},
      {"mac 00:1b:44:11:3a:b7 up", "mac mac<00:1b:44:11:3a:b7> up"},
      {"id 123e4567-e89b-12d3-a456-426614174000", "id uuid<123e4567-e89b-12d3-a456-426614174000>"},
      {"card 4111 1111 1111 1111 ok", "card card<4111 1111 1111 1111> ok"},
      {"order 12 4111-1111-1111-1111", "order 12 card<4111-1111-1111-1111>"},
      {"378282246310005", "card<378282246310005>"},
      {"card4111111111111111", "cardcard<4111111111111111>"},
      {"GB82 WEST 1234 5698 7654 32 paid", "iban<GB82 WEST 1234 5698 7654 32> paid"},
      {"iban=DE89370400440532013000", "iban=iban<DE89370400440532013000>"},
      {"call +1 (555) 010-9999 now", "call phone<+1 (555) 010-9999> now"},
      {"(555) 010-9999", "phone<(555) 010-9999>"},
      {"555-010-9999 x123", "phone<555-010-9999 x123>"},
      {"2026-11-26 555-010-9999", "2026-11-26 phone<555-010-9999>"},
      {"phone: 08331 654321", "phone: phone<08331 654321>"},
      {"phone_number=0612345678", "phone_number=phone<0612345678>"},
      {"tel 01 23 45 67 89", "tel phone<01 23 45 67 89>"},
      {"080-1234-5678", "phone<080-1234-5678>"},
      {"+49(0) 047905161", "phone<+49(0) 047905161>"},
      {"001-581-896-0013x3890", "phone<001-581-896-0013x3890>"},
      {"8 (123) 456 78 90", "phone<8 (123) 456 78 90>"},
      {"steam 76561198012345678 in", "steam player_id<76561198012345678> in"},
      {"STEAM_0:1:12345678 in", "player_id<STEAM_0:1:12345678> in"},
      {"name<2><[U:1:24691357]><Red>", "name<2><[player_id<U:1:24691357>]><Red>"},
      {"player_76561198012345678_kills_total", "player_player_id<76561198012345678>_kills_total"},
      {"player_id=ab12cd joined", "player_id=player_id<ab12cd> joined"},
      {R"({"userId":"ab12cd","n":1})", R"({"userId":"player_id<ab12cd>","n":1})"},
      {R"({\"password\":\"hunter2!\"})", R"({\"password\":\"key<hunter2!>\"})"},
      {"password=hunter2 x", "password=key<hunter2> x"},
      {"Authorization: Bearer abc.def-123", "Authorization: Bearer key<abc.def-123>"},
      {"key AKIAIOSFODNN7EXAMPLE.", "key key<AKIAIOSFODNN7EXAMPLE>."},
      {"ghp_abcdefghijklmnopqrstuvwxyz0123456789", "key<ghp_abcdefghijklmnopqrstuvwxyz0123456789>"},
      {"xoxb-123456789012-abcdef", "key<xoxb-123456789012-abcdef>"},
      {"sk_live_abcdefghijklmnop", "key<sk_live_abcdefghijklmnop>"},
      {"AIzaSyA-1234567890abcdefghijklmnopqrstu", "key<AIzaSyA-1234567890abcdefghijklmnopqrstu>"},
      {"a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
       "a key<-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----> b"},
      {"t eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.",
       "t jwt<eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl>."},
      {"n 987654321", "n digits<987654321>"},
      {"x9Kd83jfLs02mQpZ7vB1nT4", "entropy<x9Kd83jfLs02mQpZ7vB1nT4>"},
      {"d41d8cd98f00b204e9800998ecf8427e", "entropy<d41d8cd98f00b204e9800998ecf8427e>"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Marked(c.text), c.want);
}

TEST(PiiScanner, LeavesAlone) {
  const char* const clean[] = {
      "",
      "2026-11-26T09:35:44.123456Z INFO match 4711 started on harbor",
      "081109 203615 148 INFO dfs.DataNode$PacketResponder: size 67108864",
      "[10.30 16:49:06] close, 1190 bytes sent, 1671 bytes (1.63 KB) received, lifetime 00:02",
      "127.0.0.1:9100",
      "0.0.0.0",
      "255.255.255.0",
      "version 1.2.3.4",
      "v10.0.19.1",
      "build=4.18.0.90744",
      "1.2.3.4.5",
      "alsa-topology-conf 1.2.5.1-2",
      "999.1.1.1",
      "10.0.0",
      "std::chrono::seconds",
      "09:35:44",
      "00:00:00:00:00:00",
      "00000000-0000-0000-0000-000000000000",
      "4111111111111112",        // Luhn.
      "rx 4222222222222 bytes",  // As long as a card was once.
      "blk_-4111111111111111",
      "kernel: [4222222.222222]",
      "librtmp1 2.4+20151223.gitfa8646d",
      "9111111111111110",        // No issuer.
      "GB82WEST12345698765433",  // mod-97.
      "XX82WEST12345698765432",
      "icon@2x.png",
      "getty@tty1.service",
      "react@18.2.0",
      "user@host",
      "eyJub3QiOiJhIn0.eyJ9.x",  // No "alg".
      "1764149744",
      "1764149744123",
      "1764149744123456789",
      "0.123456789",
      "4.17.2-r90311",
      "na-a-00042",
      "battle_royale",
      "prometheus-node-exporter",
      "/sys/fs/cgroup/system.slice/prometheus-node-exporter.service",
      "game_matchmaking_wait_seconds_bucket",
      "org.apache.hadoop.hdfs.StateChange",
      "player_id=null",
      "player_id=12",
      "token: expected semicolon",
      "password=****",
      "system call 12345678",
      "score +1234567 total",
      "UTC+0100",
  };
  for (const char* const text : clean)
    EXPECT_EQ(Marked(text, kLabelKinds.Without({PiiKind::kDigits})), text);
  EXPECT_EQ(Marked("n 987654321 x9Kd83jfLs02mQpZ7vB1nT4", kLogKinds), "n 987654321 x9Kd83jfLs02mQpZ7vB1nT4");
}

TEST(PiiScanner, SeesThroughDress) {
  const Case cases[] = {
      {"to ｊane＠ｅxample．com!", "to email<ｊane＠ｅxample．com>!"},
      {"to jа\xd0\xbe@example.com", "to email<jа\xd0\xbe@example.com>"},  // Cyrillic a and o.
      {"to j\xe2\x80\x8b"
       "ane@exam\xe2\x80\x8dple.com",
       "to email<j\xe2\x80\x8b"
       "ane@exam\xe2\x80\x8dple.com>"},
      {"ip ２０３．０．１１３．７", "ip ip<２０３．０．１１３．７>"},
      {"card 4111\xc2\xa0"
       "1111\xc2\xa0"
       "1111\xc2\xa0"
       "1111",
       "card card<4111\xc2\xa0"
       "1111\xc2\xa0"
       "1111\xc2\xa0"
       "1111>"},
      {"card ٤١١١١١١١١١١١١١١١ ok", "card card<٤١١١١١١١١١١١١١١١> ok"},
      {"tel 080‐1234‐5678", "tel phone<080‐1234‐5678>"},
      {"电话080-1234-5678", "电话phone<080-1234-5678>"},
      {"𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏", "card<𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏>"},
      {"\xff jane@example.com \xc3", "\xff email<jane@example.com> \xc3"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Marked(c.text), c.want);
}

// Lines made of pieces that begin, mark, end or break something, and mutations of those: what the sieve leaves out must
// begin nothing, and words read late must say what words read at once say.
class LineMaker {
 public:
  explicit LineMaker(std::uint64_t seed) : random_(seed) {}

  std::string Line() {
    static constexpr std::string_view kPieces[] = {
        " ",
        " ",
        " ",
        ":",
        "=",
        "@",
        "-",
        "--",
        ".",
        "_",
        "/",
        "(",
        ")",
        "+",
        ",",
        "\"",
        "::",
        "00",
        "0",
        "7",
        "12",
        "123",
        "2026-11-26",
        "T09:35:44.120Z",
        "09:35",
        "12345",
        "123456",
        "1234567",
        "987654321",
        "0.125",
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111",
        "76561198012345678",
        "203.0.113.7",
        "10.0.0.1",
        "1.2.3.4",
        "255.255.255.0",
        "2001:db8::1",
        "fe80",
        "::ffff:1.2.3.4",
        "dead:beef::",
        "face",
        "cafe",
        "be",
        "00:1b:44:11:3a:b7",
        "aa:bb:cc:dd:ee:ff",
        "cc-dd-ee-aa-bb-1f",
        "deadbeef",
        "deadbeef-dead-beef-dead-deadbeefdead",
        "123e4567-e89b-12d3-a456-426614174000",
        "00000000-0000-0000-0000-000000000000",
        "GB82WEST12345698765432",
        "GB82 WEST 1234 5698 7654 32",
        "DE89",
        "+1 555 010 9999",
        "(555) 010-9999",
        "555-010-9999",
        "01 23 45 67 89",
        "080-1234-5678",
        "0049 ",
        "x123",
        "ext. 12",
        "jane",
        "jane.doe@example.com",
        "example.com",
        "user_id=",
        "player_id",
        "password",
        "token:",
        "Bearer abcdef",
        "Authorization: ",
        "null",
        "phone",
        "tel",
        "Telephone",
        "call",
        "card",
        "pan",
        "cc",
        "sms",
        "visa",
        "v",
        "version",
        "build",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIA",
        "ghp_",
        "xoxb-123456789012-abcdef",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "sk_live_abcdefghijklmnop",
        "STEAM_0:1:4711",
        "[U:1:4711]",
        "ey",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln",
        "-----BEGIN PRIVATE KEY-----",
        "server",
        "id76561198012345678",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij",
        "host12",
        "\x80",
        "\n",
        "plr_k1_20_abcdefghijklmnopqrstuvwxyz"};
    std::string line;
    for (std::uint64_t i = random_.Below(24) + 1; i > 0; --i)
      line += kPieces[random_.Below(std::size(kPieces))];
    for (std::uint64_t i = random_.Below(4); i > 0; --i)
      Mutate(line);
    return line;
  }

 private:
  void Mutate(std::string& line) {
    if (line.empty()) return;
    const std::size_t at = random_.Below(line.size());
    static constexpr std::string_view kBytes = "0123456789abcdefABCDEFgxGUSey:=@-._ ()+/,\"'\x80";
    const char byte = kBytes[random_.Below(kBytes.size())];
    switch (random_.Below(4)) {
      case 0:
        line[at] = byte;
        break;
      case 1:
        line.insert(at, 1, byte);
        break;
      case 2:
        line.erase(at, random_.Below(3) + 1);
        break;
      default:
        line.insert(at, line.substr(random_.Below(line.size()), random_.Below(24)));
    }
  }

  SeededRandom random_;
};

TEST(PiiScanner, TheSieveLeavesNothingOut) {
  constexpr std::uint64_t kSeed = 8;
  LineMaker lines(kSeed);
  std::vector<PiiFinding> by_sieve;
  std::vector<PiiFinding> past_every_byte;
  std::uint64_t found = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string line = lines.Line();
    for (const PiiKinds kinds : {kLabelKinds, kLogKinds, PiiKinds{PiiKind::kPhone, PiiKind::kIban}}) {
      by_sieve.clear();
      past_every_byte.clear();
      WalkText(line, kinds, WalkBy::kSieve, by_sieve);
      WalkText(line, kinds, WalkBy::kEveryByte, past_every_byte);
      ASSERT_EQ(by_sieve, past_every_byte) << "seed " << kSeed << " line " << i << ": " << line;
      found += by_sieve.size();
    }
  }
  EXPECT_GT(found, 500'000U);
}

TEST(PiiScanner, PlayerPatternsAreTheGames) {
  const auto scanner = PiiScanner::Make({.player_patterns = {"\\bP-[0-9]{4}\\b", "acct/[a-z]+"}}).value();
  EXPECT_EQ(Marked("P-1234 met acct/bob, P-12", kLogKinds, *scanner),
            "player_id<P-1234> met player_id<acct/bob>, P-12");
  for (const char* const bad : {"(", "x*", "(?=a)"}) {
    const auto refused = PiiScanner::Make({.player_patterns = {bad}});
    ASSERT_FALSE(refused.has_value()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(PiiScanner, TokensAreNoFindings) {
  const char* const tokens[] = {"plr_k1_20_abcdefghijklmnopqrstuvwxyz",
                                "ip_k1_20_abcdefghijklm_abcdefghijklmnopqrstuvwxyz"};
  for (const char* const token : tokens) {
    EXPECT_EQ(Marked(token), token);
    const std::string field = std::string("player_id=") + token;
    EXPECT_EQ(Marked(field), field);
  }
}

TEST(PiiScanner, KindsAreAskedFor) {
  EXPECT_EQ(Marked("jane@example.com 203.0.113.7", {PiiKind::kIp}), "jane@example.com ip<203.0.113.7>");
  EXPECT_EQ(Marked("jane@example.com 203.0.113.7", {}), "jane@example.com 203.0.113.7");
}

// In log lines: ids have the lengths of cards, and one of thirty passes for one.
TEST(PiiScanner, CardsWithoutAWordForThem) {
  const Case cases[] = {
      {"4111111111111111", "card<4111111111111111>"},
      {"use 4111111111111111 please", "use card<4111111111111111> please"},
      {"it is (4111111111111111).", "it is (card<4111111111111111>)."},
      {"order 4111111111111111 queued", "order 4111111111111111 queued"},
      {"match_id=4111111111111111", "match_id=4111111111111111"},
      {"snapshot #4111111111111111", "snapshot #4111111111111111"},
      {"{\"seq\":4111111111111111}", "{\"seq\":4111111111111111}"},
      {"{\"seq\":\"4111111111111111\"}", "{\"seq\":\"4111111111111111\"}"},
      {"order 4111 1111 1111 1111", "order card<4111 1111 1111 1111>"},
      // Its first twelve digits have a right sum too.
      {"card 4052-6048-7690-1685", "card card<4052-6048-7690-1685>"},
      {"phone=08/ 150 01 55 ok", "phone=phone<08/ 150 01 55> ok"},
      {"geo cell lat 52.7977377 lon -125.6793671", "geo cell lat 52.7977377 lon -125.6793671"},
      {"my cell 0151 1234567", "my cell phone<0151 1234567>"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Marked(c.text, kLogKinds), c.want);
}

TEST(PiiScanner, RedactsWithinABound) {
  std::vector<PiiFinding> findings;
  const std::string_view text = "to jane@example.com é";
  Scanner().Scan(text, kLogKinds, findings);
  EXPECT_EQ(Redact(text, findings, 100), "to [email] é");
  EXPECT_EQ(Redact(text, findings, 12), "to [email] ");
  EXPECT_EQ(Redact(text, findings, 5), "to [e");
  EXPECT_EQ(Redact(text, findings, 0), "");
}

// What looks like the start of something over and over must not cost more than its length: tens of thousands of each
// are read in one test without a clock, which would take minutes if any were quadratic.
TEST(PiiScanner, IsLinear) {
  for (const char* const part :
       {"eyJ-", "ghp_", "a@b.", "1 ", "12-34 ", "AB12 ", "::", "a:b:", "-----BEGIN ",
        "player_id=", "0123456789", "(555) ", "@", "%", "=", "\xe2\x80\x8b", "-----BEGIN PRIVATE KEY-----"}) {
    std::string text;
    while (text.size() < (1U << 20))
      text += part;
    std::vector<PiiFinding> findings;
    Scanner().Scan(text, kLabelKinds, findings);
    std::size_t at = 0;
    for (const PiiFinding& finding : findings) {
      ASSERT_LE(at, finding.begin);
      at = finding.end;
    }
  }
}

}  // namespace
}  // namespace tickscope::guard
