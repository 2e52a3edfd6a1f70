// tickscope test promql FILE...: runs PromQL test scripts, a line a file and a total.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "io/posix_file_system.h"
#include "promqltest/script_runner.h"
#include "roles/commands.h"
#include "roles/script_store.h"

namespace tickscope::roles {
namespace {

struct TestOptions {
  std::vector<std::string> files;
  bool verbose = false;
  bool no_extra_checks = false;
  bool both = false;
};

struct Total {
  std::size_t passed = 0;
  std::size_t failed = 0;
  bool broken = false;  // Some file could not be run.
};

void RunFile(io::FileSystem& files, const std::string& path, const TestOptions& options, Total& total) {
  promqltest::RunnerOptions runner;
  runner.extra_checks = !options.no_extra_checks;
  ScriptStore mirror;
  if (options.both) runner.mirror = &mirror;
  auto text = io::ReadWholeFile(files, path, promqltest::kScriptBytesMax);
  auto report = text ? promqltest::RunScript(*text, runner)
                     : Result<promqltest::ScriptReport>(std::unexpected(text.error()));
  if (!report) {
    total.broken = true;
    std::printf("%s: %s\n", path.c_str(), report.error().message.c_str());
    return;
  }
  for (const promqltest::CaseResult& result : report->cases) {
    if (result.difference) {
      std::printf("%s:%zu: %s\n", path.c_str(), result.line, result.expression.c_str());
      std::istringstream lines(*result.difference);
      for (std::string line; std::getline(lines, line);)
        std::printf("    %s\n", line.c_str());
    } else if (options.verbose) {
      std::printf("%s:%zu: %s\n    passed\n", path.c_str(), result.line, result.expression.c_str());
    }
  }
  total.passed += report->passed;
  total.failed += report->failed;
  std::printf("%s: %zu passed, %zu failed\n", path.c_str(), report->passed, report->failed);
}

int RunPromql(const TestOptions& options) {
  const std::unique_ptr<io::FileSystem> files = io::MakePosixFileSystem();
  Total total;
  for (const std::string& path : options.files)
    RunFile(*files, path, options, total);
  std::printf("%zu passed, %zu failed\n", total.passed, total.failed);
  return total.failed == 0 && !total.broken ? 0 : 1;
}

}  // namespace

int RunTest(int argc, char** argv) {
  CLI::App app("run test scripts", "tickscope test");
  app.require_subcommand(1);
  TestOptions options;
  CLI::App* promql = app.add_subcommand("promql", "run PromQL test scripts (.test files of Prometheus)");
  promql->add_option("FILE", options.files, "scripts to run")->required();
  promql->add_flag("--verbose", options.verbose, "name the passed cases too");
  promql->add_flag("--no-extra-checks", options.no_extra_checks,
                   "evaluate instant cases once only, not also with fixed times and as range queries");
  promql->add_flag("--both", options.both,
                   "hold no case to what the script says: evaluate each from blocks and memory with every "
                   "shortcut, and series "
                   "by series, and want the same");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return RunPromql(options);
}

}  // namespace tickscope::roles
