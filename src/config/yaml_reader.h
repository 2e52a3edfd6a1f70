// YamlReader: strict, typed reading of a configuration file, with every mistake reported at once.
//
//   TICKSCOPE_ASSIGN_OR_RETURN(const auto document, YamlDocument::Parse(text, "agent.yaml"));
//   YamlMap root = document->root();
//   AgentConfig config;
//   config.listen = root.String("listen", config.listen);
//   config.scrape_interval_ms = root.DurationMs("scrape_interval", 10'000, {.min = 1'000, .max = 3'600'000});
//   for (YamlMap target : root.Maps("targets")) config.targets.push_back(ReadTarget(target));
//   TICKSCOPE_RETURN_IF_ERROR(document->Finish());
//
// A getter names a key, so it also declares it: after the reading, a key in the file that no getter asked for
// is a mistake, reported with the closest key that is known. A getter never fails; it returns the fallback
// and notes the mistake, and Finish reports all of them:
//
//   agent.yaml:3:1: unknown key "scrape_intervall", did you mean "scrape_interval"?
//   agent.yaml:7:12: targets[0].port: expected a whole number from 1 to 65535, got "http"
//
// So nothing that was read may be used before Finish has returned without an error.
//
// Threads   Externally locked.
// Memory    A YamlMap borrows its document.
#pragma once

#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "config/yaml_tree.h"

namespace tickscope::config {

class YamlDocument;

struct IntRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
struct ByteRange {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};
struct DoubleRange {
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
};
/// A duration's bounds in milliseconds.
struct DurationRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// One map of the file, or a map that the file leaves out, which reads as an empty one.
class YamlMap {
 public:
  /// Whether the file gives the key a value. Declares the key.
  [[nodiscard]] bool Has(std::string_view key);

  /// The text of a single value, quoted or not ("9280" is as good as 9280 here).
  [[nodiscard]] std::string String(std::string_view key, std::string_view fallback);
  /// As String; leaving the key out, or empty, is a mistake.
  [[nodiscard]] std::string RequiredString(std::string_view key);
  /// Exactly true or false.
  [[nodiscard]] bool Bool(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t Int(std::string_view key, std::int64_t fallback, IntRange range = {});
  /// A finite decimal number.
  [[nodiscard]] double Double(std::string_view key, double fallback, DoubleRange range = {});
  /// A duration such as 10s (base/duration.h), in milliseconds.
  [[nodiscard]] std::int64_t DurationMs(std::string_view key, std::int64_t fallback_ms,
                                        DurationRange range = {});
  /// A size such as 64MiB (base/byte_size.h).
  [[nodiscard]] std::uint64_t Bytes(std::string_view key, std::uint64_t fallback, ByteRange range = {});
  /// One of `names`, case matters; returns its index, or `fallback` when the key is left out.
  [[nodiscard]] std::size_t OneOf(std::string_view key, std::size_t fallback,
                                  const std::vector<std::string_view>& names);
  /// A list of single values; empty when left out.
  [[nodiscard]] std::vector<std::string> Strings(std::string_view key);
  /// A map from any key to a single value, for example labels to add. In file order; empty when left out.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> StringMap(std::string_view key);
  /// A nested map; reads as empty when left out.
  [[nodiscard]] YamlMap Map(std::string_view key);
  /// A list of maps; empty when left out.
  [[nodiscard]] std::vector<YamlMap> Maps(std::string_view key);

  /// The keys the file gives, in its order, for a map whose keys are names of the user's. Declares none.
  [[nodiscard]] std::vector<std::string> Keys() const;

  /// Where the map begins; for one that the file leaves out, the map it would be in.
  [[nodiscard]] YamlPosition position() const { return position_; }

  /// Notes a mistake of meaning at the key's value, for example a URL that does not parse.
  void Complain(std::string_view key, std::string_view what);

 private:
  friend class YamlDocument;
  YamlMap(YamlDocument* document, const YamlNode* node, YamlPosition position, std::string path);

  const YamlNode* Find(std::string_view key);
  const std::string* Scalar(std::string_view key, std::string_view expected);
  const YamlNode* Container(std::string_view key, YamlKind kind);
  void Unexpected(std::string_view key, const YamlNode& node, std::string_view expected);
  [[nodiscard]] std::string PathOf(std::string_view key) const;

  YamlDocument* document_;
  const YamlNode* node_;  // Null for a map that the file leaves out.
  YamlPosition position_;
  std::string path_;  // "targets[0]", empty for the root.
};

/// A parsed file and the mistakes found in it so far.
class YamlDocument {
 public:
  /// Mistakes reported by Finish; further ones are counted.
  static constexpr std::size_t kMistakesMax = 12;

  /// Errors: as ParseYaml; kInvalidArgument when the file's top is not a map. An empty file is an empty map.
  [[nodiscard]] static Result<std::unique_ptr<YamlDocument>> Parse(std::string_view text, std::string file);
  /// The same for who reports mistakes by their places: TakeMistakes keeps `mistakes_max` of them.
  [[nodiscard]] static std::expected<std::unique_ptr<YamlDocument>, YamlMistake> Open(
      std::string_view text, const YamlOptions& options, std::size_t mistakes_max);

  YamlDocument(const YamlDocument&) = delete;
  YamlDocument& operator=(const YamlDocument&) = delete;

  [[nodiscard]] YamlMap root();

  /// Every mistake, sorted by place, a line each. Errors: kInvalidArgument.
  [[nodiscard]] Status Finish();

  /// Mistakes noted so far.
  [[nodiscard]] std::size_t mistake_count() const { return mistake_count_; }
  /// The mistakes that were kept, sorted by place; keys that no getter asked for are among them. Ends the reading.
  [[nodiscard]] std::vector<YamlMistake> TakeMistakes();

 private:
  friend class YamlMap;
  struct Visit {
    std::string path;
    std::vector<std::string> known_keys;
  };

  YamlDocument(YamlNode root, std::size_t mistakes_max)
      : root_(std::move(root)), mistakes_max_(mistakes_max) {}
  void Note(YamlPosition position, std::string text);
  void NoteUnknownKeys();

  YamlNode root_;
  std::string file_;
  std::map<const YamlNode*, Visit> visits_;  // Maps that were read, with the keys asked for.
  std::size_t mistakes_max_;
  std::vector<YamlMistake> mistakes_;
  std::size_t mistake_count_ = 0;
};

}  // namespace tickscope::config
