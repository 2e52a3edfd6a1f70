#include "promql/info_eval.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "promql/selector_eval.h"
#include "promql/vector_matching.h"

namespace tickscope::promql {
namespace {

constexpr std::string_view kIdentifyingLabels[] = {"instance", "job"};

bool IsIdentifying(std::string_view name) {
  return std::find(std::begin(kIdentifyingLabels), std::end(kIdentifyingLabels), name) !=
         std::end(kIdentifyingLabels);
}

// The second argument of info(), taken apart.
struct InfoSelector {
  std::vector<Matcher> name_matchers;
  std::vector<Matcher> data_matchers;
  std::set<std::string, std::less<>> data_labels;  // Empty: all of an info series' labels are wanted.
  bool requires_info = false;  // Some data matcher refuses the empty value, so a series without info goes.

  [[nodiscard]] bool Names(const Labels& labels) const { return MatchesAll(name_matchers, labels); }
  [[nodiscard]] bool Wants(std::string_view label) const {
    if (label == kMetricName || IsIdentifying(label)) return false;
    return data_labels.empty() || data_labels.contains(label);
  }
};

Result<InfoSelector> MakeInfoSelector(const CallSite& site) {
  InfoSelector out;
  if (site.arg_count() > 1) {
    for (const Matcher& matcher : std::get<VectorSelector>(WithoutParens(site.arg(1)).node).matchers) {
      if (matcher.name() == kMetricName) {
        out.name_matchers.push_back(matcher);
        continue;
      }
      out.data_matchers.push_back(matcher);
      out.data_labels.insert(matcher.name());
      out.requires_info = out.requires_info || !matcher.MatchesEmpty();
    }
  }
  if (out.name_matchers.empty()) {
    out.name_matchers.push_back(Matcher::Equal(kMetricName, "target_info"));
  } else if (std::all_of(out.name_matchers.begin(), out.name_matchers.end(), [](const Matcher& m) {
               return m.type() == MatchType::kNotEqual || m.type() == MatchType::kNotRegex;
             })) {
    TICKSCOPE_ASSIGN_OR_RETURN(Matcher any_info, Matcher::Make(MatchType::kRegex, kMetricName, ".+_info"));
    out.name_matchers.push_back(std::move(any_info));
  }
  return out;
}

// The time an expression's samples come from: a fixed one, or so much before the evaluation time.
struct Reference {
  bool fixed = false;
  TimeMs time_ms = 0;  ///< Or, when not fixed, the offset.
  friend bool operator==(const Reference&, const Reference&) = default;
};

// What can be said of all the selectors that elements of an expression come from.
struct ReferenceSurvey {
  std::optional<Reference> common;
  bool ambiguous = false;

  void Add(const Reference& reference) {
    if (common && *common != reference) ambiguous = true;
    common = reference;
  }
};

Result<Reference> ReferenceOf(const QueryRun& run, const Duration& offset, const AtModifier& at) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeShift shift, TimeShift::Resolve(run, offset, at));
  return Reference{shift.is_fixed(), shift.is_fixed() ? shift.Apply(0) : -shift.Apply(0)};
}

