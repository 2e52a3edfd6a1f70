#include "sdkpage/page_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/random.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"

namespace tickscope::sdkpage {
namespace {

using codec::LoadFixed;

constexpr std::string_view kMagic = "TSPAGE\r\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kIdentityOffset = 16;
constexpr std::size_t kStateOffset = 128;
constexpr std::size_t kOwnersOffset = 512;
constexpr std::size_t kNameOffset = 96;
constexpr std::size_t kNameBytes = 32;
constexpr std::uint32_t kShardsMax = 512;
constexpr std::size_t kExemplarBytes = 64;
constexpr std::uint8_t kFamilyRecord = 1;
constexpr std::uint32_t kNeverOwned = 0;

std::unexpected<Error> Bad(std::string what) {
  return Fail(ErrorCode::kCorruption, "SDK page: " + std::move(what));
}

bool IsDouble(const PageFamily& family) {
  return family.type == PageType::kDoubleCounter || family.type == PageType::kGauge;
}

std::uint32_t EndOf(const PageFamily& family) {
  return family.first_cell + family.cells_per_series * family.series_count;
}

void AddBits(std::uint64_t& to, std::uint64_t bits) {
  to = std::bit_cast<std::uint64_t>(std::bit_cast<double>(to) + std::bit_cast<double>(bits));
}

}  // namespace

Result<std::unique_ptr<PageReader>> PageReader::Open(std::unique_ptr<io::ReadFile> file,
                                                     const PageLimits& limits) {
  std::unique_ptr<PageReader> page(new PageReader(std::move(file), limits));
  TICKSCOPE_RETURN_IF_ERROR(page->ReadIdentity());
  return page;
}

Status PageReader::ReadExactly(std::uint64_t offset, std::span<std::byte> out) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, file_->ReadAt(offset, out));
  if (got != out.size())
    return Bad(fmt::format("the file ends at {}, its header says {}", offset + got, page_bytes_));
  return {};
}

Status PageReader::ReadIdentity() {
  std::array<std::byte, kStateOffset> head{};
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, file_->ReadAt(0, head));
  if (got < kIdentityOffset || AsText(ByteView(head).first(kMagic.size())) != kMagic)
    return Bad("no SDK page");
  const auto version = LoadFixed<std::uint32_t>(head.data() + 8);
  if (version != kVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("SDK page: version {}, this reads {}", version, kVersion));
  }
  if (got != head.size()) return Bad("cut short");
  if (codec::Crc32c(ByteView(head).subspan(kIdentityOffset)) != LoadFixed<std::uint32_t>(head.data() + 12))
    return Bad("checksum of the header");
  page_bytes_ = LoadFixed<std::uint64_t>(head.data() + 16);
  directory_offset_ = LoadFixed<std::uint32_t>(head.data() + 24);
  directory_bytes_ = LoadFixed<std::uint32_t>(head.data() + 28);
  exemplars_offset_ = LoadFixed<std::uint32_t>(head.data() + 32);
  exemplar_slots_ = LoadFixed<std::uint32_t>(head.data() + 36);
  shards_offset_ = LoadFixed<std::uint64_t>(head.data() + 40);
  shard_bytes_ = LoadFixed<std::uint64_t>(head.data() + 48);
  cells_per_shard_ = LoadFixed<std::uint32_t>(head.data() + 56);
  shard_count_ = LoadFixed<std::uint32_t>(head.data() + 60);
  identity_ = {.pid = LoadFixed<std::uint64_t>(head.data() + 64),
               .process_start = LoadFixed<std::uint64_t>(head.data() + 72),
               .parent_pid = LoadFixed<std::uint64_t>(head.data() + 88),
               .created_unix_ns = LoadFixed<std::uint64_t>(head.data() + 80)};
  const std::string_view name = AsText(ByteView(head).subspan(kNameOffset, kNameBytes));
  identity_.name = name.substr(0, name.find('\0'));
  if (!std::ranges::all_of(identity_.name, [](char c) { return c > ' ' && c <= '~'; })) return Bad("name");

  if (page_bytes_ > kPageBytesMax || directory_bytes_ > limits_.directory_bytes_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("SDK page: {} bytes, {} of directory", page_bytes_, directory_bytes_));
  }
  if (shard_count_ == 0 || shard_count_ > kShardsMax || cells_per_shard_ == 0)
    return Bad("number of shards or cells");
  // In order, one after the other. None of these sums can overflow: each is below 2^62.
  const bool fits = directory_offset_ >= kHeaderBytes &&
                    std::uint64_t{directory_offset_} + directory_bytes_ <= exemplars_offset_ &&
                    exemplars_offset_ + std::uint64_t{exemplar_slots_} * kExemplarBytes <= shards_offset_ &&
                    std::uint64_t{cells_per_shard_} * 8 <= shard_bytes_ && shards_offset_ <= page_bytes_ &&
                    shard_bytes_ <= page_bytes_ &&
                    shards_offset_ + shard_bytes_ * shard_count_ <= page_bytes_;
  if (!fits) return Bad("its parts do not fit in it");
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
  if (size != page_bytes_)
    return Bad(fmt::format("the file has {} bytes, its header says {}", size, page_bytes_));
  return {};
}

