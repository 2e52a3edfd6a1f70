#include "queryfront/query_front.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "promql/parser.h"
#include "promql/plan_text.h"
#include "promql/printer.h"
#include "queryfront/cost_estimate.h"
#include "queryfront/query_shape.h"

namespace tickscope::queryfront {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

/// After which a query over its limit may be asked again: it will not fare better, but clients want a number.
constexpr seconds kRetryOverLimit{60};

std::unexpected<QueryFailure> Failed(Error error, seconds retry_after = seconds(0)) {
  return std::unexpected(QueryFailure{std::move(error), retry_after});
}

/// Of a plan in the log.
constexpr std::size_t kLoggedPlanBytesMax = 1024;

/// Gaps between kept steps that are evaluated one by one; with more, all is evaluated.
constexpr std::size_t kGapsMax = 4;

double Seconds(nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// Everything the answer depends on, the places in the text that its notes name included.
std::string FlightKey(const QueryRequest& request) {
  const SourceResolution* const resolution = request.resolution ? &*request.resolution : nullptr;
  return fmt::format("{}\n{} {} {} {} {} {}\n{}", request.identity.tenant, request.start_ms, request.end_ms,
                     request.step_ms, request.lookback_ms, request.may_use_cache,
                     resolution == nullptr ? "" : SourceResolutionName(*resolution), request.text);
}

// Whether an error says nothing of the query to others who ask the same.
bool IsAboutTheCaller(ErrorCode code) {
  return code == ErrorCode::kCancelled || code == ErrorCode::kDeadlineExceeded ||
         code == ErrorCode::kRateLimited || code == ErrorCode::kUnavailable;
}

ResultCache::Reach ReachOf(const QueryShape& shape) {
  return {shape.back_ms, shape.ahead_ms, shape.fixed};
}

// Steps that nothing is kept of.
struct Gap {
  std::uint32_t from = 0;
  std::uint32_t count = 0;
};
struct Pieces {
  std::vector<ExtentPtr> kept;
  std::vector<Gap> gaps;
};

// `count` steps from start_ms on, by what kept extents have of them.
Pieces SplitByKept(const std::vector<ExtentPtr>& extents, TimeMs start_ms, std::int64_t step_ms,
                   std::uint32_t count) {
  Pieces pieces;
  std::uint32_t next = 0;
  for (const ExtentPtr& extent : extents) {
    const std::int64_t begin = (extent->first_ms - start_ms) / step_ms;
    const std::int64_t end = begin + extent->count;
    const auto from = static_cast<std::uint32_t>(std::clamp<std::int64_t>(begin, next, count));
    const auto until = static_cast<std::uint32_t>(std::clamp<std::int64_t>(end, next, count));
    if (from >= until) continue;
    if (from > next) pieces.gaps.push_back({next, from - next});
    const bool is_whole = begin == from && end == until;
    pieces.kept.push_back(is_whole ? extent
                                   : std::make_shared<const Extent>(Slice(
                                         *extent, static_cast<std::uint32_t>(from - begin), until - from)));
    next = until;
  }
  if (next < count) pieces.gaps.push_back({next, count - next});
  if (pieces.gaps.size() > kGapsMax) return {{}, {{0, count}}};
  return pieces;
}

void AddStats(const promql::QueryStats& more, promql::QueryStats& to) {
  to.samples_read += more.samples_read;
  to.series_read = std::max(to.series_read, more.series_read);
  to.samples_peak = std::max(to.samples_peak, more.samples_peak);
  to.shared_results += more.shared_results;
  promql::AddSpans(more.spans, to.spans);
}

void AddNew(std::vector<std::string> more, std::vector<std::string>& to) {
  for (std::string& note : more) {
    if (std::ranges::find(to, note) == to.end()) to.push_back(std::move(note));
  }
}

}  // namespace

std::string_view CacheOutcomeName(CacheOutcome outcome) {
  constexpr std::array<std::string_view, 4> kNames = {"bypass", "miss", "partial", "hit"};
  return kNames[static_cast<std::size_t>(outcome)];
}

// What one Run knows of its query.
struct QueryFront::Query {
  const QueryRequest& request;
  QueryContext& context;
  RunningQueries::Listing& listing;
  nanoseconds began{0};
  promql::ExprPtr expr;
  QueryShape shape;
  double taken = 0;  // Of the user's budget.
  double made = 0;   // Of that, what is made and not read.
};

QueryFront::QueryFront(const QueryFrontDependencies& dependencies, QueryFrontOptions options)
    : deps_(dependencies),
      options_(std::move(options)),
      limits_(options_.limits),
      tenants_(options_.tenants),
      classes_(options_.classes),
      admission_(deps_.clock, deps_.metrics, options_.admission),
      running_(deps_.clock),
      budgets_(deps_.clock, options_.users_max) {
  for (const QueryClass query_class : kQueryClasses) {
    const std::string name(QueryClassName(query_class));
    ClassMetrics& metrics = class_metrics_[ToIndex(query_class)];
    metrics.seconds =
        deps_.metrics.AddHistogram("tickscope_query_seconds", "Time from a query's arrival to its result.",
                                   {{"class", name}}, kLatencyBucketsSeconds);
    const auto refused = [&](const char* reason) {
      return deps_.metrics.AddCounter("tickscope_query_refused_total",
                                      "Queries that were not run, by reason.",
                                      {{"class", name}, {"reason", reason}});
    };
    metrics.over_limit = refused("limit");
    metrics.over_budget = refused("budget");
    for (std::size_t i = 0; i < metrics.outcomes.size(); ++i) {
      metrics.outcomes[i] = deps_.metrics.AddCounter(
          "tickscope_query_cache_requests_total", "Queries answered, by what the result cache had of them.",
          {{"class", name}, {"outcome", std::string(CacheOutcomeName(static_cast<CacheOutcome>(i)))}});
    }
  }
}

QueryFront::~QueryFront() = default;

QueryLimits QueryFront::LimitsOf(const TenantId& tenant) const {
  const MutexLock lock(limits_mu_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? limits_ : found->second;
}

void QueryFront::SetLimits(const QueryFrontOptions& options) {
  const MutexLock lock(limits_mu_);
  limits_ = options.limits;
  tenants_ = options.tenants;
  classes_ = options.classes;
}

std::int64_t QueryFront::ResolutionOf(const QueryRequest& request) const {
  return SourceResolutionMs(request.resolution.value_or(options_.resolution), request.step_ms);
}

promql::EngineOptions QueryFront::EngineOptionsOf(const QueryRequest& request) const {
  promql::EngineOptions options = deps_.engine;
  if (request.lookback_ms > 0) options.lookback_ms = request.lookback_ms;
  options.source_resolution_max_ms = ResolutionOf(request);
  return options;
}

QueryLimits QueryFront::LimitsOf(const QueryIdentity& who) const {
  QueryLimits limits = LimitsOf(who.tenant);
  ClassLimits of_class;
  {
    const MutexLock lock(limits_mu_);
    of_class = classes_[ToIndex(who.query_class)];
  }
  const auto lower = [](std::uint64_t& limit, std::uint64_t other) {
    if (other > 0 && (limit == 0 || other < limit)) limit = other;
  };
  lower(limits.warn_bytes, of_class.warn_bytes);
  lower(limits.refuse_bytes, of_class.refuse_bytes);
  return limits;
}

Result<QueryCost> QueryFront::Estimate(const QueryRequest& request, const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr, promql::ParseExpr(request.text, deps_.engine));
  if (deps_.costs == nullptr) return QueryCost{};
  TICKSCOPE_ASSIGN_OR_RETURN(const QueryShape shape, ShapeOf(*expr, request, deps_.engine));
  return EstimateCost(*deps_.costs, request.identity.tenant, shape, ResolutionOf(request), 0, context);
}

QueryFront::Query QueryFront::NewQuery(const QueryRequest& request, RunningQueries::Listing& listing,
                                       QueryContext& context) const {
  return {.request = request,
          .context = context,
          .listing = listing,
          .began = deps_.clock.Monotonic(),
          .expr = nullptr,
          .shape = {},
          .taken = 0,
          .made = 0};
}

Status QueryFront::Parse(Query& query) const {
  TICKSCOPE_ASSIGN_OR_RETURN(query.expr, promql::ParseExpr(query.request.text, deps_.engine));
  TICKSCOPE_ASSIGN_OR_RETURN(query.shape, ShapeOf(*query.expr, query.request, deps_.engine));
  return {};
}

void QueryFront::NoteSelections(const Query& query) const {
  if (deps_.notes == nullptr) return;
  for (const SelectorUse& use : query.shape.selectors)
    deps_.notes->Note(query.request.identity, *use.matchers);
}

void QueryFront::Settle(const Query& query, QueryFailure* failure) {
  if (failure != nullptr && failure->error.code == ErrorCode::kCancelled && query.listing.was_killed())
    failure->error.message = fmt::format("query was killed: id={}", query.listing.id());
  if (query.taken <= 0) return;
  // What was made is known as estimated; what was read is counted.
  const QueryIdentity& who = query.request.identity;
  budgets_.Correct(who.tenant, who.user,
                   query.made + static_cast<double>(query.context.samples_read()) - query.taken,
                   LimitsOf(who.tenant).user_samples_per_hour);
}

QueryOutcome QueryFront::Run(const QueryRequest& request, QueryContext& context) {
  RunningQueries::Listing listing(running_, request, context);
  Query query = NewQuery(request, listing, context);
  QueryOutcome outcome = Answer(query);
  Settle(query, outcome ? nullptr : &outcome.error());
  if (outcome) outcome->id = listing.id();
  Note(query, outcome);
  return outcome;
}

ExplainOutcome QueryFront::Explain(const QueryRequest& request, ExplainMode mode, QueryContext& context) {
  RunningQueries::Listing listing(running_, request, context);
  Query query = NewQuery(request, listing, context);
  if (Status parsed = Parse(query); !parsed) return Failed(std::move(parsed).error());
  ExplainAnswer answer;
  answer.id = listing.id();
  const promql::Engine engine(EngineOptionsOf(request));
  const TenantId& tenant = request.identity.tenant;
  auto plan = engine.Explain(deps_.storage, {.reads = deps_.reads, .costs = deps_.costs}, tenant,
                             request.text, request.start_ms, request.end_ms, request.step_ms, context);
  if (!plan) return Failed(std::move(plan).error());
  answer.plan = *std::move(plan);
  FindKept(query, answer);
  if (mode == ExplainMode::kPlan) {
    auto estimated = EstimateParts(query, {request}, 0);
    if (!estimated) return Failed(std::move(estimated).error());
    answer.estimate = *estimated;
    return answer;
  }
  NoteSelections(query);
  QueryOutcome admitted = Admit(query, {request});
  if (!admitted) {
    Settle(query, &admitted.error());
    return std::unexpected(std::move(admitted).error());
  }
  answer.estimate = admitted->estimate;
  answer.warnings = std::move(admitted->warnings);
  answer.queued = admitted->queued;
  answer.slot = std::move(admitted->slot);
  const nanoseconds began = deps_.clock.Monotonic();
  auto result = engine.Analyze(deps_.storage, tenant, answer.plan, deps_.clock, context);
  answer.took = deps_.clock.Monotonic() - began;
  if (!result) {
    QueryFailure failure{std::move(result).error(), seconds(0)};
    Settle(query, &failure);
    return std::unexpected(std::move(failure));
  }
  Settle(query, nullptr);
  answer.result = std::make_shared<const promql::QueryResult>(*std::move(result));
  return answer;
}

void QueryFront::FindKept(const Query& query, ExplainAnswer& answer) {
  const QueryRequest& request = query.request;
  answer.steps = answer.plan.root.is_once && request.is_range()
                     ? static_cast<std::uint64_t>((request.end_ms - request.start_ms) / request.step_ms) + 1
                     : answer.plan.root.steps;
  const std::optional<ResultCache::Key> key = KeyOf(query);
  answer.may_be_kept = key.has_value();
  if (!key) return;
  const auto count = static_cast<std::uint32_t>(answer.steps);
  const TimeMs last_ms = request.start_ms + static_cast<std::int64_t>(count - 1) * request.step_ms;
  const ResultCache::Found found =
      deps_.cache->Find(*key, ReachOf(query.shape), request.start_ms, last_ms, deps_.clock.NowMs());
  answer.kept_steps = count;
  for (const Gap& gap : SplitByKept(found.extents, request.start_ms, request.step_ms, count).gaps)
    answer.kept_steps -= gap.count;
}

std::vector<ReadSpan> QueryFront::SpansOf(const Query& query) const {
  std::vector<ReadSpan> spans;
  if (deps_.reads == nullptr) return spans;
  std::size_t looked_at = 0;
  for (const SelectorUse& use : query.shape.selectors) {
    if (++looked_at > kSelectorsEstimatedMax) break;
    const ReadPlan plan =
        deps_.reads->PlanRead(RequestOf(query.request.identity.tenant, use, ResolutionOf(query.request)));
    promql::AddSpans(JoinSpans(plan.spans), spans);
  }
  return spans;
}

QueryOutcome QueryFront::Answer(Query& query) {
  if (Status parsed = Parse(query); !parsed) return Failed(std::move(parsed).error());
  NoteSelections(query);
  auto joined = flights_.Join(FlightKey(query.request), query.context);
  if (!joined) return Failed(std::move(joined).error());
  if (joined->given) {
    if (!*joined->given) return Failed((*joined->given).error());
    QueryAnswer answer;
    answer.result = **joined->given;
    answer.spans = answer.result->stats.spans;
    answer.cache = CacheOutcome::kHit;
    return answer;
  }
  QueryOutcome outcome = AnswerFromCache(query);
  if (outcome) {
    // Steps that were kept were read from what there was then; it tells the same, from what there is now.
    const bool has_kept = outcome->cache == CacheOutcome::kHit || outcome->cache == CacheOutcome::kPartial;
    outcome->spans = has_kept ? SpansOf(query) : outcome->result->stats.spans;
    joined->leader.Land(outcome->result);
  } else if (!IsAboutTheCaller(outcome.error().error.code)) {
    joined->leader.Land(std::unexpected(outcome.error().error));
  }
  return outcome;
}

QueryOutcome QueryFront::AnswerFromCache(Query& query) {
  const QueryRequest& request = query.request;
  const std::optional<ResultCache::Key> key = KeyOf(query);
  if (!key) {
    QueryOutcome outcome = Admit(query, {request});
    if (!outcome) return outcome;
    auto result = Evaluate(query, request);
    if (!result) return Failed(std::move(result).error());
    outcome->result = std::make_shared<const promql::QueryResult>(*std::move(result));
    return outcome;
  }

  const auto count = static_cast<std::uint32_t>((request.end_ms - request.start_ms) / request.step_ms) + 1;
  const TimeMs last_ms = request.start_ms + static_cast<std::int64_t>(count - 1) * request.step_ms;
  const ResultCache::Found found =
      deps_.cache->Find(*key, ReachOf(query.shape), request.start_ms, last_ms, deps_.clock.NowMs());
  Pieces pieces = SplitByKept(found.extents, request.start_ms, request.step_ms, count);
  if (pieces.gaps.empty()) {
    QueryAnswer answer;
    answer.cache = CacheOutcome::kHit;
    promql::QueryResult result;
    result.value = promql::Value(UnpackExtents(pieces.kept));
    answer.result = std::make_shared<const promql::QueryResult>(std::move(result));
    return answer;
  }
  std::vector<QueryRequest> parts;
  for (const Gap& gap : pieces.gaps) {
    QueryRequest part = request;
    part.start_ms = request.start_ms + static_cast<std::int64_t>(gap.from) * request.step_ms;
    part.end_ms = part.start_ms + static_cast<std::int64_t>(gap.count - 1) * request.step_ms;
    parts.push_back(std::move(part));
  }
  QueryOutcome outcome = Admit(query, parts);
  if (!outcome) return outcome;
  outcome->cache = pieces.kept.empty() ? CacheOutcome::kMiss : CacheOutcome::kPartial;
  promql::QueryResult all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto result = Evaluate(query, parts[i]);
    if (!result) return Failed(std::move(result).error());
    auto& matrix = std::get<promql::Matrix>(result->value);
    Extent extent =
        PackExtent(matrix, parts[i].start_ms, request.step_ms, pieces.gaps[i].count, found.mark.number);
    // Notes name places in this query's text, and times are not told from them.
    if (found.may_keep && result->warnings.empty() && result->infos.empty())
      deps_.cache->Put(*key, ReachOf(query.shape), extent, found.mark);
    AddStats(result->stats, all.stats);
    AddNew(std::move(result->warnings), all.warnings);
    AddNew(std::move(result->infos), all.infos);
    if (pieces.kept.empty() && parts.size() == 1) {
      all.value = std::move(result->value);
    } else {
      pieces.kept.push_back(std::make_shared<const Extent>(std::move(extent)));
    }
  }
  if (!pieces.kept.empty()) {
    std::ranges::sort(pieces.kept, {}, [](const ExtentPtr& extent) { return extent->first_ms; });
    all.value = promql::Value(UnpackExtents(pieces.kept));
  }
  outcome->result = std::make_shared<const promql::QueryResult>(std::move(all));
  return outcome;
}

