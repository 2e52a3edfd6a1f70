// /federate: the newest sample of each selected series as an exposition, for a Prometheus that scrapes this server.
//
//   # TYPE players untyped
//   players{server="s1",instance=""} 12 1700000000000
//
// As the reference does it: samples of the lookback time, staleness markers left out, one untyped family a metric
// name, each sample with its own time, and an empty `instance` where a series has none, so that the scraper does not
// put its own there. Text only: native histograms with exponential buckets have no form in it and are left out; those
// with custom bounds become classic ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/endpoint.h"
#include "api/error_text.h"
#include "model/sample.h"
#include "wire/float_text.h"

namespace tickscope::api {
namespace {

/// Each match[] is a walk of the index.
constexpr std::size_t kSelectorsMax = 1'000;

struct Newest {
  Labels labels;
  TimeMs time_ms = 0;
  double value = 0;
  HistogramPtr histogram;
};

void AppendQuoted(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

bool IsPlainName(std::string_view name, bool colons) {
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

void AppendName(std::string_view name, bool colons, std::string& out) {
  if (IsPlainName(name, colons)) {
    out.append(name);
  } else {
    AppendQuoted(name, out);
  }
}

// One line. `bound` is the upper bound of a classic bucket, empty for other lines.
void AppendLine(std::string_view metric, const Labels& labels, std::string_view bound, double value,
                TimeMs time_ms, std::string& out) {
  const bool plain = IsPlainName(metric, true);
  if (plain) out.append(metric);
  out.push_back('{');
  bool comma = false;
  if (!plain) {
    AppendQuoted(metric, out);
    comma = true;
  }
  const auto label = [&](std::string_view name, std::string_view text) {
    if (comma) out.push_back(',');
    comma = true;
    AppendName(name, false, out);
    out.push_back('=');
    AppendQuoted(text, out);
  };
  for (const auto& [name, text] : labels) {
    if (name != "__name__") label(name, text);
  }
  if (!labels.Has("instance")) label("instance", "");
  if (!bound.empty()) label("le", bound);
  out.append("} ");
  wire::AppendFloat(value, out);
  fmt::format_to(std::back_inserter(out), " {}\n", time_ms);
}

void AppendHistogram(std::string_view metric, const Newest& newest, std::string& out) {
  const Histogram& h = *newest.histogram;
  const std::string base(metric);
  std::vector<double> counts(h.custom_bounds.size() + 1, 0);
  std::size_t index = 0;
  std::size_t taken = 0;
  for (const BucketSpan& span : h.positive_spans) {
    index += static_cast<std::size_t>(std::max(span.offset, 0));
    for (std::uint32_t i = 0; i < span.length; ++i, ++index, ++taken) {
      if (index < counts.size() && taken < h.positive_buckets.size())
        counts[index] = h.positive_buckets[taken];
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < h.custom_bounds.size(); ++i) {
    total += counts[i];
    std::string bound;
    wire::AppendFloat(h.custom_bounds[i], bound);
    AppendLine(base + "_bucket", newest.labels, bound, total, newest.time_ms, out);
  }
  AppendLine(base + "_bucket", newest.labels, "+Inf", h.count, newest.time_ms, out);
  AppendLine(base + "_sum", newest.labels, "", h.sum, newest.time_ms, out);
  AppendLine(base + "_count", newest.labels, "", h.count, newest.time_ms, out);
}

// Adds the newest sample of each series one selector picks; counts the bytes they take.
Status Collect(const ApiContext& api, const Call& call, const QueryContext& context,
               std::vector<Matcher> matchers, std::vector<Newest>& found, std::size_t& bytes) {
  const SelectRequest request{call.tenant, call.arrived_ms - api.deps.engine.options().lookback_ms,
                              call.arrived_ms, std::move(matchers)};
  TICKSCOPE_ASSIGN_OR_RETURN(const auto set, api.deps.storage.Select(request, context));
  SampleColumns columns;
  while (set->Next()) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_RETURN_IF_ERROR(set->ReadSamples(columns));
    if (columns.size() == 0) continue;
    Newest newest{set->labels(), columns.times_ms.back(), columns.values.back(),
                  columns.histograms.empty() ? nullptr : columns.histograms.back()};
    const bool stale =
        newest.histogram != nullptr ? IsStaleNan(newest.histogram->sum) : IsStaleNan(newest.value);
    const bool has_form = newest.histogram == nullptr || newest.histogram->schema == kCustomBoundsSchema;
    if (stale || !has_form || newest.labels.metric_name().empty()) continue;
    for (const auto& [name, text] : newest.labels)
      bytes += name.size() + text.size() + 8;
    if (bytes > api.options.response_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted, fmt::format("answer exceeds {} bytes: select fewer series",
                                                             api.options.response_bytes_max));
    }
    found.push_back(std::move(newest));
  }
  return {};
}

}  // namespace

Result<std::string> FederateText(const ApiContext& api, const Call& call) {
  const auto selectors = call.parameters.All("match[]");
  if (selectors.size() > kSelectorsMax) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("too many match[] parameters: got {}, want at most {}", selectors.size(), kSelectorsMax));
  }
  const CallContext context(api, call, DeadlineOf(api, call));
  std::vector<Newest> found;
  std::size_t bytes = 0;
  for (const std::string_view text : selectors) {
    TICKSCOPE_ASSIGN_OR_RETURN(auto matchers, promql::ParseSeriesSelector(text, api.deps.engine.options()));
    if (std::ranges::all_of(matchers, &Matcher::MatchesEmpty)) {
      return Fail(ErrorCode::kInvalidArgument, "match[] must contain at least one non-empty matcher");
    }
    TICKSCOPE_RETURN_IF_ERROR(Collect(api, call, context.get(), std::move(matchers), found, bytes));
  }
  std::ranges::sort(found, [](const Newest& a, const Newest& b) {
    const std::string_view x = a.labels.metric_name();
    const std::string_view y = b.labels.metric_name();
    return x == y ? a.labels < b.labels : x < y;
  });
  const auto repeated = std::ranges::unique(found, {}, &Newest::labels);
  found.erase(repeated.begin(), repeated.end());

  std::string out;
  std::string_view family;
  bool family_of_histograms = false;
  for (const Newest& newest : found) {
    const std::string_view metric = newest.labels.metric_name();
    const bool is_histogram = newest.histogram != nullptr;
    if (metric != family || is_histogram != family_of_histograms) {
      family = metric;
      family_of_histograms = is_histogram;
      out.append("# TYPE ");
      AppendName(metric, true, out);
      out.append(is_histogram ? " histogram\n" : " untyped\n");
    }
    if (is_histogram) {
      AppendHistogram(metric, newest, out);
    } else {
      AppendLine(metric, newest.labels, "", newest.value, newest.time_ms, out);
    }
    if (out.size() > api.options.response_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted, fmt::format("answer exceeds {} bytes: select fewer series",
                                                             api.options.response_bytes_max));
    }
  }
  return out;
}

}  // namespace tickscope::api