Status PageReader::Refresh() {
  std::array<std::byte, kOwnersOffset + kShardsMax * 4 - kStateOffset> live{};
  TICKSCOPE_RETURN_IF_ERROR(ReadExactly(kStateOffset, live));
  const auto state = LoadFixed<std::uint32_t>(live.data());
  if (state > 2) return Bad(fmt::format("state {}", state));
  const auto used = LoadFixed<std::uint64_t>(live.data() + 8);
  const auto cells = LoadFixed<std::uint32_t>(live.data() + 16);
  const auto exemplars = LoadFixed<std::uint32_t>(live.data() + 20);
  const auto shards = LoadFixed<std::uint32_t>(live.data() + 24);
  if (used > directory_bytes_ || used < directory_read_) return Bad("length of the directory");
  if (cells == 0 || cells > cells_per_shard_ || exemplars > exemplar_slots_) return Bad("cells in use");
  if (shards == 0 || shards > shard_count_) return Bad("shards in use");
  if (std::uint64_t{cells} * 8 * shards > limits_.cell_bytes_max) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("SDK page: {} shards of {} cells", shards, cells));
  }
  // Bounds of exponential histograms are made, not read: no record may ask for more of them than there can be cells.
  const auto cells_max =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(cells_per_shard_, limits_.cell_bytes_max / 8));
  TICKSCOPE_RETURN_IF_ERROR(ReadDirectory(used, {.cells = cells_max, .exemplars = exemplar_slots_}));
  TICKSCOPE_RETURN_IF_ERROR(ReadValues(cells, shards, ByteView(live).subspan(kOwnersOffset - kStateOffset)));
  state_ = static_cast<PageState>(state);
  heartbeat_unix_ns_ = LoadFixed<std::uint64_t>(live.data() + 32);
  return {};
}

Status PageReader::ReadDirectory(std::uint64_t used, PageRoom room) {
  if (used == directory_read_) return {};
  Bytes bytes(used - directory_read_);
  TICKSCOPE_RETURN_IF_ERROR(ReadExactly(directory_offset_ + directory_read_, bytes));
  ByteView left(bytes);
  while (!left.empty()) {
    if (left.size() < kRecordHeadBytes) return Bad("a record is cut short");
    const auto size = LoadFixed<std::uint32_t>(left.data());
    if (size < kRecordHeadBytes || size > left.size() || size % 8 != 0) return Bad("length of a record");
    const ByteView record = left.first(size);
    if (codec::Crc32c(record.subspan(8)) != LoadFixed<std::uint32_t>(record.data() + 4))
      return Bad(fmt::format("checksum of the record at {}", directory_read_));
    TICKSCOPE_RETURN_IF_ERROR(AddRecord(record, room));
    left = left.subspan(size);
    directory_read_ += size;
  }
  return {};
}

Status PageReader::AddRecord(ByteView record, PageRoom room) {
  if (LoadFixed<std::uint8_t>(record.data() + 8) != kFamilyRecord) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(PageFamily family, DecodeFamily(record, room));
  if (!names_.insert(family.name).second) return Bad(fmt::format("two families are called {}", family.name));
  const std::uint32_t end = EndOf(family);
  const auto behind = cells_taken_.lower_bound(family.first_cell);
  if ((behind != cells_taken_.end() && behind->first < end) ||
      (behind != cells_taken_.begin() && std::prev(behind)->second > family.first_cell))
    return Bad(fmt::format("{} shares cells with another family", family.name));
  cells_taken_.emplace_hint(behind, family.first_cell, end);
  families_.push_back(std::move(family));
  return {};
}

Status PageReader::ReadValues(std::uint32_t cells, std::uint32_t shards, ByteView owners) {
  // A family may be newer than the number of cells that was read before it, and a hostile one may lie anywhere.
  if (!cells_taken_.empty()) cells = std::max(cells, cells_taken_.rbegin()->second);
  if (std::uint64_t{cells} * 8 * shards > limits_.cell_bytes_max)
    return Fail(ErrorCode::kOutOfRange, fmt::format("SDK page: families up to cell {}", cells));
  values_.assign(cells, 0);
  shard_.resize(cells);
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    if (shard > 0 && LoadFixed<std::uint32_t>(owners.data() + std::size_t{shard} * 4) == kNeverOwned)
      continue;
    TICKSCOPE_RETURN_IF_ERROR(
        ReadExactly(shards_offset_ + shard * shard_bytes_, std::as_writable_bytes(std::span(shard_))));
    AddShard(shard_, shard == 0);
  }
  return {};
}

