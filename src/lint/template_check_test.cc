// Alert templates: what Prometheus expands is taken, what its parser refuses is told at its place.
#include "lint/template_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::lint {
namespace {

TEST(TemplateCheck, TakesWhatPrometheusTakes) {
  for (const char* text : {
           "",
           "plain text with } and {",
           "Instance {{ $labels.instance }} down",
           "{{ $value | humanizePercentage }}",
           "{{- .Value -}}",
           "{{ printf \"%.2f\" $value }} of {{ .Labels.job }}",
           "{{ with query \"sum(up)\" }}{{ . | first | value }}{{ end }}",
           "{{ range $i, $e := query `up` }}{{ $i }}: {{ $e.Labels.job }}{{ else }}none{{ end }}",
           "{{ if and (gt $value 1.5) (lt $value 1e3) }}a{{ else if eq $value 0.0 }}b{{ else }}c{{ end }}",
           "{{ $x := len \"a\\\"b\" }}{{ $x }}",
           "{{/* a comment }} */}}",
           "{{ (query \"up\" | first).Labels.job }}",
           "{{ define \"t\" }}{{ .arg0 }}{{ end }}{{ template \"t\" (args 1 2) }}",
           "{{ $externalLabels.cluster }} {{ $externalURL }}",
           "{{ reReplaceAll \"(.*):.*\" \"$1\" $labels.instance }}",
       }) {
    SCOPED_TRACE(text);
    const TemplateReading reading = ReadTemplate(text);
    EXPECT_TRUE(reading.problems.empty())
        << reading.problems.front().offset << ": " << reading.problems.front().message;
  }
}

TEST(TemplateCheck, TellsWhatIsWrongAndWhere) {
  struct Case {
    const char* text;
    std::size_t offset;
    const char* message;
  };
  const Case cases[] = {
      {"a {{ $labels.x", 2, "{{ without }}"},
      {"{{ }}", 0, "expected a value, got }}"},
      {"{{ $lables.x }}", 3,
       "variable \"$lables\" is not defined: Prometheus gives $labels, $value, $externalLabels and "
       "$externalURL"},
      {"{{ humanise $value }}", 3, "function \"humanise\" is not defined: did you mean humanize?"},
      {"{{ if $value }}x", 0, "{{ if }} without an {{ end }}"},
      {"x{{ end }}", 1, "{{ end }} without an {{ if }}, {{ range }} or {{ with }}"},
      {"{{ else }}", 0, "{{ else }} without an {{ if }}, {{ range }} or {{ with }}"},
      {"{{ if $value }}{{ else }}{{ else }}{{ end }}", 25,
       "a second {{ else }}: close the block by {{ end }}"},
      {"{{ \"open }}", 3, "a string without its closing quote"},
      {"{{ (len \"a\" }}", 3, "( without )"},
      {"{{ len \"a\") }}", 10, ") without ("},
      {"{{ $value | }}", 0, "expected a value, got }}"},
      {"{{ | humanize }}", 3, "expected a value before |"},
      {"{{ $labels. }}", 10, "expected a field's name after the dot"},
      {"{{ $value @ }}", 10, "unexpected \"@\""},
      {"{{/* open }}", 0, "a comment without its end: close it by */}}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const TemplateReading reading = ReadTemplate(c.text);
    ASSERT_EQ(reading.problems.size(), 1U);
    EXPECT_EQ(reading.problems[0].offset, c.offset);
    EXPECT_EQ(reading.problems[0].message, c.message);
  }
}

TEST(TemplateCheck, FindsTheLabelsItReads) {
  const TemplateReading reading =
      ReadTemplate("{{ $labels.a }} {{ .Labels.b }} {{ range query \"up\" }}{{ .Labels.c }}{{ end }}");
  ASSERT_EQ(reading.labels.size(), 2U);
  EXPECT_EQ(reading.labels[0].name, "a");
  EXPECT_EQ(reading.labels[0].offset, 11U);
  EXPECT_EQ(reading.labels[1].name, "b");
}

}  // namespace
}  // namespace tickscope::lint
