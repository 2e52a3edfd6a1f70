#include "block/section_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::block {
namespace {

constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kTailSize = 4 + 4 + kMagicSize;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kBufferSize = 256U << 10;

}  // namespace

SectionWriter::SectionWriter(std::unique_ptr<io::AppendFile> file, std::string_view magic)
    : file_(std::move(file)), magic_(magic) {
  buffer_.reserve(kBufferSize * 2);
}

Result<SectionWriter> SectionWriter::Create(io::FileSystem& fs, const std::string& path,
                                            std::string_view magic) {
  TICKSCOPE_CHECK(magic.size() == kMagicSize);
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.OpenAppend(path, io::OpenMode::kTruncate));
  SectionWriter writer(std::move(file), magic);
  TICKSCOPE_RETURN_IF_ERROR(writer.Put(AsBytes(magic)));
  return writer;
}

Status SectionWriter::Put(ByteView bytes) {
  written_ += bytes.size();
  AppendBytes(bytes, buffer_);
  if (buffer_.size() < kBufferSize) return {};
  const std::array<ByteView, 1> pieces = {buffer_};
  TICKSCOPE_RETURN_IF_ERROR(file_->Append(pieces));
  buffer_.clear();
  return {};
}

Status SectionWriter::Append(std::uint8_t tag, ByteView bytes) {
  if (sections_.empty() || sections_.back().tag != tag) sections_.push_back({.tag = tag, .offset = written_});
  Section& section = sections_.back();
  section.size += bytes.size();
  if ((tag & kPagedFlag) == 0) section.crc = codec::Crc32c(bytes, section.crc);
  return Put(bytes);
}

Result<std::uint64_t> SectionWriter::Finish() {
  Bytes table;
  table.push_back(static_cast<std::byte>(kVersion));
  codec::PutVarint(sections_.size(), table);
  for (const Section& section : sections_) {
    table.push_back(static_cast<std::byte>(section.tag));
    codec::PutVarint(section.offset, table);
    codec::PutVarint(section.size, table);
    codec::PutFixed(section.crc, table);
  }
  Bytes tail;
  codec::PutFixed(static_cast<std::uint32_t>(table.size()), tail);
  codec::PutFixed(codec::Crc32c(table), tail);
  AppendBytes(AsBytes(magic_), tail);
  TICKSCOPE_RETURN_IF_ERROR(Put(table));
  TICKSCOPE_RETURN_IF_ERROR(Put(tail));
  if (!buffer_.empty()) {
    const std::array<ByteView, 1> pieces = {buffer_};
    TICKSCOPE_RETURN_IF_ERROR(file_->Append(pieces));
    buffer_.clear();
  }
  TICKSCOPE_RETURN_IF_ERROR(file_->Sync());
  return written_;
}

Error SectionReader::Damage(std::string_view section, std::uint64_t offset, std::string_view what) const {
  return {ErrorCode::kCorruption,
          fmt::format("{}: section {} at offset {}: {}", name_, section, offset, what)};
}

Result<SectionReader> SectionReader::Open(ByteView bytes, std::string_view magic, std::string name,
                                          std::span<const std::uint8_t> later) {
  SectionReader reader;
  reader.name_ = std::move(name);
  reader.bytes_ = bytes;
  reader.magic_ = magic;
  TICKSCOPE_RETURN_IF_ERROR(reader.CheckFront());
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteRange table, reader.FindTable());
  TICKSCOPE_RETURN_IF_ERROR(reader.LoadTable(table));
  TICKSCOPE_RETURN_IF_ERROR(reader.CheckAllBut(later));
  return reader;
}

Result<SectionReader> SectionReader::Open(const BlockBytes& bytes, std::string_view magic, std::string name,
                                          std::span<const std::uint8_t> later) {
  SectionReader reader;
  reader.name_ = std::move(name);
  reader.bytes_ = bytes.bytes();
  reader.magic_ = magic;
  const std::uint64_t size = reader.bytes_.size();
  const std::uint64_t tail = std::min<std::uint64_t>(size, kTailBytes);
  TICKSCOPE_RETURN_IF_ERROR(bytes.Ensure(size - tail, tail));
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteRange table, reader.FindTable());
  if (table.offset < size - tail) TICKSCOPE_RETURN_IF_ERROR(bytes.Ensure(table.offset, table.size));
  TICKSCOPE_RETURN_IF_ERROR(reader.LoadTable(table));
  std::vector<ByteRange> wanted;
  for (const Section& section : reader.sections_) {
    const bool is_later =
        (section.tag & kPagedFlag) != 0 || std::ranges::find(later, section.tag) != later.end();
    if (!is_later && section.offset < size - tail) wanted.push_back({section.offset, section.bytes.size()});
  }
  for (const ByteRange& range : Coalesce(std::move(wanted)))
    TICKSCOPE_RETURN_IF_ERROR(bytes.Ensure(range.offset, range.size));
  TICKSCOPE_RETURN_IF_ERROR(reader.CheckAllBut(later));
  return reader;
}

