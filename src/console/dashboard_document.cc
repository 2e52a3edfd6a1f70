#include "console/dashboard_document.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>

#include "base/duration.h"

namespace tickscope::console {
namespace {

constexpr std::size_t kMistakesShown = 5;
constexpr std::size_t kMistakesMax = 50;
constexpr std::size_t kTagsMax = 20;
constexpr std::size_t kTextBytesMax = 1'000;
constexpr std::string_view kPanelReference = "#/spec/panels/";
constexpr std::int64_t kScrapeMs = 10'000;
constexpr std::string_view kAnyText = ".*";
// What a list variable's default is when all are meant.
constexpr std::string_view kAll = "$__all";

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const JsonValue* Under(const JsonValue& root, std::initializer_list<std::string_view> keys) {
  const JsonValue* at = &root;
  for (const std::string_view key : keys) {
    at = at->Find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// Walks a tree and notes what is not as pages rely on it.
class Checker {
 public:
  explicit Checker(const JsonValue& root) : root_(root) {}

  std::vector<DashboardMistake> Check() {
    if (!Is(root_, JsonKind::kObject, "a dashboard")) return std::move(mistakes_);
    CheckKind(root_, "kind", {"Dashboard"});
    if (const JsonValue* const metadata = Need(root_, "metadata", JsonKind::kObject))
      CheckMetadata(*metadata);
    if (const JsonValue* const spec = Need(root_, "spec", JsonKind::kObject)) CheckSpec(*spec);
    CheckKeys(root_);
    return std::move(mistakes_);
  }

 private:
  void Tell(const JsonValue& value, std::string text) {
    if (mistakes_.size() < kMistakesMax) mistakes_.push_back({value.offset, std::move(text)});
  }

  bool Is(const JsonValue& value, JsonKind kind, std::string_view what) {
    if (value.kind == kind) return true;
    Tell(value, fmt::format("{}: expected {}, got {}", what, KindName(kind), KindName(value.kind)));
    return false;
  }

  // A member that may be left out.
  const JsonValue* May(const JsonValue& object, std::string_view key, JsonKind kind) {
    const JsonValue* const value = object.Find(key);
    return value != nullptr && Is(*value, kind, key) ? value : nullptr;
  }

  const JsonValue* Need(const JsonValue& object, std::string_view key, JsonKind kind) {
    if (object.Find(key) == nullptr) Tell(object, fmt::format("{}: required, {}", key, KindName(kind)));
    return May(object, key, kind);
  }

  void CheckKind(const JsonValue& object, std::string_view key,
                 std::initializer_list<std::string_view> kinds) {
    const JsonValue* const kind = Need(object, key, JsonKind::kString);
    if (kind == nullptr || std::ranges::find(kinds, kind->text) != kinds.end()) return;
    std::string wanted;
    for (const std::string_view one : kinds)
      wanted.append(wanted.empty() ? "" : " or ").append(one);
    Tell(*kind, fmt::format("{}: expected {}, got \"{}\"", key, wanted, kind->text.substr(0, 64)));
  }

  void CheckText(const JsonValue& object, std::string_view key) {
    const JsonValue* const text = May(object, key, JsonKind::kString);
    if (text != nullptr && text->text.size() > kTextBytesMax)
      Tell(*text,
           fmt::format("{}: expected at most {} bytes, got {}", key, kTextBytesMax, text->text.size()));
  }

  void CheckDuration(const JsonValue& object, std::string_view key) {
    const JsonValue* const text = May(object, key, JsonKind::kString);
    if (text == nullptr || text->text.empty() || text->text == "0s") return;
    if (!ParseDurationMs(text->text))
      Tell(*text,
           fmt::format("{}: expected a duration such as 5m, got \"{}\"", key, text->text.substr(0, 64)));
  }

  void CheckMetadata(const JsonValue& metadata) {
    const JsonValue* const name = Need(metadata, "name", JsonKind::kString);
    if (name != nullptr && !IsDashboardName(name->text)) {
      Tell(*name,
           fmt::format("name: expected 1 to {} letters, digits, '_', '-' and '.', not beginning with '.'",
                       kDashboardNameBytesMax));
    }
    CheckText(metadata, "project");
    const JsonValue* const tags = May(metadata, "tags", JsonKind::kArray);
    if (tags == nullptr) return;
    if (tags->items.size() > kTagsMax) Tell(*tags, fmt::format("tags: expected at most {}", kTagsMax));
    for (const JsonValue& tag : tags->items)
      Is(tag, JsonKind::kString, "tag");
  }

  void CheckSpec(const JsonValue& spec) {
    if (const JsonValue* const display = May(spec, "display", JsonKind::kObject)) {
      CheckText(*display, "name");
      CheckText(*display, "description");
    }
    CheckDuration(spec, "duration");
    CheckDuration(spec, "refreshInterval");
    if (const JsonValue* const variables = May(spec, "variables", JsonKind::kArray))
      CheckVariables(*variables);
    if (const JsonValue* const panels = Need(spec, "panels", JsonKind::kObject)) {
      if (panels->members.size() > kPanelsMax)
        Tell(*panels, fmt::format("panels: expected at most {}, got {}", kPanelsMax, panels->members.size()));
      for (const auto& [key, panel] : panels->members) {
        panels_.insert(key);
        CheckPanel(panel);
      }
    }
    if (const JsonValue* const layouts = Need(spec, "layouts", JsonKind::kArray)) {
      for (const JsonValue& layout : layouts->items)
        CheckLayout(layout);
    }
  }

  void CheckVariables(const JsonValue& variables) {
    if (variables.items.size() > kVariablesMax)
      Tell(variables,
           fmt::format("variables: expected at most {}, got {}", kVariablesMax, variables.items.size()));
    std::set<std::string_view> names;
    for (const JsonValue& variable : variables.items) {
      if (!Is(variable, JsonKind::kObject, "variable")) continue;
      CheckKind(variable, "kind", {"ListVariable", "TextVariable"});
      const JsonValue* const spec = Need(variable, "spec", JsonKind::kObject);
      const JsonValue* const name = spec == nullptr ? nullptr : Need(*spec, "name", JsonKind::kString);
      if (name == nullptr) continue;
      if (name->text.empty() || !std::ranges::all_of(name->text, IsWordCharacter))
        Tell(*name, "name: expected letters, digits and '_'");
      if (!names.insert(name->text).second)
        Tell(*name, fmt::format("name: two variables are called \"{}\"", name->text.substr(0, 64)));
    }
  }

  void CheckPanel(const JsonValue& panel) {
    if (!Is(panel, JsonKind::kObject, "panel")) return;
    CheckKind(panel, "kind", {"Panel"});
    const JsonValue* const spec = Need(panel, "spec", JsonKind::kObject);
    if (spec == nullptr) return;
    if (const JsonValue* const display = May(*spec, "display", JsonKind::kObject))
      CheckText(*display, "name");
    if (const JsonValue* const plugin = Need(*spec, "plugin", JsonKind::kObject))
      static_cast<void>(Need(*plugin, "kind", JsonKind::kString));
    const JsonValue* const queries = May(*spec, "queries", JsonKind::kArray);
    if (queries == nullptr) return;
    for (const JsonValue& query : queries->items) {
      if (!Is(query, JsonKind::kObject, "query")) continue;
      static_cast<void>(Need(query, "kind", JsonKind::kString));
      const JsonValue* const query_spec = Need(query, "spec", JsonKind::kObject);
      const JsonValue* const plugin =
          query_spec == nullptr ? nullptr : Need(*query_spec, "plugin", JsonKind::kObject);
      if (plugin == nullptr || plugin->TextOf("kind") != "PrometheusTimeSeriesQuery") continue;
      if (const JsonValue* const inner = Need(*plugin, "spec", JsonKind::kObject))
        static_cast<void>(Need(*inner, "query", JsonKind::kString));
    }
  }

  void CheckLayout(const JsonValue& layout) {
    if (!Is(layout, JsonKind::kObject, "layout")) return;
    CheckKind(layout, "kind", {"Grid"});
    const JsonValue* const spec = Need(layout, "spec", JsonKind::kObject);
    const JsonValue* const items = spec == nullptr ? nullptr : Need(*spec, "items", JsonKind::kArray);
    if (items == nullptr) return;
    for (const JsonValue& item : items->items) {
      if (!Is(item, JsonKind::kObject, "item")) continue;
      for (const std::string_view key : {"x", "y", "width", "height"})
        static_cast<void>(Need(item, key, JsonKind::kNumber));
      const JsonValue* const content = Need(item, "content", JsonKind::kObject);
      const JsonValue* const reference =
          content == nullptr ? nullptr : Need(*content, "$ref", JsonKind::kString);
      if (reference == nullptr) continue;
      if (!reference->text.starts_with(kPanelReference) ||
          !panels_.contains(reference->text.substr(kPanelReference.size()))) {
        Tell(*reference, fmt::format("$ref: expected #/spec/panels/NAME of a panel there is, got \"{}\"",
                                     reference->text.substr(0, 64)));
      }
    }
  }

  // A key that comes twice means one thing here and another elsewhere.
  void CheckKeys(const JsonValue& value) {
    std::set<std::string_view> keys;
    for (const auto& [key, member] : value.members) {
      if (!keys.insert(key).second) Tell(member, fmt::format("key \"{}\" comes twice", key.substr(0, 64)));
      CheckKeys(member);
    }
    for (const JsonValue& item : value.items)
      CheckKeys(item);
  }

  const JsonValue& root_;
  std::vector<DashboardMistake> mistakes_;
  std::set<std::string, std::less<>> panels_;
};

std::string EscapedForRegex(std::string_view text) {
  // In a PromQL string a backslash stands for itself only when it is doubled.
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").contains(c)) out += "\\\\";
    if (c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string EscapedForText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ValueText(const std::vector<std::string>& values, std::string_view format) {
  const bool is_any = values.size() == 1 && values.front() == kAnyText;
  if (is_any) return values.front();
  if (values.size() == 1 && format != "regex") return EscapedForText(values.front());
  const bool is_list = format == "csv";
  std::string out;
  for (const std::string& value : values) {
    if (!out.empty()) out += is_list ? ',' : '|';
    out += is_list ? EscapedForText(value) : EscapedForRegex(value);
  }
  return values.size() == 1 || is_list ? out : "(" + out + ")";
}

std::vector<std::string> TextsOf(const JsonValue* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (value->kind == JsonKind::kString) texts.push_back(value->text);
  for (const JsonValue& item : value->items)
    texts.push_back(item.text);
  return texts;
}

}  // namespace

bool IsDashboardName(std::string_view name) {
  return !name.empty() && name.size() <= kDashboardNameBytesMax && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) { return IsWordCharacter(c) || c == '-' || c == '.'; });
}

std::vector<DashboardMistake> CheckDashboard(const JsonValue& root) {
  return Checker(root).Check();
}

Result<DashboardDocument> DashboardDocument::Read(std::string_view text) {
  DashboardDocument document;
  TICKSCOPE_ASSIGN_OR_RETURN(document.root_, ReadJson(text));
  std::vector<DashboardMistake> mistakes = CheckDashboard(document.root_);
  if (!mistakes.empty()) {
    std::ranges::stable_sort(mistakes, {}, &DashboardMistake::offset);
    std::string all;
    for (const DashboardMistake& mistake :
         std::span(mistakes).first(std::min(mistakes.size(), kMistakesShown)))
      all.append(all.empty() ? "" : "\n")
          .append(MistakeAt(text, mistake.offset, mistake.text).error().message);
    if (mistakes.size() > kMistakesShown) all += fmt::format("\n{} more", mistakes.size() - kMistakesShown);
    return Fail(ErrorCode::kInvalidArgument, std::move(all));
  }
  const JsonValue& metadata = *document.root_.Find("metadata");
  document.name_ = metadata.TextOf("name");
  document.folder_ = metadata.TextOf("project");
  document.tags_ = TextsOf(metadata.Find("tags"));
  if (const JsonValue* const display = Under(document.root_, {"spec", "display"})) {
    document.title_ = display->TextOf("name");
    document.description_ = display->TextOf("description");
  }
  if (document.title_.empty()) document.title_ = document.name_;
  document.text_ = CompactJson(document.root_);
  document.revision_ = fmt::format("{:016x}", XXH3_64bits(document.text_.data(), document.text_.size()));
  return document;
}

std::vector<PanelQuery> DashboardDocument::Queries() const {
  std::vector<PanelQuery> found;
  for (const auto& [key, panel] : Under(root_, {"spec", "panels"})->members) {
    const JsonValue* const queries = Under(panel, {"spec", "queries"});
    if (queries == nullptr) continue;
    for (std::size_t i = 0; i < queries->items.size(); ++i) {
      const JsonValue* const text = Under(queries->items[i], {"spec", "plugin", "spec", "query"});
      if (text != nullptr && text->kind == JsonKind::kString) found.push_back({key, i, text->text});
    }
  }
  return found;
}

VariableValues DashboardDocument::Defaults() const {
  VariableValues values;
  const JsonValue* const variables = Under(root_, {"spec", "variables"});
  if (variables == nullptr) return values;
  for (const JsonValue& variable : variables->items) {
    const JsonValue& spec = *variable.Find("spec");
    std::vector<std::string> texts =
        TextsOf(spec.Find(variable.TextOf("kind") == "TextVariable" ? "value" : "defaultValue"));
    const bool is_any = texts.empty() || std::ranges::find(texts, kAll) != texts.end();
    if (is_any && variable.TextOf("kind") != "TextVariable") {
      const std::string_view custom = spec.TextOf("customAllValue");
      texts = {std::string(custom.empty() ? kAnyText : custom)};
    }
    if (texts.empty()) texts.emplace_back();
    values.emplace(spec.TextOf("name"), std::move(texts));
  }
  return values;
}

std::string FillVariables(std::string_view text, const VariableValues& values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out += text[at++];
      continue;
    }
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && IsWordCharacter(text[end]))
      ++end;
    const auto found = values.find(text.substr(begin, end - begin));
    std::string_view format;
    std::size_t after = end;
    if (braced) {
      const std::size_t close = text.find('}', end);
      if (close == std::string_view::npos) {
        out += text[at++];
        continue;
      }
      if (close > end && text[end] == ':') format = text.substr(end + 1, close - end - 1);
      after = close + 1;
    }
    if (found == values.end()) {
      out += text[at++];
      continue;
    }
    out += ValueText(found->second, format);
    at = after;
  }
  return out;
}

VariableValues IntervalVariables(std::int64_t step_ms, std::int64_t range_ms) {
  const std::int64_t step = std::max<std::int64_t>(step_ms, 1'000);
  const std::int64_t rate = std::max(step + kScrapeMs, 4 * kScrapeMs);
  return {{"__interval", {FormatDurationMs(step)}},
          {"__interval_ms", {std::to_string(step)}},
          {"__rate_interval", {FormatDurationMs(rate)}},
          {"__range", {FormatDurationMs(std::max<std::int64_t>(range_ms, 1'000))}}};
}

}  // namespace tickscope::console
