#include "console/json_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace tickscope::console {
namespace {

constexpr std::size_t kShownBytesMax = 120;

std::string Shown(const JsonValue& value) {
  std::string text = CompactJson(value);
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "...";
  return text;
}

class Differ {
 public:
  explicit Differ(std::size_t lines_max) : lines_max_(lines_max) {}

  void Compare(const std::string& path, const JsonValue& was, const JsonValue& is) {
    if (lines_.size() == lines_max_ || CanonicalJson(was) == CanonicalJson(is)) return;
    if (was.kind == JsonKind::kObject && is.kind == JsonKind::kObject) return CompareMembers(path, was, is);
    if (was.kind == JsonKind::kArray && is.kind == JsonKind::kArray) return CompareItems(path, was, is);
    Tell(path, fmt::format("{} -> {}", Shown(was), Shown(is)));
  }

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  void Tell(const std::string& path, const std::string& what) {
    if (lines_.size() < lines_max_) lines_.push_back(fmt::format("{}: {}", path.empty() ? "." : path, what));
  }

  static std::string Below(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }

  void CompareMembers(const std::string& path, const JsonValue& was, const JsonValue& is) {
    for (const auto& [key, value] : was.members) {
      const JsonValue* const other = is.Find(key);
      if (other == nullptr) {
        Tell(Below(path, key), "removed");
      } else {
        Compare(Below(path, key), value, *other);
      }
    }
    for (const auto& [key, value] : is.members) {
      if (was.Find(key) == nullptr) Tell(Below(path, key), "added");
    }
  }

  void CompareItems(const std::string& path, const JsonValue& was, const JsonValue& is) {
    const std::size_t both = std::min(was.items.size(), is.items.size());
    for (std::size_t i = 0; i < both; ++i)
      Compare(fmt::format("{}[{}]", path, i), was.items[i], is.items[i]);
    for (std::size_t i = both; i < was.items.size(); ++i)
      Tell(fmt::format("{}[{}]", path, i), "removed");
    for (std::size_t i = both; i < is.items.size(); ++i)
      Tell(fmt::format("{}[{}]", path, i), "added");
  }

  const std::size_t lines_max_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> DiffJson(const JsonValue& was, const JsonValue& is, std::size_t lines_max) {
  Differ differ(lines_max);
  differ.Compare("", was, is);
  return differ.Take();
}

}  // namespace tickscope::console
