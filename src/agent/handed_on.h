// HandedOn: where in the spools of receivers a batch was put, so that a start after a kill finds out how much of it is there.
//
// Before a batch is put into spools, their epochs and next numbers are noted: what goes in then has the numbers from there on, a record each
// so many samples. After a kill a spool says the last number of an epoch it has.
//
//   attempt   n * (directory: text | first sample: varint | epoch: u64 | number: varint | samples a record: varint)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::agent {

struct SpoolPlace {
  std::string directory;
  std::size_t first_sample = 0;  ///< Of the batch; those before it were there already.
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;  ///< Of the record that has it.
  std::size_t record_samples = 1;
};

[[nodiscard]] Bytes EncodeAttempt(const std::vector<SpoolPlace>& places);
/// Errors: kCorruption.
[[nodiscard]] Result<std::vector<SpoolPlace>> DecodeAttempt(std::string_view text);

}  // namespace tickscope::agent
