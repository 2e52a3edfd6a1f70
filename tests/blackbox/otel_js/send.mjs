// A game server's telemetry, by the OpenTelemetry SDK for JavaScript: metrics, a log and a span, once.
//
//   node send.mjs grpc|http 127.0.0.1:4317 cumulative|delta none|gzip
import { context, trace, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, AggregationType } from '@opentelemetry/sdk-metrics';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';

const [protocol, address, temporality, compression] = process.argv.slice(2);
const kind = protocol === 'grpc' ? 'grpc' : 'proto';
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${kind}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${kind}`);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${kind}`);
const url = (path) => (protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/${path}`);
const resource = resourceFromAttributes({ 'service.name': 'js', 'service.instance.id': 'i-1' });

const reader = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter({ url: url('metrics'), temporalityPreference: temporality === 'delta' ? 0 : 1, compression }),
  exportIntervalMillis: 3_600_000,
});
const metrics = new MeterProvider({
  resource,
  readers: [reader],
  views: [{ instrumentName: 'tick.exact', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = metrics.getMeter('game', '1.0');
const joined = meter.createCounter('players.joined', { unit: '{player}' });
const exact = meter.createHistogram('tick.exact', { unit: 'ms' });
for (const [players, tick] of [[3, 4], [4, 12], [0, 30]]) {
  joined.add(players, { 'map.name': 'dust' });
  exact.record(tick);
  await metrics.forceFlush();
}
await metrics.shutdown();

const spanContext = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', traceFlags: TraceFlags.SAMPLED };
const logs = new LoggerProvider({
  resource,
  processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: url('logs'), compression }) })],
});
logs.getLogger('game').emit({
  severityNumber: 17,
  severityText: 'ERROR',
  body: 'late for jane@example.com',
  attributes: { tick: 77 },
  context: trace.setSpanContext(context.active(), spanContext),
});
await logs.forceFlush();
await logs.shutdown();

const now = Date.now();
const time = [Math.floor(now / 1000), (now % 1000) * 1_000_000];
const traces = new OTLPTraceExporter({ url: url('traces'), compression });
const result = await new Promise((resolve) =>
  traces.export(
    [{
      name: 'join', kind: 1, spanContext: () => spanContext, startTime: time, endTime: time, duration: [0, 0], ended: true,
      status: { code: 2, message: 'late' }, attributes: { map: 'dust' }, links: [], events: [{ name: 'spawn', time, attributes: { n: 3 } }],
      resource, instrumentationScope: { name: 'game' }, droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0,
    }],
    resolve,
  ));
await traces.shutdown();
if (result.code !== 0) throw result.error ?? new Error('traces were not taken');
