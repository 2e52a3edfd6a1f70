// Handles in C11: a struct of all handles, a function that registers them, and one inline function a metric.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema/handles.h"

namespace tickscope::schema {
namespace {

std::string Upper(std::string text) {
  for (char& c : text)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

struct Kind {
  std::string_view type;      // TS_COUNTER
  std::string_view handle;    // ts_counter
  std::string_view verb;      // add
  std::string_view argument;  // uint64_t amount
  std::string_view call;      // ts_counter_add_inline
};

Kind KindOf(const HandleMetric& metric) {
  switch (metric.metric->kind) {
    case MetricKind::kCounter:
      if (metric.fractional)
        return {"TS_COUNTER_DOUBLE", "ts_double_counter", "add", "double amount",
                "ts_double_counter_add_inline"};
      return {"TS_COUNTER", "ts_counter", "add", "uint64_t amount", "ts_counter_add_inline"};
    case MetricKind::kHistogram:
      return {"TS_HISTOGRAM", "ts_histogram", "observe", "double value", "ts_observe_inline"};
    case MetricKind::kNativeHistogram:
      return {"TS_EXPONENTIAL", "ts_histogram", "observe", "double value", "ts_observe_inline"};
    default:
      return {"TS_GAUGE", "ts_gauge", "set", "double value", "ts_gauge_set_inline"};
  }
}

class Writer {
 public:
  Writer(const Handles& handles, const Schema& schema, std::string_view source)
      : handles_(handles), schema_(schema), source_(source), prefix_(handles.prefix) {}

  std::string Write() {
    Line("/* Made by `tickscope schema gen c` from {}, version {}. Change that file, not this one.", source_,
         VersionText(schema_.version));
    Line(" * Needs tickscope/inline.h of the SDK. A label value that does not exist does nothing. */");
    Line("#ifndef {}_METRICS_H_\n#define {}_METRICS_H_\n", Upper(prefix_), Upper(prefix_));
    Line("#include \"tickscope/inline.h\"\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif");
    for (const HandleEnum& values : handles_.enums)
      WriteEnum(values);
    WriteStruct();
    WriteRegister();
    for (const HandleMetric& metric : handles_.metrics)
      WriteCall(metric);
    if (!handles_.left_out.empty()) Line("\n/* No handles of:");
    for (const LeftOut& one : handles_.left_out)
      Line(" *   {}: {}", one.metric, one.reason);
    if (!handles_.left_out.empty()) Line(" */");
    Line("\n#ifdef __cplusplus\n}}\n#endif\n\n#endif");
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  [[nodiscard]] std::string NameOf(const std::vector<std::string>& words) const {
    return fmt::format("{}_{}", prefix_, fmt::join(words, "_"));
  }
  // Members are behind a letter, so that no word of a metric is a keyword here.
  [[nodiscard]] static std::string MemberOf(const HandleMetric& metric) {
    return fmt::format("m_{}", fmt::join(metric.words, "_"));
  }

  void WriteEnum(const HandleEnum& values) {
    const std::string name = NameOf(values.words);
    Line("\ntypedef enum {} {{", name);
    for (std::size_t i = 0; i < values.values.size(); ++i)
      Line("  {}_{} = {},", Upper(name), Upper(fmt::format("{}", fmt::join(values.value_words[i], "_"))), i);
    Line("}} {};", name);
  }

  void WriteStruct() {
    Line("\ntypedef struct {}_metrics {{", prefix_);
    for (const HandleMetric& metric : handles_.metrics)
      Line("  {} {}[{}];", KindOf(metric).handle, MemberOf(metric), metric.series_count);
    Line("}} {}_metrics;", prefix_);
  }

  // Goes on after a refusal, so that one metric does not take the others with it.
  void WriteRegister() {
    Line(
        "\n/* Declares every metric. Call after ts_start, once. The first refusal is returned (ts_last_error "
        "says more);");
    Line(" * what was refused does nothing, the rest works. */");
    Line("static inline ts_result {0}_metrics_register({0}_metrics* metrics) {{", prefix_);
    Line("  ts_result result = TS_OK;");
    for (const HandleMetric& metric : handles_.metrics)
      WriteRegistration(metric);
    Line("  return result;\n}}");
  }

  void WriteRegistration(const HandleMetric& handle) {
    const Metric& metric = *handle.metric;
    const Kind kind = KindOf(handle);
    Line("  {{");
    for (std::size_t i = 0; i < metric.labels.size(); ++i) {
      std::vector<std::string> values;
      for (const std::string& value : metric.labels[i].values)
        values.push_back(StringLiteral(value));
      Line("    static const char* const values{}[] = {{{}}};", i, fmt::join(values, ", "));
    }
    if (!metric.labels.empty()) {
      std::vector<std::string> labels;
      for (std::size_t i = 0; i < metric.labels.size(); ++i)
        labels.push_back(fmt::format("{{{}, values{}, {}}}", StringLiteral(metric.labels[i].name), i,
                                     metric.labels[i].values.size()));
      Line("    static const ts_label labels[] = {{{}}};", fmt::join(labels, ", "));
    }
    if (!metric.bounds.empty()) {
      std::vector<std::string> bounds;
      for (const double bound : metric.bounds)
        bounds.push_back(DoubleLiteral(bound));
      Line("    static const double bounds[] = {{{}}};", fmt::join(bounds, ", "));
    }
    Line("    ts_metric metric;\n    ts_family family;\n    ts_result registered;");
    Line("    memset(&metric, 0, sizeof metric);");
    Line("    metric.type = {};\n    metric.name = {};", kind.type, StringLiteral(metric.name));
    if (!metric.unit.empty()) Line("    metric.unit = {};", StringLiteral(metric.unit));
    Line("    metric.help = {};", StringLiteral(metric.help));
    if (!metric.labels.empty())
      Line("    metric.labels = labels;\n    metric.label_count = {};", metric.labels.size());
    if (!metric.bounds.empty())
      Line("    metric.bounds = bounds;\n    metric.bound_count = {};", metric.bounds.size());
    if (metric.kind == MetricKind::kNativeHistogram) Line("    metric.scale = {};", metric.scale);
    Line("    registered = ts_register(&metric, &family);");
    Line("    if (result == TS_OK) result = registered;");
    Line("    for (uint32_t i = 0; i < {}; ++i) metrics->{}[i] = {}_of(family, i);", handle.series_count,
         MemberOf(handle), kind.handle);
    Line("  }}");
  }

  void WriteCall(const HandleMetric& handle) {
    const Metric& metric = *handle.metric;
    const Kind kind = KindOf(handle);
    std::string parameters;
    std::string known;
    // The last label's values are neighbours, as ts_series has it.
    std::string index = handle.enums.empty() ? "0" : "";
    for (std::size_t i = 0; i < handle.enums.size(); ++i) {
      const HandleEnum& values = handles_.enums[handle.enums[i]];
      const std::string argument = fmt::format("l_{}", metric.labels[i].name);
      parameters += fmt::format("{} {}, ", NameOf(values.words), argument);
      known +=
          fmt::format("{}(uint32_t){} < {}", known.empty() ? "" : " && ", argument, values.values.size());
      index = index.empty() ? fmt::format("(uint32_t){}", argument)
                            : fmt::format("({}) * {} + (uint32_t){}", index, values.values.size(), argument);
    }
    const std::string_view value = kind.argument.substr(kind.argument.rfind(' ') + 1);
    Line("\nstatic inline void {0}_{1}(const {2}_metrics* metrics, {3}{4}) {{", NameOf(handle.words),
         kind.verb, prefix_, parameters, kind.argument);
    const std::string call =
        fmt::format("{}(metrics->{}[{}], {});", kind.call, MemberOf(handle), index, value);
    known.empty() ? Line("  {}", call) : Line("  if ({}) {}", known, call);
    Line("}}");
  }

  const Handles& handles_;
  const Schema& schema_;
  std::string_view source_;
  std::string prefix_;
  std::string out_;
};

}  // namespace

std::string HandlesC(const Handles& handles, const Schema& schema, std::string_view source) {
  return Writer(handles, schema, source).Write();
}

}  // namespace tickscope::schema
