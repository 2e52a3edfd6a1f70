#include "guard/guard.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "guard/private_labels.h"
#include "guard/reject_sample.h"

namespace tickscope::guard {
namespace {

constexpr std::size_t kNameBytesShown = 128;

constexpr std::array<std::string_view, kRejectReasons> kReasonNames = {
    "unknown_metric", "unknown_label", "missing_label", "label_value", "pattern",
    "type_conflict",  "pii",           "too_long",      "bad_utf8",    "budget"};

// What whoever scrapes says of a scrape: no game's, in no schema.
constexpr std::string_view kScrapeReports[] = {"scrape_duration_seconds",
                                               "scrape_samples_post_metric_relabeling",
                                               "scrape_samples_scraped", "scrape_series_added", "up"};
// Which whoever scrapes adds to all.
constexpr std::string_view kScrapeLabels[] = {"instance", "job"};

template <std::size_t kSize>
bool IsIn(const std::string_view (&names)[kSize], std::string_view name) {
  return std::ranges::binary_search(names, name);
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

struct CompiledLabel {
  std::string name;
  std::unordered_set<std::string, TextHash, std::equal_to<>> values;
  std::unique_ptr<const RE2> pattern;
  bool optional = false;
  std::uint64_t budget = 0;  // 0 when `values` are all there are.
};
using CompiledLabels = std::vector<CompiledLabel>;  // By name.

CompiledLabels CompileLabels(const std::vector<schema::Label>& labels) {
  CompiledLabels compiled;
  for (const schema::Label& label : labels) {
    CompiledLabel& out = compiled.emplace_back();
    out.name = label.name;
    out.values.insert(label.values.begin(), label.values.end());
    out.optional = label.optional;
    if (label.values.empty()) out.budget = label.budget;
    if (!label.pattern.empty()) {
      out.pattern = std::make_unique<RE2>(label.pattern, RE2::Quiet);
      TICKSCOPE_CHECK(out.pattern->ok());  // S5
    }
  }
  std::ranges::sort(compiled, {}, &CompiledLabel::name);
  return compiled;
}

const CompiledLabel* Find(const CompiledLabels& labels, std::string_view name) {
  const auto found = std::ranges::lower_bound(labels, name, {}, &CompiledLabel::name);
  return found != labels.end() && found->name == name ? &*found : nullptr;
}

// Whether a declared type is the schema's. A series of a family may be told by its own type, or not at all.
bool IsOfKind(schema::MetricKind kind, std::string_view type) {
  using schema::MetricKind;
  if (type.empty() || type == "unknown" || type == "untyped" || kind == MetricKind::kUnknown) return true;
  switch (kind) {
    case MetricKind::kHistogram:
    case MetricKind::kNativeHistogram:
      return type == "histogram" || type == "gaugehistogram";
    // The text format has neither.
    case MetricKind::kInfo:
    case MetricKind::kStateSet:
      return type == schema::MetricKindName(kind) || type == "gauge";
    default:
      return type == schema::MetricKindName(kind);
  }
}

std::string_view MetricNameOf(const std::vector<LabelView>& labels) {
  const auto name = std::ranges::find(labels, std::string_view(kMetricName), &LabelView::name);
  return name == labels.end() ? std::string_view() : name->value;
}

std::uint64_t HashOf(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

// What of the value may be shown. A value of a label that no schema names may be anybody's name, which no scanner knows.
SampleValue ShownOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kPii:
      return SampleValue::kKind;
    case RejectReason::kUnknownLabel:
      return SampleValue::kShape;
    case RejectReason::kLabelValue:
    case RejectReason::kPattern:
    case RejectReason::kBudget:
      return SampleValue::kText;
    case RejectReason::kTooLong:
    case RejectReason::kBadUtf8:
      return SampleValue::kBytes;
    case RejectReason::kUnknownMetric:
    case RejectReason::kMissingLabel:
    case RejectReason::kTypeConflict:
      return SampleValue::kNone;
  }
  return SampleValue::kNone;
}

bool AreDifferent(std::string_view a, std::string_view b) {
  const auto says_nothing = [](std::string_view type) {
    return type.empty() || type == "unknown" || type == "untyped";
  };
  return !says_nothing(a) && !says_nothing(b) && a != b;
}

}  // namespace

std::string_view RejectReasonName(RejectReason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}

struct Guard::Allowlist {
  struct Metric {
    schema::MetricKind kind = schema::MetricKind::kUnknown;
    std::string owner;
    std::string kind_label;
    CompiledLabels labels;
    std::uint64_t name_hash = 0;
    std::uint64_t series_max = 0;  // 0 when its labels' budgets keep it below anyway.
    bool is_aggregate = false;     // Added up by an agent: labels of targets may be missing.
  };