void PageReader::AddShard(std::span<const std::uint64_t> cells, bool common) {
  for (const PageFamily& family : families_) {
    const std::uint32_t end = EndOf(family);
    if (family.type == PageType::kGauge && !common) continue;
    if (IsDouble(family)) {
      for (std::uint32_t cell = family.first_cell; cell < end; ++cell)
        AddBits(values_[cell], cells[cell]);
      continue;
    }
    for (std::uint32_t cell = family.first_cell; cell < end; cell += family.cells_per_series) {
      std::uint32_t count = cell;
      if (family.is_histogram()) AddBits(values_[count], cells[count]), ++count;
      for (; count < cell + family.cells_per_series; ++count)
        values_[count] += cells[count];
    }
  }
}

std::uint64_t PageReader::Fingerprint() const {
  const std::uint32_t crc = codec::Crc32c(std::as_bytes(std::span(values_)));
  return MixBits(heartbeat_unix_ns_ ^ MixBits(directory_read_ ^ std::uint64_t{crc} << 32U));
}

std::uint64_t PageReader::memory_bytes() const {
  // Texts are in small pieces, each with its string and its place in a list: eight times their bytes. Bounds of histograms
  // are as many as their values.
  return 8 * (directory_read_ + 2 * values_.capacity() + shard_.capacity());
}

double PageReader::Scalar(const PageFamily& family, std::uint32_t series) const {
  const std::uint64_t bits = values_[family.first_cell + series];
  if (IsDouble(family)) return std::bit_cast<double>(bits);
  if (family.type == PageType::kUpDown) return static_cast<double>(static_cast<std::int64_t>(bits));
  return static_cast<double>(bits);
}

std::span<const std::uint64_t> PageReader::Buckets(const PageFamily& family, std::uint32_t series) const {
  return std::span(values_).subspan(family.first_cell + series * family.cells_per_series + 1,
                                    family.cells_per_series - 1);
}

double PageReader::Sum(const PageFamily& family, std::uint32_t series) const {
  return std::bit_cast<double>(values_[family.first_cell + series * family.cells_per_series]);
}

Histogram PageReader::Native(const PageFamily& family, std::uint32_t series) const {
  const std::span<const std::uint64_t> buckets = Buckets(family, series);
  Histogram histogram{.schema = family.scale,
                      .zero_threshold = family.bounds.front(),
                      .zero_count = static_cast<double>(buckets.front()),
                      .count = static_cast<double>(buckets.front()),
                      .sum = Sum(family, series)};
  std::int32_t next = 0;  // index behind the last bucket written
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i] == 0) continue;
    const bool above_all = i + 1 == buckets.size();
    const std::int32_t index =
        above_all ? (1024 << family.scale) + 1 : family.first_index + static_cast<std::int32_t>(i) - 1;
    if (histogram.positive_spans.empty() || index != next) {
      histogram.positive_spans.push_back({.offset = index - next, .length = 0});
    }
    ++histogram.positive_spans.back().length;
    histogram.positive_buckets.push_back(static_cast<double>(buckets[i]));
    histogram.count += static_cast<double>(buckets[i]);
    next = index + 1;
  }
  return histogram;
}

Result<std::optional<PageExemplar>> PageReader::Exemplar(const PageFamily& family,
                                                         std::uint32_t series) const {
  if (family.first_exemplar == 0) return std::nullopt;
  const std::uint64_t offset =
      exemplars_offset_ + (std::uint64_t{family.first_exemplar} - 1 + series) * kExemplarBytes;
  std::array<std::byte, kExemplarBytes> slot{};
  std::array<std::byte, 4> again{};
  TICKSCOPE_RETURN_IF_ERROR(ReadExactly(offset, slot));
  TICKSCOPE_RETURN_IF_ERROR(ReadExactly(offset, again));
  const auto sequence = LoadFixed<std::uint32_t>(slot.data());
  if (sequence == 0 || sequence % 2 != 0 || sequence != LoadFixed<std::uint32_t>(again.data()))
    return std::nullopt;
  PageExemplar exemplar{.value = LoadFixed<double>(slot.data() + 8),
                        .unix_ns = LoadFixed<std::uint64_t>(slot.data() + 16)};
  std::memcpy(exemplar.trace_id.data(), slot.data() + 24, exemplar.trace_id.size());
  std::memcpy(exemplar.span_id.data(), slot.data() + 40, exemplar.span_id.size());
  return exemplar;
}

}  // namespace tickscope::sdkpage
