// Transfers: between a store and local files, whole and verified. The local copy may go once PutFileVerified returned.
//
// An upload is verified by reading the object back and comparing every byte. Sizes alone do not show a flipped bit, and
// an ETag is the content's MD5 only without KMS and without parts, so it would prove nothing where it matters most. The
// price is one read of what was written, which within a region costs time but no transfer.
//
// Memory   kTransferBytes a call and what the store holds of them once more; a PutFile within has its own bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/file_system.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {

/// Bytes asked for at once.
inline constexpr std::size_t kTransferBytes = std::size_t{4} << 20;

/// Whether object and file hold the same bytes. Errors: kNotFound for either; kCorruption naming the object and the first
/// place where they differ; those of reading.
[[nodiscard]] Status CompareWithFile(ObjectStore& store, const std::string& name, io::FileSystem& files,
                                     const std::string& path);

/// Stores `content` and reads it back. May be repeated, also after an error or a crash: an object that is there and the
/// same is not sent again. *Durable* when it returns. Errors: as Put; kCorruption when something else was read.
[[nodiscard]] Status PutVerified(ObjectStore& store, const std::string& name, std::string_view content);

/// The same with a file, under the conditions of ObjectStore::PutFile.
[[nodiscard]] Status PutFileVerified(ObjectStore& store, const std::string& name, io::FileSystem& files,
                                     const std::string& path);

/// Copies an object into a file: written under a temporary name, synced, renamed. Errors: kNotFound; kOutOfRange when it
/// is larger than `bytes_max`, before anything is written; kUnavailable when it came short; those of writing.
[[nodiscard]] Status FetchToFile(ObjectStore& store, const std::string& name, io::FileSystem& files,
                                 const std::string& path, std::uint64_t bytes_max);

}  // namespace tickscope::objstore