std::optional<ResultCache::Key> QueryFront::KeyOf(const Query& query) const {
  const QueryRequest& request = query.request;
  if (deps_.cache == nullptr || !deps_.cache->is_on() || !request.is_range() || !request.may_use_cache ||
      !query.shape.is_splittable)
    return std::nullopt;
  const promql::ValueType type = promql::TypeOf(*query.expr);
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) return std::nullopt;
  const std::uint64_t length_ms =
      static_cast<std::uint64_t>(request.end_ms) - static_cast<std::uint64_t>(request.start_ms);
  if (length_ms / static_cast<std::uint64_t>(request.step_ms) >= kExtentStepsMax) return std::nullopt;
  return ResultCache::KeyOf(
      request.identity.tenant, promql::ToString(*query.expr), request.start_ms, request.step_ms,
      request.lookback_ms > 0 ? request.lookback_ms : deps_.engine.lookback_ms, ResolutionOf(request));
}

QueryOutcome QueryFront::Admit(Query& query, const std::vector<QueryRequest>& parts) {
  QueryAnswer answer;
  const QueryRequest& request = query.request;
  const QueryIdentity& who = request.identity;
  const QueryLimits limits = LimitsOf(who);
  const ClassMetrics& metrics = class_metrics_[ToIndex(who.query_class)];
  auto estimated = EstimateParts(query, parts, limits.refuse_bytes);
  if (!estimated) return Failed(std::move(estimated).error());
  const QueryCost& cost = answer.estimate = *estimated;
  query.listing.SetEstimate(cost);
  if (limits.refuse_bytes > 0 && cost.bytes() > limits.refuse_bytes) {
    metrics.over_limit->Add();
    return Failed({ErrorCode::kRateLimited,
                   fmt::format("query would cost too much and was not run: {}, limit={:.3g}GB: {}",
                               CostText(cost), static_cast<double>(limits.refuse_bytes) / 1e9,
                               CheaperText(request, cost, limits.refuse_bytes))},
                  kRetryOverLimit);
  }
  if (limits.warn_bytes > 0 && cost.bytes() > limits.warn_bytes) {
    answer.warnings.push_back(fmt::format("query is costly: {}: {}", CostText(cost),
                                          CheaperText(request, cost, limits.warn_bytes)));
  }
  if (limits.user_samples_per_hour > 0) {
    const seconds wait =
        budgets_.Take(who.tenant, who.user, cost.samples + cost.cells, limits.user_samples_per_hour);
    if (wait > seconds(0)) {
      metrics.over_budget->Add();
      return Failed(
          {ErrorCode::kRateLimited,
           fmt::format("this user's budget is used up: {}, budget={} samples an hour, enough in {}s: {}",
                       CostText(cost), limits.user_samples_per_hour, wait.count(),
                       CheaperText(request, cost, cost.bytes() / 2))},
          wait);
    }
    query.taken = static_cast<double>(cost.samples + cost.cells);
  }

  const nanoseconds asked = deps_.clock.Monotonic();
  auto slot = admission_.Wait(
      {.query_class = who.query_class, .tenant = who.tenant, .user = who.user, .cost = cost.bytes()},
      query.context);
  if (!slot) {
    Error error = std::move(slot).error();
    if (error.code != ErrorCode::kUnavailable && error.code != ErrorCode::kRateLimited)
      return Failed(std::move(error));
    error.message += fmt::format(": {}: {}", CostText(cost), CheaperText(request, cost, cost.bytes() / 2));
    return Failed(std::move(error), admission_.RetryAfter());
  }
  answer.slot = *std::move(slot);
  answer.queued = deps_.clock.Monotonic() - asked;
  query.made = static_cast<double>(cost.cells);
  query.listing.SetRunning();
  return answer;
}

