#include "config/yaml_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_size.h"
#include "base/check.h"
#include "base/duration.h"

namespace tickscope::config {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._/+-").contains(c);
}

// Words that YAML readers take for something other than text.
bool IsReserved(std::string_view value) {
  constexpr std::string_view kWords[] = {"null", "Null", "NULL", "yes", "Yes", "YES", "no", "No", "NO", "on",
                                         "On",   "ON",   "off",  "Off", "OFF", "y",   "Y",  "n",  "N"};
  return std::ranges::find(kWords, value) != std::end(kWords);
}

}  // namespace

std::string QuoteYaml(std::string_view value) {
  // A colon is plain inside "host:port" but not at an end, where it would make a key.
  const bool plain = !value.empty() && value.front() != '-' && value.front() != ':' && value.back() != ':' &&
                     std::ranges::all_of(value, [](char c) { return IsPlain(c) || c == ':'; });
  if (plain && !IsReserved(value)) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

void YamlWriter::StartLine() {
  // An item's first line carries its dash in the indentation of the lines that follow.
  if (item_starts_) {
    text_.append((depth_ - 1) * 2, ' ').append("- ");
    item_starts_ = false;
  } else {
    text_.append(depth_ * 2, ' ');
  }
}

void YamlWriter::Comment(std::string_view text) {
  while (true) {
    const std::size_t end = text.find('\n');
    // The dash belongs to the first setting, so a comment before it stands at the item's depth without one.
    text_.append(depth_ * 2, ' ').append("# ").append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void YamlWriter::Raw(std::string_view key, std::string_view value) {
  StartLine();
  text_.append(QuoteYaml(key)).append(": ").append(value).append("\n");
}

void YamlWriter::String(std::string_view key, std::string_view value) {
  Raw(key, QuoteYaml(value));
}
void YamlWriter::Bool(std::string_view key, bool value) {
  Raw(key, value ? "true" : "false");
}
void YamlWriter::Int(std::string_view key, std::int64_t value) {
  Raw(key, std::to_string(value));
}
void YamlWriter::Double(std::string_view key, double value) {
  Raw(key, fmt::format("{}", value));
}
void YamlWriter::DurationMs(std::string_view key, std::int64_t value_ms) {
  Raw(key, FormatDurationMs(value_ms));
}
void YamlWriter::Bytes(std::string_view key, std::uint64_t value) {
  Raw(key, FormatByteSize(value));
}

void YamlWriter::Strings(std::string_view key, std::span<const std::string> values) {
  std::string list;
  for (const std::string& value : values) {
    if (!list.empty()) list += ", ";
    list += QuoteYaml(value);
  }
  Raw(key, "[" + list + "]");
}

void YamlWriter::StringMap(std::string_view key,
                           std::span<const std::pair<std::string, std::string>> values) {
  if (values.empty()) {
    Raw(key, "{}");
    return;
  }
  BeginMap(key);
  for (const auto& [name, value] : values)
    String(name, value);
  EndMap();
}

void YamlWriter::Begin(std::string_view key) {
  StartLine();
  text_.append(QuoteYaml(key)).append(":\n");
  ++depth_;
}

void YamlWriter::BeginMap(std::string_view key) {
  Begin(key);
}

void YamlWriter::EndMap() {
  TICKSCOPE_CHECK(depth_ > 0);
  --depth_;
}

void YamlWriter::BeginList(std::string_view key) {
  Begin(key);
}

void YamlWriter::BeginItem() {
  ++depth_;
  item_starts_ = true;
}

void YamlWriter::EndItem() {
  TICKSCOPE_CHECK(depth_ > 0 && !item_starts_);
  --depth_;
}

void YamlWriter::EndList() {
  EndMap();
}

}  // namespace tickscope::config
