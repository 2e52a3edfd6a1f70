// YamlTree: a configuration text as a tree of maps, lists and scalars, each with its place in the file.
//
// A configuration needs less than YAML offers, and what it does not need is refused: anchors and aliases (a
// few lines of them expand to gigabytes), tags, several documents, keys that are not plain text. What is left
// has one meaning, so a typo is an error here and not a surprise at run time.
//
// Invariants
//   Y1  keys of a map are distinct and in file order.
//   Y2  depth, nodes and text size are at most the limits below.
//
// Files of others (Prometheus' rule files) may have aliases: YamlOptions::aliases writes them out as they are read, within
// the same limits, so that what they expand to is bounded.
//
// Threads   Immutable once parsed.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tickscope::config {

inline constexpr std::size_t kYamlBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kYamlNodesMax = 200'000;
inline constexpr std::size_t kYamlDepthMax = 32;

enum class YamlKind : std::uint8_t { kNull, kScalar, kList, kMap };

/// "a list", "a map", ... as error messages say it.
[[nodiscard]] std::string_view YamlKindName(YamlKind kind);

/// Where a node begins, both from 1.
struct YamlPosition {
  int line = 1;
  int column = 1;
};

struct YamlEntry;

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  YamlPosition position;
  std::string scalar;              ///< Text of a kScalar, unquoted.
  std::vector<YamlNode> items;     ///< Of a kList.
  std::vector<YamlEntry> entries;  ///< Of a kMap.

  /// Entry with that key, or null. Owned by this node.
  [[nodiscard]] const YamlEntry* Find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  YamlPosition key_position;
  YamlNode value;
};

/// What is wrong with a text, and where.
struct YamlMistake {
  YamlPosition position;
  std::string text;
  ErrorCode code = ErrorCode::kInvalidArgument;
};

struct YamlOptions {
  bool aliases = false;              ///< Take anchors, aliases and merge keys (<<), and write them out.
  bool only_first_document = false;  ///< Leave further documents unread instead of refusing them.
};

/// Parses one document; an empty text is kNull. Refusals have kInvalidArgument, or kOutOfRange for a limit.
[[nodiscard]] std::expected<YamlNode, YamlMistake> ReadYaml(std::string_view text,
                                                            const YamlOptions& options);

/// Parses one document; an empty text is kNull. `file` is only named in errors.
/// Errors: kInvalidArgument or kOutOfRange (a limit), as "file:line:col: what, and what was expected".
[[nodiscard]] Result<YamlNode> ParseYaml(std::string_view text, std::string_view file);

/// "file:line:col".
[[nodiscard]] std::string DescribePosition(std::string_view file, YamlPosition position);

}  // namespace tickscope::config
