// The exposition parsers against material nobody on this project wrote: OpenMetrics' own parser cases,
// Prometheus' text cases, and real-size expositions with the sample counts that Prometheus' parser gives.
//
// The material lies beside the source tree or where TICKSCOPE_SHARED says; without it these tests are
// skipped.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/exposition.h"

namespace tickscope::wire {
namespace {

namespace fs = std::filesystem;

fs::path Conformance() {
  const char* const shared = std::getenv("TICKSCOPE_SHARED");
  const fs::path root =
      shared != nullptr ? fs::path(shared) : fs::path(TICKSCOPE_SOURCE_ROOT) / ".." / "shared";
  return root / "conformance";
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

struct Outcome {
  std::size_t samples = 0;
  std::string error;  ///< Empty when the body was accepted.
};

Outcome Parse(ExpositionFormat format, ExpositionMode mode, const std::string& body) {
  const auto parser = MakeExpositionParser(format, body, {.mode = mode});
  Outcome outcome;
  while (true) {
    const auto entry = parser->Next();
    if (!entry) {
      outcome.error = entry.error().message;
      return outcome;
    }
    if (*entry == ExpositionEntry::kEnd) return outcome;
    if (*entry == ExpositionEntry::kSample) ++outcome.samples;
  }
}

#define SKIP_WITHOUT(path) \
  if (!fs::exists(path)) GTEST_SKIP() << "no conformance material at " << (path) << "; set TICKSCOPE_SHARED"

TEST(OpenMetricsConformance, EveryCase) {
  const fs::path root = Conformance() / "openmetrics";
  SKIP_WITHOUT(root);
  std::ifstream verdicts(root / "prometheus_3.16_verdict.tsv");
  std::size_t cases = 0;
  std::string row;
  while (std::getline(verdicts, row)) {
    if (row.starts_with('#')) continue;
    std::istringstream columns(row);
    std::string name;
    std::string spec;
    std::string prometheus;
    columns >> name >> spec >> prometheus;
    SCOPED_TRACE(name);
    ++cases;
    const std::string body = ReadFile(root / "parsers" / name / "metrics");
    const Outcome strict = Parse(ExpositionFormat::kOpenMetrics, ExpositionMode::kStrict, body);
    const Outcome scrape = Parse(ExpositionFormat::kOpenMetrics, ExpositionMode::kScrape, body);
    EXPECT_EQ(strict.error.empty(), spec == "true") << strict.error << "\n" << body;
    EXPECT_EQ(scrape.error.empty(), prometheus == "true") << scrape.error << "\n" << body;
  }
  EXPECT_EQ(cases, 152U);
}

TEST(TextConformance, StrictVerdicts) {
  const fs::path root = Conformance() / "exposition" / "expfmt";
  SKIP_WITHOUT(root);
  std::size_t cases = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(root)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("protobuf")) continue;
    SCOPED_TRACE(name);
    ++cases;
    const Outcome outcome = Parse(ExpositionFormat::kText, ExpositionMode::kStrict, ReadFile(file.path()));
    EXPECT_EQ(outcome.error.empty(), !name.starts_with("from_test_parse_error_")) << outcome.error;
    if (name == "text") {
      EXPECT_EQ(outcome.samples, 248U);
    }
  }
  EXPECT_EQ(cases, 19U);
}

TEST(TextConformance, ScrapeVerdicts) {
  const fs::path root = Conformance() / "exposition" / "expfmt";
  SKIP_WITHOUT(root);
  const std::pair<const char*, bool> cases[] = {
      {"from_test_parse_0", true},
      {"from_test_parse_1", true},
      {"from_test_parse_3", false},
      {"from_test_parse_4", true},
      {"minimal", true},
      {"text", true},
      {"from_test_parse_error_0", true},
      {"from_test_parse_error_1", true},
      {"from_test_parse_error_4", true},
      {"from_test_parse_error_3", false},
      {"from_test_parse_error_5", false},
      {"from_test_parse_error_10", false},
      {"from_test_parse_error_12", true},
      {"from_test_parse_error_15", false},
      {"from_test_parse_error_17", false},
  };
  for (const auto& [name, accepted] : cases) {
    SCOPED_TRACE(name);
    const Outcome outcome = Parse(ExpositionFormat::kText, ExpositionMode::kScrape, ReadFile(root / name));
    EXPECT_EQ(outcome.error.empty(), accepted) << outcome.error;
  }
}

TEST(ExpositionConformance, SampleCounts) {
  const fs::path root = Conformance() / "exposition";
  SKIP_WITHOUT(root);
  struct Case {
    const char* file;
    ExpositionFormat format;
    std::size_t samples;
  };
  const Case cases[] = {
      {"textparse/alltypes.237mfs.prom.txt", ExpositionFormat::kText, 1857},
      {"textparse/alltypes.237mfs.nometa.prom.txt", ExpositionFormat::kText, 1857},
      {"textparse/alltypes.5mfs.om.txt", ExpositionFormat::kOpenMetrics, 53},
      {"textparse/alltypes.bench.om.txt", ExpositionFormat::kOpenMetrics, 123},
      {"textparse/histograms.bench.om.txt", ExpositionFormat::kOpenMetrics, 147},
      {"textparse/prometheus.om1.txt", ExpositionFormat::kOpenMetrics, 2531},
      {"expfmt/text", ExpositionFormat::kText, 248},
      {"expfmt/protobuf", ExpositionFormat::kProtobuf, 248},
      {"expfmt/protobuf-multimessage", ExpositionFormat::kProtobuf, 6},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const Outcome outcome = Parse(c.format, ExpositionMode::kScrape, ReadFile(root / c.file));
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.samples, c.samples);
  }
}

}  // namespace
}  // namespace tickscope::wire
