// TemplateCheck: whether the text of an alert's label or annotation is a template that Prometheus can expand, without expanding
// it.
//
//   "{{ $labels.region }} at {{ $value | humanizePercentage }}"
//
// The syntax is that of Go's text/template: actions in {{ }}, blocks closed by end, strings, pipes, variables declared
// before they are used, functions of the language and of Prometheus.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tickscope::lint {

struct TemplateProblem {
  std::size_t offset = 0;  ///< Byte of the text.
  std::string message;
};

/// A label that the text reads: $labels.region, .Labels.region.
struct TemplateLabel {
  std::size_t offset = 0;
  std::string name;
};

struct TemplateReading {
  std::vector<TemplateProblem> problems;  ///< The first one, as Go tells; empty for a good text.
  std::vector<TemplateLabel> labels;
};

[[nodiscard]] TemplateReading ReadTemplate(std::string_view text);

}  // namespace tickscope::lint
