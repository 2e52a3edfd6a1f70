// PageFiles: the files of the console's pages, from the binary or from a directory, by path.
//
// The pages are one program: every address of it (/explore, /d/fleet) is answered with index.html, which looks at the address
// itself. What has an extension is a file, and there or not.
//
// Threads   Immutable once made.
// Memory    Those of the binary are not copied; those of a directory are held, at most kPageBytesMax of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "console/embedded_files.h"
#include "io/file_system.h"

namespace tickscope::console {

/// Of a directory of pages, all files together.
inline constexpr std::uint64_t kPageBytesMax = 64U << 20;

class PageFiles {
 public:
  /// `files` outlive this; empty for a binary without pages.
  explicit PageFiles(std::span<const EmbeddedFile> files);

  /// Reads and packs the files of a directory and those below it. Errors: kNotFound for a directory that is not there or has
  /// no index.html; kOutOfRange past kPageBytesMax; those of the file system.
  [[nodiscard]] static Result<PageFiles> Load(io::FileSystem& fs, const std::string& directory);

  /// The file that answers a path ("/assets/a.js", "/explore"), still encoded; null for a file that is not there, and for
  /// everything when there are no pages.
  [[nodiscard]] const EmbeddedFile* Find(std::string_view path) const;

  [[nodiscard]] bool empty() const { return files_.empty(); }
  /// Another when any file is; empty without pages.
  [[nodiscard]] std::string revision() const;

 private:
  struct Loaded;  // What the views of a directory's files look at.
  PageFiles() = default;

  std::map<std::string_view, EmbeddedFile> files_;
  std::shared_ptr<const Loaded> loaded_;
};

}  // namespace tickscope::console
