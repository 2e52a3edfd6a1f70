// Declarations: what is taken, what is refused and with which words, what two of one name may be.
#include <cmath>
#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::ExposedText;
using testing::Refused;
using testing::RunAlone;
using testing::Value;

TEST(Register, EverySeriesIsThereFromTheStart) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const auto family = RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}, {"y", {"1", "2", "3"}}});
    ASSERT_EQ(family.series_count(), 6U);
    family.With({"q", "2"}).Add(7);
    family.At(5U).Add(9);
    EXPECT_EQ(Value("a_total{x=\"p\",y=\"1\"}"), "0");
    EXPECT_EQ(Value("a_total{x=\"q\",y=\"2\"}"), "7");
    EXPECT_EQ(Value("a_total{x=\"q\",y=\"3\"}"), "9");
  });
}

TEST(Register, TheSameTwiceIsTheSame) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}}).At(1U).Add(1);
    RegisterCounters({"a_total", "Other help may be, it is no part of the identity."}, {{"x", {"p", "q"}}})
        .At(1U)
        .Add(2);
    RegisterHistograms({"h", "Help."}, {1, 2}).At().Observe(1);
    RegisterHistograms({"h", "Help."}, {1, 2}).At().Observe(1);
    EXPECT_EQ(Value("a_total{x=\"q\"}"), "3");
    EXPECT_EQ(Value("h_count"), "2");
  });
}

TEST(Register, OneNameIsOneThing) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    ASSERT_EQ(RegisterCounters({"a_total", "Help."}, {{"x", {"p"}}}).result(), TS_OK);
    ASSERT_EQ(RegisterHistograms({"h", "Help."}, {1, 2}).result(), TS_OK);
    ASSERT_EQ(RegisterGauges({"g", "Help."}).result(), TS_OK);
    EXPECT_EQ(RegisterDoubleCounters({"a_total", "Help."}, {{"x", {"p"}}}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterCounters({"a_total", "Help."}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterCounters({"a_total", "Help."}, {{"y", {"p"}}}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterHistograms({"h", "Help."}, {1, 3}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterExponential({"h", "Help."}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterHistograms({"h", "Help."}, {1, 2}, {}, Exemplars::kNewest).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterUpDowns({"g", "Help."}).result(), TS_CONFLICT);
    EXPECT_EQ(RegisterGauges({"a", "One family with a_total in OpenMetrics."}).result(), TS_CONFLICT);
    EXPECT_STREQ(LastError(), "a: a_total is declared with another type, unit, bounds or labels");
    const Family<Counter> refused = RegisterCounters({"g_total", "g is a gauge."});
    EXPECT_EQ(refused.result(), TS_CONFLICT);
    refused.At().Add();
    EXPECT_EQ(Refused("registration"), "10");
  });
}

struct BadDeclaration {
  const char* what;
  ts_type type;
  std::string name = "ok";
  std::string unit = "";
  std::string help = "Help.";
  std::vector<std::pair<std::string, std::vector<std::string>>> labels = {};
  std::vector<double> bounds = {1, 2};
  int scale = 3;
  double least = 0;
  double most = 0;
};

std::vector<BadDeclaration> BadDeclarations() {
  const double inf = HUGE_VAL;
  const std::string megabyte(1 << 20, 'a');
  std::vector<std::string> many;
  for (int i = 0; i < 1025; ++i)
    many.push_back(std::to_string(i));
  const std::vector<std::string> forty(many.begin(), many.begin() + 40);
  const std::vector<double> too_many(257, 1.0);
  return {
      {"no type", static_cast<ts_type>(0)},
      {"unknown type", static_cast<ts_type>(7)},
      {"empty name", TS_GAUGE, ""},
      {"digit first", TS_GAUGE, "1a"},
      {"hyphen", TS_GAUGE, "a-b"},
      {"UTF-8 in a name", TS_GAUGE, "t\xC3\xBCr"},
      {"look-alike letter", TS_GAUGE, "g\xD0\xB0me"},
      {"name of a megabyte", TS_GAUGE, megabyte},
      {"name one too long", TS_GAUGE, std::string(129, 'a')},
      {"counter without _total", TS_COUNTER, "a"},
      {"gauge with _total", TS_GAUGE, "a_total"},
      {"part of a histogram", TS_GAUGE, "a_bucket"},
      {"part of a histogram", TS_GAUGE, "a_count"},
      {"unit that is not in the name", TS_GAUGE, "a_bytes", "seconds"},
      {"unit that is a word's end", TS_GAUGE, "amilliseconds", "seconds"},
      {"unit alone", TS_GAUGE, "seconds", "seconds"},
      {"no help", TS_GAUGE, "ok", "", ""},
      {"help of a megabyte", TS_GAUGE, "ok", "", megabyte},
      {"help that is not UTF-8", TS_GAUGE, "ok", "", "a\xFF"},
      {"help with a control character", TS_GAUGE, "ok", "", "a\x1B[2J"},
      {"five labels",
       TS_GAUGE,
       "ok",
       "",
       "Help.",
       {{"a", {"1"}}, {"b", {"1"}}, {"c", {"1"}}, {"d", {"1"}}, {"e", {"1"}}}},
      {"label twice", TS_GAUGE, "ok", "", "Help.", {{"a", {"1"}}, {"a", {"1"}}}},
      {"reserved label", TS_GAUGE, "ok", "", "Help.", {{"__name__", {"1"}}}},
      {"colon in a label", TS_GAUGE, "ok", "", "Help.", {{"a:b", {"1"}}}},
      {"le on a histogram", TS_HISTOGRAM, "ok", "", "Help.", {{"le", {"1"}}}},
      {"label name of a megabyte", TS_GAUGE, "ok", "", "Help.", {{megabyte, {"1"}}}},
      {"no values", TS_GAUGE, "ok", "", "Help.", {{"a", {}}}},
      {"value twice", TS_GAUGE, "ok", "", "Help.", {{"a", {"1", "1"}}}},
      {"empty value", TS_GAUGE, "ok", "", "Help.", {{"a", {""}}}},
      {"value of a megabyte", TS_GAUGE, "ok", "", "Help.", {{"a", {megabyte}}}},
      {"overlong UTF-8", TS_GAUGE, "ok", "", "Help.", {{"a", {"\xC0\xAF"}}}},
      {"surrogate", TS_GAUGE, "ok", "", "Help.", {{"a", {"\xED\xA0\x80"}}}},
      {"past U+10FFFF", TS_GAUGE, "ok", "", "Help.", {{"a", {"\xF4\x90\x80\x80"}}}},
      {"cut UTF-8", TS_GAUGE, "ok", "", "Help.", {{"a", {"\xE2\x82"}}}},
      {"too many values", TS_GAUGE, "ok", "", "Help.", {{"a", many}}},
      {"too many series", TS_GAUGE, "ok", "", "Help.", {{"a", forty}, {"b", forty}}},
      {"no bounds", TS_HISTOGRAM, "ok", "", "Help.", {}, {}},
      {"too many bounds", TS_HISTOGRAM, "ok", "", "Help.", {}, too_many},
      {"bounds that do not rise", TS_HISTOGRAM, "ok", "", "Help.", {}, {1, 1}},
      {"infinite bound", TS_HISTOGRAM, "ok", "", "Help.", {}, {1, inf}},
      {"NaN bound", TS_HISTOGRAM, "ok", "", "Help.", {}, {std::nan("")}},
      {"scale too fine", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 6},
      {"scale below zero", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, -1},
      {"least below zero", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 3, -1},
      {"least above most", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 3, 2, 1},
      {"least NaN", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 3, std::nan("")},
      {"most infinite", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 3, 1, inf},
      {"too wide", TS_EXPONENTIAL, "ok", "", "Help.", {}, {}, 5, 1e-9, 1e9},
  };
}

ts_result Declare(const BadDeclaration& bad) {
  std::vector<std::vector<const char*>> values;
  std::vector<ts_label> labels;
  for (const auto& [name, texts] : bad.labels) {
    values.emplace_back();
    for (const std::string& text : texts)
      values.back().push_back(text.c_str());
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    labels.push_back(
        {bad.labels[i].first.c_str(), values[i].data(), static_cast<std::uint32_t>(values[i].size())});
  ts_metric metric{};
  metric.type = bad.type;
  metric.name = bad.name.c_str();
  metric.unit = bad.unit.c_str();
  metric.help = bad.help.c_str();
  metric.labels = labels.data();
  metric.label_count = static_cast<std::uint32_t>(labels.size());
  metric.bounds = bad.bounds.data();
  metric.bound_count = static_cast<std::uint32_t>(bad.bounds.size());
  metric.scale = bad.scale;
  metric.least = bad.least;
  metric.most = bad.most;
  ts_family family;
  const ts_result result = ts_register(&metric, &family);
  EXPECT_EQ(result == TS_OK, family.series_count != 0);
  return result;
}

TEST(Register, RefusesWhatCanNeverBe) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const std::string before = ExposedText();
    const std::vector<BadDeclaration> all = BadDeclarations();
    for (const BadDeclaration& bad : all) {
      EXPECT_EQ(Declare(bad), TS_INVALID) << bad.what;
      EXPECT_STRNE(LastError(), "") << bad.what;
      EXPECT_LT(std::string(LastError()).size(), 256U);
    }
    ts_family family;
    EXPECT_EQ(ts_register(nullptr, &family), TS_INVALID);
    EXPECT_EQ(Refused("registration"), std::to_string(all.size() + 1));
    // Nothing of it is in the page.
    EXPECT_EQ(ExposedText().find("ok"), before.find("ok"));
  });
}

