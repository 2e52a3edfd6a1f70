#include "schema/catalogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdint>

#include "base/duration.h"

namespace tickscope::schema {
namespace {

struct Section {
  MetricClass metric_class;
  std::string_view title;
};
constexpr std::array<Section, 3> kSections = {{
    {MetricClass::kSli, "What players feel (`sli`): shed last"},
    {MetricClass::kOps, "Operations (`ops`)"},
    {MetricClass::kDebug, "Debugging (`debug`): shed first"},
}};

// Text in a table's cell: a bar would end it, and what looks like a tag would vanish.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '<')
      out += "&lt;";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out;
}

// In code quotes, where only a bar needs help.
std::string Code(std::string_view text) {
  std::string out = "`";
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '`' || c == '\n' ? ' ' : c;
  }
  return out + "`";
}

std::string BoundOf(const Label& label) {
  std::string text;
  if (!label.values.empty()) {
    for (const std::string& value : label.values)
      text += (text.empty() ? "" : ", ") + Code(value);
  } else {
    text = fmt::format("at most {}{}", label.budget,
                       label.pattern.empty() ? "" : " of the form " + Code(label.pattern));
  }
  return label.optional ? text + "; may be missing" : text;
}

std::string LabelsOf(const Metric& metric) {
  std::string text;
  for (const Label& label : metric.labels)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "<br>", Code(label.name), BoundOf(label));
  return text;
}

std::string KindOf(const Metric& metric) {
  std::string text(MetricKindName(metric.kind));
  if (metric.kind == MetricKind::kHistogram) text += fmt::format(", {} buckets", metric.bounds.size() + 1);
  if (metric.kind == MetricKind::kNativeHistogram) text += fmt::format(", scale {}", metric.scale);
  if (metric.resolution != 0) text += fmt::format(", in steps of {}", metric.resolution);
  return text;
}

}  // namespace

std::string CatalogueMarkdown(const Schema& schema, std::string_view source) {
  std::uint64_t series = 0;
  for (const Metric& metric : schema.metrics)
    series += SeriesPerTarget(metric);
  std::string out = fmt::format(
      "# Metrics of {}\n\nMade by `tickscope schema gen markdown {}`; change that file, not this one. "
      "Version {}: {} metrics, at "
      "most {} series a target if it had all of them.\n\n## Labels of every target\n\n| label | values | "
      "meaning |\n| --- | --- | "
      "--- |\n",
      Cell(schema.name), source, VersionText(schema.version), schema.metrics.size(), series);
  for (const Label& label : schema.target_labels)
    out += fmt::format("| {} | {} | {} |\n", Code(label.name), BoundOf(label), Cell(label.help));
  for (const Section& section : kSections) {
    std::string rows;
    for (const Metric& metric : schema.metrics) {
      if (metric.metric_class != section.metric_class) continue;
      rows += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", Code(metric.name), KindOf(metric),
                          Cell(metric.unit), Cell(metric.help), LabelsOf(metric), Cell(metric.owner),
                          FormatDurationMs(metric.cadence_ms), SeriesPerTarget(metric));
    }
    if (rows.empty()) continue;
    out += fmt::format(
        "\n## {}\n\n| metric | type | unit | meaning | labels | owner | every | series |\n| --- | --- | --- "
        "| --- | --- | --- | "
        "--- | --- |\n{}",
        section.title, rows);
  }
  return out;
}

}  // namespace tickscope::schema