  explicit Allowlist(const schema::Schema& schema) : target_labels(CompileLabels(schema.target_labels)) {
    metrics.reserve(schema.metrics.size());
    for (const schema::Metric& metric : schema.metrics) {
      Add(metric, false);
      for (const schema::Metric& aggregate : schema::AggregateMetrics(schema, metric))
        Add(aggregate, true);
    }
  }

  void Add(const schema::Metric& metric, bool is_aggregate) {
    metrics.push_back({metric.kind, metric.owner, std::string(schema::KindLabel(metric)),
                       CompileLabels(metric.labels), HashOf(metric.name, 0),
                       metric.series_max < schema::LabelProduct(metric) ? metric.series_max : 0,
                       is_aggregate});
    for (std::string& name : schema::SeriesNames(metric))
      by_name.emplace(std::move(name), metrics.size() - 1);
  }

  CompiledLabels target_labels;
  // The metric of the series, or null.
  [[nodiscard]] const Metric* MetricOf(std::string_view name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : &metrics[found->second];
  }

  std::vector<Metric> metrics;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> by_name;
};

struct Guard::Rules {
  GuardMode mode = GuardMode::kObserve;
  std::unique_ptr<const PiiScanner> scanner;
  std::unique_ptr<const Allowlist> allowlist;  // Null without a schema.

  [[nodiscard]] std::string RedactName(std::string_view name) const {
    return RedactedName(*scanner, name, kNameBytesShown);
  }
};

Guard::Guard(std::shared_ptr<const Rules> rules, const Clock& clock, MetricRegistry& metrics)
    : clock_(clock),
      metrics_(metrics),
      dropped_exemplars_(metrics.AddCounter("tickscope_guard_exemplars_total",
                                            "Exemplars with private data in their labels.", {})),
      cleaned_help_(metrics.AddCounter("tickscope_guard_help_texts_total",
                                       "Help texts with private data in them.", {})),
      judged_(metrics.AddCounter("tickscope_guard_judged_series_total",
                                 "Series judged, at their first sight or anew after a change of rules.", {})),
      mode_(rules->mode),
      rules_(std::move(rules)) {}
Guard::~Guard() = default;

Result<std::shared_ptr<const Guard::Rules>> Guard::Compile(const GuardOptions& options) {
  auto rules = std::make_shared<Rules>();
  TICKSCOPE_ASSIGN_OR_RETURN(rules->scanner, PiiScanner::Make(options.pii));
  rules->mode = options.mode;
  if (rules->mode == GuardMode::kAuto)
    rules->mode = options.schema ? GuardMode::kEnforce : GuardMode::kObserve;
  if (options.schema) rules->allowlist = std::make_unique<const Allowlist>(*options.schema);
  return rules;
}

Result<std::unique_ptr<Guard>> Guard::Make(GuardOptions options, const Clock& clock,
                                           MetricRegistry& metrics) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto rules, Compile(options));
  return std::unique_ptr<Guard>(new Guard(std::move(rules), clock, metrics));
}

Status Guard::Replace(GuardOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto rules, Compile(options));
  const MutexLock lock(mu_);
  mode_ = rules->mode;
  rules_ = std::move(rules);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

std::shared_ptr<const Guard::Rules> Guard::Current() const {
  const MutexLock lock(mu_);
  return rules_;
}

std::optional<Rejection> Guard::Judge(const TenantId& tenant, const GuardedSeries& series) {
  const std::shared_ptr<const Rules> rules = Current();
  if (rules->mode == GuardMode::kOff) return std::nullopt;
  judged_->Add();
  const auto finding = FindFault(*rules, series);
  if (!finding) return std::nullopt;
  std::string message;
  Note(*rules, tenant, series.labels, *finding, &message);
  if (rules->mode != GuardMode::kEnforce) return std::nullopt;
  return Rejection{finding->reason, std::move(message)};
}

