// Protects blocks that come in from outside: all of them or none, whatever fails in between, and nothing foreign; and
// snapshots: a store of their own with the same samples.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "block/block_writer.h"
#include "io/memory_file_system.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

const std::string kStoreDirectory = "/data/store";
const std::string kImportDirectory = "/data/import/a";
constexpr TimeMs kStartMs = 1'700'000'000'000;

void WriteBlockFile(io::FileSystem& fs, const std::string& name, const std::string& tenant, TimeMs start_ms,
                    std::int64_t resolution_ms = 0) {
  ASSERT_TRUE(fs.CreateDirectories(kImportDirectory).has_value());
  block::BlockMeta meta;
  meta.tenant = tenant;
  meta.resolution_ms = resolution_ms;
  auto writer = block::BlockWriter::Create(fs, kImportDirectory + "/" + name, meta).value();
  const std::vector<TimeMs> times_ms = {start_ms, start_ms + 10, start_ms + 20};
  const block::TimesId times = writer.AddTimes(times_ms).value();
  const std::vector<double> values = {1, 2, 3};
  ASSERT_TRUE(writer.AddSeries(Labels::FromPairs({{"__name__", "old"}}), times, values).has_value());
  ASSERT_TRUE(writer.Finish().has_value());
  ASSERT_TRUE(fs.SyncDirectory(kImportDirectory).has_value());
}

class StoreAdopt : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.reset();
    files_ = std::make_unique<io::MemoryFileSystem>();
    WriteBlockFile(*files_, "1-2-ia.block", "eu", kStartMs);
    WriteBlockFile(*files_, "2-3-ia.block", "eu", kStartMs + 1000);
    Open();
  }
  void Open() {
    store_.reset();
    metrics_ = std::make_unique<MetricRegistry>();
    StoreOptions options;
    options.directory = kStoreDirectory;
    auto store = Store::Open(*files_, *metrics_, options);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = *std::move(store);
  }
  static std::size_t SamplesIn(const Store& store) {
    const QueryContext context;
    SelectRequest request{.tenant = "eu", .start_ms = INT64_MIN, .end_ms = INT64_MAX};
    request.matchers.push_back(Matcher::Equal("__name__", "old"));
    const auto set = store.Select(request, context).value();
    std::size_t count = 0;
    SampleColumns samples;
    while (set->Next()) {
      EXPECT_TRUE(set->ReadSamples(samples).has_value());
      count += samples.size();
    }
    return count;
  }

  std::unique_ptr<io::MemoryFileSystem> files_;
  std::unique_ptr<MetricRegistry> metrics_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreAdopt, BlocksShowAndStay) {
  const auto adopted = store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block", "2-3-ia.block"});
  ASSERT_TRUE(adopted.has_value()) << adopted.error().message;
  EXPECT_EQ(adopted->blocks, 2U);
  EXPECT_EQ(adopted->samples, 6U);
  EXPECT_EQ(SamplesIn(*store_), 6U);
  const auto again = store_->AdoptBlocks("eu", kImportDirectory, {"2-3-ia.block"}).value();
  EXPECT_EQ(again.blocks, 0U);
  EXPECT_EQ(again.known, 1U);
  // The files it came from are not needed any more.
  ASSERT_TRUE(files_->Remove(kImportDirectory + "/1-2-ia.block").has_value());
  Open();
  EXPECT_EQ(SamplesIn(*store_), 6U);
}

TEST_F(StoreAdopt, RefusesAllWhenOneIsBad) {
  WriteBlockFile(*files_, "3-4-ia.block", "us", kStartMs);
  WriteBlockFile(*files_, "4-5-ia.block", "eu", kStartMs, 60'000);
  WriteBlockFile(*files_, "5-6-ia.block", "eu", kStartMs);
  {
    auto file = files_->OpenAppend(kImportDirectory + "/5-6-ia.block", io::OpenMode::kOpenExisting).value();
    ASSERT_TRUE(file->Truncate(file->size() - 40).has_value());
  }
  const struct {
    const char* name;
    ErrorCode code;
  } rows[] = {
      {"3-4-ia.block", ErrorCode::kInvalidArgument},
      {"4-5-ia.block", ErrorCode::kInvalidArgument},
      {"5-6-ia.block", ErrorCode::kCorruption},
      {"6-7-ia.block", ErrorCode::kNotFound},
      {"../a/1-2-ia.block", ErrorCode::kInvalidArgument},
      {"1-2-ia.block", ErrorCode::kInvalidArgument},
      {".block", ErrorCode::kInvalidArgument},
      {"manifest", ErrorCode::kInvalidArgument},
  };
  for (const auto& row : rows) {
    const auto adopted = store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block", row.name});
    ASSERT_FALSE(adopted.has_value()) << row.name;
    EXPECT_EQ(adopted.error().code, row.code) << row.name << ": " << adopted.error().message;
    EXPECT_EQ(SamplesIn(*store_), 0U);
  }
  const auto left = files_->List(kStoreDirectory + "/eu");
  EXPECT_TRUE(!left.has_value() || left->empty());
}

TEST_F(StoreAdopt, APowerCutLeavesAllOrNone) {
  std::size_t cuts = 0;
  for (std::uint64_t changes = 0;; ++changes) {
    files_->CutPowerAfter(changes);
    const auto adopted = store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block", "2-3-ia.block"});
    files_->Crash({.unsynced = io::CrashPolicy::Unsynced::kTorn, .seed = changes});
    Open();
    const std::size_t samples = SamplesIn(*store_);
    ASSERT_TRUE(samples == 0 || samples == 6) << "after " << changes << " changes: " << samples;
    if (adopted) {
      EXPECT_EQ(samples, 6U);
      break;
    }
    ++cuts;
    if (samples == 6) {
      // The first copy of the manifest was written: begin again without.
      SetUp();
    }
  }
  EXPECT_GT(cuts, 5U);
}

TEST_F(StoreAdopt, AFullOrReadOnlyDiskLeavesTheStoreAsItWas) {
  for (const io::FileOperation operation :
       {io::FileOperation::kAppend, io::FileOperation::kOpenAppend, io::FileOperation::kSyncDirectory,
        io::FileOperation::kCreateDirectories}) {
    files_->Inject({.operation = operation, .error = {ErrorCode::kResourceExhausted, "disk full"}});
    const auto adopted = store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block"});
    files_->ClearFaults();
    ASSERT_FALSE(adopted.has_value()) << static_cast<int>(operation);
    EXPECT_EQ(SamplesIn(*store_), 0U);
    Open();
    EXPECT_EQ(SamplesIn(*store_), 0U);
  }
  EXPECT_TRUE(store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block"}).has_value());
}

TEST_F(StoreAdopt, ASnapshotIsAStore) {
  ASSERT_TRUE(store_->AdoptBlocks("eu", kImportDirectory, {"1-2-ia.block", "2-3-ia.block"}).has_value());
  bool ran = false;
  const auto offset = store_->Snapshot("/data/snapshots/one/store", [&ran]() -> tickscope::Status {
    ran = true;
    return {};
  });
  ASSERT_TRUE(offset.has_value()) << offset.error().message;
  EXPECT_TRUE(ran);
  MetricRegistry metrics;
  StoreOptions options;
  options.directory = "/data/snapshots/one/store";
  const auto copy = Store::Open(*files_, metrics, options).value();
  EXPECT_EQ(SamplesIn(*copy), 6U);
  EXPECT_EQ(copy->replay_offset(), *offset);
}

}  // namespace
}  // namespace tickscope::tsdb
