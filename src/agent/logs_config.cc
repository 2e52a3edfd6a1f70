#include "agent/logs_config.h"

#include "io/host_port.h"
#include "logs/file_tailer.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kItemsMax = 64;

Labels ReadLabels(config::YamlMap& map) {
  LabelsBuilder labels;
  for (const auto& [name, value] : map.StringMap("labels")) {
    if (!IsClassicLabelName(name) || !IsValidUtf8(value))
      map.Complain("labels", "names must be letters, digits and '_', and values UTF-8");
    labels.Set(name, value);
  }
  return labels.Build();
}

void WriteLabels(const Labels& labels, config::YamlWriter& out) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& label : labels)
    pairs.emplace_back(label.name, label.value);
  out.StringMap("labels", pairs);
}

LogFilesConfig ReadFiles(config::YamlMap& map) {
  LogFilesConfig files;
  files.paths = map.Strings("paths");
  if (files.paths.empty() || files.paths.size() > kItemsMax) map.Complain("paths", "expected 1 to 64 paths");
  for (const std::string& path : files.paths) {
    if (SplitLogPath(path).first.empty())
      map.Complain("paths", "expected an absolute path, with patterns in its last part only");
  }
  files.excludes = map.Strings("exclude");
  files.labels = ReadLabels(map);
  files.from_end = map.OneOf("start_at", files.from_end ? 1 : 0, {"beginning", "end"}) == 1;
  files.add_filename = map.Bool("add_filename", files.add_filename);
  files.framer.line_bytes_max = static_cast<std::size_t>(
      map.Bytes("line_bytes_max", files.framer.line_bytes_max, {.min = 64, .max = logs::kLineBytesMaxMax}));
  config::YamlMap multiline = map.Map("multiline");
  files.framer.start_pattern = multiline.String("start", files.framer.start_pattern);
  files.framer.lines_max = static_cast<std::size_t>(multiline.Int(
      "lines_max", static_cast<std::int64_t>(files.framer.lines_max), {.min = 1, .max = 10'000}));
  if (const auto framer = logs::EntryFramer::Make(files.framer); !framer)
    multiline.Complain("start", framer.error().message);
  files.idle_wait_ms = map.DurationMs("idle_wait", files.idle_wait_ms, {.min = 100, .max = 3'600'000});
  files.rotated_wait_ms = map.DurationMs("rotated_wait", files.rotated_wait_ms, {.min = 100, .max = kDayMs});
  files.files_max = static_cast<std::size_t>(
      map.Int("file_limit", static_cast<std::int64_t>(files.files_max), {.min = 1, .max = 1'024}));
  return files;
}

void WriteFiles(const LogFilesConfig& files, config::YamlWriter& out) {
  out.Comment("Absolute; *, ? and [a-z] in the last part. Links are not followed.");
  out.Strings("paths", files.paths);
  out.Comment("Patterns of names that are left out.");
  out.Strings("exclude", files.excludes);
  out.Comment("Of each line's stream, besides global.external_labels and level.");
  WriteLabels(files.labels, out);
  out.Comment("Where reading begins at the first start ever: beginning or end.");
  out.String("start_at", files.from_end ? "end" : "beginning");
  out.Comment("Send the file's name with each line.");
  out.Bool("add_filename", files.add_filename);
  out.Comment("Of a longer line the start is kept, and counted.");
  out.Bytes("line_bytes_max", files.framer.line_bytes_max);
  out.BeginMap("multiline");
  out.Comment("A regular expression (RE2) for the first line of an entry; each line is one when empty.");
  out.String("start", files.framer.start_pattern);
  out.Int("lines_max", static_cast<std::int64_t>(files.framer.lines_max));
  out.EndMap();
  out.Comment("After which a line without an end, or an entry of several lines, is taken as it is.");
  out.DurationMs("idle_wait", files.idle_wait_ms);
  out.Comment("How long a file that was renamed or removed is read on when nothing comes.");
  out.DurationMs("rotated_wait", files.rotated_wait_ms);
  out.Int("file_limit", static_cast<std::int64_t>(files.files_max));
}

void CheckAddress(config::YamlMap& map, std::string_view key, const std::string& address) {
  if (const auto parsed = io::ParseHostPort(address); !parsed) map.Complain(key, parsed.error().message);
}

SyslogConfig ReadSyslog(config::YamlMap& map) {
  SyslogConfig syslog;
  syslog.udp = map.String("udp", syslog.udp);
  syslog.tcp = map.String("tcp", syslog.tcp);
  if (syslog.udp.empty() && syslog.tcp.empty())
    map.Complain("udp", "expected an address for udp, tcp or both");
  if (!syslog.udp.empty()) CheckAddress(map, "udp", syslog.udp);
  if (!syslog.tcp.empty()) CheckAddress(map, "tcp", syslog.tcp);
  syslog.labels = ReadLabels(map);
  syslog.message_bytes_max = static_cast<std::size_t>(
      map.Bytes("message_bytes_max", syslog.message_bytes_max, {.min = 480, .max = 64U << 10}));
  syslog.connections_max = static_cast<std::size_t>(map.Int(
      "connection_limit", static_cast<std::int64_t>(syslog.connections_max), {.min = 1, .max = 1'000}));
  return syslog;
}

void WriteSyslog(const SyslogConfig& syslog, config::YamlWriter& out) {
  out.Comment("host:port to receive RFC 5424 and RFC 3164 at, by UDP, TCP or both.");
  out.String("udp", syslog.udp);
  out.String("tcp", syslog.tcp);
  WriteLabels(syslog.labels, out);
  out.Bytes("message_bytes_max", syslog.message_bytes_max);
  out.Int("connection_limit", static_cast<std::int64_t>(syslog.connections_max));
}

FluentConfig ReadFluent(config::YamlMap& map) {
  FluentConfig fluent;
  fluent.listen = map.RequiredString("listen");
  if (!fluent.listen.empty()) CheckAddress(map, "listen", fluent.listen);
  fluent.labels = ReadLabels(map);
  fluent.message_bytes_max = static_cast<std::size_t>(
      map.Bytes("message_bytes_max", fluent.message_bytes_max, {.min = 1U << 10, .max = 32U << 20}));
  fluent.connections_max = static_cast<std::size_t>(map.Int(
      "connection_limit", static_cast<std::int64_t>(fluent.connections_max), {.min = 1, .max = 1'000}));
  return fluent;
}

void WriteFluent(const FluentConfig& fluent, config::YamlWriter& out) {
  out.Comment(
      "host:port for the Forward protocol, by TCP. There is no shared key: use an address of this machine.");
  out.String("listen", fluent.listen);
  WriteLabels(fluent.labels, out);
  out.Comment("Of a message, and of what it is when inflated.");
  out.Bytes("message_bytes_max", fluent.message_bytes_max);
  out.Int("connection_limit", static_cast<std::int64_t>(fluent.connections_max));
}

HttpLogsConfig ReadHttp(config::YamlMap& map) {
  HttpLogsConfig http;
  http.listen = map.RequiredString("listen");
  if (!http.listen.empty()) CheckAddress(map, "listen", http.listen);
  http.labels = ReadLabels(map);
  http.body_bytes_max = static_cast<std::size_t>(
      map.Bytes("body_bytes_max", http.body_bytes_max, {.min = 1U << 10, .max = 32U << 20}));
  http.connections_max = static_cast<std::size_t>(
      map.Int("connection_limit", static_cast<std::int64_t>(http.connections_max), {.min = 1, .max = 1'000}));
  return http;
}

void WriteHttp(const HttpLogsConfig& http, config::YamlWriter& out) {
  out.Comment(
      "host:port for records by HTTP: JSON, a record a line, MessagePack, text. Use an address of this "
      "machine.");
  out.String("listen", http.listen);
  WriteLabels(http.labels, out);
  out.Comment("Of a body, and of what it is when inflated.");
  out.Bytes("body_bytes_max", http.body_bytes_max);
  out.Int("connection_limit", static_cast<std::int64_t>(http.connections_max));
}

}  // namespace

std::pair<std::string, std::string> SplitLogPath(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash + 1 == path.size()) return {};
  std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  if (directory.find_first_of("*?[") != std::string::npos) return {};
  return {std::move(directory), path.substr(slash + 1)};
}

LogsConfig ReadLogsConfig(config::YamlMap map) {
  LogsConfig logs;
  config::YamlMap push = map.Map("push");
  logs.push = ReadPush(push, push.String("url", ""));
  logs.batch.bytes_max =
      push.Bytes("batch_bytes_max", logs.batch.bytes_max, {.min = 1ULL << 10U, .max = 4ULL << 20U});
  logs.batch.wait_ms = push.DurationMs("batch_wait", logs.batch.wait_ms, {.min = 50, .max = 60'000});

  config::YamlMap spool = map.Map("spool");
  logs.spool.directory = spool.String("directory", logs.spool.directory);
  logs.spool.segment_bytes =
      spool.Bytes("segment_bytes", logs.spool.segment_bytes, {.min = 64ULL << 10U, .max = 64ULL << 20U});
  logs.spool.bytes_max = spool.Bytes("bytes_max", logs.spool.bytes_max,
                                     {.min = 6 * logs.spool.segment_bytes, .max = 1ULL << 40U});
  logs.spool.error_bytes = spool.Bytes(
      "error_bytes", logs.spool.bytes_max / 4,
      {.min = 2 * logs.spool.segment_bytes, .max = logs.spool.bytes_max - 3 * logs.spool.segment_bytes});

  config::YamlMap tokens = map.Map("tokens");
  logs.tokens.keys = tokens.String("keys", logs.tokens.keys);
  logs.tokens.tenant = tokens.String("tenant", logs.tokens.tenant);
  logs.tokens.epoch_days = tokens.Int("epoch_days", logs.tokens.epoch_days, {.min = 1, .max = 3'650});

  for (config::YamlMap item : map.Maps("files"))
    logs.files.push_back(ReadFiles(item));
  for (config::YamlMap item : map.Maps("syslog"))
    logs.syslog.push_back(ReadSyslog(item));
  for (config::YamlMap item : map.Maps("fluent"))
    logs.fluent.push_back(ReadFluent(item));
  for (config::YamlMap item : map.Maps("http"))
    logs.http.push_back(ReadHttp(item));
  const bool has_inputs =
      !logs.files.empty() || !logs.syslog.empty() || !logs.fluent.empty() || !logs.http.empty();
  if (logs.files.size() > kItemsMax) map.Complain("files", "expected at most 64 items");
  if (has_inputs && !logs.is_on()) push.Complain("url", "expected where to send logs to");
  if (logs.is_on() && logs.spool.directory.empty())
    spool.Complain("directory", "expected where logs wait: a line is read when it is there");
  return logs;
}

void WriteLogsConfig(const LogsConfig& logs, config::YamlWriter& out) {
  out.BeginMap("push");
  out.Comment(
      "Where logs go, as Loki's push API has it: http://HOST:PORT/loki/api/v1/push. No logs are taken when "
      "empty.");
  out.String("url", logs.push.url);
  out.Comment("A batch is sent when it has so many bytes, or after so long.");
  out.Bytes("batch_bytes_max", logs.batch.bytes_max);
  out.DurationMs("batch_wait", logs.batch.wait_ms);
  WritePush(logs.push, out);
  out.EndMap();
  out.Comment("What was read and not delivered yet, and how far files were read.");
  out.BeginMap("spool");
  out.String("directory", logs.spool.directory);
  out.Comment("Past it the oldest segment is dropped and counted, of errors last.");
  out.Bytes("bytes_max", logs.spool.bytes_max);
  out.Bytes("segment_bytes", logs.spool.segment_bytes);
  out.Comment("Of bytes_max, for lines of level error and fatal alone.");
  out.Bytes("error_bytes", logs.spool.error_bytes);
  out.EndMap();
  out.Comment("Private data in lines becomes tokens. Without keys, lines that have some are refused.");
  out.BeginMap("tokens");
  out.Comment("A key file, see tickscope guard tokenize.");
  out.String("keys", logs.tokens.keys);
  out.String("tenant", logs.tokens.tenant);
  out.Int("epoch_days", logs.tokens.epoch_days);
  out.EndMap();
  out.BeginList("files");
  for (const LogFilesConfig& files : logs.files) {
    out.BeginItem();
    WriteFiles(files, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment("Syslog of this machine's services.");
  out.BeginList("syslog");
  for (const SyslogConfig& syslog : logs.syslog) {
    out.BeginItem();
    WriteSyslog(syslog, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment("Fluentd, Fluent Bit, and what logs as they do.");
  out.BeginList("fluent");
  for (const FluentConfig& fluent : logs.fluent) {
    out.BeginItem();
    WriteFluent(fluent, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment("Outputs of Fluent Bit and Fluentd that speak HTTP, and curl.");
  out.BeginList("http");
  for (const HttpLogsConfig& http : logs.http) {
    out.BeginItem();
    WriteHttp(http, out);
    out.EndItem();
  }
  out.EndList();
}

}  // namespace tickscope::agent
