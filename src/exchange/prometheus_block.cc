#include "exchange/prometheus_block.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/crc32c.h"
#include "codec/varint.h"
#include "exchange/sample_order.h"
#include "wire/prometheus_chunk.h"

namespace tickscope::exchange {
namespace {

constexpr std::uint32_t kChunksMagic = 0x85bd40dd;
constexpr std::uint8_t kChunksVersion = 1;
constexpr std::size_t kChunksHeaderBytes = 8;
constexpr std::uint64_t kChunksFileBytesMax = 512U << 20;
constexpr std::uint32_t kTombstonesMagic = 0x0130ba30;
constexpr std::uint8_t kTombstonesVersion = 1;
constexpr std::size_t kTombstonesHeaderBytes = 5;
constexpr std::uint64_t kTombstonesBytesMax = 256U << 20;
constexpr std::uint64_t kMetaBytesMax = 16U << 20;
constexpr std::int64_t kMetaVersion = 1;
constexpr std::size_t kCrcBytes = 4;
constexpr int kDirectoryDepthMax = 4;

Result<PrometheusBlockMeta> ParseMeta(const std::string& path, const std::string& text) {
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", path, what));
  };
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text).get(root) != simdjson::SUCCESS) return bad("no JSON");
  PrometheusBlockMeta meta;
  std::string_view ulid;
  std::int64_t version = 0;
  if (root["version"].get(version) != simdjson::SUCCESS) return bad("no version");
  if (version != kMetaVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: block version {}, want {}", path, version, kMetaVersion));
  }
  if (root["ulid"].get(ulid) != simdjson::SUCCESS ||
      root["minTime"].get(meta.min_time_ms) != simdjson::SUCCESS ||
      root["maxTime"].get(meta.max_time_ms) != simdjson::SUCCESS) {
    return bad("ulid, minTime or maxTime is missing");
  }
  if (meta.min_time_ms > meta.max_time_ms) return bad("minTime is after maxTime");
  meta.ulid = ulid;
  // Counts are for people; old blocks have none.
  const auto count = [&root](const char* name, std::uint64_t& value) {
    std::uint64_t found = 0;
    if (root["stats"][name].get(found) == simdjson::SUCCESS) value = found;
  };
  count("numSeries", meta.series_count);
  count("numSamples", meta.sample_count);
  count("numChunks", meta.chunk_count);
  return meta;
}

void FindBelow(io::FileSystem& fs, const std::string& path, int depth, std::vector<std::string>& found) {
  const auto entries = fs.List(path);
  if (!entries) return;
  if (std::ranges::any_of(*entries, [](const auto& entry) { return entry.name == "meta.json"; })) {
    found.push_back(path);
    return;
  }
  if (depth == kDirectoryDepthMax) return;
  for (const io::DirectoryEntry& entry : *entries) {
    // Prometheus' own half-made blocks and its write-ahead logs.
    if (!entry.is_directory || entry.name.find(".tmp") != std::string::npos || entry.name == "wal" ||
        entry.name == "wbl" || entry.name == "chunks_head") {
      continue;
    }
    FindBelow(fs, path + "/" + entry.name, depth + 1, found);
  }
}

}  // namespace

Result<std::unique_ptr<PrometheusBlockReader>> PrometheusBlockReader::Open(io::FileSystem& fs,
                                                                           const std::string& directory) {
  std::unique_ptr<PrometheusBlockReader> reader(new PrometheusBlockReader(directory));
  TICKSCOPE_RETURN_IF_ERROR(reader->Load(fs));
  return reader;
}

