#include "schema/handles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <set>

namespace tickscope::schema {
namespace {

// The SDK's limits, as tickscope.h has them.
constexpr std::size_t kSdkLabelsMax = 4;
constexpr std::size_t kSdkSeriesMax = 1024;
constexpr std::size_t kSdkNameBytesMax = 128;
constexpr std::size_t kSdkValueBytesMax = 128;
constexpr std::size_t kSdkHelpBytesMax = 512;
constexpr int kSdkScaleMax = 5;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The parts of a text that identifiers can be made of, in small letters.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    const char small = Lower(c);
    const bool is_part = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
    if (is_part && !inside) words.emplace_back();
    if (is_part) words.back() += small;
    inside = is_part;
  }
  if (words.empty()) words.emplace_back("other");
  return words;
}

std::vector<std::string> StemOf(const Metric& metric, const std::vector<std::string>& prefix) {
  std::vector<std::string> words = WordsOf(metric.name);
  if (metric.kind == MetricKind::kCounter && words.size() > 1) words.pop_back();
  const bool has_prefix =
      words.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), words.begin());
  if (has_prefix) words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(prefix.size()));
  return words;
}

std::optional<std::string> WhyNot(const Metric& metric) {
  switch (metric.kind) {
    case MetricKind::kCounter:
    case MetricKind::kGauge:
    case MetricKind::kHistogram:
      break;
    case MetricKind::kNativeHistogram:
      if (metric.scale < 0 || metric.scale > kSdkScaleMax)
        return fmt::format("scale {}: the SDK has 0 to {}", metric.scale, kSdkScaleMax);
      break;
    case MetricKind::kUnknown:
    case MetricKind::kSummary:
    case MetricKind::kInfo:
    case MetricKind::kStateSet:
      return fmt::format("the SDK has no {}", MetricKindName(metric.kind));
  }
  if (metric.name.size() > kSdkNameBytesMax)
    return fmt::format("its name has over {} bytes", kSdkNameBytesMax);
  if (metric.help.size() > kSdkHelpBytesMax)
    return fmt::format("its help text has over {} bytes", kSdkHelpBytesMax);
  if (metric.labels.size() > kSdkLabelsMax) return fmt::format("it has over {} labels", kSdkLabelsMax);
  for (const Label& label : metric.labels) {
    if (label.values.empty()) return fmt::format("label {} does not list its values", label.name);
    for (const std::string& value : label.values) {
      if (value.size() > kSdkValueBytesMax)
        return fmt::format("a value of label {} has over {} bytes", label.name, kSdkValueBytesMax);
    }
  }
  if (LabelProduct(metric) > kSdkSeriesMax) return fmt::format("it has over {} series", kSdkSeriesMax);
  return std::nullopt;
}

// Adds a number to words that are taken.
void MakeDistinct(std::vector<std::string>& words, std::set<std::vector<std::string>>& taken) {
  const std::vector<std::string> wanted = words;
  for (int number = 2; !taken.insert(words).second; ++number) {
    words = wanted;
    words.push_back(std::to_string(number));
  }
}

class Planner {
 public:
  explicit Planner(const Schema& schema) : schema_(schema), prefix_(WordsOf(schema.name)) {}

  Result<Handles> Plan(const RE2* match) {
    handles_.prefix = fmt::format("{}", fmt::join(prefix_, "_"));
    if (handles_.prefix.front() >= '0' && handles_.prefix.front() <= '9')
      handles_.prefix = fmt::format("m{}", handles_.prefix);
    for (const Metric& metric : schema_.metrics) {
      if (match != nullptr && !RE2::FullMatch(metric.name, *match)) continue;
      if (auto reason = WhyNot(metric)) {
        handles_.left_out.push_back({metric.name, *std::move(reason)});
      } else {
        Add(metric);
      }
    }
    if (handles_.metrics.empty())
      return Fail(ErrorCode::kInvalidArgument, "no metric of the schema can become a handle of the SDK");
    return std::move(handles_);
  }

 private:
  void Add(const Metric& metric) {
    HandleMetric handle{.metric = &metric, .words = StemOf(metric, prefix_), .enums = {}};
    MakeDistinct(handle.words, taken_);
    for (const Label& label : metric.labels)
      handle.enums.push_back(EnumOf(label, handle.words));
    handle.series_count = static_cast<std::uint32_t>(LabelProduct(metric));
    handle.fractional = metric.kind == MetricKind::kCounter && !metric.unit.empty() && metric.unit != "bytes";
    handles_.metrics.push_back(std::move(handle));
  }

