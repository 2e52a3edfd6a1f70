#include "promqltest/histogram_notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "promql/literal.h"

namespace tickscope::promqltest {
namespace {

constexpr std::string_view kBlanks = " \t";

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view TakeWord(std::string_view& text, std::string_view ends) {
  const std::string_view word = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(word.size());
  return word;
}

void SkipBlanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::unexpected<Error> Bad(std::string_view what, std::string_view got) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("bad histogram: {}: got {}", what, promql::Quote(got.substr(0, 64))));
}

Result<std::vector<double>> ParseList(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return Bad("want a list in brackets", text);
  text = text.substr(1, text.size() - 2);
  std::vector<double> values;
  for (SkipBlanks(text); !text.empty(); SkipBlanks(text)) {
    if (values.size() == kNotationBucketsMax) return Bad("too many buckets", text);
    TICKSCOPE_ASSIGN_OR_RETURN(const double value, promql::ParseNumber(TakeWord(text, kBlanks)));
    values.push_back(value);
  }
  return values;
}

Result<std::int32_t> ParseInt(std::string_view text) {
  TICKSCOPE_ASSIGN_OR_RETURN(const double value, promql::ParseNumber(text));
  if (value != std::trunc(value) || std::fabs(value) > 1e9) return Bad("want a whole number", text);
  return static_cast<std::int32_t>(value);
}

std::optional<ResetHint> ParseHint(std::string_view text) {
  if (text == "unknown") return ResetHint::kUnknown;
  if (text == "reset") return ResetHint::kReset;
  if (text == "not_reset") return ResetHint::kNotReset;
  if (text == "gauge") return ResetHint::kGauge;
  return std::nullopt;
}

// What is written before the spans are known.
struct Items {
  HistogramNotation notation;
  std::int32_t offset = 0;
  std::int32_t negative_offset = 0;
};

Status SetItem(std::string_view key, std::string_view value, Items& items) {
  Histogram& h = items.notation.histogram;
  const auto number = [&](double& target) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(target, promql::ParseNumber(value));
    return {};
  };
  const auto whole = [&](std::int32_t& target) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(target, ParseInt(value));
    return {};
  };
  const auto list = [&](std::vector<double>& target) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(target, ParseList(value));
    return {};
  };
  if (key == "schema") return whole(h.schema);
  if (key == "sum") return number(h.sum);
  if (key == "count") return number(h.count);
  if (key == "z_bucket") return number(h.zero_count);
  if (key == "z_bucket_w") return number(h.zero_threshold);
  if (key == "offset") return whole(items.offset);
  if (key == "n_offset") return whole(items.negative_offset);
  if (key == "buckets") return list(h.positive_buckets);
  if (key == "n_buckets") return list(h.negative_buckets);
  if (key == "custom_values") return list(h.custom_bounds);
  if (key != "counter_reset_hint") return Bad("unknown item", key);
  const auto hint = ParseHint(value);
  if (!hint) return Bad("unknown counter reset hint", value);
  h.reset_hint = *hint;
  items.notation.hint_written = true;
  return {};
}

void MakeSpan(const std::vector<double>& buckets, std::int32_t offset, std::vector<BucketSpan>& spans) {
  if (!buckets.empty()) spans.push_back({offset, static_cast<std::uint32_t>(buckets.size())});
}

// One side as a dense list from its first bucket on.
std::string FormatSide(std::string_view name, std::string_view offset_name,
                       const std::vector<BucketSpan>& spans, const std::vector<double>& buckets) {
  if (spans.empty()) return {};
  std::string list;
  std::size_t next = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) {
      for (std::int32_t gap = 0; gap < spans[i].offset; ++gap)
        list += " 0";
    }
    for (std::uint32_t j = 0; j < spans[i].length && next < buckets.size(); ++j) {
      list += fmt::format(" {}", buckets[next++]);
    }
  }
  if (!list.empty()) list.erase(0, 1);
  std::string out = fmt::format(" {}:[{}]", name, list);
  if (spans[0].offset != 0) out += fmt::format(" {}:{}", offset_name, spans[0].offset);
  return out;
}

std::string_view HintText(ResetHint hint) {
  switch (hint) {
    case ResetHint::kUnknown:
      return "";
    case ResetHint::kReset:
      return " counter_reset_hint:reset";
    case ResetHint::kNotReset:
      return " counter_reset_hint:not_reset";
    case ResetHint::kGauge:
      return " counter_reset_hint:gauge";
  }
  std::unreachable();
}

}  // namespace

Result<HistogramNotation> TakeHistogram(std::string_view& text) {
  if (!TakePrefix(text, "{{")) return Bad("want {{", text);
  Items items;
  for (SkipBlanks(text); !TakePrefix(text, "}}"); SkipBlanks(text)) {
    const std::string_view key = TakeWord(text, ": \t}");
    if (!TakePrefix(text, ":")) return Bad("want key:value", text.empty() ? key : text);
    std::string_view value;
    if (text.starts_with('[')) {
      const std::size_t end = text.find(']');
      if (end == std::string_view::npos) return Bad("list without end", text);
      value = text.substr(0, end + 1);
      text.remove_prefix(end + 1);
    } else {
      value = TakeWord(text, " \t}");
    }
    TICKSCOPE_RETURN_IF_ERROR(SetItem(key, value, items));
  }
  Histogram& h = items.notation.histogram;
  const bool exponential = h.schema >= kExponentialSchemaMin && h.schema <= kExponentialSchemaMax;
  if (!exponential && h.schema != kCustomBoundsSchema) return Bad("unknown schema", std::to_string(h.schema));
  MakeSpan(h.positive_buckets, items.offset, h.positive_spans);
  MakeSpan(h.negative_buckets, items.negative_offset, h.negative_spans);
  return std::move(items.notation);
}

std::string FormatHistogram(const Histogram& h) {
  std::string out = fmt::format("{{{{schema:{} count:{} sum:{}", h.schema, h.count, h.sum);
  if (h.zero_count != 0) out += fmt::format(" z_bucket:{}", h.zero_count);
  if (h.zero_threshold != 0) out += fmt::format(" z_bucket_w:{}", h.zero_threshold);
  if (!h.custom_bounds.empty()) out += fmt::format(" custom_values:[{}]", fmt::join(h.custom_bounds, " "));
  out += FormatSide("buckets", "offset", h.positive_spans, h.positive_buckets);
  out += FormatSide("n_buckets", "n_offset", h.negative_spans, h.negative_buckets);
  out += HintText(h.reset_hint);
  return out + "}}";
}

}  // namespace tickscope::promqltest
