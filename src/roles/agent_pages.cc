#include "roles/agent_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "api/answer.h"
#include "base/byte_size.h"
#include "base/duration.h"
#include "wire/json_fields.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kAnswerBytesMax = 16U << 20U;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>Tickscope agent</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #ccc; vertical-align: top }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums }}
.down {{ font-weight: bold }}
code {{ font-size: .92em; overflow-wrap: anywhere }}
</style>
<h1>Tickscope agent {version}</h1>
<p><a href="/metrics"><code>/metrics</code></a> · <a href="/-/ready"><code>/-/ready</code></a> ·
<a href="/api/v1/agent/status"><code>/api/v1/agent/status</code></a> · <a href="/api/v1/guard/rejects"><code>/api/v1/guard/rejects</code></a></p>
)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string_view StateOf(const agent::TargetStatus& target) {
  if (target.last.read_ms == 0) return "not yet read";
  return target.last.error.empty() ? "up" : "down";
}

std::string_view ProtocolOf(const agent::ReceiverStatus& receiver) {
  if (receiver.is_otlp) return "OTLP";
  return receiver.protocol == wire::RemoteWriteProtocol::kV2 ? "remote write 2.0" : "remote write 1.0";
}

}  // namespace

std::string AgentPage(const agent::AgentStatus& status, std::string_view version, TimeMs now_ms) {
  std::string out = fmt::format(kHead, fmt::arg("version", Escaped(version)));
  out += fmt::format(
      "<h2>Targets "
      "({})</h2>\n<table><tr><th>target<th>state<th>labels<th>read<th>took<th>samples<th>series</tr>\n",
      status.targets.size());
  for (const agent::TargetStatus& target : status.targets) {
    const agent::SourceReport& last = target.last;
    out += fmt::format(
        "<tr><td><code>{}</code><td class=\"{}\">{}{}{}<td><code>{}</code><td>{}<td class=\"number\">{:.1f} "
        "ms"
        "<td class=\"number\">{}<td class=\"number\">{}</tr>\n",
        Escaped(last.name), StateOf(target), StateOf(target), last.error.empty() ? "" : ": ",
        Escaped(last.error), Escaped(target.labels.ToString()),
        last.read_ms == 0 ? std::string("-")
                          : FormatDurationMs(std::max<TimeMs>(now_ms - last.read_ms, 0)) + " ago",
        1000 * last.seconds, last.samples, target.series);
  }
  out += fmt::format(
      "</table>\n<h2>Receivers ({})</h2>\n<table><tr><th>receiver<th>protocol<th>waits<th>kept in</tr>\n",
      status.receivers.size());
  for (const agent::ReceiverStatus& receiver : status.receivers) {
    out += fmt::format("<tr><td><code>{}</code><td>{}<td class=\"number\">{}<td>{}</tr>\n",
                       Escaped(receiver.url), ProtocolOf(receiver), FormatByteSize(receiver.queue_bytes),
                       receiver.has_spool ? "spool" : "memory");
  }
  out += "</table>\n";
  if (status.otlp) {
    const agent::OtlpStatus& otlp = *status.otlp;
    out += fmt::format(
        "<h2>OTLP</h2>\n<table><tr><th>at<th>requests<th>data "
        "points<th>refused<th>series</tr>\n<tr><td><code>{}</code><td class=\"number\">{}<td "
        "class=\"number\">{}<td class=\"number\">{}<td class=\"number\">{}</tr>\n</table>\n",
        Escaped(fmt::format("{}", fmt::join(otlp.addresses, " "))), otlp.requests, otlp.points,
        otlp.refused_points, otlp.series);
  }
  if (status.aggregation) {
    const agent::AggregationStatus& sums = *status.aggregation;
    const std::string lag = FormatDurationMs(std::max<TimeMs>(now_ms - sums.watermark_ms, 0));
    out += fmt::format(
        "<h2>Aggregation ({})</h2>\n<table><tr><th>series<th>added up to<th>closed up "
        "to<th>samples<th>refused<th>kept "
        "in</tr>\n<tr><td class=\"number\">{}<td class=\"number\">{}<td>{} ago<td class=\"number\">{}<td "
        "class=\"number\">{}<td>{}</tr>\n</table>\n",
        sums.rules, sums.series, sums.groups, lag, sums.samples, sums.refused,
        sums.directory.empty() ? std::string("memory")
                               : Escaped(sums.directory) + (sums.is_durable ? "" : ": not durable"));
  }
  if (status.fleet) {
    const auto row = [&](const char* what, const agent::ToldStatus& told) {
      out += fmt::format("<tr><td>{}<td>{}<td>{}<td class=\"{}\">{}{}{}</tr>\n", what, Escaped(told.told),
                         Escaped(told.in_force), told.is_behind ? "down" : "up",
                         told.is_behind ? "behind" : "up to date", told.error.empty() ? "" : ": ",
                         Escaped(told.error));
    };
    out += fmt::format(
        "<h2>Fleet</h2>\n<p>generation {}</p>\n<table><tr><th>what<th>told<th>in force<th>state</tr>\n",
        status.fleet->generation);
    row("schema", status.fleet->schema);
    row("keys of tokens", status.fleet->keys);
    out += "</table>\n";
  }
  return out + "</html>\n";
}

