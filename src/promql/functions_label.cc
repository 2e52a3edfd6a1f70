#include "promql/functions_label.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "promql/paced_sort.h"

namespace tickscope::promql {
namespace {

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// A regular expression that matches whole values, with a replacement of the form "$1-${name}".
class LabelRewrite {
 public:
  static Result<LabelRewrite> Make(const std::string& expression, const std::string& replacement) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_dot_nl(true);
    options.set_max_mem(4 << 20);
    LabelRewrite rewrite;
    rewrite.regex_ = std::make_unique<re2::RE2>(expression, options);
    if (!rewrite.regex_->ok()) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "invalid regular expression in label_replace(): " + expression);
    }
    rewrite.groups_.resize(static_cast<std::size_t>(rewrite.regex_->NumberOfCapturingGroups()) + 1);
    rewrite.replacement_ = replacement;
    return rewrite;
  }

  // The replacement for `value`, or nothing when it does not match.
  std::optional<std::string> Apply(std::string_view value) {
    const re2::StringPiece text(value.data(), value.size());
    if (!regex_->Match(text, 0, value.size(), re2::RE2::ANCHOR_BOTH, groups_.data(),
                       static_cast<int>(groups_.size()))) {
      return std::nullopt;
    }
    std::string out;
    std::string_view rest = replacement_;
    while (!rest.empty()) {
      const std::size_t dollar = rest.find('$');
      out += rest.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      rest.remove_prefix(dollar + 1);
      TakeReference(rest, out);
    }
    return out;
  }

 private:
  // Replaces the reference at the start of `rest` (behind its dollar sign) by what it stands for. What is not a
  // reference stays as it is.
  void TakeReference(std::string_view& rest, std::string& out) const {
    if (rest.starts_with('$')) {
      out += '$';
      rest.remove_prefix(1);
      return;
    }
    const bool braces = rest.starts_with('{');
    const std::size_t begin = braces ? 1 : 0;
    std::size_t end = begin;
    while (end < rest.size() && IsWordByte(rest[end]))
      ++end;
    if (end == begin || (braces && (end == rest.size() || rest[end] != '}'))) {
      out += '$';
      return;
    }
    out += Group(rest.substr(begin, end - begin));
    rest.remove_prefix(end + begin);
  }

  std::string_view Group(std::string_view name) const {
    std::size_t index = groups_.size();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() <= 4) index = static_cast<std::size_t>(std::stoi(std::string(name)));
    } else if (const auto it = regex_->NamedCapturingGroups().find(std::string(name));
               it != regex_->NamedCapturingGroups().end()) {
      index = static_cast<std::size_t>(it->second);
    }
    if (index >= groups_.size()) return {};
    return {groups_[index].data(), groups_[index].size()};
  }

  std::unique_ptr<re2::RE2> regex_;
  std::vector<re2::StringPiece> groups_;
  std::string replacement_;
};

Status CheckDestination(const CallSite& site, const std::string& name) {
  if (!name.empty() && IsValidUtf8(name)) return {};
  return Fail(ErrorCode::kFailedPrecondition,
              "invalid destination label name in " + std::string(site.call.function->name) + "(): " + name);
}

// Sets the label; a metric name set by hand is no longer one to drop.
void SetLabel(SeriesHead& head, const std::string& name, std::string_view value) {
  LabelsBuilder builder(head.labels);
  head.labels = builder.Set(name, value).Build();
  if (name == kMetricName) head.drop_name = false;
}

bool CanSort(const CallSite& site) {
  if (site.scope.grid.count == 1 && !site.scope.ends_later) return true;
  site.run().annotations.Warn(
      site.expr.position, "sort is ineffective for range queries since results are always ordered by labels");
  return false;
}

