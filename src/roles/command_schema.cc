// tickscope schema: check, show, compare schema files, and make handles and a catalogue of them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "config/yaml_tree.h"
#include "io/posix_file_system.h"
#include "roles/commands.h"
#include "schema/catalogue.h"
#include "schema/handles.h"
#include "schema/schema_diff.h"
#include "schema/schema_reader.h"

namespace tickscope::roles {
namespace {

// Exit codes besides 0 done, 1 failed, 2 wrong usage.
constexpr int kBreaking = 3;
constexpr int kVersionTooLow = 4;

Result<std::string> ReadText(const std::string& file) {
  const auto fs = io::MakePosixFileSystem();
  return io::ReadWholeFile(*fs, file, config::kYamlBytesMax);
}

Result<schema::Schema> ReadSchemaFile(const std::string& file) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
  return schema::ReadSchema(text, file);
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int Failed(const Error& error) {
  std::fprintf(stderr, "tickscope schema: %s\n", error.message.c_str());
  return 1;
}

int Check(const std::vector<std::string>& files) {
  int exit_code = 0;
  for (const std::string& file : files) {
    const auto text = ReadText(file);
    if (!text) return Failed(text.error());
    const schema::SchemaReading reading = schema::InspectSchema(*text);
    for (const schema::Problem& problem : reading.problems) {
      Print(fmt::format("{}: {}: {} [{}]\n", config::DescribePosition(file, problem.position),
                        problem.severity == schema::Severity::kError ? "error" : "warning", problem.text,
                        problem.rule));
    }
    if (reading.unreported > 0) Print(fmt::format("{}: {} more problems\n", file, reading.unreported));
    if (!reading.ok()) {
      exit_code = 1;
      continue;
    }
    std::uint64_t series = 0;
    for (const schema::Metric& metric : reading.schema.metrics)
      series += schema::SeriesPerTarget(metric);
    Print(fmt::format("{}: ok: {} {}: {} metrics, at most {} series a target\n", file, reading.schema.name,
                      schema::VersionText(reading.schema.version), reading.schema.metrics.size(), series));
  }
  return exit_code;
}

std::string LabelText(const schema::Label& label) {
  const std::string bound =
      label.values.empty()
          ? fmt::format("at most {}{}", label.budget, label.pattern.empty() ? "" : " like " + label.pattern)
          : fmt::format("{}", fmt::join(label.values, "|"));
  return fmt::format("{}={}{}", label.name, bound, label.optional ? " (optional)" : "");
}

void ShowMetric(const schema::Metric& metric) {
  Print(fmt::format("{}\n  {}\n  type    {}{}\n  class   {}, owner {}, every {}\n", metric.name, metric.help,
                    schema::MetricKindName(metric.kind), metric.unit.empty() ? "" : " in " + metric.unit,
                    schema::MetricClassName(metric.metric_class), metric.owner,
                    FormatDurationMs(metric.cadence_ms)));
  for (const schema::Label& label : metric.labels)
    Print(fmt::format("  label   {}\n", LabelText(label)));
  if (!metric.bounds.empty()) Print(fmt::format("  buckets {} +Inf\n", fmt::join(metric.bounds, " ")));
  if (metric.kind == schema::MetricKind::kNativeHistogram)
    Print(fmt::format("  scale   {}, at most {} buckets\n", metric.scale, metric.buckets_max));
  if (metric.resolution != 0) Print(fmt::format("  steps   {}\n", metric.resolution));
  Print(fmt::format("  series  {} a target at most\n", schema::SeriesPerTarget(metric)));
}

int Show(const std::string& file, const std::string& name) {
  const auto schema = ReadSchemaFile(file);
  if (!schema) return Failed(schema.error());
  if (!name.empty()) {
    const auto found = std::ranges::find(schema->metrics, name, &schema::Metric::name);
    if (found == schema->metrics.end())
      return Failed({ErrorCode::kNotFound, fmt::format("{}: no metric {:?}", file, name)});
    ShowMetric(*found);
    return 0;
  }
  Print(fmt::format("{} {}\n", schema->name, schema::VersionText(schema->version)));
  for (const schema::Label& label : schema->target_labels)
    Print(fmt::format("target label {}\n", LabelText(label)));
  for (const schema::Metric& metric : schema->metrics) {
    std::vector<std::string> labels;
    for (const schema::Label& label : metric.labels)
      labels.push_back(label.name);
    Print(fmt::format("{:<5} {:<16} {:<11} {:>6}  {}{}\n", schema::MetricClassName(metric.metric_class),
                      schema::MetricKindName(metric.kind), metric.owner, schema::SeriesPerTarget(metric),
                      metric.name, labels.empty() ? "" : fmt::format("{{{}}}", fmt::join(labels, ", "))));
  }
  return 0;
}

struct DiffArguments {
  std::string old_file;
  std::string new_file;
  bool require_version = false;
  bool allow_declared = false;
};

int Diff(const DiffArguments& arguments) {
  const auto was = ReadSchemaFile(arguments.old_file);
  if (!was) return Failed(was.error());
  const auto is = ReadSchemaFile(arguments.new_file);
  if (!is) return Failed(is.error());
  const schema::SchemaDiff diff = schema::DiffSchemas(*was, *is);
  for (const schema::Change& change : diff.changes) {
    const std::string& file = change.text == "removed" ? arguments.old_file : arguments.new_file;
    Print(fmt::format("{}: {}: {}: {}\n", config::DescribePosition(file, change.position),
                      change.breaking ? "breaking" : "compatible", change.subject, change.text));
  }
  const bool version_too_low = is->version < diff.version_wanted;
  if (version_too_low) {
    Print(fmt::format("{}: {}: version {} should be {} or higher for {}\n",
                      config::DescribePosition(arguments.new_file, is->version_position),
                      arguments.require_version ? "error" : "warning", schema::VersionText(is->version),
                      schema::VersionText(diff.version_wanted),
                      diff.breaking() ? "a breaking change" : "a compatible change"));
  }
  if (diff.changes.empty()) Print("no change\n");
  if (diff.breaking() && (!arguments.allow_declared || version_too_low)) return kBreaking;
  return version_too_low && arguments.require_version ? kVersionTooLow : 0;
}

struct GenArguments {
  std::string what;
  std::string file;
  std::string out;
  std::string match;
};

Result<std::string> MakeSource(const GenArguments& arguments) {
  TICKSCOPE_ASSIGN_OR_RETURN(const schema::Schema schema, ReadSchemaFile(arguments.file));
  if (arguments.what == "markdown") return schema::CatalogueMarkdown(schema, arguments.file);
  TICKSCOPE_ASSIGN_OR_RETURN(const schema::Handles handles, schema::PlanHandles(schema, arguments.match));
  for (const schema::LeftOut& one : handles.left_out)
    std::fprintf(stderr, "tickscope schema: no handle of %s: %s\n", one.metric.c_str(), one.reason.c_str());
  return arguments.what == "c" ? schema::HandlesC(handles, schema, arguments.file)
                               : schema::HandlesCpp(handles, schema, arguments.file);
}

int Gen(const GenArguments& arguments) {
  const auto source = MakeSource(arguments);
  if (!source) return Failed(source.error());
  if (arguments.out.empty()) {
    Print(*source);
    return 0;
  }
  const auto fs = io::MakePosixFileSystem();
  const Status written = io::WriteFileAtomically(*fs, arguments.out, *source);
  return written ? 0 : Failed(written.error());
}

}  // namespace

int RunSchema(int argc, char** argv) {
  CLI::App app("Schema files: what a game may send (docs/schema.md).", "tickscope schema");
  app.require_subcommand(1);
  app.footer(
      "  tickscope schema check schema/game.yaml\n"
      "  tickscope schema diff old.yaml new.yaml          exits 3 when a change is breaking\n"
      "  tickscope schema gen cpp schema/game.yaml --match 'game_.*' --out game_metrics.hpp\n");

  std::vector<std::string> check_files;
  CLI::App* const check = app.add_subcommand("check", "tell all problems of schema files");
  check->add_option("FILES", check_files, "schema files")->required();

  std::string show_file;
  std::string show_name;
  CLI::App* const show = app.add_subcommand("show", "list metrics, or all about one");
  show->add_option("FILE", show_file, "schema file")->required();
  show->add_option("METRIC", show_name, "name of a metric");

  DiffArguments diff_arguments;
  CLI::App* const diff = app.add_subcommand("diff", "tell breaking changes from compatible ones");
  diff->add_option("OLD", diff_arguments.old_file, "schema file as it was")->required();
  diff->add_option("NEW", diff_arguments.new_file, "schema file as it is")->required();
  diff->add_flag("--require-version", diff_arguments.require_version,
                 "fail (4) when the version was not raised as the changes ask");
  diff->add_flag("--allow-declared-breaking", diff_arguments.allow_declared,
                 "do not fail for breaking changes when the version's major part was raised");

  GenArguments gen_arguments;
  CLI::App* const gen = app.add_subcommand("gen", "make typed handles over the SDK, or a catalogue");
  gen->add_option("WHAT", gen_arguments.what, "c, cpp or markdown")
      ->required()
      ->check(CLI::IsMember({"c", "cpp", "markdown"}));
  gen->add_option("FILE", gen_arguments.file, "schema file")->required();
  gen->add_option("--out", gen_arguments.out, "file to write (standard output)");
  gen->add_option("--match", gen_arguments.match, "only metrics whose names match this RE2 (c and cpp)");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (check->parsed()) return Check(check_files);
  if (show->parsed()) return Show(show_file, show_name);
  if (diff->parsed()) return Diff(diff_arguments);
  return Gen(gen_arguments);
}

}  // namespace tickscope::roles
