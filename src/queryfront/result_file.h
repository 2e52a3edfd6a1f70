// Files of the result cache: one a key, and the journal that says what they may be believed of.
//
//   entry     | "TKSQRE01" | crc32c of the rest: u32 | key: text | varint n, n * extent (queryfront/result_extent.h) |
//   journal   | "TKSQRJ01" | crc32c of the rest: u32 | number: varint | settled until: zz | end offset: varint |
//             | varint n, n * (tenant: text, fingerprint: u64) |
//             | varint n, n * (tenant: text, varint k, k * (number: varint, min: zz, max: zz)) |
//
// An entry is not synced: one that is torn does not decode, and counts as missing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "model/mutation_log.h"
#include "queryfront/result_extent.h"

namespace tickscope::queryfront {

struct ResultEntry {
  std::string key;
  std::vector<Extent> extents;
};
struct ResultJournal {
  MutationLog::State log;
  std::map<TenantId, std::uint64_t> fingerprints;
};

/// Requires: no histograms.
[[nodiscard]] Bytes EncodeEntry(std::string_view key, const std::vector<ExtentPtr>& extents);
/// Errors: kCorruption.
[[nodiscard]] Result<ResultEntry> DecodeEntry(ByteView bytes);

[[nodiscard]] Bytes EncodeJournal(const ResultJournal& journal);
/// Errors: kCorruption.
[[nodiscard]] Result<ResultJournal> DecodeJournal(ByteView bytes);

/// Name of a key's file. Two keys may share one: the file says whose it is.
[[nodiscard]] std::string ResultFileName(std::string_view key);

}  // namespace tickscope::queryfront