std::vector<std::size_t> RowNumbers(const StepMatrix& in) {
  std::vector<std::size_t> order(in.rows());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

Result<StepMatrix> EvalLabelReplace(const CallSite& site) {
  const std::string& destination = site.text(1);
  const std::string& source = site.text(3);
  TICKSCOPE_ASSIGN_OR_RETURN(LabelRewrite rewrite, LabelRewrite::Make(site.text(4), site.text(2)));
  TICKSCOPE_RETURN_IF_ERROR(CheckDestination(site, destination));
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    const auto value = rewrite.Apply(in.head(row).labels.Get(source));
    if (value) SetLabel(in.head(row), destination, *value);
  }
  return MergeEqualRows(site.run(), std::move(in));
}

Result<StepMatrix> EvalLabelJoin(const CallSite& site) {
  const std::string& destination = site.text(1);
  for (std::size_t i = 3; i < site.arg_count(); ++i) {
    const std::string& source = site.text(i);
    if (!source.empty() && IsValidUtf8(source)) continue;
    return Fail(ErrorCode::kFailedPrecondition, "invalid source label name in label_join(): " + source);
  }
  TICKSCOPE_RETURN_IF_ERROR(CheckDestination(site, destination));
  const std::string& separator = site.text(2);
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    std::string joined;
    for (std::size_t i = 3; i < site.arg_count(); ++i) {
      if (i > 3) joined += separator;
      joined += in.head(row).labels.Get(site.text(i));
    }
    SetLabel(in.head(row), destination, joined);
  }
  return MergeEqualRows(site.run(), std::move(in));
}

Result<StepMatrix> EvalSort(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  const bool effective = CanSort(site);
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) == Cell::kHistogram) in.Erase(row, step);
    }
  }
  in.DropEmptyRows();
  if (!effective) return in;
  std::vector<std::size_t> order = RowNumbers(in);
  const bool descending = site.call.function->name == "sort_desc";
  const auto goes_before = [&](std::size_t a, std::size_t b) {
    const double x = in.value(a, 0);
    const double y = in.value(b, 0);
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x);  // NaN comes last whichever way.
    return descending ? x > y : x < y;
  };
  TICKSCOPE_RETURN_IF_ERROR(SortPaced(site.run(), order, goes_before));
  in.Reorder(order);
  return in;
}

bool NaturalLess(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto take_chunk = [&](std::string_view& text) {
    std::size_t n = 1;
    while (n < text.size() && is_digit(text[n]) == is_digit(text[0]))
      ++n;
    const std::string_view chunk = text.substr(0, n);
    text.remove_prefix(n);
    return chunk;
  };
  std::string_view rest_a = a;
  std::string_view rest_b = b;
  while (!rest_a.empty() && !rest_b.empty()) {
    const std::string_view x = take_chunk(rest_a);
    const std::string_view y = take_chunk(rest_b);
    if (x == y) continue;
    if (!is_digit(x[0]) || !is_digit(y[0])) return x < y;
    const auto significant = [](std::string_view digits) {
      return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
    };
    const std::string_view m = significant(x);
    const std::string_view n = significant(y);
    if (m.size() != n.size()) return m.size() < n.size();
    if (m != n) return m < n;
    return x.size() > y.size();  // "007" before "07": more zeros first.
  }
  return rest_a.size() < rest_b.size();
}

Result<StepMatrix> EvalSortByLabel(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  const bool effective = CanSort(site);
  if (!effective) return in;
  const bool descending = site.call.function->name == "sort_by_label_desc";
  std::vector<std::size_t> order = RowNumbers(in);
  const auto goes_before = [&](std::size_t a, std::size_t b) {
    if (descending) std::swap(a, b);
    const Labels& x = in.head(a).labels;
    const Labels& y = in.head(b).labels;
    for (std::size_t i = 1; i < site.arg_count(); ++i) {
      const std::string_view left = x.Get(site.text(i));
      const std::string_view right = y.Get(site.text(i));
      if (left != right) return NaturalLess(left, right);
    }
    return x < y;
  };
  TICKSCOPE_RETURN_IF_ERROR(SortPaced(site.run(), order, goes_before));
  in.Reorder(order);
  return in;
}

}  // namespace tickscope::promql
