// series, labels and label values: what there is, without samples. metadata: what it means.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "api/endpoint.h"
#include "api/error_text.h"
#include "api/label_name_escape.h"
#include "api/merged_series.h"
#include "api/result_json.h"
#include "api/time_text.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

constexpr std::string_view kTruncated = "results truncated due to limit";
/// Each match[] is a walk of the index.
constexpr std::size_t kSelectorsMax = 1'000;
/// Series between two looks at the deadline.
constexpr std::size_t kSeriesPerCheck = 4'096;

// The parameters the three share, but for match[].
struct SeriesQuery {
  std::size_t limit = 0;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;

  [[nodiscard]] bool PastLimit(std::size_t count) const { return limit != 0 && count > limit; }
  /// An end before the start is no error here: nothing lies in between.
  [[nodiscard]] bool IsEmpty() const { return end_ms < start_ms; }
  [[nodiscard]] SelectRequest Select(const TenantId& tenant, std::vector<Matcher> matchers) const {
    return {tenant, start_ms, end_ms, std::move(matchers)};
  }
};

Result<SeriesQuery> ReadSeriesQuery(const Parameters& parameters) {
  SeriesQuery query;
  TICKSCOPE_ASSIGN_OR_RETURN(query.limit, parameters.Limit());
  TICKSCOPE_ASSIGN_OR_RETURN(query.start_ms, parameters.TimeOr("start", kEarliestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(query.end_ms, parameters.TimeOr("end", kLatestTimeMs));
  return query;
}

using Selectors = std::vector<std::vector<Matcher>>;

Result<Selectors> ReadSelectors(const ApiContext& api, const Parameters& parameters) {
  const auto texts = parameters.All("match[]");
  if (texts.size() > kSelectorsMax) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("too many match[] parameters: got {}, want at most {}", texts.size(), kSelectorsMax));
  }
  Selectors selectors;
  for (const std::string_view text : texts) {
    TICKSCOPE_ASSIGN_OR_RETURN(auto matchers, promql::ParseSeriesSelector(text, api.deps.engine.options()));
    if (std::ranges::all_of(matchers, &Matcher::MatchesEmpty)) {
      return Fail(ErrorCode::kInvalidArgument, "match[] must contain at least one non-empty matcher");
    }
    selectors.push_back(std::move(matchers));
  }
  return selectors;
}

Notes TruncatedNote(bool truncated) {
  Notes notes;
  if (truncated) notes.warnings.emplace_back(kTruncated);
  return notes;
}

Result<Notes> HandleSeries(const ApiContext& api, const Call& call, JsonWriter& json) {
  if (call.parameters.All("match[]").empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no match[] parameter provided");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesQuery query, ReadSeriesQuery(call.parameters));
  auto selectors = ReadSelectors(api, call.parameters);
  if (!selectors) return InvalidParameter("match[]", std::move(selectors).error());

  const CallContext context(api, call, DeadlineOf(api, call));
  std::vector<std::unique_ptr<SeriesSet>> sets;
  for (auto& matchers : *selectors) {
    if (query.IsEmpty()) break;
    TICKSCOPE_ASSIGN_OR_RETURN(
        auto set, api.deps.storage.Select(query.Select(call.tenant, std::move(matchers)), context.get()));
    sets.push_back(std::move(set));
  }
  MergedSeries series(std::move(sets));
  json.BeginArray();
  std::size_t count = 0;
  bool truncated = false;
  while (!json.full() && series.Next()) {
    if (query.PastLimit(++count)) {
      truncated = true;
      break;
    }
    if (count % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context.get().Check());
    WriteLabels(series.labels(), json);
  }
  json.EndArray();
  return TruncatedNote(truncated);
}

// Writes the sorted union of what `list` gives for each selector.
using ListTexts = std::function<Result<std::vector<std::string>>(const SelectRequest&, const QueryContext&)>;

Result<Notes> WriteTexts(const ApiContext& api, const Call& call, const ListTexts& list, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesQuery query, ReadSeriesQuery(call.parameters));
  TICKSCOPE_ASSIGN_OR_RETURN(Selectors selectors, ReadSelectors(api, call.parameters));
  if (selectors.empty()) selectors.emplace_back();  // Every series.

  const CallContext context(api, call, DeadlineOf(api, call));
  std::vector<std::string> texts;
  for (auto& matchers : selectors) {
    if (query.IsEmpty()) break;
    TICKSCOPE_ASSIGN_OR_RETURN(const auto more,
                               list(query.Select(call.tenant, std::move(matchers)), context.get()));
    std::vector<std::string> both;
    std::ranges::set_union(texts, more, std::back_inserter(both));
    texts = std::move(both);
    TICKSCOPE_RETURN_IF_ERROR(context.get().Check());
  }
  const bool truncated = query.PastLimit(texts.size());
  if (truncated) texts.resize(query.limit);
  json.BeginArray();
  for (const std::string& text : texts) {
    if (json.full()) break;
    json.String(text);
  }
  json.EndArray();
  return TruncatedNote(truncated);
}