Result<QueryCost> QueryFront::EstimateParts(const Query& query, const std::vector<QueryRequest>& parts,
                                            std::uint64_t enough_bytes) const {
  QueryCost sum;
  if (deps_.costs == nullptr) return sum;
  for (const QueryRequest& part : parts) {
    TICKSCOPE_ASSIGN_OR_RETURN(const QueryShape shape, ShapeOf(*query.expr, part, deps_.engine));
    TICKSCOPE_ASSIGN_OR_RETURN(const QueryCost cost,
                               EstimateCost(*deps_.costs, query.request.identity.tenant, shape,
                                            ResolutionOf(query.request), enough_bytes, query.context));
    // The same series in all of them.
    sum.series = std::max(sum.series, cost.series);
    sum.samples += cost.samples;
    sum.cells += cost.cells;
    sum.stored_bytes += cost.stored_bytes;
  }
  return sum;
}

Result<promql::QueryResult> QueryFront::Evaluate(const Query& query, const QueryRequest& part) const {
  const promql::Engine engine(EngineOptionsOf(part));
  const TenantId& tenant = part.identity.tenant;
  if (part.is_range()) {
    return engine.Range(deps_.storage, tenant, part.text, part.start_ms, part.end_ms, part.step_ms,
                        query.context);
  }
  return engine.Instant(deps_.storage, tenant, part.text, part.start_ms, query.context);
}

