#include "cold/cold_manifest.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include "wire/json_writer.h"

namespace tickscope::cold {
namespace {

constexpr std::int64_t kVersion = 1;

class Reader {
 public:
  explicit Reader(const std::string& object) : object_(object) {}

  [[nodiscard]] std::unexpected<Error> Damaged(std::string_view what) const {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: not a manifest of the cold tier: {}", object_, what));
  }
  Result<std::string> Text(const simdjson::dom::object& map, std::string_view key) const {
    std::string_view text;
    if (map.at_key(key).get(text) != simdjson::SUCCESS) return Damaged(key);
    return std::string(text);
  }
  Result<std::int64_t> Int(const simdjson::dom::object& map, std::string_view key) const {
    std::int64_t value = 0;
    if (map.at_key(key).get(value) != simdjson::SUCCESS) return Damaged(key);
    return value;
  }
  Result<std::uint64_t> Count(const simdjson::dom::object& map, std::string_view key) const {
    std::uint64_t value = 0;
    if (map.at_key(key).get(value) != simdjson::SUCCESS) return Damaged(key);
    return value;
  }
  Result<std::vector<std::string>> Texts(const simdjson::dom::object& map, std::string_view key) const {
    simdjson::dom::array list;
    if (map.at_key(key).get(list) != simdjson::SUCCESS) return Damaged(key);
    std::vector<std::string> texts;
    for (const auto& item : list) {
      std::string_view text;
      if (item.get(text) != simdjson::SUCCESS) return Damaged(key);
      texts.emplace_back(text);
    }
    return texts;
  }
  Result<ColdPart> Part(const simdjson::dom::element& item, const ColdManifest& manifest) const {
    simdjson::dom::object map;
    if (item.get(map) != simdjson::SUCCESS) return Damaged("parts");
    ColdPart part;
    TICKSCOPE_ASSIGN_OR_RETURN(part.name, Text(map, "name"));
    const auto place = ParsePartName(part.name);
    // A manifest never leads to another tenant's data, whatever it says.
    if (!place || place->tenant != manifest.tenant || place->day != manifest.day) return Damaged("name");
    part.metric = place->metric;
    TICKSCOPE_ASSIGN_OR_RETURN(part.bytes, Count(map, "bytes"));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t crc, Count(map, "crc32c"));
    if (crc > UINT32_MAX) return Damaged("crc32c");
    part.crc32c = static_cast<std::uint32_t>(crc);
    TICKSCOPE_ASSIGN_OR_RETURN(part.rows, Count(map, "rows"));
    TICKSCOPE_ASSIGN_OR_RETURN(part.series, Count(map, "series"));
    TICKSCOPE_ASSIGN_OR_RETURN(part.min_ts_ms, Int(map, "min_ts_ms"));
    TICKSCOPE_ASSIGN_OR_RETURN(part.max_ts_ms, Int(map, "max_ts_ms"));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto kinds, Texts(map, "kinds"));
    for (const std::string& kind : kinds) {
      if (kind == "float") part.has_floats = true;
      if (kind == "classic") part.has_classic = true;
      if (kind == "native") part.has_native = true;
    }
    return part;
  }

 private:
  const std::string& object_;
};

void WriteTexts(wire::JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key);
  json.BeginArray();
  for (const std::string& text : texts)
    json.String(text);
  json.EndArray();
}

}  // namespace

std::string WriteManifest(const ColdManifest& manifest) {
  std::string text;
  wire::JsonWriter json(text, kManifestBytesMax);
  json.BeginObject();
  json.Key("version");
  json.Int(kVersion);
  json.Key("tenant");
  json.String(manifest.tenant);
  json.Key("day");
  json.String(DayText(manifest.day));
  json.Key("revision");
  json.Uint(manifest.revision);
  json.Key("published_ms");
  json.Int(manifest.published_ms);
  WriteTexts(json, "sources", manifest.sources);
  WriteTexts(json, "promoted", manifest.promoted);
  json.Key("parts");
  json.BeginArray();
  for (const ColdPart& part : manifest.parts) {
    json.BeginObject();
    json.Key("name");
    json.String(part.name);
    json.Key("metric");
    json.String(part.metric);
    json.Key("bytes");
    json.Uint(part.bytes);
    json.Key("crc32c");
    json.Uint(part.crc32c);
    json.Key("rows");
    json.Uint(part.rows);
    json.Key("series");
    json.Uint(part.series);
    json.Key("min_ts_ms");
    json.Int(part.min_ts_ms);
    json.Key("max_ts_ms");
    json.Int(part.max_ts_ms);
    std::vector<std::string> kinds;
    if (part.has_floats) kinds.emplace_back("float");
    if (part.has_classic) kinds.emplace_back("classic");
    if (part.has_native) kinds.emplace_back("native");
    WriteTexts(json, "kinds", kinds);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  text += '\n';
  return text;
}

Result<ColdManifest> ReadManifest(const std::string& object, std::string_view json) {
  const Reader reader(object);
  simdjson::dom::parser parser(kManifestBytesMax);
  simdjson::dom::object map;
  const simdjson::padded_string padded(json);
  if (parser.parse(padded).get(map) != simdjson::SUCCESS) return reader.Damaged("not a JSON object");
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t version, reader.Int(map, "version"));
  if (version != kVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: a manifest of another version: got {}, want {}", object, version, kVersion));
  }
  ColdManifest manifest;
  TICKSCOPE_ASSIGN_OR_RETURN(manifest.tenant, reader.Text(map, "tenant"));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string day, reader.Text(map, "day"));
  const auto parsed_day = ParseDay(day);
  if (!parsed_day) return reader.Damaged("day");
  manifest.day = *parsed_day;
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t revision, reader.Count(map, "revision"));
  if (revision > UINT32_MAX) return reader.Damaged("revision");
  manifest.revision = static_cast<std::uint32_t>(revision);
  TICKSCOPE_ASSIGN_OR_RETURN(manifest.published_ms, reader.Int(map, "published_ms"));
  TICKSCOPE_ASSIGN_OR_RETURN(manifest.sources, reader.Texts(map, "sources"));
  TICKSCOPE_ASSIGN_OR_RETURN(manifest.promoted, reader.Texts(map, "promoted"));
  simdjson::dom::array parts;
  if (map.at_key("parts").get(parts) != simdjson::SUCCESS) return reader.Damaged("parts");
  for (const auto& item : parts) {
    TICKSCOPE_ASSIGN_OR_RETURN(ColdPart part, reader.Part(item, manifest));
    manifest.parts.push_back(std::move(part));
  }
  return manifest;
}

std::uint64_t ContentHash(std::string_view content) {
  return XXH3_64bits(content.data(), content.size());
}

}  // namespace tickscope::cold
