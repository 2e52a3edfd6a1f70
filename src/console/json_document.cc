#include "console/json_document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "lint/source_text.h"

namespace tickscope::console {
namespace {

constexpr std::size_t kCompactBytesMax = 64U << 20;

// As JSON has it; infinite for one that no double holds.
double NumberOf(const JsonValue& value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
  if (error == std::errc::result_out_of_range) return HUGE_VAL;
  return number;
}

enum class KeyOrder { kAsWritten, kByName };

void WriteNode(const JsonValue& value, wire::JsonWriter& json, const ChangeText& change, KeyOrder order) {
  switch (value.kind) {
    case JsonKind::kNull:
      return json.Null();
    case JsonKind::kBool:
      return json.Bool(value.text == "true");
    case JsonKind::kNumber: {
      const double number = NumberOf(value);
      return std::isfinite(number) ? json.Number(number) : json.Null();
    }
    case JsonKind::kString:
      return json.String(change ? change(value.text) : value.text);
    case JsonKind::kArray:
      json.BeginArray();
      for (const JsonValue& item : value.items)
        WriteNode(item, json, change, order);
      return json.EndArray();
    case JsonKind::kObject: {
      std::vector<const lint::JsonMember*> members;
      for (const lint::JsonMember& member : value.members)
        members.push_back(&member);
      if (order == KeyOrder::kByName) std::ranges::stable_sort(members, {}, &lint::JsonMember::key);
      json.BeginObject();
      for (const lint::JsonMember* member : members) {
        json.Key(member->key);
        WriteNode(member->value, json, change, order);
      }
      return json.EndObject();
    }
  }
}

std::string OneLine(const JsonValue& value, KeyOrder order) {
  std::string out;
  wire::JsonWriter json(out, kCompactBytesMax);
  WriteNode(value, json, {}, order);
  return out;
}

}  // namespace

std::unexpected<Error> MistakeAt(std::string_view text, std::size_t offset, std::string_view message) {
  const config::YamlPosition position = lint::SourceText(text).PositionAt(offset);
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("line {}, column {}: {}", position.line, position.column, message));
}

Result<JsonValue> ReadJson(std::string_view text) {
  auto tree = lint::ParseJson(text);
  if (!tree) return MistakeAt(text, tree.error().offset, "not JSON: " + tree.error().text);
  return *std::move(tree);
}

std::string_view KindName(JsonKind kind) {
  constexpr std::string_view kNames[] = {"null",   "true or false", "a number",
                                         "a text", "a list",        "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

void WriteTree(const JsonValue& value, wire::JsonWriter& json, const ChangeText& change) {
  WriteNode(value, json, change, KeyOrder::kAsWritten);
}

std::string CompactJson(const JsonValue& value) {
  return OneLine(value, KeyOrder::kAsWritten);
}

std::string CanonicalJson(const JsonValue& value) {
  return OneLine(value, KeyOrder::kByName);
}

std::string PrettyJson(const JsonValue& value) {
  // The one line, broken after brackets and commas outside of texts.
  std::string out;
  std::size_t depth = 0;
  bool in_text = false;
  const std::string line = CompactJson(value);
  const auto break_line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_text) {
      out += c;
      if (c == '\\') out += line[++i];
      if (c == '"') in_text = false;
      continue;
    }
    const bool closes = c == '}' || c == ']';
    const bool is_empty = closes && (line[i - 1] == '{' || line[i - 1] == '[');
    if (closes) --depth;
    if (closes && !is_empty) break_line();
    out += c;
    in_text = c == '"';
    if (c == '{' || c == '[') {
      ++depth;
      if (line[i + 1] != '}' && line[i + 1] != ']') break_line();
    }
    if (c == ',') break_line();
    if (c == ':') out += ' ';
  }
  return out + "\n";
}

JsonFields::JsonFields(std::string_view text, const JsonValue& object) : text_(text), object_(object) {
  if (object.kind != JsonKind::kObject)
    Complain(object, fmt::format("expected an object, got {}", KindName(object.kind)));
}

const JsonValue* JsonFields::Value(std::string_view key, JsonKind kind) {
  known_.emplace_back(key);
  const JsonValue* const value = object_.Find(key);
  if (value == nullptr || value->kind == kind) return value;
  Complain(*value, fmt::format("{}: expected {}, got {}", key, KindName(kind), KindName(value->kind)));
  return nullptr;
}

std::string JsonFields::Text(std::string_view key, std::string_view fallback, std::size_t bytes_max) {
  const JsonValue* const value = Value(key, JsonKind::kString);
  if (value == nullptr) return std::string(fallback);
  if (value->text.size() > bytes_max)
    Complain(*value,
             fmt::format("{}: expected at most {} bytes, got {}", key, bytes_max, value->text.size()));
  return value->text;
}

double JsonFields::Number(std::string_view key, double fallback) {
  const JsonValue* const value = Value(key, JsonKind::kNumber);
  if (value == nullptr) return fallback;
  const double number = NumberOf(*value);
  if (!std::isfinite(number)) Complain(*value, fmt::format("{}: expected a finite number", key));
  return number;
}

void JsonFields::Require(std::string_view key) {
  if (object_.kind == JsonKind::kObject && !Has(key)) Complain(object_, fmt::format("{}: required", key));
}

void JsonFields::Complain(const JsonValue& value, std::string_view message) {
  if (status_) status_ = MistakeAt(text_, value.offset, message);
}

Status JsonFields::Finish() {
  for (const lint::JsonMember& member : object_.members) {
    if (std::ranges::find(known_, member.key) == known_.end()) {
      Complain(member.value, fmt::format("unknown key \"{}\", expected {}", member.key.substr(0, 64),
                                         fmt::join(known_, ", ")));
    }
  }
  return status_;
}

}  // namespace tickscope::console
