// SourceText: places in a file, and places in a text that a file holds in a quoted or folded form.
//
// An expression inside YAML or JSON is written with escapes, line folds and indentation; an error at its byte 57 is shown at
// the line and column of the file where that byte stands.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/yaml_tree.h"

namespace tickscope::lint {

/// A file's text with its line starts. Borrows the text.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  /// Line and column of a byte offset; of the end when it is beyond.
  [[nodiscard]] config::YamlPosition PositionAt(std::size_t offset) const;
  /// The reverse; the end of the text for a place beyond it. Columns count characters, as the YAML parser does, so bytes
  /// that go on a UTF-8 character are skipped.
  [[nodiscard]] std::size_t OffsetAt(config::YamlPosition position) const;

  /// Where byte `offset` of the scalar `value`, which begins at `begin` in this YAML file, is written. Exact for what is
  /// no blank; a blank is shown at the character after it.
  [[nodiscard]] config::YamlPosition InYamlScalar(config::YamlPosition begin, std::string_view value,
                                                  std::size_t offset) const;
  /// The same for a JSON string whose opening quote is at byte `quote_offset`.
  [[nodiscard]] config::YamlPosition InJsonString(std::size_t quote_offset, std::size_t offset) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace tickscope::lint
