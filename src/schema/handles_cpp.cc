// Handles in C++17, also without exceptions and run-time types: an enumeration a label, a class a metric, a struct of them all.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "schema/handles.h"

namespace tickscope::schema {
namespace {

// Words that cannot be names and may well be a metric's.
constexpr std::string_view kKeywords[] = {
    "and",      "auto",      "bool",     "break",   "case",      "catch",    "char",     "class",
    "const",    "continue",  "default",  "delete",  "do",        "double",   "else",     "enum",
    "export",   "extern",    "false",    "float",   "for",       "friend",   "goto",     "if",
    "int",      "long",      "new",      "not",     "operator",  "or",       "private",  "public",
    "register", "return",    "short",    "signed",  "sizeof",    "static",   "struct",   "switch",
    "this",     "throw",     "true",     "try",     "union",     "using",    "void",     "virtual",
    "while",    "xor",       "inline",   "mutable", "protected", "template", "typename", "unsigned",
    "volatile", "namespace", "requires", "concept", "explicit",  "typedef"};

std::string MemberName(const std::vector<std::string>& words) {
  std::string name = fmt::format("{}", fmt::join(words, "_"));
  if (std::ranges::find(kKeywords, name) != std::end(kKeywords) ||
      (name.front() >= '0' && name.front() <= '9'))
    name += '_';
  if (name.front() >= '0' && name.front() <= '9') name = fmt::format("m{}", name);
  return name;
}

std::string TypeName(const std::vector<std::string>& words) {
  std::string name;
  for (const std::string& word : words) {
    // So that a, b, 2 and a, b2 are two names.
    if (!name.empty() && word.front() >= '0' && word.front() <= '9') name += '_';
    name += word.front() >= 'a' && word.front() <= 'z' ? static_cast<char>(word.front() - 'a' + 'A')
                                                       : word.front();
    name += word.substr(1);
  }
  if (name.front() >= '0' && name.front() <= '9') name = fmt::format("M{}", name);
  return name;
}

// A comment must not end in a backslash, nor have lines.
std::string CommentText(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '\n', ' ');
  std::ranges::replace(out, '\\', '/');
  return out;
}

class Writer {
 public:
  Writer(const Handles& handles, const Schema& schema, std::string_view source)
      : handles_(handles), schema_(schema), source_(source) {}

  std::string Write() {
    Line("// Made by `tickscope schema gen cpp` from {}, version {}. Change that file, not this one.",
         source_, VersionText(schema_.version));
    Line("// Needs tickscope/inline.h of the SDK. A label value that does not exist does nothing.");
    Line("#pragma once\n\n#include <cstdint>\n\n#include \"tickscope/inline.h\"\n\nnamespace {} {{",
         MemberName({handles_.prefix}));
    for (const HandleEnum& values : handles_.enums)
      WriteEnum(values);
    for (const HandleMetric& metric : handles_.metrics)
      WriteClass(metric);
    WriteStruct();
    if (!handles_.left_out.empty()) Line("\n// No handles of:");
    for (const LeftOut& one : handles_.left_out)
      Line("//   {}: {}", one.metric, one.reason);
    Line("\n}}  // namespace {}", MemberName({handles_.prefix}));
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void WriteEnum(const HandleEnum& values) {
    std::vector<std::string> names;
    for (const std::vector<std::string>& words : values.value_words) {
      std::string name = TypeName(words);
      // The letter that keeps a type's name from beginning with a digit is not needed behind the k.
      if (words.front().front() >= '0' && words.front().front() <= '9') name.erase(0, 1);
      names.push_back(fmt::format("k{}", name));
    }
    Line("\nenum class {} : std::uint32_t {{ {} }};", TypeName(values.words), fmt::join(names, ", "));
  }

  void WriteClass(const HandleMetric& handle) {
    const Metric& metric = *handle.metric;
    const SdkKind kind = SdkKindOf(handle);
    Line("\n/// {}: {}", metric.name, CommentText(metric.help));
    Line("class {} {{\n public:", TypeName(handle.words));
    Line("  ts_result Register() noexcept {{");
    out_ += MetricStatics(handle);
    Line("    ts_metric metric{{}};");
    out_ += MetricFields(handle);
    Line("    ts_family family{{}};\n    const ts_result result = ts_register(&metric, &family);");
    Line("    for (std::uint32_t i = 0; i < {}; ++i) series_[i] = {}_of(family, i);", handle.series_count,
         kind.handle);
    Line("    return result;\n  }}\n");
    WriteCall(handle, kind);
    Line("\n private:\n  {} series_[{}]{{}};\n}};", kind.handle, handle.series_count);
  }

  void WriteCall(const HandleMetric& handle, const SdkKind& kind) {
    const Metric& metric = *handle.metric;
    std::string parameters;
    std::string known;
    // The last label's values are neighbours, as ts_series has it.
    std::string index = handle.enums.empty() ? "0" : "";
    for (std::size_t i = 0; i < handle.enums.size(); ++i) {
      const HandleEnum& values = handles_.enums[handle.enums[i]];
      const std::string argument = fmt::format("l_{}", metric.labels[i].name);
      const std::string number = fmt::format("static_cast<std::uint32_t>({})", argument);
      parameters += fmt::format("{} {}, ", TypeName(values.words), argument);
      known += fmt::format("{}{} < {}", known.empty() ? "" : " && ", number, values.values.size());
      index = index.empty() ? number : fmt::format("({}) * {} + {}", index, values.values.size(), number);
    }
    const std::string_view type = kind.type == "TS_COUNTER" ? "std::uint64_t" : "double";
    const std::string_view usual = kind.type == "TS_COUNTER" ? " = 1" : "";
    Line("  void {}({}{} {}{}) const noexcept {{", TypeName({std::string(kind.verb)}), parameters, type,
         kind.argument, usual);
    const std::string call = fmt::format("{}(series_[{}], {});", kind.call, index, kind.argument);
    known.empty() ? Line("    {}", call) : Line("    if ({}) {}", known, call);
    Line("  }}");
  }

  void WriteStruct() {
    Line("\n/// Every metric of the schema. One for the process, registered once after ts_start.");
    Line("struct Metrics {{");
    for (const HandleMetric& metric : handles_.metrics)
      Line("  {} {};", TypeName(metric.words), MemberName(metric.words));
    Line(
        "\n  /// The first refusal is returned (ts_last_error says more); what was refused does nothing, the "
        "rest works.");
    Line("  ts_result Register() noexcept {{\n    ts_result result = TS_OK;");
    for (const HandleMetric& metric : handles_.metrics)
      Line("    if (const ts_result one = {}.Register(); result == TS_OK) result = one;",
           MemberName(metric.words));
    Line("    return result;\n  }}\n}};");
  }

  const Handles& handles_;
  const Schema& schema_;
  std::string_view source_;
  std::string out_;
};

}  // namespace

std::string HandlesCpp(const Handles& handles, const Schema& schema, std::string_view source) {
  return Writer(handles, schema, source).Write();
}

}  // namespace tickscope::schema
