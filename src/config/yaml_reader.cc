#include "config/yaml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/byte_size.h"
#include "base/duration.h"
#include "config/closest_name.h"

namespace tickscope::config {
namespace {

// A value from the file as a message shows it: quoted, cut, and without bytes that would garble a terminal.
std::string Quoted(std::string_view value) {
  constexpr std::size_t kShownBytesMax = 60;
  std::string out = "\"";
  for (const char c : value.substr(0, kShownBytesMax)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  out += value.size() > kShownBytesMax ? "...\"" : "\"";
  return out;
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stopped_at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped_at != end) return std::nullopt;
  return value;
}

template <typename T>
std::string DescribeRange(T min, T max, auto format) {
  const bool has_min = min != std::numeric_limits<T>::lowest();
  const bool has_max = max != std::numeric_limits<T>::max();
  if (has_min && has_max) return fmt::format(" from {} to {}", format(min), format(max));
  if (has_min) return fmt::format(" of at least {}", format(min));
  if (has_max) return fmt::format(" of at most {}", format(max));
  return "";
}

}  // namespace

YamlMap::YamlMap(YamlDocument* document, const YamlNode* node, YamlPosition position, std::string path)
    : document_(document), node_(node), position_(position), path_(std::move(path)) {
  if (node_ != nullptr) document_->visits_[node_].path = path_;
}

std::string YamlMap::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const YamlNode* YamlMap::Find(std::string_view key) {
  if (node_ == nullptr) return nullptr;
  std::vector<std::string>& known_keys = document_->visits_[node_].known_keys;
  if (std::ranges::find(known_keys, key) == known_keys.end()) known_keys.emplace_back(key);
  const YamlEntry* const entry = node_->Find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

void YamlMap::Unexpected(std::string_view key, const YamlNode& node, std::string_view expected) {
  const std::string got =
      node.kind == YamlKind::kScalar ? Quoted(node.scalar) : std::string(YamlKindName(node.kind));
  document_->Note(node.position, fmt::format("{}: expected {}, got {}", PathOf(key), expected, got));
}

const std::string* YamlMap::Scalar(std::string_view key, std::string_view expected) {
  const YamlNode* const node = Find(key);
  if (node == nullptr) return nullptr;
  if (node->kind == YamlKind::kScalar) return &node->scalar;
  Unexpected(key, *node, expected);
  return nullptr;
}

// A list or map; a key with nothing after it (all its lines commented out) reads as an empty one.
const YamlNode* YamlMap::Container(std::string_view key, YamlKind kind) {
  const YamlNode* const node = Find(key);
  if (node == nullptr || node->kind == YamlKind::kNull) return nullptr;
  if (node->kind == kind) return node;
  Unexpected(key, *node, YamlKindName(kind));
  return nullptr;
}

bool YamlMap::Has(std::string_view key) {
  const YamlNode* const node = Find(key);
  return node != nullptr && node->kind != YamlKind::kNull;
}

std::string YamlMap::String(std::string_view key, std::string_view fallback) {
  const std::string* const text = Scalar(key, "a single value");
  return text == nullptr ? std::string(fallback) : *text;
}

std::string YamlMap::RequiredString(std::string_view key) {
  const YamlNode* const node = Find(key);
  if (node == nullptr || node->kind == YamlKind::kNull ||
      (node->kind == YamlKind::kScalar && node->scalar.empty())) {
    document_->Note(node == nullptr ? position_ : node->position,
                    fmt::format("{}: required, but not given", PathOf(key)));
    return "";
  }
  return String(key, "");
}

bool YamlMap::Bool(std::string_view key, bool fallback) {
  constexpr std::string_view kExpected = "true or false";
  const std::string* const text = Scalar(key, kExpected);
  if (text == nullptr) return fallback;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Unexpected(key, *Find(key), kExpected);
  return fallback;
}

std::int64_t YamlMap::Int(std::string_view key, std::int64_t fallback, IntRange range) {
  const auto format = [](std::int64_t value) { return std::to_string(value); };
  const std::string expected = "a whole number" + DescribeRange(range.min, range.max, format);
  const std::string* const text = Scalar(key, expected);
  if (text == nullptr) return fallback;
  const auto value = ParseNumber<std::int64_t>(*text);
  if (value && *value >= range.min && *value <= range.max) return *value;
  Unexpected(key, *Find(key), expected);
  return fallback;
}

double YamlMap::Double(std::string_view key, double fallback, DoubleRange range) {
  const auto format = [](double value) { return fmt::format("{}", value); };
  const std::string expected = "a number" + DescribeRange(range.min, range.max, format);
  const std::string* const text = Scalar(key, expected);
  if (text == nullptr) return fallback;
  const auto value = ParseNumber<double>(*text);
  if (value && std::isfinite(*value) && *value >= range.min && *value <= range.max) return *value;
  Unexpected(key, *Find(key), expected);
  return fallback;
}

std::int64_t YamlMap::DurationMs(std::string_view key, std::int64_t fallback_ms, DurationRange range) {
  const std::string expected =
      "a duration such as 10s" + DescribeRange(range.min, range.max, FormatDurationMs);
  const std::string* const text = Scalar(key, expected);
  if (text == nullptr) return fallback_ms;
  const auto value_ms = ParseDurationMs(*text);
  if (value_ms && *value_ms >= range.min && *value_ms <= range.max) return *value_ms;
  Unexpected(key, *Find(key), expected);
  return fallback_ms;
}

std::uint64_t YamlMap::Bytes(std::string_view key, std::uint64_t fallback, ByteRange range) {
  const std::string expected = "a size such as 64MiB" + DescribeRange(range.min, range.max, FormatByteSize);
  const std::string* const text = Scalar(key, expected);
  if (text == nullptr) return fallback;
  const auto bytes = ParseByteSize(*text);
  if (bytes && *bytes >= range.min && *bytes <= range.max) return *bytes;
  Unexpected(key, *Find(key), expected);
  return fallback;
}

std::size_t YamlMap::OneOf(std::string_view key, std::size_t fallback,
                           const std::vector<std::string_view>& names) {
  const std::string expected = fmt::format("one of {}", fmt::join(names, ", "));
  const std::string* const text = Scalar(key, expected);
  if (text == nullptr) return fallback;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  Unexpected(key, *Find(key), expected);
  return fallback;
}

std::vector<std::string> YamlMap::Strings(std::string_view key) {
  const YamlNode* const list = Container(key, YamlKind::kList);
  std::vector<std::string> strings;
  if (list == nullptr) return strings;
  for (const YamlNode& item : list->items) {
    if (item.kind == YamlKind::kScalar) {
      strings.push_back(item.scalar);
    } else {
      Unexpected(fmt::format("{}[{}]", key, &item - list->items.data()), item, "a single value");
    }
  }
  return strings;
}

std::vector<std::pair<std::string, std::string>> YamlMap::StringMap(std::string_view key) {
  const YamlNode* const map = Container(key, YamlKind::kMap);
  std::vector<std::pair<std::string, std::string>> pairs;
  if (map == nullptr) return pairs;
  for (const YamlEntry& entry : map->entries) {
    if (entry.value.kind == YamlKind::kScalar) {
      pairs.emplace_back(entry.key, entry.value.scalar);
    } else {
      Unexpected(fmt::format("{}.{}", key, entry.key), entry.value, "a single value");
    }
  }
  return pairs;
}

std::vector<std::string> YamlMap::Keys() const {
  std::vector<std::string> keys;
  if (node_ == nullptr) return keys;
  for (const YamlEntry& entry : node_->entries)
    keys.push_back(entry.key);
  return keys;
}

YamlMap YamlMap::Map(std::string_view key) {
  const YamlNode* const node = Container(key, YamlKind::kMap);
  return {document_, node, node == nullptr ? position_ : node->position, PathOf(key)};
}

std::vector<YamlMap> YamlMap::Maps(std::string_view key) {
  const YamlNode* const list = Container(key, YamlKind::kList);
  std::vector<YamlMap> maps;
  if (list == nullptr) return maps;
  for (const YamlNode& item : list->items) {
    const std::string item_key = fmt::format("{}[{}]", key, &item - list->items.data());
    if (item.kind == YamlKind::kMap) {
      maps.push_back(YamlMap(document_, &item, item.position, PathOf(item_key)));
    } else {
      Unexpected(item_key, item, "a map");
    }
  }
  return maps;
}

void YamlMap::Complain(std::string_view key, std::string_view what) {
  const YamlNode* const node = Find(key);
  document_->Note(node == nullptr ? position_ : node->position, fmt::format("{}: {}", PathOf(key), what));
}

std::expected<std::unique_ptr<YamlDocument>, YamlMistake> YamlDocument::Open(std::string_view text,
                                                                             const YamlOptions& options,
                                                                             std::size_t mistakes_max) {
  auto root = ReadYaml(text, options);
  if (!root) return std::unexpected(std::move(root).error());
  if (root->kind != YamlKind::kMap && root->kind != YamlKind::kNull) {
    return std::unexpected(YamlMistake{
        root->position, fmt::format("expected a map of settings, got {}", YamlKindName(root->kind))});
  }
  return std::unique_ptr<YamlDocument>(new YamlDocument(*std::move(root), mistakes_max));
}

Result<std::unique_ptr<YamlDocument>> YamlDocument::Parse(std::string_view text, std::string file) {
  auto document = Open(text, {}, kMistakesMax);
  if (!document) {
    const YamlMistake& mistake = document.error();
    return Fail(mistake.code, fmt::format("{}: {}", DescribePosition(file, mistake.position), mistake.text));
  }
  (*document)->file_ = std::move(file);
  return *std::move(document);
}

YamlMap YamlDocument::root() {
  return {this, &root_, root_.position, ""};
}

void YamlDocument::Note(YamlPosition position, std::string text) {
  ++mistake_count_;
  // One more than is shown, so that memory is bounded whatever the file holds.
  if (mistakes_.size() <= mistakes_max_) mistakes_.push_back({position, std::move(text)});
}

void YamlDocument::NoteUnknownKeys() {
  for (const auto& [node, visit] : visits_) {
    for (const YamlEntry& entry : node->entries) {
      if (std::ranges::find(visit.known_keys, entry.key) != visit.known_keys.end()) continue;
      const std::string closest = ClosestName(entry.key, visit.known_keys);
      std::string text = fmt::format("unknown key {}", Quoted(entry.key));
      if (!visit.path.empty()) text += fmt::format(" in {}", visit.path);
      text += closest.empty() ? fmt::format(", expected one of {}", fmt::join(visit.known_keys, ", "))
                              : fmt::format(", did you mean \"{}\"?", closest);
      Note(entry.key_position, std::move(text));
    }
  }
}

std::vector<YamlMistake> YamlDocument::TakeMistakes() {
  NoteUnknownKeys();
  visits_.clear();
  std::ranges::stable_sort(mistakes_, [](const YamlMistake& a, const YamlMistake& b) {
    return std::pair(a.position.line, a.position.column) < std::pair(b.position.line, b.position.column);
  });
  if (mistakes_.size() > mistakes_max_) mistakes_.resize(mistakes_max_);
  return std::exchange(mistakes_, {});
}

Status YamlDocument::Finish() {
  const std::vector<YamlMistake> mistakes = TakeMistakes();
  if (mistakes.empty()) return {};
  std::string message;
  for (const YamlMistake& mistake : mistakes) {
    if (!message.empty()) message += '\n';
    message += fmt::format("{}: {}", DescribePosition(file_, mistake.position), mistake.text);
  }
  if (mistake_count_ > mistakes.size())
    message += fmt::format("\n{}: {} more mistakes", file_, mistake_count_ - mistakes.size());
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace tickscope::config
