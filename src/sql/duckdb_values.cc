#include "sql/duckdb_values.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "base/civil_time.h"
#include "wire/float_text.h"
#include "wire/json_writer.h"

namespace tickscope::sql {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr std::uint32_t kEnumValuesMax = 65'536;

struct Hugeint {
  std::uint64_t lower = 0;
  std::int64_t upper = 0;
};

template <typename T>
T Load(const void* data, std::uint64_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(data) + row * sizeof(T), sizeof(T));
  return value;
}

// A text is 16 bytes: its length, then up to 12 bytes of it, or a prefix of 4 and where all of it is.
std::string_view LoadText(const void* data, std::uint64_t row) {
  constexpr std::uint32_t kInlineMax = 12;
  const char* const at = static_cast<const char*>(data) + row * 16;
  const auto length = Load<std::uint32_t>(at, 0);
  if (length <= kInlineMax) return {at + 4, length};
  return {Load<const char*>(at + 8, 0), length};
}

Int128 LoadInteger(DuckdbTypeId id, const void* data, std::uint64_t row) {
  switch (id) {
    case DuckdbTypeId::kTinyint:
      return Load<std::int8_t>(data, row);
    case DuckdbTypeId::kSmallint:
      return Load<std::int16_t>(data, row);
    case DuckdbTypeId::kInteger:
      return Load<std::int32_t>(data, row);
    case DuckdbTypeId::kBigint:
      return Load<std::int64_t>(data, row);
    case DuckdbTypeId::kUtinyint:
      return Load<std::uint8_t>(data, row);
    case DuckdbTypeId::kUsmallint:
      return Load<std::uint16_t>(data, row);
    case DuckdbTypeId::kUinteger:
      return Load<std::uint32_t>(data, row);
    case DuckdbTypeId::kUbigint:
      return Load<std::uint64_t>(data, row);
    case DuckdbTypeId::kHugeint: {
      const auto huge = Load<Hugeint>(data, row);
      return static_cast<Int128>((static_cast<Uint128>(static_cast<std::uint64_t>(huge.upper)) << 64) |
                                 huge.lower);
    }
    default:
      return 0;
  }
}

// A whole number as digits, the last `scale` of them behind a point.
std::string DecimalText(Int128 value, std::uint8_t scale) {
  const bool is_negative = value < 0;
  Uint128 rest = is_negative ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
  std::string reversed;
  for (std::uint8_t digit = 0; rest != 0 || digit <= scale; ++digit) {
    if (digit == scale && scale > 0) reversed += '.';
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (is_negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

std::string TimeText(std::int64_t micros) {
  const std::int64_t ms = micros >= 0 ? micros / 1000 : (micros - 999) / 1000;
  std::string text = FormatUtcTime(ms);
  if (const std::int64_t rest = micros - ms * 1000; rest != 0)
    text.insert(text.size() - 1, fmt::format("{:03}", rest));
  return text;
}

std::string FloatText(double value) {
  std::string text;
  wire::AppendFloat(value, text);
  return text;
}

void AppendJson(const SqlValue& value, std::string& out) {
  if (value.kind == SqlValue::Kind::kNull) {
    out += "null";
  } else if (value.kind == SqlValue::Kind::kJson) {
    out += value.text;
  } else {
    wire::AppendJsonString(value.text, out);
  }
}

SqlValue Json(std::string text) {
  return {SqlValue::Kind::kJson, std::move(text)};
}
SqlValue Text(std::string text) {
  return {SqlValue::Kind::kText, std::move(text)};
}

SqlValue FloatValue(double value) {
  return std::isfinite(value) ? Json(FloatText(value)) : Text(FloatText(value));
}

SqlValue ReadList(const DuckdbApi& api, DuckdbVector* vector, const ValueType& type, std::uint64_t row) {
  const auto entry = Load<DuckdbListEntry>(api.vector_get_data(vector), row);
  DuckdbVector* const items = api.list_vector_get_child(vector);
  std::string out = "[";
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    AppendJson(ReadValue(api, items, type.children[0], i), out);
  }
  return Json(out + "]");
}

// A map is a list of key and value; keys that are not text are written as text, as JSON has no others.
SqlValue ReadMap(const DuckdbApi& api, DuckdbVector* vector, const ValueType& type, std::uint64_t row) {
  const auto entry = Load<DuckdbListEntry>(api.vector_get_data(vector), row);
  DuckdbVector* const items = api.list_vector_get_child(vector);
  DuckdbVector* const keys = api.struct_vector_get_child(items, 0);
  DuckdbVector* const values = api.struct_vector_get_child(items, 1);
  std::string out = "{";
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    wire::AppendJsonString(ReadValue(api, keys, type.children[0], i).text, out);
    out += ':';
    AppendJson(ReadValue(api, values, type.children[1], i), out);
  }
  return Json(out + "}");
}

SqlValue ReadStruct(const DuckdbApi& api, DuckdbVector* vector, const ValueType& type, std::uint64_t row) {
  std::string out = "{";
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out += ',';
    wire::AppendJsonString(type.names[i], out);
    out += ':';
    AppendJson(ReadValue(api, api.struct_vector_get_child(vector, i), type.children[i], row), out);
  }
  return Json(out + "}");
}