std::string QueryFront::PlanLineOf(const QueryRequest& request) const {
  // The query's own may have ended.
  const QueryContext context;
  const auto plan = promql::Engine(EngineOptionsOf(request))
                        .Explain(deps_.storage, {.reads = deps_.reads}, request.identity.tenant, request.text,
                                 request.start_ms, request.end_ms, request.step_ms, context);
  return plan ? promql::PlanLine(plan->root, kLoggedPlanBytesMax) : std::string();
}

void QueryFront::Note(const Query& query, const QueryOutcome& outcome) {
  const QueryRequest& request = query.request;
  const nanoseconds took = deps_.clock.Monotonic() - query.began;
  ClassMetrics& metrics = class_metrics_[ToIndex(request.identity.query_class)];
  metrics.seconds->Observe(Seconds(took));
  if (outcome) metrics.outcomes[static_cast<std::size_t>(outcome->cache)]->Add();
  if (options_.slow_log_ms <= 0 || took < std::chrono::milliseconds(options_.slow_log_ms)) return;
  const QueryCost estimate = outcome ? outcome->estimate : QueryCost{};
  const std::uint64_t samples = query.context.samples_read();
  Log(LogLevel::kWarn, "slow query",
      {{"id", query.listing.id()},
       {"tenant", request.identity.tenant},
       {"class", QueryClassName(request.identity.query_class)},
       {"query", request.text},
       {"plan", PlanLineOf(request)},
       {"start_ms", request.start_ms},
       {"end_ms", request.end_ms},
       {"step_ms", request.step_ms},
       {"seconds", Seconds(took)},
       {"waited_seconds", outcome ? Seconds(outcome->queued) : 0.0},
       {"cache", outcome ? CacheOutcomeName(outcome->cache) : std::string_view("none")},
       {"estimated_series", estimate.series},
       {"estimated_samples", estimate.samples},
       {"estimated_bytes", estimate.bytes()},
       {"series", outcome ? outcome->result->stats.series_read : 0},
       {"samples", samples},
       {"bytes", samples * QueryCost::kUnpackedBytes},
       {"result", outcome ? std::string_view("success") : ErrorCodeName(outcome.error().error.code)}});
}

}  // namespace tickscope::queryfront
