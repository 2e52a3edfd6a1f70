// Expositions: the verdict of the parser the agent scrapes with, and what a schema says about each series.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/closest_name.h"
#include "lint/linters.h"
#include "lint/private_data.h"
#include "lint/source_text.h"
#include "wire/metric_type.h"

namespace tickscope::lint {
namespace {

using wire::ExpositionEntry;
using wire::MetricType;

// "line 7, column 12: what" or "line 7: what", as the parser says it; what has no line is about the end.
Finding ParserFinding(const SourceFile& file, const SourceText& source, std::string_view message) {
  Finding finding{.file = file.name,
                  .position = source.PositionAt(file.text.size()),
                  .rule = "exposition",
                  .message = std::string(message)};
  constexpr std::string_view kLine = "line ";
  constexpr std::string_view kColumn = ", column ";
  if (!message.starts_with(kLine)) return finding;
  const char* const end = message.data() + message.size();
  int line = 1;
  const auto after_line = std::from_chars(message.data() + kLine.size(), end, line);
  std::string_view rest = message.substr(static_cast<std::size_t>(after_line.ptr - message.data()));
  int column = 1;
  if (rest.starts_with(kColumn)) {
    const auto after_column = std::from_chars(rest.data() + kColumn.size(), end, column);
    rest = rest.substr(static_cast<std::size_t>(after_column.ptr - rest.data()));
  }
  if (after_line.ec != std::errc() || !rest.starts_with(": ")) return finding;
  finding.position = {line, column};
  finding.message = rest.substr(2);
  return finding;
}

bool TypeFits(schema::MetricKind kind, MetricType type) {
  switch (kind) {
    case schema::MetricKind::kUnknown:
      return type == MetricType::kUnknown;
    case schema::MetricKind::kCounter:
      return type == MetricType::kCounter;
    case schema::MetricKind::kGauge:
      return type == MetricType::kGauge;
    case schema::MetricKind::kHistogram:
    case schema::MetricKind::kNativeHistogram:
      return type == MetricType::kHistogram;
    case schema::MetricKind::kSummary:
      return type == MetricType::kSummary;
    case schema::MetricKind::kInfo:
      // The text format has no info; a gauge stands for it there.
      return type == MetricType::kInfo || type == MetricType::kGauge;
    case schema::MetricKind::kStateSet:
      return type == MetricType::kStateSet || type == MetricType::kGauge;
  }
  return false;
}

// Holds families and series to the schema. Each complaint is made once, at the line it first concerns.
class SchemaCheck {
 public:
  SchemaCheck(const SourceFile& file, const SourceText& source, const KnownMetrics& known, Findings& findings)
      : file_(file), source_(source), known_(known), findings_(findings) {}

  // What the guard would refuse as private.
  void OnPrivate(const wire::ExpositionSample& sample, const Labels& labels) {
    const std::vector<LabelView> views(labels.begin(), labels.end());
    const auto found = guard::FindPrivateLabel(PrivateDataScanner(), views);
    if (!found) return;
    const bool is_value = !found->label.empty() && labels.Has(found->label);
    std::vector<guard::PiiFinding> in_name;
    PrivateDataScanner().Scan(found->label, guard::kLabelKinds, in_name);
    Tell(sample.series.data(), "private-data",
         fmt::format("private data ({}) in {}", guard::PiiKindName(found->kind),
                     !is_value          ? "the metric's name"
                     : !in_name.empty() ? "a label's name"
                                        : fmt::format("label {}", found->label)));
  }

  void OnHelp(const wire::ExpositionMetadata& metadata) {
    guard::PiiFinding found;
    if (!PrivateDataScanner().Finds(metadata.text, guard::kLogKinds, found)) return;
    Tell(metadata.family.data(), "private-data",
         fmt::format("private data ({}) in a help text", guard::PiiKindName(found.kind)));
  }

  void OnType(const wire::ExpositionMetadata& metadata) {
    const std::string family(metadata.family);
    const schema::Metric* metric = known_.MetricOf(family);
    // OpenMetrics names a family without the ending of its samples.
    for (const std::string_view suffix : {"_total", "_info", "_count"}) {
      if (metric == nullptr) metric = known_.MetricOf(std::string(family).append(suffix));
    }
    if (metric == nullptr || TypeFits(metric->kind, metadata.type)) return;
    Tell(metadata.family.data(), "wrong-type",
         fmt::format("{} is a {} in the schema, here a {}: a name has one type", metric->name,
                     schema::MetricKindName(metric->kind), wire::MetricTypeName(metadata.type)));
  }

