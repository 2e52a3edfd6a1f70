// ForeignDirectory: a directory that other processes write to, and that somebody may have prepared to mislead us.
//
// Only plain files right inside it are opened, never what a link points to, and never something that would make the
// opener wait, such as a pipe. The directory itself must be one and not a link to one: /dev/shm, where everybody may
// make names, is where it usually lies.
//
// Threads   One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::io {

/// Which file a name stands for, as long as it exists: a file put in its place is another one.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct ForeignFile {
  std::unique_ptr<ReadFile> file;
  FileIdentity identity;
};

class ForeignDirectory {
 public:
  virtual ~ForeignDirectory() = default;
  /// Names that end in `suffix`, sorted, of whatever kind. Looks at no more than a hundred thousand entries.
  [[nodiscard]] virtual Result<std::vector<std::string>> Names(std::string_view suffix) = 0;
  /// Errors: kNotFound.
  [[nodiscard]] virtual Result<FileIdentity> Identify(const std::string& name) = 0;
  /// Errors: kNotFound; kInvalidArgument for what is no plain file; kPermissionDenied.
  [[nodiscard]] virtual Result<ForeignFile> OpenRead(const std::string& name) = 0;
  /// Removes the name if it still stands for that file. Errors: kNotFound when it does not; kPermissionDenied.
  [[nodiscard]] virtual Status Remove(const std::string& name, const FileIdentity& identity) = 0;
};

/// Errors: kNotFound; kInvalidArgument for a link or a file; kPermissionDenied.
[[nodiscard]] Result<std::unique_ptr<ForeignDirectory>> OpenForeignDirectory(const std::string& path);

}  // namespace tickscope::io