Status PrometheusBlockReader::Load(io::FileSystem& fs) {
  const std::string meta_path = directory_ + "/meta.json";
  auto text = io::ReadWholeFile(fs, meta_path, kMetaBytesMax);
  if (!text) return FailWith(meta_path, std::move(text).error());
  TICKSCOPE_ASSIGN_OR_RETURN(meta_, ParseMeta(meta_path, *text));
  const std::string index_path = directory_ + "/index";
  auto index_file = fs.Map(index_path);
  if (!index_file) return FailWith(index_path, std::move(index_file).error());
  index_file_ = *std::move(index_file);
  TICKSCOPE_ASSIGN_OR_RETURN(auto index, PrometheusIndexReader::Open(index_file_->bytes(), index_path));
  index_ = std::make_unique<PrometheusIndexReader>(std::move(index));
  TICKSCOPE_RETURN_IF_ERROR(LoadChunkFiles(fs));
  return LoadTombstones(fs);
}

Status PrometheusBlockReader::LoadChunkFiles(io::FileSystem& fs) {
  const std::string directory = directory_ + "/chunks";
  auto entries = fs.List(directory);
  if (!entries) return FailWith(directory, std::move(entries).error());
  // References count files in the order of their names.
  for (const io::DirectoryEntry& entry : *entries) {
    if (entry.is_directory || !std::ranges::all_of(entry.name, [](char c) { return c >= '0' && c <= '9'; }))
      continue;
    ChunkFile file{.path = directory + "/" + entry.name, .file = nullptr};
    TICKSCOPE_ASSIGN_OR_RETURN(file.file, fs.Map(file.path));
    const ByteView bytes = file.file->bytes();
    if (bytes.size() < kChunksHeaderBytes || LoadBig<std::uint32_t>(bytes.data()) != kChunksMagic)
      return Fail(ErrorCode::kCorruption, file.path + ": header at offset 0: no Prometheus chunks");
    if (static_cast<std::uint8_t>(bytes[4]) != kChunksVersion) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: chunks version {}, want {}", file.path,
                                                       static_cast<unsigned>(bytes[4]), kChunksVersion));
    }
    chunk_files_.push_back(std::move(file));
  }
  return {};
}

Status PrometheusBlockReader::LoadTombstones(io::FileSystem& fs) {
  const std::string path = directory_ + "/tombstones";
  const auto text = io::ReadWholeFile(fs, path, kTombstonesBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  if (!text) return FailWith(path, text.error());
  const ByteView bytes = AsBytes(*text);
  const auto damaged = [&](std::string_view what) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", path, what));
  };
  if (bytes.size() < kTombstonesHeaderBytes + kCrcBytes ||
      LoadBig<std::uint32_t>(bytes.data()) != kTombstonesMagic)
    return damaged("header at offset 0: no Prometheus tombstones");
  const ByteView checked =
      bytes.subspan(kTombstonesHeaderBytes, bytes.size() - kTombstonesHeaderBytes - kCrcBytes);
  if (LoadBig<std::uint32_t>(bytes.data() + bytes.size() - kCrcBytes) != codec::Crc32c(checked))
    return damaged("checksum differs");
  if (static_cast<std::uint8_t>(bytes[kTombstonesHeaderBytes - 1]) != kTombstonesVersion)
    return Fail(ErrorCode::kUnsupported, path + ": unknown version of tombstones");
  codec::FieldReader reader(checked);
  while (reader.remaining() > 0) {
    const std::uint64_t series = reader.Varint();
    const TimeMs start_ms = reader.ZigZag();
    const TimeMs end_ms = reader.ZigZag();
    if (!reader.ok()) return damaged("cut in a tombstone");
    deleted_[series].push_back({start_ms, end_ms});
  }
  return {};
}

