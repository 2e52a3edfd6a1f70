#include "exchange/text_sinks.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "model/sample.h"
#include "wire/float_text.h"
#include "wire/json_writer.h"

namespace tickscope::exchange {
namespace {

constexpr std::size_t kFlushBytes = 1U << 20;

class TextSink : public SampleSink {
 public:
  explicit TextSink(TextOutput output) : output_(std::move(output)) {}

  [[nodiscard]] Status BeginWindow(const TimeWindow&) override { return {}; }
  [[nodiscard]] Status EndWindow() override { return {}; }
  [[nodiscard]] Status Finish() override { return Flush(); }
  [[nodiscard]] std::uint64_t left_out() const override { return left_out_; }

 protected:
  [[nodiscard]] Status Pace() { return text_.size() < kFlushBytes ? Status() : Flush(); }
  [[nodiscard]] static const Histogram* HistogramAt(const SampleColumns& samples, std::size_t i) {
    return samples.histograms.empty() ? nullptr : samples.histograms[i].get();
  }

  std::string text_;
  std::uint64_t left_out_ = 0;

 private:
  [[nodiscard]] Status Flush() {
    TICKSCOPE_RETURN_IF_ERROR(output_(text_));
    text_.clear();
    return {};
  }
  const TextOutput output_;
};

void AppendEscaped(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

// A series as text formats write it. Names that are not classic are quoted, the metric's then within the braces.
void AppendSeries(const Labels& labels, std::string& out) {
  const std::string_view metric = labels.metric_name();
  const bool in_front = IsClassicMetricName(metric);
  if (in_front) out += metric;
  bool is_open = false;
  const auto next = [&] {
    out += is_open ? ',' : '{';
    is_open = true;
  };
  if (!in_front && !metric.empty()) {
    next();
    AppendEscaped(metric, out);
  }
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) continue;
    next();
    if (IsClassicLabelName(label.name)) {
      out += label.name;
    } else {
      AppendEscaped(label.name, out);
    }
    out += '=';
    AppendEscaped(label.value, out);
  }
  if (is_open) out += '}';
}

// "NaN" is the NaN expressions make; others say what they are.
bool AppendNan(double v, std::string& out) {
  if (!std::isnan(v) || std::bit_cast<std::uint64_t>(v) == kNormalNanBits) return false;
  if (IsStaleNan(v)) {
    out += "StaleNaN";
  } else {
    fmt::format_to(std::back_inserter(out), "NaN:{:016x}", std::bit_cast<std::uint64_t>(v));
  }
  return true;
}

class OpenMetricsSink final : public TextSink {
 public:
  using TextSink::TextSink;

  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples) override {
    if (labels.metric_name().empty()) {
      left_out_ += samples.size();
      return {};
    }
    series_.clear();
    AppendSeries(labels, series_);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (HistogramAt(samples, i) != nullptr || IsStaleNan(samples.values[i])) {
        ++left_out_;
        continue;
      }
      text_ += series_;
      text_ += ' ';
      wire::AppendFloat(samples.values[i], text_);
      const TimeMs time_ms = samples.times_ms[i];
      const auto magnitude = static_cast<std::uint64_t>(time_ms < 0 ? -time_ms : time_ms);
      fmt::format_to(std::back_inserter(text_), " {}{}.{:03}\n", time_ms < 0 ? "-" : "", magnitude / 1000,
                     magnitude % 1000);
      TICKSCOPE_RETURN_IF_ERROR(Pace());
    }
    return {};
  }
  [[nodiscard]] Status Finish() override {
    text_ += "# EOF\n";
    return TextSink::Finish();
  }

 private:
  std::string series_;
};

class CsvSink final : public TextSink {
 public:
  explicit CsvSink(TextOutput output) : TextSink(std::move(output)) { text_ = "time_ms,value,series\n"; }

  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples) override {
    std::string plain;
    AppendSeries(labels, plain);
    std::string quoted = "\"";
    for (const char c : plain) {
      if (c == '"') quoted += '"';
      quoted += c;
    }
    quoted += "\"\n";
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (HistogramAt(samples, i) != nullptr) {
        ++left_out_;
        continue;
      }
      fmt::format_to(std::back_inserter(text_), "{},", samples.times_ms[i]);
      if (!AppendNan(samples.values[i], text_)) wire::AppendFloat(samples.values[i], text_);
      text_ += ',';
      text_ += quoted;
      TICKSCOPE_RETURN_IF_ERROR(Pace());
    }
    return {};
  }
};