// Owns a type of the library's.
class OwnedType {
 public:
  OwnedType(const DuckdbApi& api, DuckdbType* type) : api_(api), type_(type) {}
  ~OwnedType() { api_.destroy_logical_type(&type_); }
  OwnedType(const OwnedType&) = delete;
  OwnedType& operator=(const OwnedType&) = delete;
  [[nodiscard]] DuckdbType* get() const { return type_; }

 private:
  const DuckdbApi& api_;
  DuckdbType* type_;
};

std::string TakeText(const DuckdbApi& api, char* text) {
  std::string copy = text == nullptr ? "" : text;
  api.free(text);
  return copy;
}

}  // namespace

Result<ValueType> ReadType(const DuckdbApi& api, DuckdbType* type, int depth) {
  const OwnedType owned(api, type);
  if (depth > kNestingMax)
    return Fail(ErrorCode::kUnsupported, "a result is nested too deep: cast it to VARCHAR");
  ValueType read{.id = static_cast<DuckdbTypeId>(api.get_type_id(type))};
  const auto add_child = [&](DuckdbType* child) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(ValueType child_type, ReadType(api, child, depth + 1));
    read.children.push_back(std::move(child_type));
    return {};
  };
  switch (read.id) {
    case DuckdbTypeId::kDecimal:
      read.scale = api.decimal_scale(type);
      read.inner = static_cast<DuckdbTypeId>(api.decimal_internal_type(type));
      break;
    case DuckdbTypeId::kEnum:
      read.inner = static_cast<DuckdbTypeId>(api.enum_internal_type(type));
      if (api.enum_dictionary_size(type) > kEnumValuesMax)
        return Fail(ErrorCode::kUnsupported, "a result is of an enum of too many values: cast it to VARCHAR");
      for (std::uint32_t i = 0; i < api.enum_dictionary_size(type); ++i)
        read.names.push_back(TakeText(api, api.enum_dictionary_value(type, i)));
      break;
    case DuckdbTypeId::kList:
      TICKSCOPE_RETURN_IF_ERROR(add_child(api.list_type_child_type(type)));
      break;
    case DuckdbTypeId::kMap:
      TICKSCOPE_RETURN_IF_ERROR(add_child(api.map_type_key_type(type)));
      TICKSCOPE_RETURN_IF_ERROR(add_child(api.map_type_value_type(type)));
      break;
    case DuckdbTypeId::kStruct:
      for (std::uint64_t i = 0; i < api.struct_type_child_count(type); ++i) {
        read.names.push_back(TakeText(api, api.struct_type_child_name(type, i)));
        TICKSCOPE_RETURN_IF_ERROR(add_child(api.struct_type_child_type(type, i)));
      }
      break;
    default:
      if (TypeName(read).empty()) {
        return Fail(ErrorCode::kUnsupported,
                    fmt::format("a result is of a type that is not read here: cast it to VARCHAR (type {})",
                                static_cast<int>(read.id)));
      }
  }
  return read;
}