  // One name of a label stands for one list of values; other lists are named after their metric.
  std::size_t EnumOf(const Label& label, const std::vector<std::string>& metric_words) {
    for (std::size_t i = 0; i < handles_.enums.size(); ++i) {
      if (labels_[i] == label.name && handles_.enums[i].values == label.values) return i;
    }
    HandleEnum made{.words = WordsOf(label.name), .values = label.values, .value_words = {}};
    if (!IsSharedName(label)) made.words.insert(made.words.begin(), metric_words.begin(), metric_words.end());
    MakeDistinct(made.words, taken_);
    std::set<std::vector<std::string>> taken;
    for (const std::string& value : label.values) {
      made.value_words.push_back(WordsOf(value));
      MakeDistinct(made.value_words.back(), taken);
    }
    labels_.push_back(label.name);
    handles_.enums.push_back(std::move(made));
    return handles_.enums.size() - 1;
  }

  // Whether all metrics mean the same values by the label's name.
  [[nodiscard]] bool IsSharedName(const Label& label) const {
    return std::ranges::all_of(schema_.metrics, [&](const Metric& metric) {
      const Label* const same = FindLabel(metric.labels, label.name);
      return same == nullptr || same->values == label.values;
    });
  }

  const Schema& schema_;
  std::vector<std::string> prefix_;
  Handles handles_;
  std::vector<std::string> labels_;  // Name of the label of each enumeration.
  std::set<std::vector<std::string>> taken_ = {
      {"metrics"}};  // Names of types, of metrics and enumerations alike.
};

}  // namespace

Result<Handles> PlanHandles(const Schema& schema, std::string_view match) {
  if (match.empty()) return Planner(schema).Plan(nullptr);
  const RE2 pattern(match, RE2::Quiet);
  if (!pattern.ok()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("expected a regular expression (RE2) to match names, got {:?}: {}", match,
                            pattern.error()));
  }
  return Planner(schema).Plan(&pattern);
}

SdkKind SdkKindOf(const HandleMetric& handle) {
  switch (handle.metric->kind) {
    case MetricKind::kCounter:
      if (handle.fractional)
        return {"TS_COUNTER_DOUBLE", "ts_double_counter", "ts_double_counter_add_inline", "add", "amount"};
      return {"TS_COUNTER", "ts_counter", "ts_counter_add_inline", "add", "amount"};
    case MetricKind::kHistogram:
      return {"TS_HISTOGRAM", "ts_histogram", "ts_observe_inline", "observe", "value"};
    case MetricKind::kNativeHistogram:
      return {"TS_EXPONENTIAL", "ts_histogram", "ts_observe_inline", "observe", "value"};
    default:
      return {"TS_GAUGE", "ts_gauge", "ts_gauge_set_inline", "set", "value"};
  }
}

std::string MetricStatics(const HandleMetric& handle) {
  const Metric& metric = *handle.metric;
  std::string out;
  std::vector<std::string> labels;
  for (const Label& label : metric.labels) {
    std::vector<std::string> values;
    for (const std::string& value : label.values)
      values.push_back(StringLiteral(value));
    out += fmt::format("    static const char* const values{}[] = {{{}}};\n", labels.size(),
                       fmt::join(values, ", "));
    labels.push_back(
        fmt::format("{{{}, values{}, {}}}", StringLiteral(label.name), labels.size(), label.values.size()));
  }
  if (!labels.empty())
    out += fmt::format("    static const ts_label labels[] = {{{}}};\n", fmt::join(labels, ", "));
  std::vector<std::string> bounds;
  for (const double bound : metric.bounds)
    bounds.push_back(DoubleLiteral(bound));
  if (!bounds.empty())
    out += fmt::format("    static const double bounds[] = {{{}}};\n", fmt::join(bounds, ", "));
  return out;
}

std::string MetricFields(const HandleMetric& handle) {
  const Metric& metric = *handle.metric;
  std::string out = fmt::format("    metric.type = {};\n    metric.name = {};\n", SdkKindOf(handle).type,
                                StringLiteral(metric.name));
  if (!metric.unit.empty()) out += fmt::format("    metric.unit = {};\n", StringLiteral(metric.unit));
  out += fmt::format("    metric.help = {};\n", StringLiteral(metric.help));
  if (!metric.labels.empty())
    out += fmt::format("    metric.labels = labels;\n    metric.label_count = {};\n", metric.labels.size());
  if (!metric.bounds.empty())
    out += fmt::format("    metric.bounds = bounds;\n    metric.bound_count = {};\n", metric.bounds.size());
  if (metric.kind == MetricKind::kNativeHistogram)
    out += fmt::format("    metric.scale = {};\n", metric.scale);
  return out;
}

std::string StringLiteral(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f || c == '?') {
      // Octal ends after three digits, whatever follows; a question mark could begin a trigraph.
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string DoubleLiteral(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace tickscope::schema