class JsonLinesSink final : public TextSink {
 public:
  using TextSink::TextSink;

  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples) override {
    // A line holds so many samples, that no reader has to take a year at once.
    constexpr std::size_t kLineSamples = 10'000;
    for (std::size_t from = 0; from < samples.size(); from += kLineSamples) {
      AddLine(labels, samples, from, std::min(samples.size(), from + kLineSamples));
      TICKSCOPE_RETURN_IF_ERROR(Pace());
    }
    return {};
  }

 private:
  void AddLine(const Labels& labels, const SampleColumns& samples, std::size_t from, std::size_t to) {
    wire::JsonWriter json(text_, SIZE_MAX);
    json.BeginObject();
    json.Key("metric");
    json.BeginObject();
    for (const LabelView& label : labels) {
      json.Key(label.name);
      json.String(label.value);
    }
    json.EndObject();
    json.Key("values");
    json.BeginArray();
    for (std::size_t i = from; i < to; ++i) {
      if (HistogramAt(samples, i) != nullptr) {
        json.Null();
      } else {
        AddNumber(samples.values[i], json);
      }
    }
    json.EndArray();
    json.Key("timestamps");
    json.BeginArray();
    for (std::size_t i = from; i < to; ++i)
      json.Int(samples.times_ms[i]);
    json.EndArray();
    if (!samples.histograms.empty()) {
      json.Key("histograms");
      json.BeginArray();
      for (std::size_t i = from; i < to; ++i)
        AddHistogram(HistogramAt(samples, i), json);
      json.EndArray();
    }
    json.EndObject();
    text_ += '\n';
  }

  static void AddNumber(double v, wire::JsonWriter& json) {
    std::string text;
    if (AppendNan(v, text)) {
      json.String(text);
    } else if (std::isfinite(v)) {
      json.Number(v);
    } else {
      wire::AppendFloat(v, text);
      json.String(text);
    }
  }
  static void AddNumbers(const char* name, const std::vector<double>& values, wire::JsonWriter& json) {
    json.Key(name);
    json.BeginArray();
    for (const double v : values)
      AddNumber(v, json);
    json.EndArray();
  }
  static void AddSpans(const char* name, const std::vector<BucketSpan>& spans, wire::JsonWriter& json) {
    json.Key(name);
    json.BeginArray();
    for (const BucketSpan& span : spans) {
      json.BeginArray();
      json.Int(span.offset);
      json.Uint(span.length);
      json.EndArray();
    }
    json.EndArray();
  }
  static void AddHistogram(const Histogram* histogram, wire::JsonWriter& json) {
    if (histogram == nullptr) {
      json.Null();
      return;
    }
    constexpr std::string_view kHints[] = {"unknown", "reset", "not_reset", "gauge"};
    json.BeginObject();
    json.Key("schema");
    json.Int(histogram->schema);
    json.Key("reset_hint");
    json.String(kHints[static_cast<std::size_t>(histogram->reset_hint)]);
    const std::pair<const char*, double> numbers[] = {{"count", histogram->count},
                                                      {"sum", histogram->sum},
                                                      {"zero_count", histogram->zero_count},
                                                      {"zero_threshold", histogram->zero_threshold}};
    for (const auto& [name, value] : numbers) {
      json.Key(name);
      AddNumber(value, json);
    }
    AddSpans("positive_spans", histogram->positive_spans, json);
    AddNumbers("positive_buckets", histogram->positive_buckets, json);
    AddSpans("negative_spans", histogram->negative_spans, json);
    AddNumbers("negative_buckets", histogram->negative_buckets, json);
    AddNumbers("custom_bounds", histogram->custom_bounds, json);
    json.EndObject();
  }
};

}  // namespace

std::unique_ptr<SampleSink> MakeOpenMetricsSink(TextOutput output) {
  return std::make_unique<OpenMetricsSink>(std::move(output));
}
std::unique_ptr<SampleSink> MakeCsvSink(TextOutput output) {
  return std::make_unique<CsvSink>(std::move(output));
}
std::unique_ptr<SampleSink> MakeJsonLinesSink(TextOutput output) {
  return std::make_unique<JsonLinesSink>(std::move(output));
}

}  // namespace tickscope::exchange
