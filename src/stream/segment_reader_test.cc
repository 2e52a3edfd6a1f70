// Segment reader: it finds its way behind damage, by work that grows with the damage and not with what the damage
// claims to be.
#include "stream/segment_reader.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"

namespace tickscope::stream {
namespace {

// A file in memory that counts the bytes asked of it.
class CountingFile final : public io::ReadFile {
 public:
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    bytes_asked_ += out.size();
    const std::size_t at = std::min<std::size_t>(offset, bytes.size());
    const std::size_t count = std::min(out.size(), bytes.size() - at);
    if (count > 0) std::memcpy(out.data(), bytes.data() + at, count);
    return count;
  }
  Result<std::uint64_t> Size() const override { return bytes.size(); }
  [[nodiscard]] std::uint64_t bytes_asked() const { return bytes_asked_; }

  Bytes bytes;

 private:
  mutable std::uint64_t bytes_asked_ = 0;
};

void PutFrame(Offset offset, std::string_view payload, Bytes& out) {
  PutFrameHeader(offset, 0, AsBytes(payload), out);
  AppendBytes(AsBytes(payload), out);
}

TEST(SegmentReader, FindsTheFrameBehindRandomDamage) {
  constexpr std::size_t kDamageBytes = 4U << 20;
  CountingFile file;
  PutFrame(0, "before", file.bytes);
  SeededRandom random(20261101);
  for (std::size_t i = 0; i < kDamageBytes / 8; ++i) {
    const std::uint64_t word = random.Next();
    const auto* const word_bytes = reinterpret_cast<const std::byte*>(&word);
    file.bytes.insert(file.bytes.end(), word_bytes, word_bytes + sizeof(word));
  }
  PutFrame(9, "behind", file.bytes);

  SegmentReader reader(file, 0, 0);
  EXPECT_EQ(reader.Next(), SegmentReader::Outcome::kFrame);
  ASSERT_EQ(reader.Next(), SegmentReader::Outcome::kDamaged);
  EXPECT_EQ(reader.frame().offset, 9U);
  EXPECT_EQ(AsText(reader.frame().payload), "behind");
  EXPECT_EQ(reader.Next(), SegmentReader::Outcome::kEnd);
  EXPECT_LT(file.bytes_asked(), 3 * kDamageBytes);
}

TEST(SegmentReader, AnOffsetTheDamageCannotAccountForIsNoFrame) {
  CountingFile file;
  PutFrame(0, "before", file.bytes);
  file.bytes.resize(file.bytes.size() + 2 * kFrameHeaderBytes);  // Room for two lost records at most.
  PutFrame(4, "from elsewhere", file.bytes);
  PutFrame(3, "behind", file.bytes);

  SegmentReader reader(file, 0, 0);
  EXPECT_EQ(reader.Next(), SegmentReader::Outcome::kFrame);
  ASSERT_EQ(reader.Next(), SegmentReader::Outcome::kDamaged);
  EXPECT_EQ(reader.frame().offset, 3U);
}

TEST(SegmentReader, ATailThatIsNoFrameIsTorn) {
  CountingFile file;
  PutFrame(0, "before", file.bytes);
  const std::size_t whole = file.bytes.size();
  PutFrame(1, "half-written", file.bytes);
  file.bytes.resize(file.bytes.size() - 3);

  SegmentReader reader(file, 0, 0);
  EXPECT_EQ(reader.Next(), SegmentReader::Outcome::kFrame);
  EXPECT_EQ(reader.Next(), SegmentReader::Outcome::kTorn);
  EXPECT_EQ(reader.frame_position(), whole);
}

}  // namespace
}  // namespace tickscope::stream
