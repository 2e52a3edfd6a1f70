#include "schema/schema_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "config/yaml_reader.h"
#include "schema/schema_rules.h"

namespace tickscope::schema {
namespace {

using config::YamlDocument;
using config::YamlMap;

constexpr config::DurationRange kCadences = {.min = 1'000, .max = 3'600'000};
const std::vector<std::string_view> kKinds(kMetricKindNames.begin(), kMetricKindNames.end());
const std::vector<std::string_view> kClasses(kMetricClassNames.begin(), kMetricClassNames.end());
const std::vector<std::string_view> kGoods(kSliGoodNames.begin(), kSliGoodNames.end());

std::string Bounded(YamlMap& map, std::string_view key, std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    map.Complain(key, fmt::format("expected at most {} bytes, got {}", bytes_max, text.size()));
    text.clear();
  }
  return text;
}

std::optional<double> ParseBound(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "1.0"
std::optional<SchemaVersion> ParseVersion(std::string_view text) {
  SchemaVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return version;
}

// A file being read. Labels that several metrics share are defined once, under `labels`.
class Reader {
 public:
  explicit Reader(YamlDocument& document) : document_(document), root_(document.root()) {}

  Schema Read() {
    schema_.name = Bounded(root_, "schema", root_.RequiredString("schema"), kNameBytesMax);
    ReadVersion();
    ReadDefaults();
    schema_.target_labels = ReadLabels(root_, "target_labels", false);
    shared_ = ReadLabels(root_, "labels", false);
    ReadMetrics();
    ReadSlis();
    return std::move(schema_);
  }

  [[nodiscard]] const std::vector<Label>& shared_labels() const { return shared_; }

 private:
  void ReadVersion() {
    const std::string text = root_.RequiredString("version");
    const auto version = ParseVersion(text);
    if (version) schema_.version = *version;
    if (!version && !text.empty())
      root_.Complain("version", fmt::format("expected MAJOR.MINOR, for example \"1.0\", got {:?}", text));
  }

  void ReadDefaults() {
    YamlMap map = root_.Map("defaults");
    defaults_.owner = Bounded(map, "owner", map.String("owner", ""), kNameBytesMax);
    defaults_.metric_class =
        static_cast<MetricClass>(map.OneOf("class", static_cast<std::size_t>(MetricClass::kOps), kClasses));
    defaults_.cadence_ms = map.DurationMs("cadence", 10'000, kCadences);
  }

  // A map from label names to definitions. Where shared labels may be meant, a name without a definition is one.
  std::vector<Label> ReadLabels(YamlMap& parent, std::string_view key, bool may_be_shared) {
    std::vector<Label> labels;
    YamlMap map = parent.Map(key);
    const std::vector<std::string> names = map.Keys();
    const std::size_t labels_max = key == "labels" && !may_be_shared ? kSharedLabelsMax : kLabelsMax;
    if (names.size() > labels_max) {
      parent.Complain(key, fmt::format("expected at most {} labels, got {}", labels_max, names.size()));
      return labels;
    }
    for (const std::string& name : names) {
      if (map.Has(name)) {
        labels.push_back(ReadLabel(map, name));
      } else if (const Label* const shared = may_be_shared ? FindShared(name) : nullptr) {
        labels.push_back(*shared);
      } else if (may_be_shared) {
        map.Complain(name, "not defined under labels at the top of the file: give values or a budget here");
      } else {
        map.Complain(name, "expected values or a budget, got nothing");
      }
    }
    std::ranges::sort(labels, {}, &Label::name);
    return labels;
  }

  [[nodiscard]] const Label* FindShared(std::string_view name) const {
    const auto found = std::ranges::lower_bound(shared_, name, {}, &Label::name);
    return found != shared_.end() && found->name == name ? &*found : nullptr;
  }

  Label ReadLabel(YamlMap& labels, const std::string& name) {
    const std::size_t mistakes = document_.mistake_count();
    Label label;
    label.name = Bounded(labels, name, name, kNameBytesMax);
    YamlMap map = labels.Map(name);
    label.position = map.position();
    label.help = Bounded(map, "help", map.String("help", ""), kTextBytesMax);
    label.optional = map.Bool("optional", false);
    label.pattern = Bounded(map, "pattern", map.String("pattern", ""), kTextBytesMax);
    label.values = map.Strings("values");
    const bool has_budget = map.Has("budget");
    if (has_budget) {
      label.budget = static_cast<std::uint64_t>(
          map.Int("budget", 1, {.min = 1, .max = static_cast<std::int64_t>(kBudgetMax)}));
    }
    if (document_.mistake_count() != mistakes) return label;

    if (label.values.size() > kValuesMax) {
      map.Complain("values", fmt::format("expected at most {}, got {}", kValuesMax, label.values.size()));
    } else if (label.values.empty() && !has_budget) {
      labels.Complain(name,
                      label.pattern.empty()
                          ? "no bound: list its values, or give a budget (most values at a time)"
                          : "no bound: a pattern says how values look, not how many there are; add a budget");
    } else if (!label.values.empty() && (has_budget || map.Has("pattern"))) {
      labels.Complain(name, "values are the bound already: leave out pattern and budget");
    }
    if (!label.values.empty()) label.budget = label.values.size();
    return label;
  }

  void ReadMetrics() {
    std::vector<YamlMap> maps = root_.Maps("metrics");
    if (maps.size() > kMetricsMax)
      root_.Complain("metrics", fmt::format("expected at most {}, got {}", kMetricsMax, maps.size()));
    for (YamlMap& map : maps) {
      if (schema_.metrics.size() == kMetricsMax) break;
      const std::size_t mistakes = document_.mistake_count();
      Metric metric = ReadMetric(map);
      if (document_.mistake_count() == mistakes) schema_.metrics.push_back(std::move(metric));
    }
  }

  Metric ReadMetric(YamlMap& map) {
    Metric metric;
    metric.position = map.position();
    metric.name = Bounded(map, "name", map.RequiredString("name"), kNameBytesMax);
    const std::string type = map.RequiredString("type");
    if (!type.empty()) metric.kind = static_cast<MetricKind>(map.OneOf("type", 0, kKinds));
    metric.unit = Bounded(map, "unit", map.String("unit", ""), kNameBytesMax);
    metric.help = Bounded(map, "help", map.RequiredString("help"), kTextBytesMax);
    metric.owner = Bounded(map, "owner", map.String("owner", defaults_.owner), kNameBytesMax);
    metric.metric_class = static_cast<MetricClass>(
        map.OneOf("class", static_cast<std::size_t>(defaults_.metric_class), kClasses));
    metric.cadence_ms = map.DurationMs("cadence", defaults_.cadence_ms, kCadences);
    metric.labels = ReadLabels(map, "labels", true);
    ReadKindOptions(map, metric);
    metric.series_max =
        static_cast<std::uint64_t>(map.Int("series_max", static_cast<std::int64_t>(LabelProduct(metric)),
                                           {.min = 1, .max = static_cast<std::int64_t>(kBudgetMax)}));
    if (map.Has("aggregate")) metric.aggregate = ReadAggregation(map.Map("aggregate"), metric);
    return metric;
  }

  // What only metrics of one kind have.
  void ReadKindOptions(YamlMap& map, Metric& metric) {
    const auto only_for = [&](std::string_view key, MetricKind kind) {
      if (!map.Has(key)) return false;
      if (metric.kind == kind) return true;
      map.Complain(
          key, fmt::format("only a {} has it, not a {}", MetricKindName(kind), MetricKindName(metric.kind)));
      return false;
    };
    if (only_for("buckets", MetricKind::kHistogram)) {
      ReadBounds(map, metric);
    } else if (metric.kind == MetricKind::kHistogram && !map.Has("buckets")) {
      map.Complain("buckets", "required: the upper bounds of a histogram, ascending, without +Inf");
    }
    if (only_for("scale", MetricKind::kNativeHistogram))
      metric.scale = static_cast<int>(map.Int("scale", 3, {.min = -4, .max = 8}));
    if (only_for("buckets_max", MetricKind::kNativeHistogram))
      metric.buckets_max = static_cast<std::uint32_t>(map.Int("buckets_max", 160, {.min = 2, .max = 10'000}));
    if (only_for("resolution", MetricKind::kGauge))
      metric.resolution = map.Double("resolution", 0, {.min = 1e-12, .max = 1e12});
  }

  static void ReadBounds(YamlMap& map, Metric& metric) {
    const std::vector<std::string> texts = map.Strings("buckets");
    if (texts.empty() || texts.size() > kBoundsMax) {
      map.Complain("buckets", fmt::format("expected 1 to {} upper bounds, got {}", kBoundsMax, texts.size()));
      return;
    }
    for (const std::string& text : texts) {
      const auto bound = ParseBound(text);
      if (!bound || !std::isfinite(*bound)) {
        map.Complain("buckets", fmt::format("expected finite numbers (+Inf is understood), got {:?}", text));
        return;
      }
      if (!metric.bounds.empty() && *bound <= metric.bounds.back()) {
        map.Complain("buckets",
                     fmt::format("expected ascending bounds, got {} after {}", *bound, metric.bounds.back()));
        return;
      }
      metric.bounds.push_back(*bound);
    }
  }

  void ReadSlis() {
    std::vector<YamlMap> maps = root_.Maps("slis");
    if (maps.size() > kSlisMax)
      root_.Complain("slis", fmt::format("expected at most {}, got {}", kSlisMax, maps.size()));
    for (YamlMap& map : maps) {
      if (schema_.slis.size() == kSlisMax) break;
      const std::size_t mistakes = document_.mistake_count();
      Sli sli = ReadSli(map);
      if (document_.mistake_count() == mistakes) schema_.slis.push_back(std::move(sli));
    }
  }

  Sli ReadSli(YamlMap& map) {
    Sli sli;
    sli.position = map.position();
    sli.name = Bounded(map, "name", map.RequiredString("name"), kNameBytesMax);
    sli.title = Bounded(map, "title", map.RequiredString("title"), kNameBytesMax);
    sli.help = Bounded(map, "help", map.RequiredString("help"), kTextBytesMax);
    sli.unit = Bounded(map, "unit", map.RequiredString("unit"), kNameBytesMax);
    sli.owner = Bounded(map, "owner", map.String("owner", defaults_.owner), kNameBytesMax);
    sli.expr = Bounded(map, "expr", map.RequiredString("expr"), kTextBytesMax);
    sli.good = static_cast<SliGood>(map.OneOf("good", static_cast<std::size_t>(SliGood::kHigh), kGoods));
    const auto threshold = [&](std::string_view key) -> std::optional<double> {
      if (!map.Has(key)) return std::nullopt;
      return map.Double(key, 0, {.min = -1e15, .max = 1e15});
    };
    sli.warn = threshold("warn");
    sli.bad = threshold("bad");
    return sli;
  }

  struct Defaults {
    std::string owner;
    MetricClass metric_class = MetricClass::kOps;
    std::int64_t cadence_ms = 10'000;
  };

  YamlDocument& document_;
  YamlMap root_;
  Schema schema_;
  Defaults defaults_;
  std::vector<Label> shared_;
};

}  // namespace

bool SchemaReading::ok() const {
  return unreported == 0 && std::ranges::none_of(problems, [](const Problem& problem) {
           return problem.severity == Severity::kError;
         });
}

SchemaReading InspectSchema(std::string_view text) {
  SchemaReading reading;
  auto document = YamlDocument::Open(text, {}, kProblemsMax);
  if (!document) {
    reading.problems.push_back(
        {document.error().position, Severity::kError, "yaml", std::move(document.error().text)});
    return reading;
  }
  Reader reader(**document);
  reading.schema = reader.Read();
  for (config::YamlMistake& mistake : (*document)->TakeMistakes())
    reading.problems.push_back({mistake.position, Severity::kError, "form", std::move(mistake.text)});
  reading.unreported = (*document)->mistake_count() - reading.problems.size();
  CheckSchema(reading.schema, reader.shared_labels(), reading.problems);
  std::ranges::stable_sort(reading.problems, {}, [](const Problem& problem) {
    return std::pair(problem.position.line, problem.position.column);
  });
  if (reading.problems.size() > kProblemsMax) {
    reading.unreported += reading.problems.size() - kProblemsMax;
    reading.problems.resize(kProblemsMax);
  }
  return reading;
}

Result<Schema> ReadSchema(std::string_view text, std::string_view file) {
  constexpr std::size_t kShownMax = 12;
  SchemaReading reading = InspectSchema(text);
  if (reading.ok()) return std::move(reading.schema);
  std::string message;
  std::size_t shown = 0;
  for (const Problem& problem : reading.problems) {
    if (problem.severity != Severity::kError) continue;
    if (++shown > kShownMax) break;
    message += fmt::format("{}{}: {}", message.empty() ? "" : "\n",
                           config::DescribePosition(file, problem.position), problem.text);
  }
  if (shown > kShownMax) message += fmt::format("\n{}: more problems: run tickscope lint schema on it", file);
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace tickscope::schema