Status SectionReader::CheckFront() const {
  if (bytes_.size() < kMagicSize + kTailSize) {
    return std::unexpected(Damage("table", bytes_.size(), "file too short for a header and a table"));
  }
  if (AsText(bytes_.first(kMagicSize)) != magic_) {
    return std::unexpected(Damage("table", 0, "not the magic number of such a file"));
  }
  return {};
}

Result<ByteRange> SectionReader::FindTable() const {
  const auto damage = [&](std::uint64_t offset, std::string_view what) {
    return std::unexpected(Damage("table", offset, what));
  };
  if (bytes_.size() < kMagicSize + kTailSize) {
    return damage(bytes_.size(), "file too short for a header and a table");
  }
  if (AsText(bytes_.last(kMagicSize)) != magic_) {
    return damage(bytes_.size() - kMagicSize, "magic number missing at the end: the file is cut short");
  }
  const std::size_t tail_at = bytes_.size() - kTailSize;
  const auto table_size = codec::LoadFixed<std::uint32_t>(&bytes_[tail_at]);
  if (table_size > tail_at - kMagicSize) return damage(tail_at, "table larger than the file");
  return ByteRange{tail_at - table_size, table_size};
}

Status SectionReader::LoadTable(const ByteRange& at) {
  const auto damage = [&](std::string_view what) {
    return std::unexpected(Damage("table", at.offset, what));
  };
  const ByteView table = bytes_.subspan(at.offset, at.size);
  if (codec::Crc32c(table) != codec::LoadFixed<std::uint32_t>(&bytes_[at.offset + at.size + 4])) {
    return damage("checksum mismatch");
  }
  codec::FieldReader fields(table);
  if (const std::uint8_t version = fields.Byte(); version != kVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: format version {}, this program reads {}", name_, version, kVersion));
  }
  const std::uint64_t count = fields.Varint();
  for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
    const std::uint8_t tag = fields.Byte();
    const std::uint64_t offset = fields.Varint();
    const std::uint64_t size = fields.Varint();
    const ByteView crc = fields.Take(4);
    if (!fields.ok()) break;
    if (offset > at.offset || size > at.offset - offset) return damage("section outside the file");
    if (RangeOf(tag).size > 0) return damage("a section twice");
    sections_.push_back(
        {tag, bytes_.subspan(offset, size), offset, codec::LoadFixed<std::uint32_t>(crc.data())});
  }
  if (!fields.ok() || fields.remaining() > 0) return damage("table does not decode");
  return {};
}

Status SectionReader::CheckAllBut(std::span<const std::uint8_t> later) const {
  for (const Section& section : sections_) {
    if (std::ranges::find(later, section.tag) == later.end()) TICKSCOPE_RETURN_IF_ERROR(Check(section.tag));
  }
  return {};
}

ByteRange SectionReader::RangeOf(std::uint8_t tag) const {
  for (const Section& section : sections_) {
    if (section.tag == tag) return {section.offset, section.bytes.size()};
  }
  return {};
}

std::vector<ByteRange> Coalesce(std::vector<ByteRange> ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::offset);
  std::vector<ByteRange> joined;
  for (const ByteRange& range : ranges) {
    if (range.size == 0) continue;
    if (joined.empty() || range.offset > joined.back().offset + joined.back().size + kFetchGapBytes) {
      joined.push_back(range);
      continue;
    }
    ByteRange& last = joined.back();
    last.size = std::max(last.size, range.offset + range.size - last.offset);
  }
  return joined;
}

Status SectionReader::Check(std::uint8_t tag) const {
  for (const Section& section : sections_) {
    if (section.tag != tag || (tag & kPagedFlag) != 0) continue;
    if (codec::Crc32c(section.bytes) != section.crc) {
      return std::unexpected(Damage(std::to_string(tag), section.offset, "checksum mismatch"));
    }
  }
  return {};
}

ByteView SectionReader::Find(std::uint8_t tag) const {
  for (const Section& section : sections_) {
    if (section.tag == tag) return section.bytes;
  }
  return {};
}

}  // namespace tickscope::block