void Guard::Note(const Rules& rules, const TenantId& tenant, const std::vector<LabelView>& labels,
                 const Finding& finding, std::string* message) {
  Count(finding.reason, finding.owner);
  RejectEntry entry;
  entry.reason = RejectReasonName(finding.reason);
  if (finding.kind) entry.kind = PiiKindName(*finding.kind);
  entry.owner = finding.owner;
  entry.metric = rules.RedactName(MetricNameOf(labels));
  entry.label = rules.RedactName(finding.label);
  if (message != nullptr) {
    *message =
        fmt::format("refused by the guard: {}{}{}", entry.reason, entry.kind.empty() ? "" : " ", entry.kind);
    if (!entry.label.empty()) *message += fmt::format(" in label \"{}\"", entry.label);
    *message += fmt::format(" of {}", entry.metric);
  }
  const TimeMs now_ms = clock_.NowMs();
  if (!rejects_.Add(tenant, now_ms, entry)) return;
  rejects_.AddSample(
      tenant, now_ms, entry,
      MakeRejectSample(*rules.scanner, labels, finding.label, ShownOf(finding.reason), finding.kind));
}

std::optional<Rejection> Guard::NoteMalformed(const TenantId& tenant, const std::vector<LabelView>& labels,
                                              RejectReason reason, std::string_view label) {
  const std::shared_ptr<const Rules> rules = Current();
  if (rules->mode == GuardMode::kOff) return std::nullopt;
  const Allowlist::Metric* const metric =
      rules->allowlist == nullptr ? nullptr : rules->allowlist->MetricOf(MetricNameOf(labels));
  std::string message;
  Note(*rules, tenant, labels, {reason, metric == nullptr ? std::string() : metric->owner, label, {}},
       &message);
  if (rules->mode != GuardMode::kEnforce) return std::nullopt;
  return Rejection{reason, std::move(message)};
}

SchemaBudgets Guard::BudgetsOf(const std::vector<LabelView>& labels) const {
  const std::shared_ptr<const Rules> rules = Current();
  SchemaBudgets budgets;
  if (rules->mode == GuardMode::kOff || rules->allowlist == nullptr) return budgets;
  const Allowlist::Metric* const metric = rules->allowlist->MetricOf(MetricNameOf(labels));
  if (metric == nullptr) return budgets;
  budgets.is_enforced = rules->mode == GuardMode::kEnforce;
  // Of a target, and of the metric's own labels together; seeds chain what belongs together.
  std::uint64_t target = metric->name_hash;
  std::uint64_t own = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const LabelView& label = labels[i];
    if (label.name == kMetricName || label.name == metric->kind_label) continue;
    const auto place = static_cast<std::uint32_t>(i);
    const CompiledLabel* known = Find(metric->labels, label.name);
    std::uint64_t& chain = known != nullptr ? own : target;
    chain = HashOf(label.value, HashOf(label.name, chain));
    if (known != nullptr) budgets.own_labels.push_back(place);
    if (known == nullptr) known = Find(rules->allowlist->target_labels, label.name);
    if (known == nullptr || known->budget == 0) continue;
    // What was folded elsewhere is folded here: it has no room of its own.
    const std::uint64_t budget = label.value == kOverflowValue ? 0 : known->budget;
    budgets.values.push_back({HashOf(label.name, metric->name_hash), HashOf(label.value, 0), budget, place});
  }
  if (metric->series_max != 0)
    budgets.values.push_back(
        {HashOf("series", target), own, metric->series_max, BudgetedValue::kAllOwnLabels});
  return budgets;
}

void Guard::NoteOverBudget(const TenantId& tenant, const std::vector<LabelView>& labels,
                           std::string_view label) {
  const std::shared_ptr<const Rules> rules = Current();
  const Allowlist::Metric* const metric =
      rules->allowlist == nullptr ? nullptr : rules->allowlist->MetricOf(MetricNameOf(labels));
  Note(*rules, tenant, labels,
       {RejectReason::kBudget, metric == nullptr ? std::string() : metric->owner, label, {}}, nullptr);
}

