#include "fleet/report_text.h"

#include <fmt/format.h>

#include <limits>

#include "wire/json_writer.h"

namespace tickscope::fleet {
namespace {

using std::chrono::nanoseconds;

double Ms(nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

double PerSecond(double count, double seconds) {
  return seconds > 0 ? count / seconds : 0;
}

double CpuPerMillion(const RunReport& report, double cpu_seconds) {
  return report.samples_acknowledged == 0
             ? 0
             : cpu_seconds * 1e6 / static_cast<double>(report.samples_acknowledged);
}

std::string Latency(nanoseconds p50, nanoseconds p99, nanoseconds max) {
  return fmt::format("p50={:.1f}ms p99={:.1f}ms max={:.1f}ms", Ms(p50), Ms(p99), Ms(max));
}

std::string Errors(const RunReport& report) {
  std::string text;
  for (const auto& [name, count] : report.errors)
    text += fmt::format(" {}:{}", name, count);
  return text.empty() ? " none" : text;
}

void WriteCounts(const std::map<std::string, std::uint64_t>& counts, wire::JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, count] : counts) {
    json.Key(name);
    json.Uint(count);
  }
  json.EndObject();
}

void WriteLatency(nanoseconds p50, nanoseconds p99, nanoseconds max, wire::JsonWriter& json) {
  json.BeginObject();
  json.Key("p50");
  json.Number(Ms(p50));
  json.Key("p99");
  json.Number(Ms(p99));
  json.Key("max");
  json.Number(Ms(max));
  json.EndObject();
}

void WriteField(std::string_view name, std::uint64_t value, wire::JsonWriter& json) {
  json.Key(name);
  json.Uint(value);
}

void WriteField(std::string_view name, double value, wire::JsonWriter& json) {
  json.Key(name);
  json.Number(value);
}

}  // namespace

std::string ProgressLine(const RunReport& now, const RunReport& before) {
  const auto samples = static_cast<double>(now.samples_acknowledged - before.samples_acknowledged);
  return fmt::format("t={:.0f}s acked={} rate={:.0f}/s {} {} refused={} retries={} errors:{}", now.seconds,
                     now.samples_acknowledged, PerSecond(samples, now.seconds - before.seconds),
                     now.paced ? "since-due" : "since-sent",
                     now.paced ? Latency(now.from_due_p50, now.from_due_p99, now.from_due_max)
                               : Latency(now.from_sent_p50, now.from_sent_p99, now.from_sent_max),
                     now.samples_refused, now.retries, Errors(now));
}

std::string ReportText(const RunReport& report, double cpu_seconds) {
  std::string text = fmt::format(
      "samples acknowledged  {} in {:.1f} s, {:.0f} a second\n"
      "requests              {} acknowledged, {} bytes a sample, {} retries\n"
      "refused               {} samples\n"
      "errors               {}\n"
      "latency since sent    {}\n",
      report.samples_acknowledged, report.seconds,
      PerSecond(static_cast<double>(report.samples_acknowledged), report.seconds),
      report.requests_acknowledged,
      report.samples_acknowledged == 0
          ? 0
          : (report.bytes_sent + report.samples_acknowledged / 2) / report.samples_acknowledged,
      report.retries, report.samples_refused, Errors(report),
      Latency(report.from_sent_p50, report.from_sent_p99, report.from_sent_max));
  if (report.paced) {
    text += fmt::format("latency since due     {}\n",
                        Latency(report.from_due_p50, report.from_due_p99, report.from_due_max));
  }
  if (!report.last_error.empty()) text += fmt::format("last error            {}\n", report.last_error);
  text += fmt::format("fleet's own CPU       {:.2f} s, {:.3f} s per million samples\n", cpu_seconds,
                      CpuPerMillion(report, cpu_seconds));
  return text;
}

std::string ReportJson(const RunReport& report, double cpu_seconds) {
  std::string text;
  wire::JsonWriter json(text, std::numeric_limits<std::size_t>::max());
  json.BeginObject();
  WriteField("seconds", report.seconds, json);
  WriteField("samples_acknowledged", report.samples_acknowledged, json);
  WriteField("samples_per_second",
             PerSecond(static_cast<double>(report.samples_acknowledged), report.seconds), json);
  WriteField("samples_refused", report.samples_refused, json);
  WriteField("requests_acknowledged", report.requests_acknowledged, json);
  WriteField("retries", report.retries, json);
  WriteField("bytes_sent", report.bytes_sent, json);
  json.Key("errors");
  WriteCounts(report.errors, json);
  json.Key("last_error");
  json.String(report.last_error);
  json.Key("latency_since_sent_ms");
  WriteLatency(report.from_sent_p50, report.from_sent_p99, report.from_sent_max, json);
  if (report.paced) {
    json.Key("latency_since_due_ms");
    WriteLatency(report.from_due_p50, report.from_due_p99, report.from_due_max, json);
  }
  WriteField("cpu_seconds", cpu_seconds, json);
  WriteField("cpu_seconds_per_million_samples", CpuPerMillion(report, cpu_seconds), json);
  json.EndObject();
  text += '\n';
  return text;
}

std::string ReportText(const VerifyReport& report) {
  std::string text =
      fmt::format("missing={} doubled={} altered={} unacknowledged_present={}\n", report.missing,
                  report.doubled, report.altered, report.unacknowledged_present);
  text += fmt::format("acknowledged={} present={}\n", report.acknowledged, report.present);
  for (const auto& [cause, count] : report.causes)
    text += fmt::format("  {}  {}\n", count, cause);
  for (const std::string& example : report.examples)
    text += fmt::format("  example  {}\n", example);
  return text;
}

std::string ReportJson(const VerifyReport& report) {
  std::string text;
  wire::JsonWriter json(text, std::numeric_limits<std::size_t>::max());
  json.BeginObject();
  WriteField("missing", report.missing, json);
  WriteField("doubled", report.doubled, json);
  WriteField("altered", report.altered, json);
  WriteField("unacknowledged_present", report.unacknowledged_present, json);
  WriteField("acknowledged", report.acknowledged, json);
  WriteField("present", report.present, json);
  json.Key("causes");
  WriteCounts(report.causes, json);
  json.Key("examples");
  json.BeginArray();
  for (const std::string& example : report.examples)
    json.String(example);
  json.EndArray();
  json.EndObject();
  text += '\n';
  return text;
}

}  // namespace tickscope::fleet
