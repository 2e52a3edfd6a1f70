// SecretMemory: memory for keys. It is in no core dump, is not written to swap where the system allows to lock it, is
// not there in a forked child, and is wiped before it is given back.
//
// Threads   As plain memory.
// Memory    Whole pages of the system: 4 kB for a key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace tickscope::io {

class SecretMemory {
 public:
  /// `size` zero bytes, 16-aligned. Ends the process when there is no memory, as any allocation does.
  explicit SecretMemory(std::size_t size);
  ~SecretMemory();
  SecretMemory(SecretMemory&& other) noexcept;
  SecretMemory& operator=(SecretMemory&& other) noexcept;

  [[nodiscard]] std::span<std::byte> bytes() { return {begin_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {begin_, size_}; }

 private:
  void Free();

  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole of a file that holds secrets, never anywhere else in memory. The file is a regular one, of this process's user
/// or of root, and nobody else may read or write it.
/// Errors: kNotFound; kPermissionDenied saying what is wrong with owner or mode; kOutOfRange past `bytes_max`.
[[nodiscard]] Result<SecretMemory> ReadSecretFile(const std::string& path, std::size_t bytes_max);

/// From now on this process leaves no core dump, piped ones too, and no other process of its user may read its memory. Its files
/// in /proc belong to root then, so it is for programs that are short and read none of them.
void ForbidCoreDumps();

/// From now on core dumps of this process hold its registers and which files are mapped, but no memory: a program that
/// others send lines and labels to has them in its buffers. Errors: kUnavailable where the system does not let it choose;
/// then it leaves none at all, as with ForbidCoreDumps.
[[nodiscard]] Status KeepMemoryOutOfCoreDumps();

/// Overwrites with zeros, which the compiler does not leave out.
void Wipe(std::span<std::byte> bytes);

}  // namespace tickscope::io
