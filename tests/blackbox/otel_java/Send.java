// A game server's telemetry, by the OpenTelemetry SDK for Java: metrics, a log and a span, once.
//
//   java -cp 'lib/*' Send.java grpc|http 127.0.0.1:4317 cumulative|delta none|gzip
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.metrics.export.AggregationTemporalitySelector;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

public class Send {
  static void expect(CompletableResultCode result, String what) {
    if (!result.join(20, TimeUnit.SECONDS).isSuccess()) throw new IllegalStateException(what + " were not taken");
  }

  public static void main(String[] arguments) {
    boolean isGrpc = arguments[0].equals("grpc");
    String base = "http://" + arguments[1];
    AggregationTemporalitySelector temporality =
        arguments[2].equals("delta")
            ? AggregationTemporalitySelector.deltaPreferred()
            : AggregationTemporalitySelector.alwaysCumulative();
    String compression = arguments[3];
    MetricExporter metrics =
        isGrpc
            ? OtlpGrpcMetricExporter.builder().setEndpoint(base).setCompression(compression)
                .setAggregationTemporalitySelector(temporality).build()
            : OtlpHttpMetricExporter.builder().setEndpoint(base + "/v1/metrics").setCompression(compression)
                .setAggregationTemporalitySelector(temporality).build();
    LogRecordExporter logs =
        isGrpc
            ? OtlpGrpcLogRecordExporter.builder().setEndpoint(base).setCompression(compression).build()
            : OtlpHttpLogRecordExporter.builder().setEndpoint(base + "/v1/logs").setCompression(compression).build();
    SpanExporter spans =
        isGrpc
            ? OtlpGrpcSpanExporter.builder().setEndpoint(base).setCompression(compression).build()
            : OtlpHttpSpanExporter.builder().setEndpoint(base + "/v1/traces").setCompression(compression).build();
    Resource resource =
        Resource.create(
            Attributes.of(
                AttributeKey.stringKey("service.name"), "java", AttributeKey.stringKey("service.instance.id"), "i-1"));

    SdkMeterProvider meters =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(PeriodicMetricReader.builder(metrics).setInterval(Duration.ofHours(1)).build())
            .registerView(
                InstrumentSelector.builder().setName("tick.exact").build(),
                View.builder().setAggregation(Aggregation.base2ExponentialBucketHistogram()).build())
            .build();
    LongCounter joined = meters.get("game").counterBuilder("players.joined").setUnit("{player}").build();
    DoubleHistogram exact = meters.get("game").histogramBuilder("tick.exact").setUnit("ms").build();
    Attributes map = Attributes.of(AttributeKey.stringKey("map.name"), "dust");
    for (int[] pair : new int[][] {{3, 4}, {4, 12}, {0, 30}}) {
      joined.add(pair[0], map);
      exact.record(pair[1]);
      expect(meters.forceFlush(), "metrics");
    }
    expect(meters.shutdown(), "metrics");

    SdkTracerProvider tracers =
        SdkTracerProvider.builder().setResource(resource).addSpanProcessor(SimpleSpanProcessor.create(spans)).build();
    SdkLoggerProvider loggers =
        SdkLoggerProvider.builder().setResource(resource).addLogRecordProcessor(SimpleLogRecordProcessor.create(logs)).build();
    Span span = tracers.get("game").spanBuilder("join").startSpan();
    try (Scope ignored = span.makeCurrent()) {
      span.setAttribute("map", "dust");
      span.addEvent("spawn", Attributes.of(AttributeKey.longKey("n"), 3L));
      span.setStatus(StatusCode.ERROR, "late");
      loggers.get("game").logRecordBuilder().setSeverity(Severity.ERROR).setSeverityText("ERROR")
          .setBody("late for jane@example.com").setAttribute(AttributeKey.longKey("tick"), 77L).emit();
    }
    span.end();
    expect(loggers.shutdown(), "logs");
    expect(tracers.shutdown(), "spans");
  }
}