Status PrometheusBlockReader::ReadChunk(std::uint64_t ref, SampleColumns& out) const {
  const std::uint64_t number = ref >> 32;
  const std::uint64_t at = ref & UINT32_MAX;
  if (number >= chunk_files_.size()) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}/index: a chunk in file {}, there are {}", directory_,
                                                    number + 1, chunk_files_.size()));
  }
  const ChunkFile& file = chunk_files_[number];
  const ByteView bytes = file.file->bytes();
  const auto damaged = [&](std::string_view what) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: chunk at offset {}: {}", file.path, at, what));
  };
  if (at < kChunksHeaderBytes || at >= bytes.size()) return damaged("beyond the end of the file");
  codec::FieldReader reader(bytes.subspan(at));
  const std::uint64_t size = reader.Varint();
  if (size > wire::kChunkBytesMax)
    return damaged(fmt::format("{} bytes, want at most {}", size, wire::kChunkBytesMax));
  const ByteView content = reader.Take(size + 1);
  const ByteView crc = reader.Take(kCrcBytes);
  if (!reader.ok()) return damaged("longer than the file");
  if (LoadBig<std::uint32_t>(crc.data()) != codec::Crc32c(content)) return damaged("checksum differs");
  const Status decoded = wire::DecodeChunk(static_cast<std::uint8_t>(content[0]), content.subspan(1), out);
  if (!decoded) return FailWith(fmt::format("{}: chunk at offset {}", file.path, at), decoded.error());
  return {};
}

Result<bool> PrometheusBlockReader::Next(Labels& labels, SampleColumns& samples) {
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, index_->Next(series_));
    if (!more) return false;
    samples.Clear();
    for (const PrometheusChunkPlace& chunk : series_.chunks)
      TICKSCOPE_RETURN_IF_ERROR(ReadChunk(chunk.ref, samples));
    SortFirstWins(samples);
    ClipTo({meta_.min_time_ms, meta_.max_time_ms - 1}, samples);
    if (const auto deleted = deleted_.find(series_.ref); deleted != deleted_.end())
      CutOut(deleted->second, samples);
    if (samples.size() == 0) continue;
    labels = std::move(series_.labels);
    return true;
  }
}

Result<std::vector<std::string>> FindPrometheusBlocks(io::FileSystem& fs, const std::string& path) {
  std::vector<std::string> found;
  FindBelow(fs, path, 0, found);
  if (found.empty()) {
    return Fail(ErrorCode::kNotFound,
                path +
                    ": no Prometheus block here or below: a block is a directory with meta.json, "
                    "index and chunks");
  }
  // ULIDs sort by the time blocks were made; the samples' own time is not known without reading.
  std::ranges::sort(found);
  return found;
}

std::string MakeUlid(TimeMs time_ms, Random& random) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr int kTimeDigits = 10;
  constexpr int kRandomDigits = 16;
  std::string ulid;
  for (int digit = kTimeDigits - 1; digit >= 0; --digit)
    ulid += kDigits[(static_cast<std::uint64_t>(time_ms) >> (5 * digit)) & 31];
  for (int digit = 0; digit < kRandomDigits; ++digit)
    ulid += kDigits[random.Below(kDigits.size())];
  return ulid;
}

struct PrometheusBlockSink::OpenBlock {
  PrometheusBlockMeta meta;
  std::string directory;
  std::optional<OrderedFile> chunks;
  std::uint64_t chunk_file_count = 0;
  PrometheusIndexWriter index;
  std::vector<wire::PrometheusChunk> scratch;

  [[nodiscard]] Status BeginChunkFile(io::FileSystem& fs) {
    if (chunks) TICKSCOPE_RETURN_IF_ERROR(chunks->Finish());
    const std::string path = fmt::format("{}/chunks/{:06}", directory, ++chunk_file_count);
    TICKSCOPE_ASSIGN_OR_RETURN(OrderedFile file, OrderedFile::Create(fs, path));
    PutBig(kChunksMagic, file.buffer());
    PutBig(std::uint32_t{kChunksVersion} << 24, file.buffer());
    chunks = std::move(file);
    return {};
  }
};

PrometheusBlockSink::PrometheusBlockSink(io::FileSystem& fs, std::string directory, TimeMs now_ms,
                                         Random& random)
    : fs_(fs), directory_(std::move(directory)), now_ms_(now_ms), random_(random) {}

PrometheusBlockSink::~PrometheusBlockSink() = default;

Status PrometheusBlockSink::BeginWindow(const TimeWindow& window) {
  window_ = window;
  return {};
}

