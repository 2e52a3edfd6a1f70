// JSON of clients: read with places, so that a mistake is told as "line 3, column 5", and written back in one form.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lint/json_tree.h"
#include "wire/json_writer.h"

namespace tickscope::console {

using lint::JsonKind;
using lint::JsonValue;

/// Errors: kInvalidArgument saying where and what was expected.
[[nodiscard]] Result<JsonValue> ReadJson(std::string_view text);

/// "line 3, column 5: MESSAGE" as kInvalidArgument.
[[nodiscard]] std::unexpected<Error> MistakeAt(std::string_view text, std::size_t offset,
                                               std::string_view message);

/// Names what a value is, for "expected an object, got a list".
[[nodiscard]] std::string_view KindName(JsonKind kind);

/// Changes a text on its way out.
using ChangeText = std::function<std::string(std::string_view text)>;

/// Writes a tree; with `change` every string value goes through it (keys do not).
void WriteTree(const JsonValue& value, wire::JsonWriter& json, const ChangeText& change = {});

/// The tree as one line. Equal for texts that mean the same and have their keys in the same order.
[[nodiscard]] std::string CompactJson(const JsonValue& value);
/// The same with the keys of objects in order: equal for all texts that mean the same.
[[nodiscard]] std::string CanonicalJson(const JsonValue& value);

/// The tree over several lines, indented by two, for people and for Git; ends in a line feed.
[[nodiscard]] std::string PrettyJson(const JsonValue& value);

/// Members of an object that a client sends: each read once, the unknown told.
class JsonFields {
 public:
  /// Borrows both. Errors (of finish): everything that was not as expected, the first.
  JsonFields(std::string_view text, const JsonValue& object);

  [[nodiscard]] std::string Text(std::string_view key, std::string_view fallback, std::size_t bytes_max);
  [[nodiscard]] double Number(std::string_view key, double fallback);
  /// Null when left out.
  [[nodiscard]] const JsonValue* Value(std::string_view key, JsonKind kind);
  [[nodiscard]] bool Has(std::string_view key) const { return object_.Find(key) != nullptr; }
  void Require(std::string_view key);
  void Complain(const JsonValue& value, std::string_view message);
  /// Errors: kInvalidArgument with the first mistake, a key that nobody asked for among them.
  [[nodiscard]] Status Finish();

 private:
  std::string_view text_;
  const JsonValue& object_;
  std::vector<std::string> known_;
  Status status_;
};

}  // namespace tickscope::console
