// Pages as the SDK writes them, and every way in which one can be wrong: cut, flipped, stretched, newer, hostile.
//
// The SDK itself makes the pages, in a directory of its own; killing a game while it records is tests/blackbox/test_sdk.py's.
#include "sdkpage/page_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tickscope/tickscope.hpp>

#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "io/posix_file_system.h"
#include "sdkpage/page_bytes_file.h"

namespace tickscope::sdkpage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PageReaderTest : public ::testing::Test {
 protected:
  // One page for all: the SDK is one a process.
  static void SetUpTestSuite() {
    static const std::string directory = ::testing::TempDir() + "tickscope-sdkpage";
    ASSERT_TRUE(io::MakePosixFileSystem()->CreateDirectories(directory));
    sdk::Options options;
    options.directory = directory.c_str();
    options.cells_max = 2048;
    options.shards_max = 4;
    options.directory_bytes = 4096;
    options.exemplars_max = 4;
    ASSERT_EQ(sdk::Start(options), TS_OK) << sdk::LastError();
    sdk::RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}, {"y", {"1", "2", "3"}}}).At(4U).Add(7);
    sdk::RegisterDoubleCounters({"b_seconds_total", "Help.", "seconds"}).At().Add(1.5);
    sdk::RegisterGauges({"c", "Help."}).At().Set(-2);
    sdk::RegisterUpDowns({"d", "Help."}).At().Add(-3);
    const sdk::Histogram classic =
        sdk::RegisterHistograms({"e", "Help."}, {1, 2}, {}, sdk::Exemplars::kNewest).At();
    classic.Observe(0.5);
    classic.ObserveTraced(9, {{1, 2}}, {{3}});
    const sdk::Histogram exponential = sdk::RegisterExponential({"f", "Help."}).At();
    for (const double value : {0.0, 1.0, 1.01, 1.05, 3.0, 1e9})
      exponential.Observe(value);
  }
  static void TearDownTestSuite() { sdk::Stop(); }

  static Bytes PageBytes() {
    const auto fs = io::MakePosixFileSystem();
    const auto text = io::ReadWholeFile(*fs, ts_page_path(), 10 << 20);
    const ByteView bytes = AsBytes(*text);
    return {bytes.begin(), bytes.end()};
  }

  // What reading such a page says, "" when it is fine.
  static std::string Complaint(ByteView bytes) {
    const auto page = PageReader::Open(std::make_unique<PageBytesFile>(bytes));
    if (!page) return page.error().message;
    const Status read = (*page)->Refresh();
    return read ? "" : read.error().message;
  }

  static void MendHeader(Bytes& page) {
    codec::StoreFixed(codec::Crc32c(ByteView(page).subspan(16, 112)), page.data() + 12);
  }

  // The directory's first record, and its checksum set right.
  static std::byte* Record(Bytes& page) { return page.data() + 4096; }
  static void MendRecord(Bytes& page) {
    const auto size = codec::LoadFixed<std::uint32_t>(Record(page));
    if (size < kRecordHeadBytes || size > 4096) return;
    codec::StoreFixed(codec::Crc32c(ByteView(Record(page), size).subspan(8)), Record(page) + 4);
  }
};

const PageFamily& Find(const PageReader& page, std::string_view name) {
  for (const PageFamily& family : page.families())
    if (family.name == name) return family;
  ADD_FAILURE() << name;
  return page.families().front();
}

