// GuardNotes: who must mend what is told apart and counted, and no note has anything private in it.
#include "signals/guard_notes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tickscope::signals {
namespace {

using guard::PiiFinding;
using guard::PiiKind;

TEST(RedactedSample, NamesWhatWasFoundAndMasksDigits) {
  struct Case {
    const char* name;
    std::string text;
    std::vector<PiiFinding> findings;
    PiiKind kind;
    std::string sample;
  };
  const std::string far(60, 'x');
  const Case cases[] = {
      {"all of it", "jane@example.com", {{PiiKind::kEmail, 0, 16}}, PiiKind::kEmail, "[email]"},
      {"in a line",
       "login jane@example.com at 12:34",
       {{PiiKind::kEmail, 6, 22}},
       PiiKind::kEmail,
       "login [email] at ##:##"},
      {"control characters",
       "a\njane@example.com\x1b[31m",
       {{PiiKind::kEmail, 2, 18}},
       PiiKind::kEmail,
       "a [email] [##m"},
      {"two kinds",
       "1.2.3.4 jane@example.com",
       {{PiiKind::kIp, 0, 7}, {PiiKind::kEmail, 8, 24}},
       PiiKind::kEmail,
       "[ip] [email]"},
      {"a long line is cut",
       far + "jane@example.com" + far,
       {{PiiKind::kEmail, 60, 76}},
       PiiKind::kEmail,
       std::string(48, 'x') + "[email]" + std::string(32, 'x')},
      {"a finding that is cut is named",
       "jane@example.com" + std::string(40, 'x') + "1.2.3.4",
       {{PiiKind::kEmail, 0, 16}, {PiiKind::kIp, 56, 63}},
       PiiKind::kIp,
       "[email]" + std::string(40, 'x') + "[ip]"},
      {"none of that kind", "jane@example.com", {{PiiKind::kEmail, 0, 16}}, PiiKind::kIp, ""},
  };
  for (const Case& c : cases)
    EXPECT_EQ(RedactedSample(c.text, c.findings, c.kind), c.sample) << c.name;
}

TEST(RedactedSample, CutsNoCharacter) {
  std::string letters;
  for (int i = 0; i < 40; ++i)
    letters += "\xc3\xa9";
  const std::string text = "x" + letters + "-a@b.cd-" + letters;
  const std::size_t at = letters.size() + 2;
  const std::string sample =
      RedactedSample(text, std::vector<PiiFinding>{{PiiKind::kEmail, at, at + 6}}, PiiKind::kEmail);
  EXPECT_EQ(sample, letters.substr(0, 46) + "-[email]-" + letters.substr(0, 32));
}

TEST(RequestNotes, KindsAreAddedUp) {
  RequestNotes notes;
  const auto note = [&](PiiKind kind, const char* field) {
    if (!notes.Count(GuardAction::kReplaced, kind, field))
      notes.Add(GuardAction::kReplaced, kind, field, "first");
  };
  notes.BeginOwner();
  note(PiiKind::kIp, "app");
  notes.NameOwner("match");
  note(PiiKind::kEmail, "text");
  note(PiiKind::kEmail, "text");
  notes.BeginOwner();
  notes.NameOwner("chat");
  note(PiiKind::kEmail, "text");
  ASSERT_EQ(notes.notes().size(), 3U);
  EXPECT_EQ(notes.notes()[0].owner, "match");
  EXPECT_EQ(notes.notes()[1].count, 2U);
  EXPECT_EQ(notes.notes()[2].owner, "chat");
  EXPECT_EQ(notes.notes()[2].count, 1U);
}

TEST(RequestNotes, AreBounded) {
  RequestNotes notes;
  for (int i = 0; i < 1'000; ++i) {
    const std::string field = "f" + std::to_string(i) + std::string(1'000, 'x');
    if (!notes.Count(GuardAction::kReplaced, PiiKind::kEmail, field))
      notes.Add(GuardAction::kReplaced, PiiKind::kEmail, field, "s");
  }
  EXPECT_EQ(notes.notes().size(), RequestNotes::kEntriesMax);
  EXPECT_EQ(notes.notes().front().field.size(), 128U);
}

std::vector<GuardNote> OneNote(const std::string& field) {
  RequestNotes notes;
  notes.Add(GuardAction::kReplaced, PiiKind::kEmail, field, "[email]");
  return notes.notes();
}

TEST(GuardNotes, AreTheTenants) {
  GuardNotes notes;
  notes.Add("eu", codec::RecordKind::kLogs, "host-1", 10, OneNote("a"));
  notes.Add("eu", codec::RecordKind::kSpans, "", 20, OneNote("a"));
  notes.Add("eu", codec::RecordKind::kLogs, "host-2", 30, OneNote("a"));
  notes.Add("us", codec::RecordKind::kLogs, "host-3", 40, OneNote("b"));
  const std::vector<GuardNote> found = notes.Of("eu");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].signal, codec::RecordKind::kLogs);
  EXPECT_EQ(found[0].count, 2U);
  EXPECT_EQ(found[0].sender, "host-2");
  EXPECT_EQ(found[0].first_ms, 10);
  EXPECT_EQ(found[0].last_ms, 30);
  EXPECT_EQ(found[1].signal, codec::RecordKind::kSpans);
  EXPECT_EQ(notes.Of("us").size(), 1U);
  EXPECT_TRUE(notes.Of("none").empty());
}

TEST(GuardNotes, TheQuietestGoFirst) {
  GuardNotes notes;
  for (std::size_t i = 0; i < GuardNotes::kEntriesMax + 10; ++i)
    notes.Add("eu", codec::RecordKind::kLogs, "", static_cast<TimeMs>(i), OneNote(std::to_string(i)));
  const std::vector<GuardNote> found = notes.Of("eu");
  ASSERT_EQ(found.size(), GuardNotes::kEntriesMax);
  EXPECT_EQ(found.back().field, "10");
  for (std::size_t i = 0; i < GuardNotes::kTenantsMax; ++i)
    notes.Add("t" + std::to_string(i), codec::RecordKind::kLogs, "", 1'000 + static_cast<TimeMs>(i),
              OneNote("a"));
  EXPECT_TRUE(notes.Of("eu").empty());
  EXPECT_EQ(notes.Of("t1").size(), 1U);
}

}  // namespace
}  // namespace tickscope::signals
