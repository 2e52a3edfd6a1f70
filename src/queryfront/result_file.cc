#include "queryfront/result_file.h"

#include <fmt/format.h>

#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::queryfront {
namespace {

using codec::FieldReader;
using codec::PutFixed;
using codec::PutText;
using codec::PutVarint;
using codec::PutZigZag;

constexpr std::string_view kEntryMagic = "TKSQRE01";
constexpr std::string_view kJournalMagic = "TKSQRJ01";
constexpr std::size_t kBodyAt = 12;

Bytes Begin(std::string_view magic) {
  Bytes out;
  AppendBytes(AsBytes(magic), out);
  PutFixed<std::uint32_t>(0, out);
  return out;
}

void Finish(Bytes& file) {
  codec::StoreFixed(codec::Crc32c(ByteView(file).subspan(kBodyAt)),
                    file.data() + kBodyAt - sizeof(std::uint32_t));
}

Result<ByteView> BodyOf(ByteView file, std::string_view magic) {
  if (file.size() < kBodyAt || AsText(file.first(magic.size())) != magic)
    return Fail(ErrorCode::kCorruption, "not a file of the result cache");
  const ByteView body = file.subspan(kBodyAt);
  if (codec::LoadFixed<std::uint32_t>(file.data() + magic.size()) != codec::Crc32c(body))
    return Fail(ErrorCode::kCorruption, "checksum of a cached result does not match");
  return body;
}

std::unexpected<Error> Damaged() {
  return Fail(ErrorCode::kCorruption, "file of the result cache does not decode");
}

}  // namespace

Bytes EncodeEntry(std::string_view key, const std::vector<ExtentPtr>& extents) {
  Bytes out = Begin(kEntryMagic);
  PutText(key, out);
  PutVarint(extents.size(), out);
  for (const ExtentPtr& extent : extents)
    PutExtent(*extent, out);
  Finish(out);
  return out;
}

Result<ResultEntry> DecodeEntry(ByteView bytes) {
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView body, BodyOf(bytes, kEntryMagic));
  FieldReader reader(body);
  ResultEntry entry;
  entry.key = reader.Text();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok() || count > reader.remaining()) return Damaged();
  for (std::uint64_t i = 0; i < count; ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(Extent extent, TakeExtent(reader));
    if (!entry.extents.empty() &&
        (extent.step_ms != entry.extents.back().step_ms || extent.first_ms <= entry.extents.back().last_ms()))
      return Damaged();
    entry.extents.push_back(std::move(extent));
  }
  if (reader.remaining() > 0) return Damaged();
  return entry;
}

Bytes EncodeJournal(const ResultJournal& journal) {
  Bytes out = Begin(kJournalMagic);
  PutVarint(journal.log.number, out);
  PutZigZag(journal.log.settled_until_ms, out);
  PutVarint(journal.log.end_offset, out);
  PutVarint(journal.fingerprints.size(), out);
  for (const auto& [tenant, fingerprint] : journal.fingerprints) {
    PutText(tenant, out);
    PutFixed(fingerprint, out);
  }
  PutVarint(journal.log.changes.size(), out);
  for (const auto& [tenant, changes] : journal.log.changes) {
    PutText(tenant, out);
    PutVarint(changes.size(), out);
    for (const MutationLog::Change& change : changes) {
      PutVarint(change.number, out);
      PutZigZag(change.min_ms, out);
      PutZigZag(change.max_ms, out);
    }
  }
  Finish(out);
  return out;
}

Result<ResultJournal> DecodeJournal(ByteView bytes) {
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView body, BodyOf(bytes, kJournalMagic));
  FieldReader reader(body);
  ResultJournal journal;
  journal.log.number = reader.Varint();
  journal.log.settled_until_ms = reader.ZigZag();
  journal.log.end_offset = reader.Varint();
  const std::uint64_t tenants = reader.Varint();
  if (!reader.ok() || tenants > reader.remaining()) return Damaged();
  for (std::uint64_t i = 0; i < tenants; ++i) {
    const std::string_view tenant = reader.Text();
    journal.fingerprints[TenantId(tenant)] = reader.Fixed64();
  }
  const std::uint64_t changed = reader.Varint();
  if (!reader.ok() || changed > reader.remaining()) return Damaged();
  for (std::uint64_t i = 0; i < changed; ++i) {
    std::vector<MutationLog::Change>& changes = journal.log.changes[TenantId(reader.Text())];
    const std::uint64_t count = reader.Varint();
    if (!reader.ok() || count > MutationLog::kChangesMax) return Damaged();
    for (std::uint64_t k = 0; k < count; ++k) {
      MutationLog::Change change{
          .number = reader.Varint(), .min_ms = reader.ZigZag(), .max_ms = reader.ZigZag()};
      if (!changes.empty() && change.number <= changes.back().number) return Damaged();
      changes.push_back(change);
    }
  }
  if (!reader.ok() || reader.remaining() > 0) return Damaged();
  return journal;
}

std::string ResultFileName(std::string_view key) {
  return fmt::format("{:08x}{:08x}.result", codec::Crc32c(AsBytes(key)), codec::Crc32c(AsBytes(key), 0x5eed));
}

}  // namespace tickscope::queryfront
