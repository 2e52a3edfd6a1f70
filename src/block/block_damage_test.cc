// Blocks whose checksums are right and whose content is wrong: every section cut at every length, and every number in it
// inflated. What comes is an error that names file and section, or, where the bytes still say something, that; never a
// crash, and nothing allocated for what is not there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "block/block_format.h"
#include "block/block_reader.h"
#include "block/block_writer.h"
#include "block/section_file.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
#include "codec/varint.h"
#include "io/memory_file_system.h"

namespace tickscope::block {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr const char* kPath = "/damaged.block";

constexpr std::uint8_t kTags[] = {kColumnsTag, kPagesTag,  kTimesTag,  kSymbolsTag, kLabelsTag, kPostingsTag,
                                  kSeriesTag,  kGroupsTag, kStartsTag, kSketchTag,  kMetaTag};

using Sections = std::map<std::uint8_t, Bytes>;

// A bit of everything: buckets, gaps, a second time column, a native histogram, starts, sources, more than a group.
std::string MakeBlock(io::FileSystem& fs) {
  auto writer = BlockWriter::Create(
      fs, "/sound.block",
      {.tenant = "tenant", .resolution_ms = 60'000, .aggregate = "sum", .sources = {"a", "b"}});
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  for (int row = 0; row < 20; ++row) {
    times_ms.push_back(kStart + row * 10'000 + row % 3);
    values.push_back(row * row);
  }
  const TimesId times = writer->AddTimes(times_ms).value();
  const TimesId others = writer->AddTimes(std::span(times_ms).first(7)).value();
  for (int i = 0; i < 40; ++i) {
    const Labels labels =
        Labels::FromPairs({{"__name__", "level"}, {"server", fmt::format("server-{:02}", i)}});
    std::vector<double> own(values.begin(), values.begin() + (i % 2 == 0 ? 20 : 7));
    for (std::size_t row = 0; row < own.size(); ++row)
      own[row] = i % 3 == 0 && row % 4 == 1 ? codec::MissingValue() : own[row] * i + 0.25;
    EXPECT_TRUE(writer->AddSeries(labels, i % 2 == 0 ? times : others, own).has_value());
    const codec::StartChange start{kStart, kStart - 1000};
    if (i % 5 == 0) writer->AddStarts(std::span(&start, 1));
  }
  SampleColumns native;
  for (std::size_t row = 0; row < 9; ++row) {
    Histogram histogram;
    histogram.positive_spans = {{0, 2}};
    histogram.positive_buckets = {static_cast<double>(row), 2};
    native.times_ms.push_back(times_ms[row]);
    native.values.push_back(0);
    native.histograms.push_back(row == 4 ? nullptr : std::make_shared<const Histogram>(histogram));
  }
  EXPECT_TRUE(writer->AddMixedSeries(Labels::FromPairs({{"__name__", "native"}}), native).has_value());
  for (const char* le : {"1", "2", "+Inf"}) {
    for (double& value : values)
      value += 3;
    EXPECT_TRUE(writer->AddSeries(Labels::FromPairs({{"__name__", "wait_bucket"}, {"le", le}}), times, values)
                    .has_value());
  }
  EXPECT_TRUE(writer->Finish().has_value());
  return io::ReadWholeFile(fs, "/sound.block", 1 << 20).value();
}

Sections SectionsOf(const std::string& file) {
  const SectionReader reader = SectionReader::Open(AsBytes(file), kBlockMagic, "sound").value();
  Sections sections;
  for (const std::uint8_t tag : kTags) {
    const ByteView bytes = reader.Find(tag);
    sections[tag].assign(bytes.begin(), bytes.end());
    EXPECT_FALSE(bytes.empty());
  }
  return sections;
}

// Opens and reads all of a block made of these sections, checksums right.
Status ReadAll(io::FileSystem& fs, Sections sections, std::uint8_t changed) {
  if (changed == kColumnsTag) {
    const std::uint32_t crc = codec::Crc32c(sections[kColumnsTag]);
    sections[kPagesTag].clear();
    codec::PutFixed(crc, sections[kPagesTag]);
  }
  auto writer = SectionWriter::Create(fs, kPath, kBlockMagic);
  for (const std::uint8_t tag : kTags)
    TICKSCOPE_RETURN_IF_ERROR(writer->Append(tag, sections[tag]));
  if (const auto finished = writer->Finish(); !finished) return std::unexpected(finished.error());
  TICKSCOPE_ASSIGN_OR_RETURN(const auto block, BlockReader::Open(fs, kPath));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto selected, block->Select({Matcher::Equal("__name__", "level")}));
  return block->Verify({});
}

void ExpectNamed(const Status& status) {
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kCorruption);
  EXPECT_TRUE(status.error().message.starts_with("/damaged.block: section ")) << status.error().message;
}

class BlockDamageTest : public ::testing::Test {
 protected:
  io::MemoryFileSystem fs_;
  const std::string file_ = MakeBlock(fs_);
  const Sections sound_ = SectionsOf(file_);
};

TEST_F(BlockDamageTest, TheSoundOneIsRead) {
  for (const std::uint8_t tag : kTags)
    EXPECT_TRUE(ReadAll(fs_, sound_, tag).has_value());
}

TEST_F(BlockDamageTest, EverySectionCutAtEveryLengthIsNamed) {
  for (const std::uint8_t tag : kTags) {
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < sound_.at(tag).size(); ++size) {
      SCOPED_TRACE(fmt::format("section {} of {} bytes cut to {}", tag, sound_.at(tag).size(), size));
      Sections cut = sound_;
      cut[tag].resize(size);
      const Status status = ReadAll(fs_, std::move(cut), tag);
      if (status) {
        ++accepted;
      } else {
        ExpectNamed(status);
      }
      if (HasFailure()) return;
    }
    // A block may have no sketch and no starts, a table of starts fewer runs, and meta ends before what only rollups have.
    switch (tag) {
      case kSketchTag:
      case kMetaTag:
        EXPECT_EQ(accepted, 1U) << int{tag};
        break;
      case kStartsTag:
        EXPECT_GE(accepted, 1U);
        EXPECT_LE(accepted, sound_.at(tag).size() / 6);
        break;
      default:
        EXPECT_EQ(accepted, 0U) << int{tag};
    }
  }
}

// Offsets of the numbers in a section that say how much follows, or where.
std::vector<std::size_t> LengthsOf(std::uint8_t tag, const Bytes& bytes) {
  std::vector<std::size_t> found;
  codec::FieldReader fields(bytes);
  const auto at = [&] { return bytes.size() - fields.remaining(); };
  const auto length = [&] {
    found.push_back(at());
    return fields.Varint();
  };
  const auto text = [&] {
    found.push_back(at());
    static_cast<void>(fields.Text());
  };
  switch (tag) {
    case kMetaTag:
      text();
      static_cast<void>(fields.ZigZag());
      static_cast<void>(fields.ZigZag());
      static_cast<void>(fields.Varint());
      static_cast<void>(length());
      static_cast<void>(length());
      static_cast<void>(fields.Varint());
      text();
      for (std::uint64_t i = length(); i > 0; --i)
        text();
      break;
    case kSymbolsTag:
      for (std::uint64_t i = length(); i > 0; --i) {
        static_cast<void>(length());
        text();
      }
      break;
    case kLabelsTag:
      for (std::uint64_t names = length(); names > 0; --names) {
        static_cast<void>(length());
        for (std::uint64_t values = length(); values > 0; --values) {
          static_cast<void>(length());
          static_cast<void>(length());
        }
      }
      break;
    case kTimesTag:
      for (std::uint64_t columns = length(); columns > 0; --columns) {
        for (std::uint64_t chunks = length(); chunks > 0; --chunks) {
          static_cast<void>(length());
          static_cast<void>(length());
          static_cast<void>(fields.ZigZag());
          static_cast<void>(fields.ZigZag());
        }
      }
      break;
    case kSeriesTag:
      // The first of the section: shape, labels, times, columns.
      static_cast<void>(fields.Varint());
      for (std::uint64_t labels = length(); labels > 0; --labels)
        static_cast<void>(length());
      static_cast<void>(length());
      static_cast<void>(fields.Byte());
      static_cast<void>(length());
      static_cast<void>(length());
      break;
    case kPostingsTag:
      // Its first set's first run.
      static_cast<void>(length());
      static_cast<void>(length());
      break;
    default:
      break;
  }
  EXPECT_TRUE(fields.ok());
  return found;
}

// The bytes with the varint at `offset` replaced by `number`.
Bytes WithNumber(const Bytes& bytes, std::size_t offset, std::uint64_t number) {
  std::size_t end = offset;
  while (end + 1 < bytes.size() && (bytes[end] & std::byte{0x80}) != std::byte{0})
    ++end;
  Bytes changed(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  codec::PutVarint(number, changed);
  changed.insert(changed.end(), bytes.begin() + static_cast<std::ptrdiff_t>(end) + 1, bytes.end());
  return changed;
}

constexpr std::uint64_t kInflated[] = {1ULL << 20, (1ULL << 32) - 1, 1ULL << 40, UINT64_MAX - 1, UINT64_MAX};

TEST_F(BlockDamageTest, EveryInflatedLengthIsNamed) {
  for (const std::uint8_t tag : kTags) {
    for (const std::size_t offset : LengthsOf(tag, sound_.at(tag))) {
      for (const std::uint64_t number : kInflated) {
        SCOPED_TRACE(fmt::format("section {} offset {} number {}", tag, offset, number));
        Sections inflated = sound_;
        inflated[tag] = WithNumber(sound_.at(tag), offset, number);
        ExpectNamed(ReadAll(fs_, std::move(inflated), tag));
        if (HasFailure()) return;
      }
    }
  }
  // Offsets that are no varints.
  for (std::size_t at = 0; at < sound_.at(kGroupsTag).size(); at += 4) {
    for (const std::uint32_t offset :
         {UINT32_MAX, static_cast<std::uint32_t>(sound_.at(kSeriesTag).size())}) {
      Sections inflated = sound_;
      codec::StoreFixed(offset, &inflated[kGroupsTag][at]);
      ExpectNamed(ReadAll(fs_, std::move(inflated), kGroupsTag));
    }
  }
}

TEST_F(BlockDamageTest, AnyNumberInflatedIsNamedOrHarmless) {
  std::size_t named = 0;
  for (const std::uint8_t tag : kTags) {
    for (std::size_t offset = 0; offset < sound_.at(tag).size(); ++offset) {
      for (const std::uint64_t number : {std::uint64_t{200}, std::uint64_t{1} << 31, UINT64_MAX}) {
        Sections inflated = sound_;
        inflated[tag] = WithNumber(sound_.at(tag), offset, number);
        const Status status = ReadAll(fs_, std::move(inflated), tag);
        if (status) continue;
        ++named;
        SCOPED_TRACE(fmt::format("section {} offset {} number {}", tag, offset, number));
        ExpectNamed(status);
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(named, 1000U);
}

TEST_F(BlockDamageTest, ATableThatReachesTooFarIsNamed) {
  constexpr std::size_t kTailSize = 16;
  const std::size_t tail = file_.size() - kTailSize;
  const auto table_size = codec::LoadFixed<std::uint32_t>(AsBytes(file_).data() + tail);
  const Bytes table(AsBytes(file_).begin() + static_cast<std::ptrdiff_t>(tail - table_size),
                    AsBytes(file_).begin() + static_cast<std::ptrdiff_t>(tail));
  const auto open = [&](const Bytes& changed, std::uint32_t stated_size) {
    std::string file = file_.substr(0, tail - table_size);
    Bytes end = changed;
    codec::PutFixed(stated_size, end);
    codec::PutFixed(codec::Crc32c(changed), end);
    file += AsText(end);
    file += kBlockMagic;
    EXPECT_TRUE(io::WriteFileAtomically(fs_, kPath, file).has_value());
    const auto block = BlockReader::Open(fs_, kPath);
    return block ? Status() : Status(std::unexpected(block.error()));
  };
  ASSERT_TRUE(open(table, table_size).has_value());
  for (const std::uint32_t stated : {table_size + 1, table_size - 1, std::uint32_t{0}, UINT32_MAX})
    ExpectNamed(open(table, stated));
  // Count, then offset and size of each section; the first byte is the version.
  codec::FieldReader fields(table);
  std::vector<std::size_t> numbers;
  static_cast<void>(fields.Byte());
  numbers.push_back(table.size() - fields.remaining());
  for (std::uint64_t i = fields.Varint(); i > 0; --i) {
    static_cast<void>(fields.Byte());
    for (int k = 0; k < 2; ++k) {
      numbers.push_back(table.size() - fields.remaining());
      static_cast<void>(fields.Varint());
    }
    static_cast<void>(fields.Take(4));
  }
  ASSERT_TRUE(fields.ok());
  for (const std::size_t offset : numbers) {
    for (const std::uint64_t number : kInflated) {
      SCOPED_TRACE(fmt::format("offset {} number {}", offset, number));
      const Bytes changed = WithNumber(table, offset, number);
      ExpectNamed(open(changed, static_cast<std::uint32_t>(changed.size())));
    }
  }
}

}  // namespace
}  // namespace tickscope::block