std::string_view TypeName(const ValueType& type) {
  switch (type.id) {
    case DuckdbTypeId::kBoolean:
      return "boolean";
    case DuckdbTypeId::kTinyint:
    case DuckdbTypeId::kSmallint:
    case DuckdbTypeId::kInteger:
    case DuckdbTypeId::kBigint:
    case DuckdbTypeId::kUtinyint:
    case DuckdbTypeId::kUsmallint:
    case DuckdbTypeId::kUinteger:
    case DuckdbTypeId::kUbigint:
    case DuckdbTypeId::kHugeint:
      return "integer";
    case DuckdbTypeId::kFloat:
    case DuckdbTypeId::kDouble:
      return "float";
    case DuckdbTypeId::kDecimal:
      return "decimal";
    case DuckdbTypeId::kVarchar:
    case DuckdbTypeId::kEnum:
      return "text";
    case DuckdbTypeId::kTimestamp:
    case DuckdbTypeId::kTimestampS:
    case DuckdbTypeId::kTimestampMs:
    case DuckdbTypeId::kTimestampNs:
    case DuckdbTypeId::kTimestampTz:
      return "time";
    case DuckdbTypeId::kDate:
      return "date";
    case DuckdbTypeId::kTime:
      return "time of day";
    case DuckdbTypeId::kList:
      return "list";
    case DuckdbTypeId::kMap:
      return "map";
    case DuckdbTypeId::kStruct:
      return "struct";
    case DuckdbTypeId::kNull:
      return "null";
  }
  return "";
}

SqlValue ReadValue(const DuckdbApi& api, DuckdbVector* vector, const ValueType& type, std::uint64_t row) {
  if (const std::uint64_t* const validity = api.vector_get_validity(vector);
      validity != nullptr && (validity[row / 64] >> (row % 64) & 1U) == 0) {
    return {};
  }
  const void* const data = api.vector_get_data(vector);
  switch (type.id) {
    case DuckdbTypeId::kBoolean:
      return Json(Load<std::uint8_t>(data, row) != 0 ? "true" : "false");
    case DuckdbTypeId::kFloat:
      return FloatValue(static_cast<double>(Load<float>(data, row)));
    case DuckdbTypeId::kDouble:
      return FloatValue(Load<double>(data, row));
    case DuckdbTypeId::kDecimal:
      return Json(DecimalText(LoadInteger(type.inner, data, row), type.scale));
    case DuckdbTypeId::kVarchar:
      return Text(std::string(LoadText(data, row)));
    case DuckdbTypeId::kEnum: {
      const auto index = static_cast<std::uint64_t>(LoadInteger(type.inner, data, row));
      return index < type.names.size() ? Text(type.names[index]) : SqlValue{};
    }
    case DuckdbTypeId::kTimestamp:
    case DuckdbTypeId::kTimestampTz:
      return Text(TimeText(Load<std::int64_t>(data, row)));
    case DuckdbTypeId::kTimestampS:
      return Text(FormatUtcTime(Load<std::int64_t>(data, row) * 1000));
    case DuckdbTypeId::kTimestampMs:
      return Text(FormatUtcTime(Load<std::int64_t>(data, row)));
    case DuckdbTypeId::kTimestampNs:
      return Text(TimeText(Load<std::int64_t>(data, row) / 1000));
    case DuckdbTypeId::kDate:
      return Text(FormatUtcTime(std::int64_t{Load<std::int32_t>(data, row)} * 86'400'000).substr(0, 10));
    case DuckdbTypeId::kTime:
      return Text(TimeText(Load<std::int64_t>(data, row)).substr(11));
    case DuckdbTypeId::kList:
      return ReadList(api, vector, type, row);
    case DuckdbTypeId::kMap:
      return ReadMap(api, vector, type, row);
    case DuckdbTypeId::kStruct:
      return ReadStruct(api, vector, type, row);
    case DuckdbTypeId::kNull:
      return {};
    default:
      return Json(DecimalText(LoadInteger(type.id, data, row), 0));
  }
}

}  // namespace tickscope::sql