TEST(Register, AFullPageSaysSo) {
  RunAlone([] {
    Options options;
    options.cells_max = 64;
    options.directory_bytes = 4096;
    options.exemplars_max = 1;
    ASSERT_EQ(Start(options), TS_OK);
    std::vector<const char*> values;
    std::vector<std::string> texts;
    for (int i = 0; i < 70; ++i)
      texts.push_back(std::to_string(i));
    for (const std::string& text : texts)
      values.push_back(text.c_str());
    EXPECT_EQ(RegisterGauges({"wide", "Help."}, {{"a", values}}).result(), TS_FULL);
    EXPECT_EQ(RegisterHistograms({"h", "Help."}, {1}, {{"a", {"1", "2"}}}, Exemplars::kNewest).result(),
              TS_FULL);
    EXPECT_EQ(RegisterHistograms({"h", "Help."}, {1}, {}, Exemplars::kNewest).result(), TS_OK);
    const std::string help(500, 'h');
    ts_result result = TS_OK;
    int taken = 0;
    for (; result == TS_OK && taken < 20; ++taken) {
      const std::string name = "g" + std::to_string(taken);
      result = RegisterGauges({name.c_str(), help.c_str()}).result();
    }
    EXPECT_EQ(result, TS_FULL);
    EXPECT_EQ(RegisterGauges({"g0", help.c_str()}).result(), TS_OK) << "what is there is still found";
  });
}

TEST(Register, AnErrorDoesNotRepeatAValue) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const auto family = RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}});
    family.With({"jane.doe@example.com"}).Add();
    EXPECT_STREQ(LastError(), "a_total: label x has no such value");
    EXPECT_EQ(ExposedText().find("jane"), std::string::npos);
  });
}

}  // namespace
}  // namespace tickscope::sdk
