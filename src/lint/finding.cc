#include "lint/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "model/labels.h"
#include "wire/json_writer.h"

namespace tickscope::lint {
namespace {

std::string_view SeverityName(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

// A JSON string. Bytes of a text that is no UTF-8 become "?", so that the report can always be read.
std::string Json(std::string_view text) {
  std::string readable(text);
  if (!IsValidUtf8(text))
    std::ranges::replace_if(readable, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  std::string out;
  wire::AppendJsonString(readable, out);
  return out;
}

// A message may quote what was in a file: no line ends or terminal codes in a report that is read by line.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "; ";
    else
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out;
}

std::string CountText(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string TextReport(const Findings& findings, std::size_t file_count) {
  std::string out;
  for (const Finding& finding : findings.list()) {
    out += fmt::format("{}: {}: {} [{}]\n", config::DescribePosition(finding.file, finding.position),
                       SeverityName(finding.severity), OneLine(finding.message), finding.rule);
  }
  if (findings.unlisted() > 0) out += fmt::format("{} more are not listed\n", findings.unlisted());
  return out + fmt::format("{}: {}, {}\n", CountText(file_count, "file"),
                           CountText(findings.errors(), "error"), CountText(findings.warnings(), "warning"));
}

std::string JsonReport(const Findings& findings, std::size_t file_count) {
  std::string out =
      fmt::format("{{\"files\": {}, \"errors\": {}, \"warnings\": {}, \"unlisted\": {}, \"findings\": [",
                  file_count, findings.errors(), findings.warnings(), findings.unlisted());
  std::string_view separator = "\n";
  for (const Finding& finding : findings.list()) {
    out += fmt::format(
        "{}{{\"file\": {}, \"line\": {}, \"column\": {}, \"severity\": \"{}\", \"rule\": {}, \"message\": "
        "{}}}",
        separator, Json(finding.file), finding.position.line, finding.position.column,
        SeverityName(finding.severity), Json(finding.rule), Json(finding.message));
    separator = ",\n";
  }
  return out + "\n]}\n";
}

// A path as the URI reference that SARIF asks for.
std::string Uri(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/._-~").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string SarifReport(const Findings& findings) {
  std::set<std::string_view> names;
  for (const Finding& finding : findings.list())
    names.insert(finding.rule);
  std::string rules;
  std::map<std::string_view, std::size_t> rule_index;
  for (const std::string_view name : names) {
    rules += fmt::format("{}{{\"id\": {}}}", rules.empty() ? "" : ", ", Json(name));
    rule_index.emplace(name, rule_index.size());
  }
  std::string out = fmt::format(
      "{{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": "
      "[{{\"tool\": "
      "{{\"driver\": {{\"name\": \"tickscope lint\", \"rules\": [{}]}}}}, \"columnKind\": "
      "\"utf16CodeUnits\", \"results\": [",
      rules);
  std::string_view separator = "\n";
  for (const Finding& finding : findings.list()) {
    out += fmt::format(
        "{}{{\"ruleId\": {}, \"ruleIndex\": {}, \"level\": \"{}\", \"message\": {{\"text\": {}}}, "
        "\"locations\": "
        "[{{\"physicalLocation\": {{\"artifactLocation\": {{\"uri\": {}}}, \"region\": {{\"startLine\": {}, "
        "\"startColumn\": {}}}}}}}]}}",
        separator, Json(finding.rule), rule_index.at(finding.rule), SeverityName(finding.severity),
        Json(finding.message), Json(Uri(finding.file)), finding.position.line, finding.position.column);
    separator = ",\n";
  }
  return out + "\n]}]}\n";
}

}  // namespace

void Findings::Add(Finding finding) {
  (finding.severity == Severity::kError ? errors_ : warnings_) += 1;
  if (list_.size() < kFindingsMax) list_.push_back(std::move(finding));
}

void Findings::Sort() {
  std::unordered_map<std::string, std::size_t> order;
  for (const Finding& finding : list_)
    order.try_emplace(finding.file, order.size());
  std::ranges::stable_sort(list_, {}, [&](const Finding& finding) {
    return std::tuple(order.at(finding.file), finding.position.line, finding.position.column);
  });
}

Result<ReportFormat> ParseReportFormat(std::string_view name) {
  if (name == "text") return ReportFormat::kText;
  if (name == "json") return ReportFormat::kJson;
  if (name == "sarif") return ReportFormat::kSarif;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("expected a format of text, json or sarif, got {:?}", name));
}

std::string Report(const Findings& findings, std::size_t file_count, ReportFormat format) {
  switch (format) {
    case ReportFormat::kText:
      return TextReport(findings, file_count);
    case ReportFormat::kJson:
      return JsonReport(findings, file_count);
    case ReportFormat::kSarif:
      return SarifReport(findings);
  }
  std::unreachable();
}

}  // namespace tickscope::lint
