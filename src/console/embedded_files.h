// Files that are part of the binary: the console's pages, shipped dashboards, the shipped schema. Made at build time by
// tools/embed_files.py.
//
// Threads   Immutable.
// Memory    Views into the binary's read-only data.
#pragma once

#include <string_view>
#include <vector>

namespace tickscope::console {

struct EmbeddedFile {
  std::string_view name;  ///< Below its folder: "assets/index-1a2b.js".
  std::string_view content;
  std::string_view gzip;  ///< The same as gzip; empty when that is no shorter.
  std::string_view tag;   ///< Another for other content; of pages only.
};

struct EmbeddedFiles {
  std::vector<EmbeddedFile> pages;       ///< Empty when the binary was built without them.
  std::vector<EmbeddedFile> dashboards;  ///< Perses dashboards, by name.
  std::string_view schema;               ///< Of schema/game.yaml.
};

[[nodiscard]] const EmbeddedFiles& Embedded();

}  // namespace tickscope::console