TEST_F(PageReaderTest, ReadsWhatTheSdkWrote) {
  const auto fs = io::MakePosixFileSystem();
  auto file = fs->OpenRead(ts_page_path());
  ASSERT_TRUE(file);
  const auto opened = PageReader::Open(std::move(*file));
  ASSERT_TRUE(opened) << opened.error().message;
  PageReader& page = **opened;
  ASSERT_TRUE(page.Refresh());
  EXPECT_EQ(page.identity().name, "game");
  EXPECT_EQ(page.state(), PageState::kLive);
  EXPECT_GE(page.heartbeat_unix_ns(), page.identity().created_unix_ns);
  ASSERT_EQ(page.families().size(), 7U);
  const PageFamily& counter = Find(page, "a_total");
  EXPECT_EQ(counter.type, PageType::kCounter);
  EXPECT_EQ(counter.ValueOf(4, 0) + counter.ValueOf(4, 1), "q2");
  EXPECT_EQ(page.Scalar(counter, 4), 7);
  EXPECT_EQ(page.Scalar(counter, 3), 0);
  EXPECT_EQ(page.Scalar(Find(page, "b_seconds_total"), 0), 1.5);
  EXPECT_EQ(Find(page, "b_seconds_total").unit, "seconds");
  EXPECT_EQ(page.Scalar(Find(page, "c"), 0), -2);
  EXPECT_EQ(page.Scalar(Find(page, "d"), 0), -3);
  const PageFamily& classic = Find(page, "e");
  EXPECT_THAT(page.Buckets(classic, 0), ElementsAre(1, 0, 1));
  EXPECT_EQ(page.Sum(classic, 0), 9.5);
  const auto exemplar = page.Exemplar(classic, 0);
  ASSERT_TRUE(exemplar && *exemplar);
  EXPECT_EQ((*exemplar)->value, 9);
  EXPECT_EQ((*exemplar)->trace_id[1], 2);
  EXPECT_EQ((*exemplar)->span_id[0], 3);
}

TEST_F(PageReaderTest, ExponentialHistogramsAreNative) {
  const Bytes bytes = PageBytes();
  const auto page = PageReader::Open(std::make_unique<PageBytesFile>(bytes));
  ASSERT_TRUE(page && (*page)->Refresh());
  const Histogram histogram = (*page)->Native(Find(**page, "f"), 0);
  EXPECT_EQ(histogram.schema, 3);
  EXPECT_EQ(histogram.zero_threshold, 0x1p-20);
  EXPECT_EQ(histogram.zero_count, 1);
  EXPECT_EQ(histogram.count, 6);
  EXPECT_EQ(histogram.sum, 1.0 + 1.01 + 1.05 + 3.0 + 1e9);
  // 1 is in bucket 0, the next two in bucket 1 (up to 1.09), 3 in bucket 13 (up to 3.08), the last above all there are.
  EXPECT_THAT(histogram.positive_spans,
              ElementsAre(BucketSpan{0, 2}, BucketSpan{11, 1}, BucketSpan{8179, 1}));
  EXPECT_THAT(histogram.positive_buckets, ElementsAre(1, 2, 1, 1));
}

TEST_F(PageReaderTest, ValuesMoveOnAndFamiliesCome) {
  const auto fs = io::MakePosixFileSystem();
  auto file = fs->OpenRead(ts_page_path());
  const auto page = PageReader::Open(std::move(*file));
  ASSERT_TRUE(page && (*page)->Refresh());
  const std::size_t families = (*page)->families().size();
  const sdk::Counter late = sdk::RegisterCounters({"late_total", "Help."}).At();
  late.Add(3);
  ASSERT_TRUE((*page)->Refresh());
  ASSERT_EQ((*page)->families().size(), families + 1);
  EXPECT_EQ((*page)->Scalar(Find(**page, "late_total"), 0), 3);
  late.Add();
  ASSERT_TRUE((*page)->Refresh());
  EXPECT_EQ((*page)->Scalar(Find(**page, "late_total"), 0), 4);
}

TEST_F(PageReaderTest, AnExemplarThatWasNeverFinishedIsNone) {
  Bytes bytes = PageBytes();
  const auto slot = codec::LoadFixed<std::uint32_t>(bytes.data() + 32);
  codec::StoreFixed<std::uint32_t>(3, bytes.data() + slot);
  const auto page = PageReader::Open(std::make_unique<PageBytesFile>(bytes));
  ASSERT_TRUE(page && (*page)->Refresh());
  const auto exemplar = (*page)->Exemplar(Find(**page, "e"), 0);
  ASSERT_TRUE(exemplar);
  EXPECT_FALSE(*exemplar);
}

