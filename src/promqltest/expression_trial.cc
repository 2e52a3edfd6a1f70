#include "promqltest/expression_trial.h"

#include <set>
#include <string>
#include <variant>

#include "base/check.h"
#include "model/queryable.h"
#include "promql/parser.h"
#include "promql/printer.h"
#include "promqltest/script.h"

namespace tickscope::promqltest {
namespace {

constexpr TimeMs kTimeMs = 1'800'000;
constexpr std::int64_t kStepMs = 60'000;

constexpr std::string_view kData = R"(
load 1m
  c_total{s="a",r="eu"} 0+7x20 3+5x20
  c_total{s="b",r="eu"} 5+1x10 _x5 stale 9+2x20
  c_total{s="c",r="na"} 0x40
  g{s="a",r="eu"} 1 -2 3.5 NaN Inf -Inf 0 -0 1e300 1e-300 _ stale 7x30
  g{s="b",r="na"} 4-0.5x40
  b_bucket{s="a",le="0.1"} 0+1x40
  b_bucket{s="a",le="1"} 0+3x40
  b_bucket{s="a",le="+Inf"} 0+4x40
  h{s="a"} {{schema:1 sum:5 count:9 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 3] n_buckets:[2] offset:-1}}+{{schema:1 sum:1 count:2 buckets:[1 1]}}x40
  h{s="b"} {{schema:0 sum:2 count:4 buckets:[1 3]}}x10 {{schema:0 sum:1 count:1 buckets:[1]}}x29
  k{s="a"} {{schema:-53 sum:3 count:6 custom_values:[1 2 5] buckets:[1 2 3]}}+{{schema:-53 sum:1 count:2 custom_values:[1 2 5] buckets:[0 1 1]}}x40
  k{s="b"} {{schema:-53 sum:3 count:6 custom_values:[1 5] buckets:[3 3]}}x40
  m{s="a"} 1x15 {{schema:0 sum:2 count:4 buckets:[1 3]}}x24
  target_info{job="j",instance="i",v="1"} 1x40
  i{job="j",instance="i"} 0+2x40
)";

promql::EngineOptions Options() {
  promql::EngineOptions options;
  options.samples_max = 200'000;
  options.memory_bytes_max = 32U << 20;
  options.delayed_name_removal = true;
  options.unquoted_utf8_names = true;
  options.use_start_timestamps = true;
  options.type_and_unit_labels = true;
  return options;
}

}  // namespace

ExpressionTrial::ExpressionTrial() : engine_(Options()) {
  const auto commands = ParseScript(kData);
  TICKSCOPE_CHECK(commands.has_value());
  for (const Command& command : *commands)
    TICKSCOPE_CHECK(storage_.Load(std::get<LoadCommand>(command.body)).has_value());
}

void ExpressionTrial::Try(std::string_view text) {
  const promql::EngineOptions& options = engine_.options();
  static_cast<void>(promql::ParseSeriesSelector(text, options));
  const auto expr = promql::ParseExpr(text, options);
  if (!expr) return;
  ++parsed_;
  const std::string printed = promql::ToString(**expr);
  const auto again = promql::ParseExpr(printed, options);
  TICKSCOPE_CHECK(again.has_value());
  TICKSCOPE_CHECK(promql::ToString(**again) == printed);
  const std::string pretty = promql::ToPrettyString(**expr);
  const auto laid_out = promql::ParseExpr(pretty, options);
  TICKSCOPE_CHECK(laid_out.has_value());
  TICKSCOPE_CHECK(promql::ToPrettyString(**laid_out) == pretty);
  Evaluate(text);
}

void ExpressionTrial::Evaluate(std::string_view text) {
  // No deadline: who runs this sees what takes long.
  const QueryContext context;
  const TenantId tenant(kDefaultTenant);
  const auto instant = engine_.Instant(storage_, tenant, text, kTimeMs, context);
  const auto range = engine_.Range(storage_, tenant, text, kTimeMs, kTimeMs, kStepMs, context);
  static_cast<void>(engine_.Range(storage_, tenant, text, 0, kTimeMs, 7 * kStepMs, context));
  if (!instant) return;
  ++evaluated_;
  // Of an instant query step() is 0.
  const auto* vector = std::get_if<promql::Vector>(&instant->value);
  if (vector == nullptr || !range || text.find("step") != std::string_view::npos) return;
  std::multiset<Labels> at_once;
  for (const promql::VectorElement& element : *vector)
    at_once.insert(element.labels);
  std::multiset<Labels> by_step;
  for (const promql::MatrixSeries& series : std::get<promql::Matrix>(range->value))
    by_step.insert(series.labels);
  TICKSCOPE_CHECK(at_once == by_step);
}

}  // namespace tickscope::promqltest
