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
  const auto damage = [&](std::uint64_t offset, std::string_view what) {
    return std::unexpected(reader.Damage("table", offset, what));
  };
  if (bytes.size() < kMagicSize + kTailSize) {
    return damage(bytes.size(), "file too short for a header and a table");
  }
  if (AsText(bytes.first(kMagicSize)) != magic) return damage(0, "not the magic number of such a file");
  if (AsText(bytes.last(kMagicSize)) != magic) {
    return damage(bytes.size() - kMagicSize, "magic number missing at the end: the file is cut short");
  }
  const std::size_t tail_at = bytes.size() - kTailSize;
  const auto table_size = codec::LoadFixed<std::uint32_t>(&bytes[tail_at]);
  if (table_size > tail_at - kMagicSize) return damage(tail_at, "table larger than the file");
  const std::size_t table_at = tail_at - table_size;
  const ByteView table = bytes.subspan(table_at, table_size);
  if (codec::Crc32c(table) != codec::LoadFixed<std::uint32_t>(&bytes[tail_at + 4])) {
    return damage(table_at, "checksum mismatch");
  }
  codec::FieldReader fields(table);
  if (const std::uint8_t version = fields.Byte(); version != kVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: format version {}, this program reads {}", reader.name_, version, kVersion));
  }
  const std::uint64_t count = fields.Varint();
  for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
    const std::uint8_t tag = fields.Byte();
    const std::uint64_t offset = fields.Varint();
    const std::uint64_t size = fields.Varint();
    const ByteView crc = fields.Take(4);
    if (!fields.ok()) break;
    if (offset > table_at || size > table_at - offset) return damage(table_at, "section outside the file");
    reader.sections_.push_back(
        {tag, bytes.subspan(offset, size), offset, codec::LoadFixed<std::uint32_t>(crc.data())});
    if (std::ranges::find(later, tag) == later.end()) TICKSCOPE_RETURN_IF_ERROR(reader.Check(tag));
  }
  if (!fields.ok() || fields.remaining() > 0) return damage(table_at, "table does not decode");
  return reader;
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