  void OnSample(const wire::ExpositionSample& sample, const Labels& labels) {
    const std::string_view name = labels.metric_name();
    const char* const place = sample.series.data();
    if (name.ends_with("_created")) return;  // When a counter began: comes with its family.
    if (!known_.Knows(name)) {
      const std::string closest = known_.Closest(name);
      Tell(place, "unknown-metric",
           fmt::format("no series {} in the schema{}", name,
                       closest.empty() ? ": add the metric there, or stop sending it"
                                       : fmt::format(": did you mean {}?", closest)));
      return;
    }
    const schema::Metric* const metric = known_.MetricOf(name);
    if (metric == nullptr) return;
    for (const auto& [label, value] : labels)
      CheckLabel(place, *metric, name, label, value);
    for (const schema::Label& label : metric->labels) {
      if (!label.optional && !labels.Has(label.name))
        Tell(place, "missing-label", fmt::format("{} without its label {}", name, label.name));
    }
    CheckBound(place, *metric, labels);
  }

 private:
  void CheckLabel(const char* place, const schema::Metric& metric, std::string_view series,
                  std::string_view name, std::string_view value) {
    if (name == kMetricName) return;
    if (!known_.HasLabel(metric, series, name)) {
      const std::vector<std::string> names = known_.LabelNames(metric);
      const std::string closest = config::ClosestName(name, names);
      Tell(place, "unknown-label",
           fmt::format("{} has no label {}: {}", series, name,
                       closest.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean {}?", closest)));
      return;
    }
    const schema::Label* const label = known_.LabelOf(metric, name);
    if (label == nullptr) return;
    // The value is not repeated: it may be somebody's address.
    if (!label->values.empty() && std::ranges::find(label->values, value) == label->values.end()) {
      Tell(place, "unknown-value",
           fmt::format("{}: a value of {} that is not one of {}", series, name,
                       fmt::join(label->values, ", ")));
    } else if (!label->pattern.empty() && !RE2::FullMatch(value, label->pattern)) {
      Tell(place, "unknown-value",
           fmt::format("{}: a value of {} that does not look like {}", series, name, label->pattern));
    }
  }

  void CheckBound(const char* place, const schema::Metric& metric, const Labels& labels) {
    const std::string_view le = labels.Get(kBucketLabel);
    if (metric.kind != schema::MetricKind::kHistogram || le.empty() || le == "+Inf") return;
    double bound = 0;
    const auto [end, error] = std::from_chars(le.data(), le.data() + le.size(), bound);
    if (error == std::errc() && std::ranges::binary_search(metric.bounds, bound)) return;
    Tell(place, "unknown-bucket",
         fmt::format("{} has no bucket with le {:?}: it has {}", metric.name, le,
                     fmt::join(metric.bounds, ", ")));
  }

  void Tell(const char* place, std::string_view rule, std::string message) {
    if (!told_.insert(message).second) return;
    // The text parsers' names are views of the body.
    const auto offset = static_cast<std::size_t>(place - file_.text.data());
    findings_.Add(
        {file_.name, source_.PositionAt(offset), Severity::kError, std::string(rule), std::move(message)});
  }

  const SourceFile& file_;
  const SourceText& source_;
  const KnownMetrics& known_;
  Findings& findings_;
  std::unordered_set<std::string> told_;
};

}  // namespace

wire::ExpositionFormat GuessExpositionFormat(std::string_view body) {
  if (body.starts_with("# EOF") || body.find("\n# EOF") != std::string_view::npos)
    return wire::ExpositionFormat::kOpenMetrics;
  return wire::ExpositionFormat::kText;
}

void LintExposition(const SourceFile& file, const ExpositionLintOptions& options, const KnownMetrics& known,
                    Findings& findings) {
  const SourceText source(file.text);
  SchemaCheck check(file, source, known, findings);
  const auto parser = wire::MakeExpositionParser(options.format, file.text, {.mode = options.mode});
  while (true) {
    const auto entry = parser->Next();
    if (!entry) {
      findings.Add(ParserFinding(file, source, entry.error().message));
      return;
    }
    if (*entry == ExpositionEntry::kEnd) return;
    if (*entry == ExpositionEntry::kHelp) check.OnHelp(parser->metadata());
    if (known.has_schema() && *entry == ExpositionEntry::kType) check.OnType(parser->metadata());
    if (*entry != ExpositionEntry::kSample) continue;
    const auto labels = parser->labels();
    if (!labels) continue;
    check.OnPrivate(parser->sample(), *labels);
    if (known.has_schema()) check.OnSample(parser->sample(), *labels);
  }
}

}  // namespace tickscope::lint
