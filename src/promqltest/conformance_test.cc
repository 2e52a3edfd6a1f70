// Conformance: the PromQL scripts of the reference implementation, and that each of their expressions parses.
//
// The scripts lie beside the source tree (../shared) or where TICKSCOPE_SHARED says; without them these tests are
// skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "promql/parser.h"
#include "promql/printer.h"
#include "promqltest/script.h"
#include "promqltest/script_runner.h"

namespace tickscope::promqltest {
namespace {

namespace fs = std::filesystem;

fs::path ScriptDirectory() {
  const char* const shared = std::getenv("TICKSCOPE_SHARED");
  const fs::path base =
      shared != nullptr ? fs::path(shared) : fs::path(TICKSCOPE_SOURCE_ROOT) / ".." / "shared";
  return base / "conformance" / "promql";
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

#define SKIP_WITHOUT(path) \
  if (!fs::exists(path)) GTEST_SKIP() << "no conformance scripts at " << (path) << "; set TICKSCOPE_SHARED"

TEST(Conformance, EveryExpressionParses) {
  SKIP_WITHOUT(ScriptDirectory());
  const promql::EngineOptions options = ScriptEngineOptions();
  std::size_t count = 0;
  for (const auto& file : fs::directory_iterator(ScriptDirectory())) {
    const auto commands = ParseScript(ReadFile(file.path()));
    ASSERT_TRUE(commands.has_value()) << file.path() << ": " << commands.error().message;
    for (const Command& command : *commands) {
      const auto* eval = std::get_if<EvalCommand>(&command.body);
      if (eval == nullptr) continue;
      ++count;
      SCOPED_TRACE(file.path().filename().string() + ":" + std::to_string(command.line) + ": " +
                   eval->expression);
      const auto expr = promql::ParseExpr(eval->expression, options);
      if (!expr) {
        EXPECT_TRUE(eval->failure.has_value()) << expr.error().message;
        continue;
      }
      const std::string printed = promql::ToString(**expr);
      const auto again = promql::ParseExpr(printed, options);
      ASSERT_TRUE(again.has_value()) << again.error().message;
      EXPECT_EQ(promql::ToString(**again), printed);
    }
  }
  EXPECT_EQ(count, 1769U);
}

TEST(Conformance, EveryCasePasses) {
  SKIP_WITHOUT(ScriptDirectory());
  struct Case {
    const char* file;
    std::size_t cases;
  };
  const Case cases[] = {
      {"aggregators", 127},
      {"at_modifier", 60},
      {"duration_expression", 45},
      {"extended_vectors", 133},
      {"fill-modifier", 37},
      {"functions", 393},
      {"histograms", 148},
      {"info", 53},
      {"limit", 30},
      {"literals", 19},
      {"native_histograms", 426},
      {"operators", 162},
      {"selectors", 22},
      {"staleness", 12},
      {"start_timestamps", 31},
      {"type_and_unit", 49},
      {"unquoted_utf8_names", 22},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const auto report = RunScript(ReadFile(ScriptDirectory() / (std::string(c.file) + ".test")), {});
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->cases.size(), c.cases);
    EXPECT_EQ(report->passed, c.cases);
    for (const CaseResult& result : report->cases) {
      if (!result.difference) continue;
      ADD_FAILURE() << c.file << ".test:" << result.line << ": " << result.expression << "\n    "
                    << *result.difference;
    }
  }
}

}  // namespace
}  // namespace tickscope::promqltest