TEST_F(PageReaderTest, RefusesWhatIsNoPage) {
  EXPECT_THAT(Complaint({}), HasSubstr("no SDK page"));
  EXPECT_THAT(Complaint(AsBytes("TSPAGE\r")), HasSubstr("no SDK page"));
  const Bytes zeros(10000);
  EXPECT_THAT(Complaint(zeros), HasSubstr("no SDK page"));
}

TEST_F(PageReaderTest, RefusesEveryCut) {
  const Bytes whole = PageBytes();
  ASSERT_EQ(Complaint(whole), "");
  for (std::size_t size = 0; size < whole.size(); size += size < 9000 ? 37 : 997)
    EXPECT_NE(Complaint(ByteView(whole).first(size)), "") << size;
  Bytes longer = whole;
  longer.push_back({});
  EXPECT_THAT(Complaint(longer), HasSubstr("the file has"));
}

TEST_F(PageReaderTest, RefusesEveryFlippedBitOfWhatIsChecksummed) {
  Bytes bytes = PageBytes();
  const auto used = codec::LoadFixed<std::uint64_t>(bytes.data() + 136);
  for (std::size_t at = 0; at < 4096 + used; ++at) {
    if (at >= 128 && at < 4096) continue;
    bytes[at] ^= std::byte{0x10};
    EXPECT_NE(Complaint(bytes), "") << at;
    bytes[at] ^= std::byte{0x10};
  }
}

TEST_F(PageReaderTest, ANewerVersionIsNamed) {
  Bytes bytes = PageBytes();
  codec::StoreFixed<std::uint32_t>(2, bytes.data() + 8);
  const auto page = PageReader::Open(std::make_unique<PageBytesFile>(bytes));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(page.error().message, "SDK page: version 2, this reads 1");
}

struct Lie {
  const char* what;
  std::function<void(Bytes&)> tell;
  const char* complaint;
};

TEST_F(PageReaderTest, RefusesLiesWithRightChecksums) {
  const auto header = [](std::size_t at, auto value) {
    return [at, value](Bytes& page) {
      codec::StoreFixed(value, page.data() + at);
      MendHeader(page);
    };
  };
  const auto record = [](std::size_t at, auto value) {
    return [at, value](Bytes& page) {
      codec::StoreFixed(value, Record(page) + at);
      MendRecord(page);
    };
  };
  const Lie lies[] = {
      {"a page of exabytes", header(16, ~std::uint64_t{0}), "bytes"},
      {"a directory of gigabytes", header(28, 0xFFFFFFFFU), "of directory"},
      {"a directory in the header", header(24, 0U), "do not fit"},
      {"exemplars past everything", header(36, 0xFFFFFFFFU), "do not fit"},
      {"shards past the end", header(40, ~std::uint64_t{0} - 8), "do not fit"},
      {"shards that wrap", header(48, std::uint64_t{1} << 62), "do not fit"},
      {"no shards", header(60, 0U), "number of shards"},
      {"many shards", header(60, 513U), "number of shards"},
      {"cells past their shard", header(56, 0xFFFFFFFFU), "do not fit"},
      {"a name with an escape", header(96, '\x1b'), "name"},
      {"an unknown state", header(128, 3U), "state 3"},
      {"a directory past its end", header(136, std::uint64_t{5000}), "length of the directory"},
      {"no cells", header(144, 0U), "cells in use"},
      {"cells past their end", header(144, 2049U), "cells in use"},
      {"exemplars past their end", header(148, 5U), "cells in use"},
      {"no shard in use", header(152, 0U), "shards in use"},
      {"shards in use past their end", header(152, 5U), "shards in use"},
      {"a record of nothing", record(0, 0U), "length of a record"},
      {"a record past the end", record(0, 0x7FFFFFF8U), "length of a record"},
      {"a type of none", record(9, std::uint8_t{0}), "type"},
      {"an unknown type", record(9, std::uint8_t{7}), "type"},
      {"five labels", record(10, std::uint8_t{5}), "number of labels"},
      {"cell 0", record(12, 0U), "cells"},
      {"cells past the shard", record(12, 0xFFFFFFFEU), "cells"},
      {"two cells a counter", record(16, 2U), "cells a series"},
      {"series without labels", record(20, 0xFFFFFFFFU), "number of series"},
      {"exemplars past the slots", record(24, 0xFFFFFFFFU), "exemplars"},
      {"bounds of a counter", record(28, 3U), "bounds"},
      {"a histogram of a counter's bytes", record(9, std::uint8_t{5}), "number of bounds"},
      {"a name of 64 kB", record(40, std::uint16_t{0xFFFF}), "too long"},
      {"a name that is not UTF-8", record(42, std::uint8_t{0xFF}), "UTF-8"},
      {"a name with a space", record(42, ' '), "name"},
  };
  for (const Lie& lie : lies) {
    Bytes bytes = PageBytes();
    lie.tell(bytes);
    EXPECT_THAT(Complaint(bytes), HasSubstr(lie.complaint)) << lie.what;
  }
}