Status PrometheusBlockSink::Open() {
  open_ = std::make_unique<OpenBlock>();
  open_->meta.ulid = MakeUlid(now_ms_, random_);
  open_->meta.min_time_ms = INT64_MAX;
  open_->meta.max_time_ms = INT64_MIN;
  open_->directory = directory_ + "/" + open_->meta.ulid;
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(open_->directory + "/chunks"));
  return open_->BeginChunkFile(fs_);
}

Status PrometheusBlockSink::Add(const Labels& labels, const SampleColumns& samples) {
  if (open_ == nullptr) TICKSCOPE_RETURN_IF_ERROR(Open());
  open_->scratch.clear();
  wire::EncodeChunks(samples, open_->scratch);
  std::vector<PrometheusChunkPlace> places;
  Bytes checked;
  for (const wire::PrometheusChunk& chunk : open_->scratch) {
    const std::uint64_t room = chunk.data.size() + 1 + kCrcBytes + codec::kVarintBytesMax;
    if (open_->chunks->position() + room > kChunksFileBytesMax)
      TICKSCOPE_RETURN_IF_ERROR(open_->BeginChunkFile(fs_));
    places.push_back({chunk.min_time_ms, chunk.max_time_ms,
                      (open_->chunk_file_count - 1) << 32 | open_->chunks->position()});
    checked.assign(1, static_cast<std::byte>(chunk.encoding));
    AppendBytes(chunk.data, checked);
    codec::PutVarint(chunk.data.size(), open_->chunks->buffer());
    AppendBytes(checked, open_->chunks->buffer());
    PutBig(codec::Crc32c(checked), open_->chunks->buffer());
    TICKSCOPE_RETURN_IF_ERROR(open_->chunks->Pace());
  }
  PrometheusBlockMeta& meta = open_->meta;
  meta.min_time_ms = std::min(meta.min_time_ms, samples.times_ms.front());
  meta.max_time_ms = std::max(meta.max_time_ms, samples.times_ms.back() + 1);
  ++meta.series_count;
  meta.sample_count += samples.size();
  meta.chunk_count += places.size();
  open_->index.Add(labels, std::move(places));
  return {};
}

Status PrometheusBlockSink::EndWindow() {
  if (open_ == nullptr) return {};
  const auto block = std::exchange(open_, nullptr);
  TICKSCOPE_RETURN_IF_ERROR(block->chunks->Finish());
  TICKSCOPE_RETURN_IF_ERROR(fs_.SyncDirectory(block->directory + "/chunks"));
  TICKSCOPE_RETURN_IF_ERROR(block->index.Write(fs_, block->directory + "/index"));
  {
    TICKSCOPE_ASSIGN_OR_RETURN(OrderedFile file, OrderedFile::Create(fs_, block->directory + "/tombstones"));
    PutBig(kTombstonesMagic, file.buffer());
    file.buffer().push_back(std::byte{kTombstonesVersion});
    PutBig(codec::Crc32c({}), file.buffer());
    TICKSCOPE_RETURN_IF_ERROR(file.Finish());
  }
  // Prometheus wants blocks not to reach over multiples of their range.
  const PrometheusBlockMeta& meta = block->meta;
  const std::string text = fmt::format(
      "{{\n\t\"ulid\": \"{}\",\n\t\"minTime\": {},\n\t\"maxTime\": {},\n\t\"stats\": {{\n\t\t\"numSamples\": "
      "{},\n"
      "\t\t\"numSeries\": {},\n\t\t\"numChunks\": {}\n\t}},\n\t\"compaction\": {{\n\t\t\"level\": 1,\n"
      "\t\t\"sources\": [\"{}\"]\n\t}},\n\t\"version\": {}\n}}\n",
      meta.ulid, meta.min_time_ms, meta.max_time_ms, meta.sample_count, meta.series_count, meta.chunk_count,
      meta.ulid, kMetaVersion);
  TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, block->directory + "/meta.json", text));
  blocks_.push_back(block->directory);
  return {};
}

Status PrometheusBlockSink::Finish() {
  return blocks_.empty() ? Status() : fs_.SyncDirectory(directory_);
}

}  // namespace tickscope::exchange
