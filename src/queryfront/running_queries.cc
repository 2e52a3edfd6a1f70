#include "queryfront/running_queries.h"

namespace tickscope::queryfront {

RunningQueries::Listing::Listing(RunningQueries& queries, const QueryRequest& request, QueryContext& context)
    : queries_(queries), id_(queries.Add(request, context)) {}

RunningQueries::Listing::~Listing() {
  queries_.Remove(id_);
}

void RunningQueries::Listing::SetEstimate(const QueryCost& estimate) {
  const MutexLock lock(queries_.mu_);
  queries_.entries_.at(id_).query.estimate = estimate;
}

void RunningQueries::Listing::SetRunning() {
  const MutexLock lock(queries_.mu_);
  queries_.entries_.at(id_).query.state = QueryState::kRunning;
}

bool RunningQueries::Listing::was_killed() const {
  const MutexLock lock(queries_.mu_);
  return queries_.entries_.at(id_).was_killed;
}

std::vector<RunningQuery> RunningQueries::List(const TenantId& tenant) const {
  const std::chrono::nanoseconds now = clock_.Monotonic();
  const MutexLock lock(mu_);
  std::vector<RunningQuery> list;
  for (const auto& [id, entry] : entries_) {
    if (!tenant.empty() && entry.query.identity.tenant != tenant) continue;
    list.push_back(entry.query);
    list.back().age = now - entry.began;
    list.back().samples = entry.context->samples_read();
  }
  return list;
}

Status RunningQueries::Kill(const TenantId& tenant, std::uint64_t id) {
  const MutexLock lock(mu_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || (!tenant.empty() && found->second.query.identity.tenant != tenant))
    return Fail(ErrorCode::kNotFound, "no such query is running: id=" + std::to_string(id));
  found->second.was_killed = true;
  found->second.context->Cancel();
  return {};
}

std::uint64_t RunningQueries::Add(const QueryRequest& request, QueryContext& context) {
  Entry entry;
  entry.began = clock_.Monotonic();
  entry.context = &context;
  entry.query.identity = request.identity;
  entry.query.text = request.text.substr(0, kListedTextBytesMax);
  entry.query.start_ms = request.start_ms;
  entry.query.end_ms = request.is_range() ? request.end_ms : request.start_ms;
  entry.query.step_ms = request.step_ms;
  const MutexLock lock(mu_);
  entry.query.id = ++last_id_;
  return entries_.emplace(last_id_, std::move(entry)).first->first;
}

void RunningQueries::Remove(std::uint64_t id) {
  const MutexLock lock(mu_);
  entries_.erase(id);
}

}  // namespace tickscope::queryfront
