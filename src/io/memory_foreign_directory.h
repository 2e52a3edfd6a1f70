// MemoryForeignDirectory: a directory that others write to, in memory: what log files go through, for tests.
//
//   MemoryForeignDirectory logs;
//   logs.Append("game.log", "a line\n");
//   logs.Rename("game.log", "game.log.1");
//   const auto directory = logs.Open();
//
// Threads   One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/foreign_directory.h"

namespace tickscope::io {

class MemoryForeignDirectory {
 public:
  /// What OpenForeignDirectory would give; sees all changes. This outlives it, what was opened outlives this.
  [[nodiscard]] std::unique_ptr<ForeignDirectory> Open();

  /// Makes the file when there is none of that name.
  void Append(const std::string& name, std::string_view text);
  void Rename(const std::string& from, const std::string& to);
  void Remove(const std::string& name);
  void Truncate(const std::string& name);
  /// Another file with the same content.
  void Copy(const std::string& from, const std::string& to);
  /// A name that is not to be opened, as a link is.
  void AddLink(const std::string& name);
  /// The next file that is made gets this inode again, as a file system may.
  void ReuseInode(std::uint64_t inode) { next_inode_ = inode; }
  [[nodiscard]] std::uint64_t InodeOf(const std::string& name) const { return files_.at(name)->inode; }
  [[nodiscard]] const std::string& TextOf(const std::string& name) const { return files_.at(name)->text; }

 private:
  struct File {
    std::uint64_t inode = 0;
    std::string text;
    bool is_link = false;
  };
  class Opened;
  class OpenedFile;

  std::map<std::string, std::shared_ptr<File>> files_;
  std::uint64_t next_inode_ = 1;
};

}  // namespace tickscope::io
