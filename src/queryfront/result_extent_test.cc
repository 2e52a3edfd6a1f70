// Extents: what is packed comes out as it was, however it is cut, joined, written and read; damaged bytes are refused.
#include "queryfront/result_extent.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "queryfront/result_file.h"

namespace tickscope::queryfront {
namespace {

constexpr TimeMs kFirst = 1'700'000'000'000;
constexpr std::int64_t kStep = 60'000;

promql::Matrix SomeMatrix(SeededRandom& random, std::uint32_t count) {
  promql::Matrix matrix;
  for (const char* const server : {"a", "b", "c", "d"}) {
    promql::MatrixSeries series{Labels{{"__name__", "players"}, {"server", server}}, {}};
    const std::uint64_t chance = random.Below(4);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (random.Below(4) <= chance)
        series.points.push_back({kFirst + i * kStep, static_cast<double>(random.Below(1000)) / 8, nullptr});
    }
    if (!series.points.empty()) matrix.push_back(std::move(series));
  }
  return matrix;
}

promql::Matrix Between(const promql::Matrix& matrix, TimeMs from_ms, TimeMs to_ms) {
  promql::Matrix part;
  for (const promql::MatrixSeries& series : matrix) {
    promql::MatrixSeries cut{series.labels, {}};
    for (const promql::Point& point : series.points) {
      if (point.time_ms >= from_ms && point.time_ms <= to_ms) cut.points.push_back(point);
    }
    if (!cut.points.empty()) part.push_back(std::move(cut));
  }
  return part;
}

std::string Text(const promql::Matrix& matrix) {
  std::string text;
  for (const promql::MatrixSeries& series : matrix) {
    text += series.labels.ToString();
    for (const promql::Point& point : series.points)
      text.append(" ").append(std::to_string(point.time_ms)).append("=").append(std::to_string(point.value));
    text += "\n";
  }
  return text;
}

ExtentPtr Share(Extent extent) {
  return std::make_shared<const Extent>(std::move(extent));
}

TEST(ResultExtent, CutsAndJoinsGiveTheSamePoints) {
  SeededRandom random(7);
  for (int round = 0; round < 300; ++round) {
    const auto count = static_cast<std::uint32_t>(1 + random.Below(40));
    const promql::Matrix matrix = SomeMatrix(random, count);
    const ExtentPtr whole = Share(PackExtent(matrix, kFirst, kStep, count, 5));
    ASSERT_EQ(Text(UnpackExtents(std::span(&whole, 1))), Text(matrix));

    const auto at = static_cast<std::uint32_t>(random.Below(count));
    std::vector<ExtentPtr> parts;
    if (at > 0) parts.push_back(Share(Slice(*whole, 0, at)));
    parts.push_back(Share(Slice(*whole, at, count - at)));
    ASSERT_EQ(Text(UnpackExtents(parts)), Text(matrix));
    const ExtentPtr joined = Share(Join(parts));
    ASSERT_EQ(joined->count, count);
    ASSERT_EQ(Text(UnpackExtents(std::span(&joined, 1))), Text(matrix));

    const TimeSpan cut{kFirst + static_cast<TimeMs>(random.Below(50 * kStep)) - 5 * kStep,
                       kFirst + static_cast<TimeMs>(random.Below(50 * kStep)) - 5 * kStep};
    if (cut.min_ms > cut.max_ms) continue;
    std::vector<ExtentPtr> left = CutOut(whole, cut);
    promql::Matrix want = Between(matrix, INT64_MIN, cut.min_ms - 1);
    const promql::Matrix after = Between(matrix, cut.max_ms + 1, INT64_MAX);
    const ExtentPtr both[] = {Share(PackExtent(want, kFirst, kStep, count, 0)),
                              Share(PackExtent(after, kFirst, kStep, count, 0))};
    ASSERT_EQ(Text(UnpackExtents(left)), Text(UnpackExtents(both)));
  }
}

TEST(ResultExtent, FilesGiveBackWhatWasWrittenAndNothingDamaged) {
  SeededRandom random(8);
  const std::vector<ExtentPtr> extents = {
      Share(PackExtent(SomeMatrix(random, 20), kFirst, kStep, 20, 3)),
      Share(PackExtent(SomeMatrix(random, 9), kFirst + 30 * kStep, kStep, 9, 4))};
  const Bytes bytes = EncodeEntry("key", extents);
  const auto read = DecodeEntry(bytes);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->key, "key");
  ASSERT_EQ(read->extents.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const ExtentPtr back = Share(read->extents[i]);
    EXPECT_EQ(back->number, extents[i]->number);
    EXPECT_EQ(Text(UnpackExtents(std::span(&back, 1))), Text(UnpackExtents(std::span(&extents[i], 1))));
  }
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(DecodeEntry(ByteView(bytes).first(cut)).has_value()) << cut;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] ^= std::byte{0x10};
    EXPECT_FALSE(DecodeEntry(flipped).has_value()) << at;
  }
  // Past the checksum: whatever is inside is refused or read, and never more than it says.
  for (int round = 0; round < 2000; ++round) {
    Bytes body(bytes.begin() + 17, bytes.end());
    body[random.Below(body.size())] = static_cast<std::byte>(random.Below(256));
    codec::FieldReader reader(body);
    static_cast<void>(TakeExtent(reader));
  }
}

TEST(ResultExtent, JournalsToo) {
  ResultJournal journal;
  journal.log = {
      .number = 9, .settled_until_ms = kFirst, .end_offset = 77, .changes = {{"a", {{3, -5, 8}, {9, 1, 2}}}}};
  journal.fingerprints = {{"a", 0x123456789abcdef0}, {"b", 1}};
  const Bytes bytes = EncodeJournal(journal);
  const auto read = DecodeJournal(bytes);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->log, journal.log);
  EXPECT_EQ(read->fingerprints, journal.fingerprints);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(DecodeJournal(ByteView(bytes).first(cut)).has_value()) << cut;
}

}  // namespace
}  // namespace tickscope::queryfront