// Collects the references of the vectors an expression's elements come from. Scalars do not count; a vector made
// without a selector has the evaluation time as its reference.
Status Survey(const QueryRun& run, const Expr& expr, ReferenceSurvey& survey) {
  const Expr& inner = WithoutParens(expr);
  if (TypeOf(inner) == ValueType::kScalar || TypeOf(inner) == ValueType::kString) return {};
  if (const auto* selector = std::get_if<VectorSelector>(&inner.node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(const Reference reference, ReferenceOf(run, selector->offset, selector->at));
    survey.Add(reference);
  } else if (const auto* range = std::get_if<MatrixSelector>(&inner.node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(const Reference reference,
                               ReferenceOf(run, range->selector.offset, range->selector.at));
    survey.Add(reference);
  } else if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    ReferenceSurvey of_inner;
    TICKSCOPE_RETURN_IF_ERROR(Survey(run, *subquery->expr, of_inner));
    TICKSCOPE_ASSIGN_OR_RETURN(const Reference own, ReferenceOf(run, subquery->offset, subquery->at));
    survey.ambiguous = survey.ambiguous || of_inner.ambiguous;
    if (of_inner.common && *of_inner.common != Reference{}) {
      survey.ambiguous = survey.ambiguous || own != Reference{};
      survey.Add(*of_inner.common);
    } else {
      survey.Add(own);
    }
  } else if (const auto* call = std::get_if<Call>(&inner.node)) {
    const bool is_info = call->function->name == "info";
    bool any = false;
    for (std::size_t i = 0; i < (is_info ? 1 : call->args.size()); ++i) {
      const ValueType type = TypeOf(*call->args[i]);
      any = any || type == ValueType::kVector || type == ValueType::kMatrix;
      TICKSCOPE_RETURN_IF_ERROR(Survey(run, *call->args[i], survey));
    }
    if (!any) survey.Add({});
  } else if (const auto* aggregate = std::get_if<Aggregate>(&inner.node)) {
    TICKSCOPE_RETURN_IF_ERROR(Survey(run, *aggregate->expr, survey));
  } else if (const auto* binary = std::get_if<Binary>(&inner.node)) {
    TICKSCOPE_RETURN_IF_ERROR(Survey(run, *binary->left, survey));
    TICKSCOPE_RETURN_IF_ERROR(Survey(run, *binary->right, survey));
  } else if (const auto* unary = std::get_if<Unary>(&inner.node)) {
    TICKSCOPE_RETURN_IF_ERROR(Survey(run, *unary->expr, survey));
  }
  return {};
}

std::string IdentityKey(const Labels& labels) {
  std::string key;
  for (const std::string_view name : kIdentifyingLabels) {
    key += labels.Get(name);
    key += '\xff';
  }
  return key;
}

// Which info series are looked for: those with values of the identifying labels that series of the base have, by which of
// the labels a series has at all. Others are not read, and may be anything.
class SoughtIdentities {
 public:
  SoughtIdentities(const StepMatrix& base, const InfoSelector& selector) {
    for (std::size_t row = 0; row < base.rows(); ++row) {
      const Labels& labels = base.head(row).labels;
      if (selector.Names(labels)) continue;
      const std::size_t pattern = PatternOf(labels);
      if (pattern == 0) continue;
      for (std::size_t i = 0; i < kLabels; ++i)
        values_[pattern][i].insert(std::string(labels.Get(kIdentifyingLabels[i])));
    }
  }

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] bool Contains(const Labels& labels) const {
    const auto of_pattern = values_.find(PatternOf(labels));
    if (of_pattern == values_.end()) return false;
    for (std::size_t i = 0; i < kLabels; ++i) {
      if (!of_pattern->second[i].contains(labels.Get(kIdentifyingLabels[i]))) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kLabels = std::size(kIdentifyingLabels);

  static std::size_t PatternOf(const Labels& labels) {
    std::size_t pattern = 0;
    for (std::size_t i = 0; i < kLabels; ++i) {
      if (labels.Has(kIdentifyingLabels[i])) pattern |= std::size_t{1} << i;
    }
    return pattern;
  }

  std::map<std::size_t, std::array<std::set<std::string, std::less<>>, kLabels>> values_;
};

// Info series and when their newest sample was taken, for each step.
struct InfoSeries {
  StepMatrix times;
  std::unordered_map<std::string, std::vector<std::size_t>> rows_of;  // By identity.
};

Result<InfoSeries> ReadInfoSeries(const CallSite& site, const InfoSelector& selector,
                                  const SoughtIdentities& sought) {
  QueryRun& run = site.run();
  if (sought.empty()) return InfoSeries{site.evaluator.NewMatrix(site.scope), {}};
  ReferenceSurvey survey;
  TICKSCOPE_RETURN_IF_ERROR(Survey(run, site.arg(0), survey));
  VectorSelector read;
  read.matchers = selector.name_matchers;
  read.matchers.insert(read.matchers.end(), selector.data_matchers.begin(), selector.data_matchers.end());
  read.offset.constant_ms = 0;
  if (survey.common && !survey.ambiguous) {
    if (survey.common->fixed) {
      read.at = {AtKind::kTimestamp, survey.common->time_ms};
    } else {
      read.offset.constant_ms = survey.common->time_ms;
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix values,
                             EvalInstantSelector(site.evaluator, read, site.scope, SampleAspect::kValue));
  for (std::size_t row = 0; row < values.rows(); ++row) {
    if (!values.has_histograms(row) || !sought.Contains(values.head(row).labels)) continue;
    return Fail(ErrorCode::kFailedPrecondition, "this should be an info metric, with float samples: " +
                                                    LabelSetText(values.head(row).labels));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix times,
                             EvalInstantSelector(site.evaluator, read, site.scope, SampleAspect::kTimestamp));
  InfoSeries out{std::move(times), {}};
  for (std::size_t row = 0; row < out.times.rows(); ++row) {
    const Labels& labels = out.times.head(row).labels;
    if (sought.Contains(labels)) out.rows_of[IdentityKey(labels)].push_back(row);
  }
  return out;
}

// The row with the newest sample of each info metric at one step, out of the rows of one identity.
Result<std::vector<std::size_t>> NewestRows(const StepMatrix& times, const std::vector<std::size_t>& rows,
                                            std::size_t step) {
  std::vector<std::size_t> newest;
  for (const std::size_t row : rows) {
    if (times.cell(row, step) == Cell::kNone) continue;
    const std::string_view name = times.head(row).labels.metric_name();
    const auto rival = std::find_if(newest.begin(), newest.end(), [&](std::size_t other) {
      return times.head(other).labels.metric_name() == name;
    });
    if (rival == newest.end()) {
      newest.push_back(row);
      continue;
    }
    const double was = times.value(*rival, step);
    const double is = times.value(row, step);
    if (was == is) {
      const auto describe = [&](std::size_t r) {
        return LabelSetText(times.head(r).labels) + " @ " + std::to_string(static_cast<TimeMs>(is * 1000));
      };
      return Fail(ErrorCode::kFailedPrecondition, "found duplicate series for info metric: existing " +
                                                      describe(*rival) + ", new " + describe(row));
    }
    if (is > was) *rival = row;
  }
  return newest;
}

// Base labels with those of the info rows added. Errors: two info metrics disagree on a label.
Result<Labels> Enrich(const Labels& base, const StepMatrix& times, const std::vector<std::size_t>& info_rows,
                      const InfoSelector& selector) {
  std::map<std::string_view, std::string_view> added;
  for (const std::size_t row : info_rows) {
    for (const LabelView& label : times.head(row).labels) {
      if (!selector.Wants(label.name)) continue;
      const auto [it, is_new] = added.try_emplace(label.name, label.value);
      if (!is_new && it->second != label.value) {
        return Fail(ErrorCode::kFailedPrecondition, "conflicting label: " + std::string(label.name));
      }
    }
  }
  LabelsBuilder builder(base);
  for (const auto& [name, value] : added) {
    if (!base.Has(name)) builder.Set(name, value);
  }
  return builder.Build();
}

}  // namespace

Result<StepMatrix> EvalInfo(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const InfoSelector selector, MakeInfoSelector(site));
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix base, site.Vector(0));
  const SoughtIdentities sought(base, selector);
  TICKSCOPE_ASSIGN_OR_RETURN(const InfoSeries info, ReadInfoSeries(site, selector, sought));
  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  RowIndex rows(out);
  for (std::size_t row = 0; row < base.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(site.run().Check());
    const SeriesHead& head = base.head(row);
    const auto candidates = info.rows_of.find(IdentityKey(head.labels));
    const bool is_info_series = selector.Names(head.labels);
    std::vector<std::size_t> last_info_rows;
    std::optional<std::size_t> out_row;  // Of last_info_rows: info changes seldom from step to step.
    for (std::size_t step = 0; step < base.steps(); ++step) {
      if (base.cell(row, step) == Cell::kNone) continue;
      std::vector<std::size_t> info_rows;
      if (!is_info_series) {
        if (candidates != info.rows_of.end()) {
          TICKSCOPE_ASSIGN_OR_RETURN(info_rows, NewestRows(info.times, candidates->second, step));
        }
        if (info_rows.empty() && selector.requires_info) continue;
      }
      if (!out_row || info_rows != last_info_rows) {
        TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, Enrich(head.labels, info.times, info_rows, selector));
        out_row = rows.RowFor(labels, head.drop_name);
        last_info_rows = std::move(info_rows);
      }
      if (out.cell(*out_row, step) != Cell::kNone) return DuplicateLabelSetError();
      out.Copy(*out_row, step, base, row, step);
    }
  }
  TICKSCOPE_RETURN_IF_ERROR(out.Seal());
  return out;
}

}  // namespace tickscope::promql