std::optional<Guard::Finding> Guard::FindFault(const Rules& rules, const GuardedSeries& series) {
  const std::string_view metric = MetricNameOf(series.labels);
  // Private data first: it must not be told as an unknown name.
  const auto pii = FindPrivateLabel(*rules.scanner, series.labels);
  const Allowlist::Metric* const known =
      rules.allowlist == nullptr ? nullptr : rules.allowlist->MetricOf(metric);
  const std::string owner = known != nullptr ? known->owner : std::string();
  if (pii) return Finding{RejectReason::kPii, owner, pii->label, pii->kind};
  if (AreDifferent(series.type, series.type_before))
    return Finding{RejectReason::kTypeConflict, owner, {}, {}};
  if (rules.allowlist == nullptr || series.origin == SeriesOrigin::kMadeHere || IsIn(kScrapeReports, metric))
    return std::nullopt;
  if (known == nullptr) return Finding{RejectReason::kUnknownMetric, {}, {}, {}};
  if (!IsOfKind(known->kind, series.type)) return Finding{RejectReason::kTypeConflict, owner, {}, {}};
  for (const LabelView& label : series.labels) {
    if (label.name == kMetricName || label.name == known->kind_label || IsIn(kScrapeLabels, label.name))
      continue;
    const CompiledLabel* allowed = Find(known->labels, label.name);
    if (allowed == nullptr) allowed = Find(rules.allowlist->target_labels, label.name);
    if (allowed == nullptr) return Finding{RejectReason::kUnknownLabel, owner, label.name, {}};
    if (!allowed->values.empty() && !allowed->values.contains(label.value))
      return Finding{RejectReason::kLabelValue, owner, label.name, {}};
    const bool is_folded = allowed->budget != 0 && label.value == kOverflowValue;
    if (allowed->pattern != nullptr && !is_folded &&
        !RE2::FullMatch(re2::StringPiece(label.value.data(), label.value.size()), *allowed->pattern))
      return Finding{RejectReason::kPattern, owner, label.name, {}};
  }
  if (known->is_aggregate) return std::nullopt;
  for (const CompiledLabels* const labels : {&known->labels, &rules.allowlist->target_labels}) {
    for (const CompiledLabel& label : *labels) {
      if (!label.optional && std::ranges::find(series.labels, std::string_view(label.name),
                                               &LabelView::name) == series.labels.end())
        return Finding{RejectReason::kMissingLabel, owner, label.name, {}};
    }
  }
  return std::nullopt;
}

bool Guard::AdmitsExemplar(const Labels& labels) {
  const std::shared_ptr<const Rules> rules = Current();
  if (rules->mode == GuardMode::kOff) return true;
  const std::vector<LabelView> views(labels.begin(), labels.end());
  if (!FindPrivateLabel(*rules->scanner, views)) return true;
  dropped_exemplars_->Add();
  return rules->mode != GuardMode::kEnforce;
}

bool Guard::AdmitsMetadata(std::string_view metric) const {
  const std::shared_ptr<const Rules> rules = Current();
  if (rules->mode != GuardMode::kEnforce) return true;
  PiiFinding found;
  if (rules->scanner->Finds(metric, kLabelKinds, found)) return false;
  if (rules->allowlist == nullptr || IsIn(kScrapeReports, metric)) return true;
  // A summary's or a histogram's metadata is its family's, which the list has under its own name or that of its series.
  const auto& by_name = rules->allowlist->by_name;
  return by_name.contains(metric) || by_name.contains(std::string(metric) + "_count");
}

std::string Guard::CleanHelp(std::string help) {
  const std::shared_ptr<const Rules> rules = Current();
  if (rules->mode == GuardMode::kOff || help.empty()) return help;
  std::vector<PiiFinding> findings;
  rules->scanner->Scan(help, kLogKinds, findings);
  if (findings.empty()) return help;
  cleaned_help_->Add();
  return rules->mode == GuardMode::kEnforce ? Redact(help, findings, help.size() * 2) : help;
}

void Guard::Count(RejectReason reason, std::string_view owner) {
  const MutexLock lock(mu_);
  Counter*& counter = counters_[{reason, std::string(owner)}];
  if (counter == nullptr) {
    counter = metrics_.AddCounter(
        "tickscope_guard_rejected_series_total",
        "Series refused (in mode observe: that would be), at their first sight, by reason and by the "
        "metric's owner.",
        {{"reason", std::string(RejectReasonName(reason))}, {"owner", std::string(owner)}});
  }
  counter->Add();
}

}  // namespace tickscope::guard