TEST_F(PageReaderTest, TwoFamiliesOfOneNameAreRefused) {
  Bytes bytes = PageBytes();
  // The first record once more, behind the last.
  const auto used = codec::LoadFixed<std::uint64_t>(bytes.data() + 136);
  const auto size = codec::LoadFixed<std::uint32_t>(Record(bytes));
  ASSERT_LE(used + size, 4096U);
  std::copy_n(Record(bytes), size, Record(bytes) + used);
  codec::StoreFixed<std::uint64_t>(used + size, bytes.data() + 136);
  EXPECT_THAT(Complaint(bytes), HasSubstr("two families are called tickscope_sdk_refused_total"));
}

// A page of gigabytes of which only the first bytes were ever written, as a file system shows it.
class HoleyFile final : public io::ReadFile {
 public:
  HoleyFile(ByteView written, std::uint64_t size) : written_(written), size_(size) {}
  [[nodiscard]] Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    std::ranges::fill(out, std::byte{0});
    if (offset < written_.size())
      std::copy_n(written_.data() + offset, std::min(out.size(), written_.size() - offset), out.data());
    return out.size();
  }
  [[nodiscard]] Result<std::uint64_t> Size() const override { return size_; }

 private:
  const ByteView written_;
  const std::uint64_t size_;
};

// A page of one shard of `cells` whose directory holds `records`.
Bytes PageWith(std::uint32_t cells, ByteView records) {
  Bytes page(4096 + records.size());
  const std::uint64_t shard_bytes = std::uint64_t{cells} * 8;
  const auto shards_at = static_cast<std::uint64_t>(page.size());
  std::ranges::copy(AsBytes("TSPAGE\r\n"), page.begin());
  codec::StoreFixed<std::uint32_t>(1, page.data() + 8);
  codec::StoreFixed<std::uint64_t>(shards_at + shard_bytes, page.data() + 16);
  codec::StoreFixed<std::uint32_t>(4096, page.data() + 24);
  codec::StoreFixed(static_cast<std::uint32_t>(records.size()), page.data() + 28);
  codec::StoreFixed(static_cast<std::uint32_t>(shards_at), page.data() + 32);
  codec::StoreFixed<std::uint64_t>(shards_at, page.data() + 40);
  codec::StoreFixed<std::uint64_t>(shard_bytes, page.data() + 48);
  codec::StoreFixed(cells, page.data() + 56);
  codec::StoreFixed<std::uint32_t>(1, page.data() + 60);
  codec::StoreFixed(codec::Crc32c(ByteView(page).subspan(16, 112)), page.data() + 12);
  codec::StoreFixed<std::uint32_t>(1, page.data() + 128);
  codec::StoreFixed<std::uint64_t>(records.size(), page.data() + 136);
  codec::StoreFixed<std::uint32_t>(1, page.data() + 144);
  codec::StoreFixed<std::uint32_t>(1, page.data() + 152);
  std::ranges::copy(records, page.begin() + 4096);
  return page;
}

