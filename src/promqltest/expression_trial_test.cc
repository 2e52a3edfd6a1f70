// Expressions made of pieces of good ones: the parser, the printer and the evaluator take whatever comes.
//
// $TICKSCOPE_MUTATIONS sets how many texts are tried, $TICKSCOPE_SEED from where; a failure ends the process after the
// text was printed by the sanitizer's or the check's report.
#include "promqltest/expression_trial.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"

namespace tickscope::promqltest {
namespace {

// Pieces, with blanks between them when they are put together.
constexpr const char* kPieces[] = {
    "c_total",
    "g",
    "b_bucket",
    "h",
    "k",
    "m",
    "i",
    "target_info",
    "nothing",
    "{s=\"a\"}",
    "{r=~\"e.*\",s!=\"b\"}",
    "{__name__=~\"[a-k]\"}",
    "{\"a.b\"}",
    "[5m]",
    "[1h:1m]",
    "[30m:]",
    "[5m] anchored",
    "[5m] smoothed",
    "smoothed",
    "[step() + 1m]",
    "[max_of(1m, range())]",
    "[1m * 2 ^ 2]",
    "offset 1m",
    "offset -(3m)",
    "@ 600",
    "@ start()",
    "@ end()",
    "(",
    ")",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "==",
    "!=",
    "<",
    ">= bool",
    "</",
    ">/",
    "and",
    "or",
    "unless",
    "atan2",
    "on (s)",
    "ignoring (r)",
    "group_left ()",
    "group_right (v)",
    "fill (0)",
    "fill_left (1)",
    "by (s)",
    "without (le)",
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "topk (2,",
    "bottomk (1,",
    "quantile (0.5,",
    "count_values (\"v\",",
    "limitk (1,",
    "limit_ratio (-0.5,",
    "rate (",
    "increase (",
    "delta (",
    "irate (",
    "idelta (",
    "deriv (",
    "resets (",
    "changes (",
    "predict_linear (",
    "double_exponential_smoothing (",
    "histogram_quantile (0.9,",
    "histogram_fraction (0, 1,",
    "histogram_avg (",
    "histogram_count (",
    "histogram_sum (",
    "histogram_stddev (",
    "histogram_quantiles (",
    "label_replace (",
    "label_join (",
    "absent (",
    "absent_over_time (",
    "sum_over_time (",
    "avg_over_time (",
    "quantile_over_time (0.5,",
    "mad_over_time (",
    "last_over_time (",
    "first_over_time (",
    "ts_of_max_over_time (",
    "present_over_time (",
    "info (",
    "sort (",
    "sort_by_label (",
    "scalar (",
    "vector (",
    "time ()",
    "timestamp (",
    "month (",
    "clamp (",
    "round (",
    "sgn (",
    "ln (",
    "start ()",
    "step ()",
    ",",
    ",",
    "\"s\"",
    "\"$1\"",
    "\"(.*)\"",
    "1",
    "0",
    "-1",
    "0x1F",
    "1e9",
    "Inf",
    "NaN",
    "5m",
    "2w",
    "# note\n",
    "'q'",
    "`b`",
    "\"\\xff\"",
    "ü",
    "=",
    ":",
};

std::string Assembled(Random& random) {
  std::string text;
  const std::uint64_t count = 1 + random.Below(12);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += ' ';
    text += kPieces[random.Below(std::size(kPieces))];
  }
  // Most open parentheses are closed: without that nearly nothing is an expression.
  std::int64_t open = 0;
  for (const char c : text)
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
  if (random.Below(8) != 0) text.append(static_cast<std::size_t>(open > 0 ? open : 0), ')');
  return text;
}

// One operand in the brackets of another, or beside it.
std::string Combined(Random& random, const std::vector<std::string>& good) {
  const std::string& a = good[random.Below(good.size())];
  const std::string& b = good[random.Below(good.size())];
  static constexpr const char* kOperators[] = {"+",      "/",  "==",       "< bool",          "and",   "or",
                                               "unless", ">/", "* on (s)", "- ignoring (le)", "atan2", "^"};
  static constexpr const char* kAround[] = {"sum(",
                                            "sum by (s) (",
                                            "-(",
                                            "abs(",
                                            "topk(1, ",
                                            "histogram_quantile(0.5, ",
                                            "count_values(\"v\", ",
                                            "absent(",
                                            "sort_desc(",
                                            "scalar("};
  switch (random.Below(4)) {
    case 0:
      return "(" + a + ") " + kOperators[random.Below(std::size(kOperators))] + " (" + b + ")";
    case 1:
      return kAround[random.Below(std::size(kAround))] + a + ")";
    case 2:
      return "max_over_time((" + a + ")[10m:1m] offset 1m)";
    default: {
      std::string text = a;
      const std::uint64_t at = random.Below(text.size() + 1);
      if (random.Below(2) == 0) {
        text.insert(at, kPieces[random.Below(std::size(kPieces))]);
      } else if (!text.empty()) {
        text.erase(at / 2, 1 + random.Below(4));
      }
      return text;
    }
  }
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ExpressionTrial, HoldsOfWhateverIsPutTogether) {
  const std::uint64_t tries = FromEnvironment("TICKSCOPE_MUTATIONS", 4000);
  const std::uint64_t seed = FromEnvironment("TICKSCOPE_SEED", 1);
  SeededRandom random(seed);
  ExpressionTrial trial;
  constexpr std::size_t kGoodMax = 2000;
  constexpr std::size_t kBytesMax = 2000;
  std::vector<std::string> good = {
      "c_total", "rate(c_total[5m])", "h", "k", "g", "sum by (s) (increase(h[10m]))"};
  for (std::uint64_t i = 0; i < tries; ++i) {
    const std::string text = random.Below(2) == 0 ? Assembled(random) : Combined(random, good);
    if (text.size() > kBytesMax) continue;
    if (std::getenv("TICKSCOPE_SHOW") != nullptr) fprintf(stderr, "%s\n", text.c_str());
    const std::uint64_t before = trial.parsed();
    trial.Try(text);
    if (trial.parsed() == before) continue;
    if (good.size() < kGoodMax) {
      good.push_back(text);
    } else {
      good[random.Below(good.size())] = text;
    }
  }
  RecordProperty("parsed", static_cast<int>(trial.parsed()));
  RecordProperty("evaluated", static_cast<int>(trial.evaluated()));
  EXPECT_GT(trial.parsed() * 5, tries) << "of " << tries << " texts hardly any is an expression";
}

}  // namespace
}  // namespace tickscope::promqltest
