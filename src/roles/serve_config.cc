#include "roles/serve_config.h"

#include <fmt/format.h>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "promql/engine.h"

namespace tickscope::roles {
namespace {

using config::YamlDocument;
using config::YamlMap;
using config::YamlWriter;

// What may be set for each tenant.
template <typename Visitor>
void VisitLimits(Visitor& visit, ingest::TenantLimits& limits) {
  ingest::TenantSeriesOptions& series = limits.series;
  visit.Count("series_max",
              "Active series a tenant; samples of further ones go to their metric's __overflow__ series.",
              series.limits.series_max, 0, 2'000'000'000);
  visit.Count("series_per_metric_max", "The same for each metric name.", series.limits.series_per_metric_max,
              0, 2'000'000'000);
  visit.Budgets("budgets",
                "The same for what a selector matches: a list of {match: SELECTOR, series_max: N}.",
                series.limits.budgets);
  visit.Interval("series_idle", "Silence after which a series is not active any more.", series.idle_ms);
  visit.Texts("overflow_keeps", "Labels that __overflow__ series keep.", series.overflow_keeps);
  visit.Count("overflow_series_max", "__overflow__ series; what would need more is refused.",
              series.overflow_series_max, 0, 1'000'000);
  visit.Count("overflow_sources_max", "Series over a limit that are told apart; samples of more are refused.",
              series.overflow_sources_max, 0, 100'000'000);
  visit.Count("labels_max", "Labels a series, metric name included.", limits.labels.labels_max, 1, 10'000);
  visit.Size("label_name_bytes_max", "Length of a label name.", limits.labels.name_bytes_max, 1, 1U << 20);
  visit.Size("label_value_bytes_max", "Length of a label value.", limits.labels.value_bytes_max, 1, 1U << 20);
  visit.Count("samples_per_second",
              "Samples a tenant may send a second; more are answered 429; 0 for any number.",
              limits.rates.samples_per_second, 0, 1'000'000'000'000);
  visit.Size("bytes_per_second", "Bytes of remote write likewise, as decompressed.",
             limits.rates.bytes_per_second, 0, 1ULL << 40);
  visit.Count("burst_seconds", "How much of both may come at once, in seconds' worth.",
              limits.rates.burst_seconds, 1, 3600);
  visit.Flag("ha_replicas",
             "Of several Prometheus of a cluster, take one, and another when it is silent; told apart by two "
             "labels.",
             limits.replicas.enabled);
  visit.Text("ha_cluster_label", "Label of the cluster; kept.", limits.replicas.cluster_label);
  visit.Text("ha_replica_label", "Label of the replica; taken away.", limits.replicas.replica_label);
  visit.Duration("ha_failover", "Silence after which another replica is taken.", limits.replicas.failover_ms);
  visit.Duration("late_window", "How far behind its series' newest a sample may be.", limits.late_window_ms);
}

// What one query and one user may ask for; may be set for each tenant.
template <typename Visitor>
void VisitQueryLimits(Visitor& visit, queryfront::QueryLimits& limits) {
  visit.Size("warn_bytes", "Estimated cost, unpacked, from which an answer carries a warning; 0 for never.",
             limits.warn_bytes, 0, 1ULL << 60);
  visit.Size("refuse_bytes", "Estimated cost from which a query is refused, 429; 0 for never.",
             limits.refuse_bytes, 0, 1ULL << 60);
  visit.Count("user_samples_per_hour", "Samples and steps a user may ask for in an hour; 0 for any number.",
              limits.user_samples_per_hour, 0, 1'000'000'000'000'000);
}

template <typename Visitor>
void VisitQueryFront(Visitor& visit, ServeConfig& c) {
  visit.Begin("admission",
              "Which queries run, wait, or are sent away. The three limits are read again on SIGHUP.");
  VisitQueryLimits(visit, c.front.limits);
  visit.QueryTenants("tenants", "The same three for single tenants, by name; what is left out is as above.",
                     c.front);
  visit.Begin("classes", "Lower limits of single classes; 0 for the tenant's.");
  for (const queryfront::QueryClass query_class : queryfront::kQueryClasses) {
    queryfront::ClassLimits& limits = c.front.classes[queryfront::ToIndex(query_class)];
    visit.Begin(std::string(queryfront::QueryClassName(query_class)).c_str(), "Queries of this class.");
    visit.Size("warn_bytes", "As above.", limits.warn_bytes, 0, 1ULL << 60);
    visit.Size("refuse_bytes", "As above.", limits.refuse_bytes, 0, 1ULL << 60);
    visit.End();
  }
  visit.End();
  visit.Count("tenant_waiting_max",
              "Queries of a tenant and class that wait for a slot; more are answered 429.",
              c.front.admission.tenant_waiting_max, 1, 1'000'000);
  visit.Count("user_waiting_max", "The same of a user.", c.front.admission.user_waiting_max, 1, 1'000'000);
  visit.Millis("target", "Wait that is fine. When it stays longer, costly queries are sent away, 503.",
               c.front.admission.target);
  visit.Millis("interval", "How long it must stay so.", c.front.admission.interval);
  visit.Count("users_max", "Users whose budgets are kept.", c.front.users_max, 1, 10'000'000);
  visit.Count("arrival_threads", "Queries that are looked at, wait or run at once.", c.arrivals.threads, 1,
              4096);
  visit.Count("arrival_user_threads", "Of these, of one user.", c.arrivals.user_threads_max, 1, 4096);
  visit.Count("arrivals_max", "Queries that arrived and are not looked at yet; more are answered 503.",
              c.arrivals.waiting.items_max, 1, 1'000'000);
  visit.Count("tenant_arrivals_max", "The same of a tenant and class; more are answered 429.",
              c.arrivals.waiting.tenant_items_max, 1, 1'000'000);
  visit.Count("user_arrivals_max", "The same of a user.", c.arrivals.waiting.user_items_max, 1, 1'000'000);
  visit.End();
}

template <typename Visitor>
void VisitResultCache(Visitor& visit, queryfront::ResultCacheOptions& options) {
  visit.Begin(
      "cache",
      "Results of range queries, kept by step. Late samples, deletes and retention cut out what they touch.");
  visit.Size("memory", "Memory for results; 0 keeps none.", options.memory_bytes, 0, 1ULL << 40);
  visit.Size("labels", "Memory for label names and values; 0 keeps none.", options.label_bytes, 0,
             1ULL << 40);
  visit.Size("negative", "Memory for selectors that match nothing; 0 keeps none.", options.negative_bytes, 0,
             1ULL << 40);
  visit.Size("disk", "Files of results, which survive a restart; 0 writes none.", options.disk_bytes, 0,
             1ULL << 50);
  visit.Size("result_bytes_max", "A larger result is not kept.", options.entry_bytes_max, 1024, 1ULL << 30);
  visit.Interval("settle", "Steps this near to now are evaluated again each time.", options.settle_ms);
  visit.End();
}

// How long each tier keeps samples.
template <typename Visitor>
void VisitKeep(Visitor& visit, tier::KeepTimes& keep_ms) {
  visit.Interval("raw", "Samples as they came.", keep_ms[0]);
  visit.Interval("1m", "Windows of a minute.", keep_ms[1]);
  visit.Interval("5m", "Windows of five minutes.", keep_ms[2]);
  // Who wrote down how long history is kept before there were hours meant them as well.
  if (visit.Says("5m") && !visit.Says("1h")) keep_ms[3] = keep_ms[2];
  visit.Interval("1h", "Windows of an hour; as 5m when that alone is said.", keep_ms[3]);
}

template <typename Visitor>
void VisitTiers(Visitor& visit, TierConfig& c) {
  visit.Begin("objects", "The object store: where history is. A directory of this machine, or S3.");
  visit.Text("url",
             "PATH, or s3://BUCKET/PREFIX?region=R&endpoint=URL; empty is \"objects\" in the data directory.",
             c.store.url);
  visit.Text("access_key", "Of S3; empty for the environment's, the profile's or the machine's.",
             c.store.access_key);
  visit.Secret("secret_key", "Likewise; better in AWS_SECRET_ACCESS_KEY. Never shown.", c.store.secret_key);
  visit.Millis("retry_deadline", "Longest time a call is tried again.", c.store.retry.deadline);
  visit.Size("cache", "Local files of what queries read of S3.", c.cache_bytes, 64ULL << 20, 1ULL << 50);
  visit.Count("open_blocks_max", "Blocks whose index is kept in memory.", c.open_blocks_max, 1, 100'000);
  visit.End();

  visit.Begin("tiers", "History: blocks move to the object store, are merged, thinned, and let go.");
  visit.Flag("enabled", "Without it blocks stay in the store and go after store.retention.", c.enabled);
  visit.Interval("interval", "Between rounds of work.", c.worker.interval_ms);
  visit.Interval("hot", "How long blocks stay on this machine's disk beside the object store.",
                 c.worker.hot_ms);
  visit.Interval("settle", "How long a day must be over before its blocks are merged.",
                 c.worker.merge.settle_ms);
  visit.Interval("grace", "Between a merge and the removal of what it replaced.", c.worker.grace_ms);
  visit.Size("merge_memory", "Most memory one merge may take.", c.worker.merge_memory_bytes, 16U << 20,
             1ULL << 40);
  visit.Flag("rollup_everything",
             "Windows keep all seven aggregates of all series; else those that go with a counter or a gauge.",
             c.worker.rolls_up_everything);
  visit.Count("shard", "Which of several compactors this one is, from 0.", c.worker.shard, 0, 1023);
  visit.Count("shards", "How many compactors share the work.", c.worker.shard_count, 1, 1024);
  visit.Begin("keep", "How long each tier keeps samples.");
  VisitKeep(visit, c.worker.retention.policy.keep_ms);
  visit.End();
  visit.KeepRules("keep_rules",
                  "The same for series that a selector matches; the first rule that does counts: a list of "
                  "{match: SELECTOR, raw: 2d, 1m: 7d, 5m: 7d, 1h: 7d}.",
                  c.worker.retention.policy);
  visit.KeepTenants("keep_tenants", "The same for single tenants, by name; what is left out is as above.",
                    c.worker.retention);
  visit.End();

  visit.Begin("cold", "Days as Parquet for other engines, kept up by the compact role.");
  visit.Duration("publish_every", "How often days that are over are looked for and published; 0 for never.",
                 c.cold.publish_every_ms);
  visit.Duration("grace", "How long replaced files stay for readers that began before.", c.cold.grace_ms);
  visit.Texts("promote", "Labels that are columns of their own.", c.cold.promoted);
  visit.End();
}

template <typename Visitor>
void VisitLive(Visitor& visit, live::LiveOptions& live) {
  visit.Begin("live", "The live tail: GET and POST /api/v1/stream.");
  visit.Count("threads", "Threads that evaluate.", live.threads, 1, 256);
  visit.Count("connections_max", "Clients that follow queries; more are answered 503.", live.connections_max,
              1, 1'000'000);
  visit.Count("queries_per_connection_max", "Queries of one client.", live.queries.queries_max, 1, 1024);
  visit.Duration("step_min", "Shortest step.", live.queries.step_min_ms);
  visit.Count("topics_max", "Different queries; more are answered 503.", live.topics_max, 1, 1'000'000);
  visit.Count("points_max", "Points of one query's window; one that needs more fails.", live.points_max, 1,
              1'000'000'000);
  visit.Count("points_total_max", "Points of all windows, about 32 bytes each.", live.points_total_max, 1,
              100'000'000'000);
  visit.Size("buffer_bytes_max", "Events that wait for one client; past it the client gets a snapshot later.",
             live.buffer_bytes_max, 1024, 1ULL << 40);
  visit.Size("event_bytes_max", "One event; a query that needs more fails.", live.event_bytes_max, 1024,
             1ULL << 40);
  visit.Size("history_bytes_max", "Events kept of each query for clients that come back.",
             live.history_bytes_max, 0, 1ULL << 40);
  visit.Duration("delay", "From a step's time to its evaluation.", live.delay_ms);
  visit.Duration("look_back", "How far behind samples may come and still be shown.", live.look_back_ms);
  visit.Interval("heartbeat", "Between comments that keep a silent connection open.", live.heartbeat_ms);
  visit.Duration("linger", "How long a query that nobody follows any more is kept.", live.linger_ms);
  visit.Duration("retry", "Least time a client is told to wait before it comes back; up to twice, by chance.",
                 live.retry_ms);
  visit.Duration("behind_max", "How long a client may be behind before its connection ends.",
                 live.behind_max_ms);
  visit.End();
}

template <typename Visitor>
void VisitOtlp(Visitor& visit, ServeConfig& c) {
  visit.Begin("otlp", "OTLP over HTTP: POST /api/v1/otlp/v1/metrics, logs, traces.");
  visit.Text("listen",
             "Address of a listener for /v1/metrics, /v1/logs, /v1/traces and /loki/api/v1/push, where SDKs "
             "send unless "
             "told otherwise: 127.0.0.1:4318; empty for none.",
             c.otlp_address);
  visit.Names("translation_strategy",
              "How names are written: UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, "
              "NoUTF8EscapingWithSuffixes or NoTranslation.",
              c.otlp.names);
  visit.Texts("promote_resource_attributes",
              "Resource attributes that are labels of every series; all are in target_info.",
              c.otlp.promoted_attributes);
  visit.Flag("keep_identifying_resource_attributes",
             "Keep service.name, service.namespace and service.instance.id in target_info, too.",
             c.otlp.keeps_identifying_attributes);
  visit.Flag("promote_scope_metadata", "Name, version and attributes of the scope as otel_scope_ labels.",
             c.otlp.promotes_scope);
  visit.Begin("grpc", "OTLP over gRPC; with TLS when the tls section has a certificate.");
  visit.Text("listen", "Address, 127.0.0.1:4317 where SDKs send unless told otherwise; empty for none.",
             c.otlp_grpc.address);
  visit.Size("message_bytes_max", "A request's message as it is sent; more is RESOURCE_EXHAUSTED.",
             c.otlp_grpc.message_bytes_max, 1024, 1U << 30);
  visit.Count("calls_max", "Calls in progress at once, and streams of a connection.", c.otlp_grpc.calls_max,
              1, 100'000);
  visit.End();
  visit.Begin("delta", "Sums and histograms of delta temporality, added up to cumulative ones.");
  visit.Count("series_max", "Totals kept, of all tenants, some 120 bytes each; 0 to refuse delta.",
              c.otlp_delta.series_max, 0, 100'000'000);
  visit.Interval("idle", "After so long a silence a total makes room for a new one.", c.otlp_delta.idle_ms);
  visit.End();
  visit.End();
}

template <typename Visitor>
void VisitSignals(Visitor& visit, SignalConfig& c) {
  visit.Begin(
      "logs",
      "Logs and spans: by OTLP, and POST /loki/api/v1/push. What is private in them is replaced, see guard.");
  visit.Text("token_keys",
             "File of keys for tokens, mode 0600: lines of TENANT ID FROM-EPOCH HEX. Without keys private "
             "values become "
             "[email], [ip] and the like. Read again on SIGHUP.",
             c.token_keys);
  visit.Interval("token_epoch", "How long a value keeps its token; as in the agents.", c.token_epoch_ms);
  visit.Size("request_bytes_max", "A request, decompressed.", c.limits.request_bytes_max, 1024, 64U << 20);
  visit.Size("line_bytes_max", "A log's body; a longer one is refused.", c.limits.line_bytes_max, 1024,
             16U << 20);
  visit.Size(
      "attribute_bytes_max",
      "Names and values of a record's attributes, or of those that records share; with more it is refused.",
      c.limits.attribute_bytes_max, 1024, 16U << 20);
  visit.Count("stream_labels_max", "Labels of a Loki stream.", c.limits.stream_labels_max, 1, 256);
  visit.Duration("past_max", "How far behind the clock a record may be.", c.limits.past_max_ms);
  visit.Duration("future_max", "How far ahead of the clock a record may be.", c.limits.future_max_ms);
  visit.End();
}

// One table drives reading and writing, so that neither can forget a setting. A visitor gets each setting with its
// name and its meaning.
template <typename Visitor>
void VisitSettings(Visitor& visit, ServeConfig& c) {
  visit.Text("listen", "Address of the HTTP server: API, remote write, health. Port 0 takes a free one.",
             c.http.address);
  visit.Text("data", "Directory for everything that is kept.", c.data_directory);
  visit.Text("roles", "What this process does: all, or a list of gateway, store, query, compact.", c.roles);

  visit.Begin("log", "Logging to standard error. Read again on SIGHUP.");
  visit.Level("level", "debug, info, warn or error.", c.log_level);
  visit.Format("format", "logfmt or json.", c.log_format);
  visit.End();

  visit.Begin("http", "Limits of the HTTP server.");
  visit.Count("connections_max", "Connections at once; more are answered 503.", c.http.connections_max, 1,
              1'000'000);
  visit.Size("header_bytes_max", "Header of a request; more is 431.", c.http.header_bytes_max, 1024,
             1U << 20);
  visit.Size("body_bytes_max", "Body of a request as sent; more is 413.", c.http.body_bytes_max, 1024,
             1U << 30);
  visit.Size("body_bytes_in_flight_max", "Bodies of all requests together; more is 503.",
             c.http.body_bytes_in_flight_max, 1024, 1ULL << 40);
  visit.Millis("header_timeout", "From a request's first byte to the end of its header.",
               c.http.header_timeout);
  visit.Millis("body_timeout", "From the end of the header to the end of the body.", c.http.body_timeout);
  visit.Size("body_rate_min", "Bytes a second that a body must come at; 0 for any.", c.http.body_rate_min, 0,
             1U << 30);
  visit.Millis("idle_timeout", "Between two requests of a connection.", c.http.idle_timeout);
  visit.Millis("write_timeout", "For a client that does not read its answer.", c.http.write_timeout);
  visit.Duration("drain_timeout", "What SIGTERM leaves requests in progress.", c.drain_timeout_ms);
  visit.Origins(
      "cors_origin",
      "Regular expression of whole origins whose pages may read the API in a browser; empty for none.",
      c.cors_origin);
  visit.End();

  visit.Part("tls", "TLS of all listeners. Files are taken up again when they change, and on SIGHUP.", c.tls);
  visit.Part("fleet", "The fleet's switch: what agents are told with the answers of their pushes.", c.fleet);
  visit.Part("access", "Who may come in, and as which tenant. Read again on SIGHUP.", c.access);

  visit.Part("console", "Pages for people, and what they keep: dashboards, annotations, viewer links.",
             c.console);

  visit.Begin("ingest", "Writing. Limits are read again on SIGHUP.");
  visit.Count("threads", "Threads that decompress and decode.", c.ingest_threads, 1, 256);
  visit.Count("queue_max", "Requests waiting for one; more are answered 503.", c.ingest_queue_max, 1,
              1'000'000);
  visit.Size("request_bytes_max", "A request after decompression; more is 413.", c.ingest.request_bytes_max,
             1024, 1U << 30);
  visit.Count("senders_max", "Senders whose pushes are told from repetitions of them.", c.ingest.senders_max,
              1, 1'000'000);
  VisitLimits(visit, c.ingest.admission.limits);
  visit.Tenants("tenants", "Limits of single tenants, by name; what is left out is as above.",
                c.ingest.admission);
  visit.Count("tenants_max", "Tenants.", c.ingest.admission.tenants_max, 1, 1'000'000);
  visit.Duration("future_max", "How far ahead of this machine's clock a sample may be.",
                 c.ingest.admission.future_max_ms);
  visit.Duration("past_max", "How far behind this machine's clock a sample may be.",
                 c.ingest.admission.past_max_ms);
  visit.End();

  VisitOtlp(visit, c);
  VisitSignals(visit, c.signals);

  visit.Begin("guard",
              "Which series may exist, and what must not be in them. GET /api/v1/guard/rejects shows what is "
              "refused. Read again on SIGHUP, the schema file too.");
  visit.Text("schema", "File that names all metrics; empty for none: then only private data is looked for.",
             c.guard.schema_file);
  visit.Mode(
      "mode",
      "off, observe (count and show), enforce (refuse), or auto: enforce with a schema, observe without.",
      c.guard.mode);
  visit.Texts("player_patterns", "How this game's player ids look: regular expressions (RE2).",
              c.guard.player_patterns);
  visit.End();

  visit.Begin("stream", "The embedded log: what is acknowledged is in it, on disk.");
  visit.Size("segment_bytes_max", "Size of a segment file.", c.stream.segment_bytes_max, 1U << 20,
             4ULL << 30);
  visit.Size("retention_bytes_max", "Oldest segments go when all together are larger.",
             c.stream.retention_bytes_max, 1U << 20, 1ULL << 50);
  visit.Duration("retention_age",
                 "Segments go when their newest record is older and the store has files of it.",
                 c.stream.retention_age_ms);
  visit.Size("queue_bytes_max", "Records waiting for the disk; more are answered 503.",
             c.stream.queue_bytes_max, 1U << 20, 1ULL << 40);
  visit.Size("disk_free_bytes_min", "Writes are answered 503 when the disk has less left.",
             c.stream.disk_free_bytes_min, 0, 1ULL << 50);
  visit.End();

  visit.Begin("store", "What queries read: segments of minutes, blocks of hours, in files.");
  visit.Interval("seal_interval",
                 "How often new samples go to a segment file: what a restart replays at most.",
                 c.store.seal_interval_ms);
  visit.Count("seal_samples_max", "A segment is written earlier at this many samples.",
              c.store.seal_samples_max, 1'000, 1'000'000'000);
  visit.Count("seal_series_max", "Or at this many new series.", c.store.seal_series_max, 1'000,
              1'000'000'000);
  visit.Interval("block_range", "Time a block covers.", c.store.block_range_ms);
  visit.Duration("block_delay",
                 "How long a block's end must be past before it is written: later samples cost more.",
                 c.store.block_delay_ms);
  visit.Interval("retention", "Blocks go when all their samples are older.", c.store.retention_ms);
  visit.Count("exemplars_max",
              "Exemplars a tenant, in memory; the oldest make room. About 300 bytes each; 0 for none.",
              c.store.exemplars.exemplars_max, 0, 100'000'000);
  visit.Count("exemplars_per_series_max", "The same for each series.",
              c.store.exemplars.exemplars_per_series_max, 1, 100'000'000);
  visit.Size("selections",
             "Memory for which series selectors choose, kept from query to query; 0 keeps nothing.",
             c.store.selection_bytes, 0, 1ULL << 40);
  visit.Size("scrub_rate",
             "Bytes of blocks read again and checked a second, while there is nothing to write; 0 for none.",
             c.store.scrub_bytes_per_second, 0, 1ULL << 40);
  visit.End();

  VisitTiers(visit, c.tiers);

  visit.Begin("query", "Reading.");
  visit.Count("threads", "Queries that run at once.", c.query_threads, 1, 1024);
  visit.Count("queue_max", "Queries waiting for a slot; more are answered 503.", c.query_queue_max, 1,
              1'000'000);
  visit.Duration("timeout", "The longest a query may take.", c.query_timeout_ms);
  visit.Duration("slow_log", "Queries that take longer are written to the log; 0 for none.",
                 c.front.slow_log_ms);
  VisitQueryFront(visit, c);
  VisitResultCache(visit, c.result_cache);
  visit.Duration("lookback", "How old the newest sample of a series may be to count as its present value.",
                 c.engine.lookback_ms);
  visit.Duration("default_subquery_step", "Step of a subquery that names none.",
                 c.engine.default_subquery_step_ms);
  visit.Count("samples_max", "Samples one query may hold.", c.engine.samples_max, 1, 1'000'000'000'000);
  visit.Size("memory_max", "Memory one query may take, its result included.", c.engine.memory_bytes_max,
             1 << 20, 1ULL << 50);
  visit.Count("series_max", "Series one selector may match.", c.store.query_series_max, 1, 4'000'000'000);
  visit.Size("response_bytes_max", "Answer before compression.", c.response_bytes_max, 1024, 1ULL << 40);
  visit.Flag("experimental_functions", "Functions Prometheus has behind a flag.",
             c.engine.experimental_functions);
  visit.Flag("delayed_name_removal", "Drop metric names at the end of a query instead of at each function.",
             c.engine.delayed_name_removal);
  visit.Flag("use_start_timestamps",
             "Let rate, increase and their like see a restart by its start timestamp, also when the value "
             "did not fall.",
             c.engine.use_start_timestamps);
  visit.Flag("pushes_down", "Add up columns where they lie; false evaluates series by series.",
             c.engine.pushes_down);
  visit.Flag("shares_subexpressions", "Evaluate equal parts of a query once.",
             c.engine.shares_subexpressions);
  visit.Flag("uses_windows",
             "Read windows of 1m and 5m where they give the same as samples; false reads samples where there "
             "are any.",
             c.engine.uses_windows);
  visit.Resolution(
      "max_source_resolution",
      "Coarsest windows that may stand for samples, where the answer is near and not the same: raw (none), "
      "auto (a fifth of the step), 1m, 5m, 1h. A request's max_source_resolution wins.",
      c.front.resolution);
  visit.Count("threads_per_query", "Most threads one query may take; 0 is one a core.", c.engine.threads, 0,
              256);
  visit.Flag("unquoted_utf8_names", "Accept a.b{c.d=\"x\"} without quotes.", c.engine.unquoted_utf8_names);
  visit.Flag("type_and_unit_labels", "Drop __type__ and __unit__ wherever the metric name is dropped.",
             c.engine.type_and_unit_labels);
  visit.End();

  VisitLive(visit, c.live);

  visit.Begin("sql", "SQL over the cold tier: POST /api/v1/sql.");
  visit.Count("queries", "Queries that run at once.", c.sql_queries, 1, 64);
  visit.Count("queue_max", "Queries waiting; more are answered 503.", c.sql_queue_max, 1, 1'000'000);
  visit.Duration("timeout", "The longest a query may take.", c.sql_timeout_ms);
  visit.Size("memory_bytes_max", "Memory of one query; it is not spilled to disk.", c.sql.memory_bytes,
             16U << 20, 1ULL << 40);
  visit.Count("threads", "Threads of one query.", c.sql.threads, 1, 256);
  visit.Count("rows_max", "Rows of an answer; more are left out, and the answer says so.", c.sql.rows_max, 1,
              100'000'000);
  visit.Size("response_bytes_max", "Values of an answer; more is an error.", c.sql.bytes_max, 1024,
             1ULL << 32);
  visit.Count("parts_max", "Files open to a query; more is an error.", c.sql.parts_max, 1, 10'000'000);
  visit.End();

  visit.Flag("freshness_probe", "Write a probe sample each second and time how long until a query sees it.",
             c.freshness_probe);
  visit.Flag("admin_api",
             "Serve /api/v1/admin: imports, snapshots and deletes, for whoever reaches the address.",
             c.admin_api);
  visit.Flag(
      "core_dump_memory",
      "Core dumps hold the process's memory, and with it lines and labels as they were sent. Without it they "
      "hold registers only.",
      c.core_dump_memory);
}

class Reader {
 public:
  explicit Reader(YamlMap root) : maps_{std::move(root)} {}

  void Begin(const char* name, const char*) { maps_.push_back(maps_.back().Map(name)); }
  void End() { maps_.pop_back(); }
  // A section that has its own reading and writing.
  template <typename Section>
  void Part(const char* name, const char*, Section& section) {
    Read(maps_.back().Map(name), section);
  }
  void Text(const char* name, const char*, std::string& value) { value = maps_.back().String(name, value); }
  void Origins(const char* name, const char* help, std::string& value) {
    Text(name, help, value);
    if (const auto made = api::CorsPolicy::Make(value); !made)
      maps_.back().Complain(name, "expected a regular expression: " + made.error().message);
  }
  void Flag(const char* name, const char*, bool& value) { value = maps_.back().Bool(name, value); }
  template <typename Int>
  void Count(const char* name, const char*, Int& value, std::int64_t min, std::int64_t max) {
    value = static_cast<Int>(maps_.back().Int(name, static_cast<std::int64_t>(value), {min, max}));
  }
  template <typename Int>
  void Size(const char* name, const char*, Int& value, std::uint64_t min, std::uint64_t max) {
    value = static_cast<Int>(maps_.back().Bytes(name, value, {min, max}));
  }
  void Duration(const char* name, const char*, std::int64_t& value_ms) {
    value_ms = maps_.back().DurationMs(name, value_ms);
  }
  // A duration of a second or more.
  void Interval(const char* name, const char*, std::int64_t& value_ms) {
    value_ms = maps_.back().DurationMs(name, value_ms, {.min = 1000});
  }
  void Millis(const char* name, const char*, std::chrono::milliseconds& value) {
    value = std::chrono::milliseconds(maps_.back().DurationMs(name, value.count(), {.min = 1}));
  }
  void Texts(const char* name, const char*, std::vector<std::string>& value) {
    if (maps_.back().Has(name)) value = maps_.back().Strings(name);
  }
  void Budgets(const char* name, const char*, std::vector<ingest::SeriesBudget>& value) {
    if (!maps_.back().Has(name)) return;
    std::vector<YamlMap> items = maps_.back().Maps(name);
    if (items.size() > ingest::kBudgetsMax) {
      maps_.back().Complain(
          name, fmt::format("got {} budgets, want at most {}", items.size(), ingest::kBudgetsMax));
    }
    value.clear();
    for (YamlMap& item : items) {
      ingest::SeriesBudget& budget = value.emplace_back();
      budget.selector = item.RequiredString("match");
      budget.series_max = static_cast<std::uint64_t>(item.Int("series_max", 0, {0, 2'000'000'000}));
      auto matchers = promql::ParseSeriesSelector(budget.selector, {});
      if (matchers) {
        budget.matchers = *std::move(matchers);
      } else if (!budget.selector.empty()) {
        item.Complain("match", "expected a selector such as {region=\"eu\"}: " + matchers.error().message);
      }
      if (!item.Has("series_max")) item.Complain("match", "expected series_max beside it");
    }
  }
  void Tenants(const char* name, const char*, ingest::AdmissionOptions& options) {
    YamlMap tenants = maps_.back().Map(name);
    for (const std::string& tenant : tenants.Keys()) {
      ingest::TenantLimits& limits = options.tenants[tenant] = options.limits;
      maps_.push_back(tenants.Map(tenant));
      VisitLimits(*this, limits);
      maps_.pop_back();
    }
  }
  void QueryTenants(const char* name, const char*, queryfront::QueryFrontOptions& options) {
    YamlMap tenants = maps_.back().Map(name);
    for (const std::string& tenant : tenants.Keys()) {
      queryfront::QueryLimits& limits = options.tenants[tenant] = options.limits;
      maps_.push_back(tenants.Map(tenant));
      VisitQueryLimits(*this, limits);
      maps_.pop_back();
    }
  }
  [[nodiscard]] bool Says(const char* name) { return maps_.back().Has(name); }
  void Secret(const char* name, const char* help, std::string& value) { Text(name, help, value); }
  void KeepRules(const char* name, const char*, tier::RetentionPolicy& policy) {
    if (!maps_.back().Has(name)) return;
    policy.rules.clear();
    for (YamlMap& item : maps_.back().Maps(name)) {
      tier::RetentionRule& rule = policy.rules.emplace_back();
      rule.keep_ms = policy.keep_ms;
      rule.selector = item.RequiredString("match");
      auto matchers = ParseStoredSelector(rule.selector);
      if (matchers) {
        rule.matchers = *std::move(matchers);
      } else if (!rule.selector.empty()) {
        item.Complain("match", "expected a selector such as {class=\"debug\"}: " + matchers.error().message);
      }
      maps_.push_back(std::move(item));
      VisitKeep(*this, rule.keep_ms);
      maps_.pop_back();
    }
  }
  void KeepTenants(const char* name, const char*, tier::RetentionOptions& options) {
    YamlMap tenants = maps_.back().Map(name);
    for (const std::string& tenant : tenants.Keys()) {
      tier::RetentionPolicy& policy = options.tenants[tenant] = options.policy;
      maps_.push_back(tenants.Map(tenant));
      VisitKeep(*this, policy.keep_ms);
      KeepRules("rules", "", policy);
      maps_.pop_back();
    }
  }
  void Resolution(const char* name, const char*, queryfront::SourceResolution& resolution) {
    resolution = static_cast<queryfront::SourceResolution>(
        maps_.back().OneOf(name, static_cast<std::size_t>(resolution), {"raw", "auto", "1m", "5m", "1h"}));
  }
  void Level(const char* name, const char*, LogLevel& level) {
    level = static_cast<LogLevel>(
        maps_.back().OneOf(name, static_cast<std::size_t>(level), {"debug", "info", "warn", "error"}));
  }
  void Names(const char* name, const char*, otlp::NameStrategy& strategy) {
    strategy = static_cast<otlp::NameStrategy>(
        maps_.back().OneOf(name, static_cast<std::size_t>(strategy),
                           {otlp::kNameStrategies.begin(), otlp::kNameStrategies.end()}));
  }
  void Format(const char* name, const char*, LogFormat& format) {
    format = static_cast<LogFormat>(
        maps_.back().OneOf(name, static_cast<std::size_t>(format), {"logfmt", "json"}));
  }
  void Mode(const char* name, const char*, guard::GuardMode& mode) {
    mode = static_cast<guard::GuardMode>(
        maps_.back().OneOf(name, static_cast<std::size_t>(mode), {"auto", "off", "observe", "enforce"}));
  }

 private:
  std::vector<YamlMap> maps_;
};

class Writer {
 public:
  void Begin(const char* name, const char* help) {
    out_.Comment(help);
    out_.BeginMap(name);
  }
  void End() { out_.EndMap(); }
  template <typename Section>
  void Part(const char* name, const char* help, const Section& section) {
    Begin(name, help);
    Write(section, out_);
    End();
  }
  [[nodiscard]] static bool Says(const char*) { return true; }
  void Text(const char* name, const char* help, const std::string& value) {
    out_.Comment(help);
    out_.String(name, value);
  }
  void Origins(const char* name, const char* help, const std::string& value) { Text(name, help, value); }
  void Flag(const char* name, const char* help, bool value) {
    out_.Comment(help);
    out_.Bool(name, value);
  }
  void Secret(const char* name, const char* help, const std::string& value) {
    Text(name, help, value.empty() ? value : "<secret>");
  }
  void KeepRules(const char* name, const char* help, tier::RetentionPolicy& policy) {
    out_.Comment(help);
    if (policy.rules.empty()) return out_.Strings(name, {});
    out_.BeginList(name);
    for (tier::RetentionRule& rule : policy.rules) {
      out_.BeginItem();
      out_.String("match", rule.selector);
      VisitKeep(*this, rule.keep_ms);
      out_.EndItem();
    }
    out_.EndList();
  }
  void KeepTenants(const char* name, const char* help, tier::RetentionOptions& options) {
    out_.Comment(help);
    if (options.tenants.empty()) return out_.StringMap(name, {});
    out_.BeginMap(name);
    for (auto& [tenant, policy] : options.tenants) {
      out_.BeginMap(tenant);
      VisitKeep(*this, policy.keep_ms);
      KeepRules("rules", "As keep_rules.", policy);
      out_.EndMap();
    }
    out_.EndMap();
  }
  template <typename Int>
  void Count(const char* name, const char* help, Int value, std::int64_t, std::int64_t) {
    out_.Comment(help);
    out_.Int(name, static_cast<std::int64_t>(value));
  }
  template <typename Int>
  void Size(const char* name, const char* help, Int value, std::uint64_t, std::uint64_t) {
    out_.Comment(help);
    out_.Bytes(name, value);
  }
  void Interval(const char* name, const char* help, std::int64_t value_ms) { Duration(name, help, value_ms); }
  void Duration(const char* name, const char* help, std::int64_t value_ms) {
    out_.Comment(help);
    out_.DurationMs(name, value_ms);
  }
  void Millis(const char* name, const char* help, std::chrono::milliseconds value) {
    Duration(name, help, value.count());
  }
  void Texts(const char* name, const char* help, const std::vector<std::string>& value) {
    out_.Comment(help);
    out_.Strings(name, value);
  }
  void Budgets(const char* name, const char* help, const std::vector<ingest::SeriesBudget>& value) {
    out_.Comment(help);
    if (value.empty()) return out_.Strings(name, {});
    out_.BeginList(name);
    for (const ingest::SeriesBudget& budget : value) {
      out_.BeginItem();
      out_.String("match", budget.selector);
      out_.Int("series_max", static_cast<std::int64_t>(budget.series_max));
      out_.EndItem();
    }
    out_.EndList();
  }
  void Tenants(const char* name, const char* help, ingest::AdmissionOptions& options) {
    out_.Comment(help);
    if (options.tenants.empty()) return out_.StringMap(name, {});
    out_.BeginMap(name);
    for (auto& [tenant, limits] : options.tenants) {
      out_.BeginMap(tenant);
      VisitLimits(*this, limits);
      out_.EndMap();
    }
    out_.EndMap();
  }
  void QueryTenants(const char* name, const char* help, queryfront::QueryFrontOptions& options) {
    out_.Comment(help);
    if (options.tenants.empty()) return out_.StringMap(name, {});
    out_.BeginMap(name);
    for (auto& [tenant, limits] : options.tenants) {
      out_.BeginMap(tenant);
      VisitQueryLimits(*this, limits);
      out_.EndMap();
    }
    out_.EndMap();
  }
  void Resolution(const char* name, const char* help, queryfront::SourceResolution resolution) {
    out_.Comment(help);
    out_.String(name, queryfront::SourceResolutionName(resolution));
  }
  void Level(const char* name, const char* help, LogLevel level) {
    constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
    out_.Comment(help);
    out_.String(name, kNames[static_cast<std::size_t>(level)]);
  }
  void Names(const char* name, const char* help, otlp::NameStrategy strategy) {
    out_.Comment(help);
    out_.String(name, otlp::kNameStrategies[static_cast<std::size_t>(strategy)]);
  }
  void Format(const char* name, const char* help, LogFormat format) {
    out_.Comment(help);
    out_.String(name, format == LogFormat::kJson ? "json" : "logfmt");
  }
  void Mode(const char* name, const char* help, guard::GuardMode mode) {
    out_.Comment(help);
    out_.String(name, guard::kGuardModeNames[static_cast<std::size_t>(mode)]);
  }

  [[nodiscard]] const std::string& text() const { return out_.text(); }

 private:
  YamlWriter out_;
};

}  // namespace

Status ReadServeConfig(std::string_view yaml, const std::string& file_name, ServeConfig& config) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto document, YamlDocument::Parse(yaml, file_name));
  ServeConfig read = config;
  Reader reader(document->root());
  VisitSettings(reader, read);
  if (read.tls.server.is_on() && read.tls.server.version_min == tls::Version::k13 &&
      !read.otlp_grpc.address.empty()) {
    document->root().Complain(
        "tls", "min_version: expected 1.2 beside otlp.grpc.listen: gRPC takes TLS 1.2 as well");
  }
  TICKSCOPE_RETURN_IF_ERROR(document->Finish());
  config = std::move(read);
  return {};
}

std::string WriteServeConfig(const ServeConfig& config) {
  ServeConfig copy = config;
  Writer writer;
  VisitSettings(writer, copy);
  return writer.text();
}

}  // namespace tickscope::roles