// The record of a gauge with a name of eight letters.
void AppendGauge(std::string_view name, std::uint32_t cell, Bytes& records) {
  Bytes record(56);
  codec::StoreFixed<std::uint32_t>(56, record.data());
  codec::StoreFixed<std::uint16_t>(0x0301, record.data() + 8);
  codec::StoreFixed(cell, record.data() + 12);
  codec::StoreFixed<std::uint64_t>(0x1'0000'0001, record.data() + 16);
  codec::StoreFixed<std::uint16_t>(8, record.data() + 40);
  std::ranges::copy(AsBytes(name), record.begin() + 42);
  codec::StoreFixed(codec::Crc32c(ByteView(record).subspan(8)), record.data() + 4);
  AppendBytes(record, records);
}

std::string ComplaintOfHoley(ByteView written, std::uint64_t size, const PageLimits& limits) {
  const auto page = PageReader::Open(std::make_unique<HoleyFile>(written, size), limits);
  if (!page) return page.error().message;
  const Status read = (*page)->Refresh();
  return read ? "" : read.error().message;
}

TEST(PageLimits, AFamilyFarOutIsNotReadUpTo) {
  Bytes records;
  AppendGauge("far_away", 400'000'000, records);
  const Bytes page = PageWith(500'000'000, records);
  const auto size = codec::LoadFixed<std::uint64_t>(page.data() + 16);
  // Four bytes of lies would make us read and hold 3.2 GB.
  EXPECT_THAT(ComplaintOfHoley(page, size, {}), HasSubstr("cells"));
}

TEST(PageLimits, AHundredThousandFamiliesAreComparedInTime) {
  Bytes records;
  for (std::uint32_t i = 0; i < 100'000; ++i)
    AppendGauge(fmt::format("g{:07}", i), 1 + i, records);
  const Bytes page = PageWith(1U << 18U, records);
  const auto size = codec::LoadFixed<std::uint64_t>(page.data() + 16);
  EXPECT_EQ(ComplaintOfHoley(page, size, {}), "");
  EXPECT_THAT(ComplaintOfHoley(page, size, {.directory_bytes_max = 1 << 20}), HasSubstr("of directory"));
  EXPECT_THAT(ComplaintOfHoley(page, size, {.cell_bytes_max = 1 << 16}), HasSubstr("cells"));
}

TEST(PageLimits, FamiliesThatShareCellsAreRefused) {
  for (const std::uint32_t second : {7U, 8U, 9U}) {
    Bytes records;
    AppendGauge("the_one_", 8, records);
    AppendGauge("another_", second, records);
    const Bytes page = PageWith(64, records);
    const auto size = codec::LoadFixed<std::uint64_t>(page.data() + 16);
    EXPECT_EQ(ComplaintOfHoley(page, size, {}),
              second == 8 ? "SDK page: another_ shares cells with another family" : "");
  }
}

TEST_F(PageReaderTest, AFingerprintMovesWithEveryValue) {
  const auto fs = io::MakePosixFileSystem();
  const auto page = PageReader::Open(*fs->OpenRead(ts_page_path()));
  ASSERT_TRUE(page && (*page)->Refresh());
  const std::uint64_t before = (*page)->Fingerprint();
  ASSERT_TRUE((*page)->Refresh());
  EXPECT_EQ((*page)->Fingerprint(), before);
  sdk::RegisterUpDowns({"d", "Help."}).At().Add(1);
  ASSERT_TRUE((*page)->Refresh());
  const std::uint64_t moved = (*page)->Fingerprint();
  EXPECT_NE(moved, before);
  sdk::RegisterUpDowns({"d", "Help."}).At().Add(-1);
  ts_heartbeat();
  ASSERT_TRUE((*page)->Refresh());
  EXPECT_NE((*page)->Fingerprint(), before);
}

TEST_F(PageReaderTest, AnyBytesEndInValuesOrAnError) {
  const Bytes whole = PageBytes();
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i) {
    Bytes bytes = whole;
    for (int k = 0; k < 4; ++k)
      bytes[random() % 8192] = static_cast<std::byte>(random());
    MendHeader(bytes);
    MendRecord(bytes);
    (void)Complaint(bytes);
  }
}

}  // namespace
}  // namespace tickscope::sdkpage