std::string AgentStatusJson(const agent::AgentStatus& status, std::string_view version) {
  std::string out;
  wire::JsonWriter json(out, kAnswerBytesMax);
  json.BeginObject();
  WriteText("version", version, json);
  json.Key("targets");
  json.BeginArray();
  for (const agent::TargetStatus& target : status.targets) {
    json.BeginObject();
    WriteText("target", target.last.name, json);
    WriteText("health", target.last.read_ms == 0 ? "unknown" : StateOf(target), json);
    WriteText("lastError", target.last.error, json);
    json.Key("labels");
    json.BeginObject();
    for (const LabelView& label : target.labels)
      WriteText(label.name, label.value, json);
    json.EndObject();
    WriteInt("intervalMs", target.interval_ms, json);
    WriteInt("lastReadMs", target.last.read_ms, json);
    json.Key("lastReadSeconds");
    json.Number(target.last.seconds);
    WriteCount("samples", target.last.samples, json);
    WriteCount("series", target.series, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("receivers");
  json.BeginArray();
  for (const agent::ReceiverStatus& receiver : status.receivers) {
    json.BeginObject();
    WriteText("url", receiver.url, json);
    const char* const protocol = receiver.protocol == wire::RemoteWriteProtocol::kV2 ? "rw2" : "rw1";
    WriteText("protocol", receiver.is_otlp ? "otlp" : protocol, json);
    WriteCount("queueBytes", receiver.queue_bytes, json);
    WriteFlag("spool", receiver.has_spool, json);
    WriteFlag("idle", receiver.is_idle, json);
    json.EndObject();
  }
  json.EndArray();
  if (status.otlp) {
    json.Key("otlp");
    json.BeginObject();
    json.Key("addresses");
    json.BeginArray();
    for (const std::string& address : status.otlp->addresses)
      json.String(address);
    json.EndArray();
    WriteCount("requests", status.otlp->requests, json);
    WriteCount("points", status.otlp->points, json);
    WriteCount("refusedPoints", status.otlp->refused_points, json);
    WriteCount("series", status.otlp->series, json);
    json.EndObject();
  }
  if (status.aggregation) {
    json.Key("aggregation");
    json.BeginObject();
    WriteCount("rules", status.aggregation->rules, json);
    WriteCount("series", status.aggregation->series, json);
    WriteCount("groups", status.aggregation->groups, json);
    WriteInt("watermarkMs", status.aggregation->watermark_ms, json);
    WriteCount("samples", status.aggregation->samples, json);
    WriteCount("refused", status.aggregation->refused, json);
    WriteFlag("durable", status.aggregation->is_durable, json);
    json.EndObject();
  }
  if (status.fleet) {
    const auto add = [&](const char* what, const agent::ToldStatus& told) {
      json.Key(what);
      json.BeginObject();
      WriteText("told", told.told, json);
      WriteText("inForce", told.in_force, json);
      WriteFlag("behind", told.is_behind, json);
      WriteText("error", told.error, json);
      json.EndObject();
    };
    json.Key("fleet");
    json.BeginObject();
    WriteCount("generation", status.fleet->generation, json);
    add("schema", status.fleet->schema);
    add("keys", status.fleet->keys);
    json.EndObject();
  }
  json.EndObject();
  return out;
}

void RegisterAgentPages(http::Router& router, io::EventLoop& loop, const Clock& clock,
                        std::function<agent::AgentStatus()> describe, std::string version) {
  struct Shared {
    std::function<agent::AgentStatus()> describe;
    std::string version;
  };
  const auto shared = std::make_shared<const Shared>(std::move(describe), std::move(version));
  const auto add = [&](std::string_view path, auto make) {
    router.Add(
        "GET", path,
        [shared, make, &loop](const http::Request&, const http::PathParameters&, http::Respond respond) {
          loop.Post([shared, make, respond = std::move(respond)]() mutable { respond(make(*shared)); });
        });
  };
  add("/", [&clock](const Shared& from) {
    return api::TextAnswer(200, "text/html; charset=utf-8",
                           AgentPage(from.describe(), from.version, clock.NowMs()));
  });
  add("/api/v1/agent/status", [](const Shared& from) {
    return api::TextAnswer(200, "application/json", AgentStatusJson(from.describe(), from.version));
  });
}

}  // namespace tickscope::roles
