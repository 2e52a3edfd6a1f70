#include "otlp/attributes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

#include "otlp/base64.h"
#include "wire/checked_pbf_reader.h"
#include "wire/float_text.h"
#include "wire/json_writer.h"
#include "wire/received_request.h"

namespace tickscope::otlp {
namespace {

using wire::CheckedPbfReader;

Attribute ReadKeyValue(std::string_view message) {
  Attribute attribute;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kKeyValueKey) {
      attribute.key = fields.Bytes();
    } else if (fields.tag() == proto::kKeyValueValue) {
      attribute.value = fields.Bytes();
    } else {
      fields.Skip();
    }
  }
  return attribute;
}

// 1e-7 and 1e+21, where samples have 1e-07.
void AppendAttributeDouble(double value, std::string& out) {
  const std::size_t begin = out.size();
  wire::AppendFloat(value, out);
  const std::size_t exponent = out.find("e-0", begin);
  if (exponent != std::string::npos) out.erase(exponent + 2, 1);
}

void AppendInt(std::int64_t value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void AppendJson(std::string_view value, int depth, std::string& out);

void AppendJsonList(std::string_view list, int depth, std::string& out) {
  out += '[';
  bool is_first = true;
  CheckedPbfReader values(list);
  while (values.Next(proto::kListValues)) {
    if (!std::exchange(is_first, false)) out += ',';
    AppendJson(values.Bytes(), depth, out);
  }
  out += ']';
}

void AppendJsonMap(std::string_view list, int depth, std::string& out) {
  std::vector<Attribute> entries;
  ReadAttributes(list, proto::kListValues, entries);
  std::ranges::stable_sort(entries, {}, &Attribute::key);
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ',';
    wire::AppendJsonString(entries[i].key, out);
    out += ':';
    AppendJson(entries[i].value, depth, out);
  }
  out += '}';
}

// The one field of an AnyValue that is set; of several the last. Text and bytes are views into the message.
struct Value {
  proto::Tag kind = 0;
  std::string_view bytes;
  std::int64_t number = 0;
  double real = 0;
};

Value ReadValue(std::string_view message) {
  Value value;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    switch (fields.tag()) {
      case proto::kAnyString:
      case proto::kAnyArray:
      case proto::kAnyKeyValues:
      case proto::kAnyBytes:
        value.bytes = fields.Bytes();
        break;
      case proto::kAnyBool:
        value.number = fields.Bool() ? 1 : 0;
        break;
      case proto::kAnyInt:
        value.number = fields.Int64();
        break;
      case proto::kAnyDouble:
        value.real = fields.Double();
        break;
      default:
        fields.Skip();
        continue;
    }
    value.kind = fields.tag();
  }
  return value;
}

void AppendScalar(const Value& value, std::string& out) {
  if (value.kind == proto::kAnyBool) {
    out += value.number != 0 ? "true" : "false";
  } else if (value.kind == proto::kAnyInt) {
    AppendInt(value.number, out);
  } else if (value.kind == proto::kAnyDouble) {
    AppendAttributeDouble(value.real, out);
  }
}

void AppendJson(std::string_view message, int depth, std::string& out) {
  if (depth == 0) throw wire::TooMany("levels of an attribute's value", kValueDepthMax);
  const Value value = ReadValue(message);
  switch (value.kind) {
    case proto::kAnyString:
      return wire::AppendJsonString(value.bytes, out);
    case proto::kAnyBytes:
      return wire::AppendJsonString(Base64(value.bytes), out);
    case proto::kAnyArray:
      return AppendJsonList(value.bytes, depth - 1, out);
    case proto::kAnyKeyValues:
      return AppendJsonMap(value.bytes, depth - 1, out);
    case 0:
      out += "null";
      return;
    default:
      AppendScalar(value, out);
  }
}

}  // namespace

void ReadAttributes(std::string_view message, proto::Tag tag, std::vector<Attribute>& out) {
  CheckedPbfReader fields(message);
  while (fields.Next(tag)) {
    wire::CheckRoom(out, kAttributesMax, "attributes");
    out.push_back(ReadKeyValue(fields.Bytes()));
  }
}

std::string_view ValueText(std::string_view message, std::string& storage) {
  const Value value = ReadValue(message);
  switch (value.kind) {
    case 0:
      return {};
    case proto::kAnyString:
      return value.bytes;
    case proto::kAnyBytes:
      storage = Base64(value.bytes);
      return storage;
    case proto::kAnyArray:
    case proto::kAnyKeyValues:
      storage.clear();
      AppendJson(message, kValueDepthMax, storage);
      return storage;
    default:
      storage.clear();
      AppendScalar(value, storage);
      return storage;
  }
}

codec::SignalValue ReadSignalValue(std::string_view message, std::string& storage) {
  using codec::ValueKind;
  const Value value = ReadValue(message);
  switch (value.kind) {
    case proto::kAnyString:
      return codec::SignalValue::Text(value.bytes);
    case proto::kAnyBytes:
      return {ValueKind::kBytes, value.bytes, 0, 0};
    case proto::kAnyBool:
      return {value.number != 0 ? ValueKind::kTrue : ValueKind::kFalse, {}, 0, 0};
    case proto::kAnyInt:
      return codec::SignalValue::Int(value.number);
    case proto::kAnyDouble:
      return {ValueKind::kDouble, {}, 0, value.real};
    case proto::kAnyArray:
    case proto::kAnyKeyValues:
      storage.clear();
      AppendJson(message, kValueDepthMax, storage);
      return {ValueKind::kJson, storage, 0, 0};
    default:
      return {};
  }
}

}  // namespace tickscope::otlp
