#include "agent/agent_config.h"

#include <unordered_set>

#include <fmt/format.h>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "http/client.h"
#include "relabel/relabel_yaml.h"

namespace tickscope::agent {
namespace {

using config::YamlMap;

constexpr std::int64_t kIntervalMinMs = 100;
constexpr std::int64_t kIntervalMaxMs = 24 * 3'600'000;
constexpr std::size_t kTargetsMax = 10'000;
constexpr std::int64_t kMany = 1'000'000'000;

constexpr std::string_view kProtocolNames[] = {"PrometheusProto", "OpenMetricsText1.0.0",
                                               "PrometheusText0.0.4"};
constexpr wire::ExpositionFormat kProtocolFormats[] = {
    wire::ExpositionFormat::kProtobuf, wire::ExpositionFormat::kOpenMetrics, wire::ExpositionFormat::kText};

std::size_t Count(YamlMap& map, std::string_view key, std::size_t fallback, std::int64_t max = kMany) {
  return static_cast<std::size_t>(map.Int(key, static_cast<std::int64_t>(fallback), {.min = 1, .max = max}));
}

Labels ReadLabels(YamlMap& map, std::string_view key) {
  const auto pairs = map.StringMap(key);
  std::vector<std::pair<std::string_view, std::string_view>> views;
  for (const auto& [name, value] : pairs) {
    if (!IsValidUtf8(name) || name.empty()) map.Complain(key, "label names must be UTF-8 and not empty");
    if (name == kMetricName) map.Complain(key, "__name__ cannot be set here");
    views.emplace_back(name, value);
  }
  return Labels::FromPairs(views);
}

discovery::TargetGroup ReadTargetGroup(YamlMap map) {
  discovery::TargetGroup config{.targets = map.Strings("targets"), .labels = map.StringMap("labels")};
  if (config.targets.empty()) map.Complain("targets", "expected at least one \"host:port\"");
  for (const std::string& target : config.targets) {
    if (const auto url = http::ParseUrl("http://" + target + "/"); !url)
      map.Complain("targets", url.error().message);
  }
  (void)ReadLabels(map, "labels");
  return config;
}

ScrapeConfig ReadScrapeConfig(YamlMap map, const AgentConfig& global) {
  ScrapeConfig config;
  TargetConfig& target = config.target;
  config.job_name = map.RequiredString("job_name");
  config.metrics_path = map.String("metrics_path", config.metrics_path);
  if (!config.metrics_path.starts_with('/'))
    map.Complain("metrics_path", "expected a path that starts with '/'");
  target.access = ReadScrapeAccess(map);
  YamlMap params = map.Map("params");
  for (const std::string& name : params.Keys())
    config.params.emplace_back(name, params.Strings(name));
  for (YamlMap item : map.Maps("static_configs"))
    config.static_configs.push_back(ReadTargetGroup(item));
  config.discovery = discovery::ReadDiscoveryConfig(map);
  config.target_rules = relabel::ReadRelabeler(map, "relabel_configs");
  target.metric_rules = relabel::ReadRelabeler(map, "metric_relabel_configs");

  target.honor_labels = map.Bool("honor_labels", target.honor_labels);
  target.honor_timestamps = map.Bool("honor_timestamps", target.honor_timestamps);
  target.interval_ms = map.DurationMs("scrape_interval", global.scrape_interval_ms,
                                      {.min = kIntervalMinMs, .max = kIntervalMaxMs});
  const bool has_timeout = map.Has("scrape_timeout");
  target.timeout_ms = map.DurationMs("scrape_timeout", std::min(global.scrape_timeout_ms, target.interval_ms),
                                     {.min = 1, .max = kIntervalMaxMs});
  if (target.timeout_ms > target.interval_ms) {
    map.Complain(has_timeout ? "scrape_timeout" : "scrape_interval",
                 "scrape_timeout is above scrape_interval");
  }
  target.body_bytes_max = map.Bytes("body_size_limit", target.body_bytes_max, {.min = 1, .max = 1ULL << 30U});
  target.samples_max = Count(map, "sample_limit", target.samples_max);
  target.labels_max = Count(map, "label_limit", target.labels_max);
  target.label_name_bytes_max = Count(map, "label_name_length_limit", target.label_name_bytes_max);
  target.label_value_bytes_max = Count(map, "label_value_length_limit", target.label_value_bytes_max);
  target.native_histograms = map.Bool("scrape_native_histograms", true) ? wire::NativeHistograms::kPrefer
                                                                        : wire::NativeHistograms::kIgnore;
  if (map.Has("fallback_scrape_protocol")) {
    const std::size_t index =
        map.OneOf("fallback_scrape_protocol", 0, {kProtocolNames[0], kProtocolNames[1], kProtocolNames[2]});
    target.fallback_format = kProtocolFormats[index];
  }
  return config;
}

SpoolConfig ReadSpool(YamlMap map) {
  SpoolConfig config;
  config.directory = map.String("directory", config.directory);
  config.segment_bytes =
      map.Bytes("segment_bytes", config.segment_bytes, {.min = 64U << 10U, .max = 256U << 20U});
  config.bytes_max = map.Bytes("bytes_max", config.bytes_max, {.min = 1U << 20U, .max = 1ULL << 40U});
  if (config.bytes_max < 4 * config.segment_bytes)
    map.Complain("bytes_max", "bytes_max has no room for four segments");
  config.newest_first = map.Bool("newest_first", config.newest_first);
  config.commit_interval_ms =
      map.DurationMs("commit_interval", config.commit_interval_ms, {.min = 10, .max = 60'000});
  return config;
}

SigV4Config ReadSigV4(YamlMap map) {
  SigV4Config sigv4;
  sigv4.region = map.String("region", "");
  sigv4.service = map.String("service", sigv4.service);
  sigv4.access_key = map.String("access_key", "");
  sigv4.secret_key_file = map.String("secret_key_file", "");
  sigv4.session_token_file = map.String("session_token_file", "");
  if (!sigv4.region.empty() && (sigv4.access_key.empty() || sigv4.secret_key_file.empty()))
    map.Complain("region", "expected access_key and secret_key_file beside it");
  return sigv4;
}

void WriteSigV4(const SigV4Config& sigv4, config::YamlWriter& out) {
  out.Comment("Region of AWS; requests are not signed when empty.");
  out.String("region", sigv4.region);
  out.String("service", sigv4.service);
  out.String("access_key", sigv4.access_key);
  out.Comment(
      "Files with the secret key, and the token of temporary credentials. Read again when they change.");
  out.String("secret_key_file", sigv4.secret_key_file);
  out.String("session_token_file", sigv4.session_token_file);
}

RemoteWriteConfig ReadRemoteWrite(YamlMap map) {
  RemoteWriteConfig config;
  config.push = ReadPush(map, map.RequiredString("url"));
  constexpr std::size_t kOtlp = 2;
  const std::size_t protocol = map.OneOf("protocol", 0, {"rw2", "rw1", "otlp"});
  config.protocol = protocol == 0 ? wire::RemoteWriteProtocol::kV2 : wire::RemoteWriteProtocol::kV1;
  config.is_otlp = protocol == kOtlp;
  config.batch_samples_max = Count(map, "batch_samples_max", config.batch_samples_max, 1'000'000);
  config.shards = Count(map, "shards", config.shards, 16);
  config.queue_bytes_max =
      map.Bytes("queue_bytes_max", config.queue_bytes_max, {.min = 64 << 10U, .max = 8ULL << 30U});
  config.metadata_interval_ms =
      map.DurationMs("metadata_interval", config.metadata_interval_ms, {.min = 0, .max = kIntervalMaxMs});
  config.write_rules = relabel::ReadRelabeler(map, "write_relabel_configs");
  config.sigv4 = ReadSigV4(map.Map("sigv4"));
  if (!config.sigv4.region.empty() && !config.push.delivery.bearer_token_file.empty())
    map.Complain("sigv4", "a request is signed, or has a bearer token");
  config.spool = ReadSpool(map.Map("spool"));
  // Records of the spool go out one after the other.
  if (!config.spool.directory.empty() && config.shards != 1)
    map.Complain("shards", "a receiver with a spool has one shard");
  return config;
}

void WriteScrapeConfig(const ScrapeConfig& scrape, config::YamlWriter& out) {
  const TargetConfig& target = scrape.target;
  out.Comment("Value of the job label.");
  out.String("job_name", scrape.job_name);
  out.String("metrics_path", scrape.metrics_path);
  WriteScrapeAccess(target.access, out);
  out.Comment("Query parameters, a list of values each.");
  out.BeginMap("params");
  for (const auto& [name, values] : scrape.params)
    out.Strings(name, values);
  out.EndMap();
  out.Comment("Keep a target's own job and instance labels instead of renaming them to exported_...");
  out.Bool("honor_labels", target.honor_labels);
  out.Comment("Keep times that a target gives with its samples.");
  out.Bool("honor_timestamps", target.honor_timestamps);
  out.DurationMs("scrape_interval", target.interval_ms);
  out.DurationMs("scrape_timeout", target.timeout_ms);
  out.Comment("Past any of these limits the scrape fails as a whole. The size is after decompression.");
  out.Bytes("body_size_limit", target.body_bytes_max);
  out.Int("sample_limit", static_cast<std::int64_t>(target.samples_max));
  out.Int("label_limit", static_cast<std::int64_t>(target.labels_max));
  out.Int("label_name_length_limit", static_cast<std::int64_t>(target.label_name_bytes_max));
  out.Int("label_value_length_limit", static_cast<std::int64_t>(target.label_value_bytes_max));
  out.Comment("Ask for protobuf first, and prefer native to classic histograms in it.");
  out.Bool("scrape_native_histograms", target.native_histograms == wire::NativeHistograms::kPrefer);
  if (target.fallback_format) {
    out.Comment("Format assumed when the answer's Content-Type names none.");
    for (std::size_t i = 0; i < std::size(kProtocolFormats); ++i) {
      if (kProtocolFormats[i] == *target.fallback_format)
        out.String("fallback_scrape_protocol", kProtocolNames[i]);
    }
  }
  out.BeginList("static_configs");
  for (const discovery::TargetGroup& item : scrape.static_configs) {
    out.BeginItem();
    out.Strings("targets", item.targets);
    out.StringMap("labels", item.labels);
    out.EndItem();
  }
  out.EndList();
  discovery::WriteDiscoveryConfig(scrape.discovery, out);
  out.Comment("Prometheus relabelling of targets: __address__, __metrics_path__, __param_NAME, __meta_...");
  relabel::WriteRelabeler("relabel_configs", scrape.target_rules, out);
  out.Comment("And of series, before the external labels.");
  relabel::WriteRelabeler("metric_relabel_configs", target.metric_rules, out);
}

void WriteRemoteWrite(const RemoteWriteConfig& remote, config::YamlWriter& out) {
  out.String("url", remote.push.url);
  out.Comment(
      "rw2 (falls back to rw1 when the receiver does not understand it), rw1, or otlp: OTLP/HTTP in "
      "protobuf, to "
      "http://HOST:PORT/v1/metrics.");
  const char* const version = remote.protocol == wire::RemoteWriteProtocol::kV2 ? "rw2" : "rw1";
  out.String("protocol", remote.is_otlp ? "otlp" : version);
  out.Comment("Samples of a request at most.");
  out.Int("batch_samples_max", static_cast<std::int64_t>(remote.batch_samples_max));
  out.Comment(
      "Requests under way at once. A target always uses the same shard, so its samples stay in order.");
  out.Int("shards", static_cast<std::int64_t>(remote.shards));
  out.Comment(
      "Samples wait here, in memory, while the receiver is away. Past it the oldest are dropped and "
      "counted.");
  out.Bytes("queue_bytes_max", remote.queue_bytes_max);
  out.Comment("How often type, help and unit of a known series are sent again.");
  out.DurationMs("metadata_interval", remote.metadata_interval_ms);
  out.Comment("Prometheus relabelling of what this receiver gets; what it drops does not wait either.");
  relabel::WriteRelabeler("write_relabel_configs", remote.write_rules, out);
  WritePush(remote.push, out);
  out.Comment("Signs requests for AWS (Amazon Managed Prometheus).");
  out.BeginMap("sigv4");
  WriteSigV4(remote.sigv4, out);
  out.EndMap();
  const SpoolConfig& spool = remote.spool;
  out.Comment("Keeps what waits on disk, over restarts and kills, instead of in memory.");
  out.BeginMap("spool");
  out.Comment("A directory of this receiver alone; none when empty.");
  out.String("directory", spool.directory);
  out.Comment("Past it the oldest segment is dropped and counted.");
  out.Bytes("bytes_max", spool.bytes_max);
  out.Bytes("segment_bytes", spool.segment_bytes);
  out.Comment(
      "After an outage, send the newest segment first: now is seen at once, and the past fills up behind "
      "it.");
  out.Bool("newest_first", spool.newest_first);
  out.Comment("How much of the newest a power cut may take; a kill takes none of it.");
  out.DurationMs("commit_interval", spool.commit_interval_ms);
  out.EndMap();
}

}  // namespace

Result<AgentConfig> ParseAgentConfig(std::string_view text, const std::string& file) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto document, config::YamlDocument::Parse(text, file));
  YamlMap root = document->root();
  AgentConfig config;
  config.listen = root.String("listen", config.listen);
  YamlMap log = root.Map("log");
  if (const auto level = ParseLogLevel(log.String("level", "info")); level) {
    config.log_level = *level;
  } else {
    log.Complain("level", level.error().message);
  }
  if (const auto format = ParseLogFormat(log.String("format", "logfmt")); format) {
    config.log_format = *format;
  } else {
    log.Complain("format", format.error().message);
  }
  config.core_dump_memory = root.Bool("core_dump_memory", config.core_dump_memory);
  config.scrape_workers = Count(root, "scrape_workers", config.scrape_workers, 64);
  config.shutdown_timeout_ms =
      root.DurationMs("shutdown_timeout", config.shutdown_timeout_ms, {.min = 0, .max = 600'000});

  YamlMap global = root.Map("global");
  config.scrape_interval_ms = global.DurationMs("scrape_interval", config.scrape_interval_ms,
                                                {.min = kIntervalMinMs, .max = kIntervalMaxMs});
  config.scrape_timeout_ms =
      global.DurationMs("scrape_timeout", std::min(config.scrape_timeout_ms, config.scrape_interval_ms),
                        {.min = 1, .max = kIntervalMaxMs});
  config.external_labels = ReadLabels(global, "external_labels");

  YamlMap guard = root.Map("guard");
  config.guard.schema_file = guard.String("schema", config.guard.schema_file);
  config.guard.mode =
      static_cast<guard::GuardMode>(guard.OneOf("mode", 0, {"auto", "off", "observe", "enforce"}));
  if (guard.Has("player_patterns")) config.guard.player_patterns = guard.Strings("player_patterns");

  config.fleet = ReadFleetConfig(root.Map("fleet"));
  config.host_metadata = discovery::ReadHostMetadataConfig(root.Map("host_metadata"));

  std::unordered_set<std::string> jobs;
  for (YamlMap item : root.Maps("scrape_configs")) {
    config.scrape_configs.push_back(ReadScrapeConfig(item, config));
    if (!jobs.insert(config.scrape_configs.back().job_name).second) {
      item.Complain("job_name", "another scrape config has this job_name");
    }
  }
  std::unordered_set<std::string> directories;
  for (YamlMap item : root.Maps("sdk_pages")) {
    config.sdk_pages.push_back(ReadPagesConfig(item, config.scrape_interval_ms));
    if (!directories.insert(config.sdk_pages.back().directory).second)
      item.Complain("directory", "another item of sdk_pages has this directory");
  }
  config.host_metrics = ReadHostMetrics(root.Map("host_metrics"), config.scrape_interval_ms);
  std::unordered_set<std::string> sockets;
  for (YamlMap item : root.Maps("statsd")) {
    const StatsdConfig& statsd = config.statsd.emplace_back(ReadStatsd(item, config.scrape_interval_ms));
    for (const std::string& address : {statsd.udp, statsd.unix_socket}) {
      if (!address.empty() && !sockets.insert(address).second)
        item.Complain(address == statsd.udp ? "udp" : "unix", "another item of statsd has this address");
    }
  }
  for (YamlMap item : root.Maps("remote_write"))
    config.remote_writes.push_back(ReadRemoteWrite(item));
  config.disk_bytes_max =
      root.Map("disk").Bytes("bytes_max", config.disk_bytes_max, {.min = 0, .max = 1ULL << 40U});
  config.aggregation = ReadAggregationConfig(root.Map("aggregation"));
  config.logs = ReadLogsConfig(root.Map("logs"));
  if (config.remote_writes.empty() && !config.logs.is_on())
    root.Complain("remote_write", "expected at least one url to send to");
  if (config.Targets().size() > kTargetsMax) {
    root.Complain("scrape_configs", fmt::format("expected at most {} targets", kTargetsMax));
  }
  TICKSCOPE_RETURN_IF_ERROR(document->Finish());
  return config;
}

std::string DescribeAgentConfig(const AgentConfig& config) {
  config::YamlWriter out;
  out.Comment("Own metrics (/metrics) and probes (/-/ready, /-/healthy).");
  out.String("listen", config.listen);
  out.BeginMap("log");
  out.Comment("debug, info, warn or error.");
  constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
  out.String("level", kLevels[static_cast<std::size_t>(config.log_level)]);
  out.Comment("logfmt or json.");
  out.String("format", config.log_format == LogFormat::kJson ? "json" : "logfmt");
  out.EndMap();
  out.Comment("Core dumps hold the process's memory, and with it what was scraped; else registers only.");
  out.Bool("core_dump_memory", config.core_dump_memory);
  out.Comment("Targets scraped at the same moment at most.");
  out.Int("scrape_workers", static_cast<std::int64_t>(config.scrape_workers));
  out.Comment("How long SIGTERM waits for what is still to be sent.");
  out.DurationMs("shutdown_timeout", config.shutdown_timeout_ms);
  out.Comment("Which series may leave this machine. Without a schema only private data is looked for.");
  out.BeginMap("guard");
  out.String("schema", config.guard.schema_file);
  out.Comment(
      "off, observe (count and show), enforce (refuse), or auto: enforce with a schema, observe without.");
  out.String("mode", guard::kGuardModeNames[static_cast<std::size_t>(config.guard.mode)]);
  out.Comment("How this game's player ids look: regular expressions (RE2).");
  out.Strings("player_patterns", config.guard.player_patterns);
  out.EndMap();
  out.Comment("What this agent takes from its gateway besides answers. Changes with a restart.");
  out.BeginMap("fleet");
  WriteFleetConfig(config.fleet, out);
  out.EndMap();
  out.BeginMap("global");
  out.DurationMs("scrape_interval", config.scrape_interval_ms);
  out.DurationMs("scrape_timeout", config.scrape_timeout_ms);
  out.Comment("Added to every series that does not have them.");
  std::vector<std::pair<std::string, std::string>> external;
  for (const LabelView& label : config.external_labels)
    external.emplace_back(label.name, label.value);
  out.StringMap("external_labels", external);
  out.EndMap();
  out.BeginMap("host_metadata");
  discovery::WriteHostMetadataConfig(config.host_metadata, out);
  out.EndMap();
  out.BeginList("scrape_configs");
  for (const ScrapeConfig& scrape : config.scrape_configs) {
    out.BeginItem();
    WriteScrapeConfig(scrape, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment("Directories in which game servers that run the SDK have their pages.");
  out.BeginList("sdk_pages");
  for (const PagesConfig& pages : config.sdk_pages) {
    out.BeginItem();
    WritePagesConfig(pages, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment("The machine itself: processors, memory, disks, network, under node_exporter's names.");
  out.BeginMap("host_metrics");
  WriteHostMetrics(config.host_metrics, out);
  out.EndMap();
  out.Comment("StatsD, with DogStatsD's tags.");
  out.BeginList("statsd");
  for (const StatsdConfig& statsd : config.statsd) {
    out.BeginItem();
    WriteStatsd(statsd, out);
    out.EndItem();
  }
  out.EndList();
  out.BeginList("remote_write");
  for (const RemoteWriteConfig& remote : config.remote_writes) {
    out.BeginItem();
    WriteRemoteWrite(remote, out);
    out.EndItem();
  }
  out.EndList();
  out.Comment(
      "Spools that meet on a disk: what is worth least gives way, logs before logs of errors before "
      "samples.");
  out.BeginMap("disk");
  out.Comment("Of all spools together; 0: each by its own bytes_max, and by what the disk has.");
  out.Bytes("bytes_max", config.disk_bytes_max);
  out.EndMap();
  out.Comment("How what the schema has `aggregate` for is added up. Changes with a restart.");
  out.BeginMap("aggregation");
  WriteAggregationConfig(config.aggregation, out);
  out.EndMap();
  out.BeginMap("logs");
  WriteLogsConfig(config.logs, out);
  out.EndMap();
  return out.text();
}

}  // namespace tickscope::agent
