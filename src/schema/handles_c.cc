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
      Line("  {} {}[{}];", SdkKindOf(metric).handle, MemberOf(metric), metric.series_count);
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
    Line("  {{");
    out_ += MetricStatics(handle);
    Line("    ts_metric metric;\n    ts_family family;\n    ts_result registered;");
    Line("    memset(&metric, 0, sizeof metric);");
    out_ += MetricFields(handle);
    Line("    registered = ts_register(&metric, &family);");
    Line("    if (result == TS_OK) result = registered;");
    Line("    for (uint32_t i = 0; i < {}; ++i) metrics->{}[i] = {}_of(family, i);", handle.series_count,
         MemberOf(handle), SdkKindOf(handle).handle);
    Line("  }}");
  }

  void WriteCall(const HandleMetric& handle) {
    const Metric& metric = *handle.metric;
    const SdkKind kind = SdkKindOf(handle);
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
    const std::string_view type = kind.type == "TS_COUNTER" ? "uint64_t" : "double";
    Line("\nstatic inline void {0}_{1}(const {2}_metrics* metrics, {3}{4} {5}) {{", NameOf(handle.words),
         kind.verb, prefix_, parameters, type, kind.argument);
    const std::string call =
        fmt::format("{}(metrics->{}[{}], {});", kind.call, MemberOf(handle), index, kind.argument);
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