Result<Notes> HandleLabels(const ApiContext& api, const Call& call, JsonWriter& json) {
  const auto list = [&](const SelectRequest& request, const QueryContext& context) {
    return api.deps.storage.LabelNames(request, context);
  };
  return WriteTexts(api, call, list, json);
}

Result<Notes> HandleLabelValues(const ApiContext& api, const Call& call, JsonWriter& json) {
  const std::string name = UnescapeLabelName(call.path.find("name")->second);
  if (name.empty() || !IsValidUtf8(name)) {
    return Fail(ErrorCode::kInvalidArgument, "invalid label name: " + Quoted(name));
  }
  const auto list = [&](const SelectRequest& request, const QueryContext& context) {
    return api.deps.storage.LabelValues(name, request, context);
  };
  return WriteTexts(api, call, list, json);
}

// A bound of the metadata endpoint: absent and negative mean none.
Result<std::size_t> ReadMetadataBound(const Parameters& parameters, std::string_view name) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return SIZE_MAX;
  const auto bound = ParseInteger(text);
  if (!bound) return Fail(ErrorCode::kInvalidArgument, fmt::format("{} must be a number", name));
  return *bound < 0 ? SIZE_MAX : static_cast<std::size_t>(*bound);
}

Result<Notes> HandleMetadata(const ApiContext& api, const Call& call, JsonWriter& json) {
  MetadataRequest request{.tenant = call.tenant, .family = std::string(call.parameters.Get("metric"))};
  TICKSCOPE_ASSIGN_OR_RETURN(request.families_max, ReadMetadataBound(call.parameters, "limit"));
  TICKSCOPE_ASSIGN_OR_RETURN(request.entries_per_family_max,
                             ReadMetadataBound(call.parameters, "limit_per_metric"));
  json.BeginObject();
  for (const MetadataFamily& family : api.deps.metadata.Metadata(request)) {
    if (json.full()) break;
    json.Key(family.name);
    json.BeginArray();
    for (const MetricMetadata& entry : family.entries) {
      json.BeginObject();
      json.Key("type");
      json.String(entry.type);
      json.Key("help");
      json.String(entry.help);
      json.Key("unit");
      json.String(entry.unit);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"series", "/api/v1/series", Methods::kGetAndPost, RunsOn::kPool, HandleSeries},
    {"labels", "/api/v1/labels", Methods::kGetAndPost, RunsOn::kPool, HandleLabels},
    {"label_values", "/api/v1/label/{name}/values", Methods::kGet, RunsOn::kPool, HandleLabelValues},
    {"metadata", "/api/v1/metadata", Methods::kGet, RunsOn::kPool, HandleMetadata},
    {"federate", "/federate", Methods::kGet, RunsOn::kPool, nullptr, Envelope::kNone, FederateText},
};

}  // namespace

std::span<const Endpoint> SeriesEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
