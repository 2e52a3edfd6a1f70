#include "console/dashboards.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"

namespace tickscope::console {
namespace {

std::string KeyOf(const TenantId& tenant, std::string_view name) {
  return fmt::format("{}/{}", tenant, name);
}

std::unexpected<DashboardRefusal> Refuse(Error error) {
  DashboardRefusal refusal;
  refusal.error = std::move(error);
  return std::unexpected(std::move(refusal));
}

}  // namespace

std::string_view DashboardSourceName(DashboardSource source) {
  constexpr std::string_view kNames[] = {"shipped", "file", "store"};
  return kNames[static_cast<std::size_t>(source)];
}

Dashboards::Dashboards(std::span<const EmbeddedFile> shipped, DashboardFolder& folder, KeyedLog& store,
                       const Clock& clock, Limits limits)
    : folder_(folder), store_(store), clock_(clock), limits_(limits), trees_(limits.tree_bytes_max) {
  for (const EmbeddedFile& file : shipped) {
    auto document = DashboardDocument::Read(file.content);
    if (!document) {
      Log(LogLevel::kError, "a shipped dashboard is left out",
          {{"file", file.name}, {"error", document.error().message}});
      continue;
    }
    std::string name = document->name();
    std::string of = document->folder();
    shipped_.emplace(std::move(name),
                     Dashboard{std::make_shared<const DashboardDocument>(*std::move(document)),
                               DashboardSource::kShipped, std::move(of), 0});
  }
}

std::optional<Dashboard> Dashboards::FindFixed(std::string_view name) const {
  const auto state = folder_.Look();
  if (const auto found = state->dashboards.find(name); found != state->dashboards.end()) {
    const FolderDashboard& file = found->second;
    return Dashboard{file.document, DashboardSource::kFile,
                     file.document->folder().empty() ? file.folder : file.document->folder(),
                     file.updated_ms};
  }
  const auto found = shipped_.find(name);
  return found == shipped_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Dashboard> Dashboards::FromEntry(const KeyedEntry& entry) {
  auto document = DashboardDocument::Read(entry.value);
  if (!document) return std::nullopt;  // It was read before it was stored.
  std::string folder = document->folder();
  return Dashboard{std::make_shared<const DashboardDocument>(*std::move(document)), DashboardSource::kStore,
                   std::move(folder), entry.time_ms};
}

std::optional<Dashboard> Dashboards::FromStore(const std::string& key, const KeyedEntryPtr& entry) const {
  {
    const MutexLock lock(mu_);
    if (const Tree* const kept = trees_.Find(key); kept != nullptr && kept->entry == entry) {
      return Dashboard{kept->document, DashboardSource::kStore, kept->document->folder(), entry->time_ms};
    }
  }
  auto stored = FromEntry(*entry);
  if (!stored) return std::nullopt;
  const MutexLock lock(mu_);
  trees_.Put(key, {entry, stored->document}, stored->document->tree_bytes());
  return stored;
}

std::vector<Dashboard> Dashboards::List(const TenantId& tenant) const {
  std::map<std::string, Dashboard> all;
  for (const auto& [key, entry] : store_.List(KeyOf(tenant, ""))) {
    if (auto stored = FromStore(key, entry))
      all.insert_or_assign(stored->document->name(), *std::move(stored));
  }
  for (const auto& [name, shipped] : shipped_)
    all.insert_or_assign(name, shipped);
  for (const auto& [name, file] : folder_.Look()->dashboards) {
    if (auto found = FindFixed(name)) all.insert_or_assign(name, *std::move(found));
  }
  std::vector<Dashboard> list;
  list.reserve(all.size());
  for (auto& [name, dashboard] : all)
    list.push_back(std::move(dashboard));
  return list;
}

Result<Dashboard> Dashboards::Find(const TenantId& tenant, std::string_view name) const {
  if (auto fixed = FindFixed(name)) return *std::move(fixed);
  const std::string key = KeyOf(tenant, name);
  if (const KeyedEntryPtr entry = store_.Find(key)) {
    if (auto stored = FromStore(key, entry)) return *std::move(stored);
  }
  return Fail(ErrorCode::kNotFound, fmt::format("no dashboard of that name: {}", name.substr(0, 100)));
}

std::expected<void, DashboardRefusal> Dashboards::Change(const TenantId& tenant, std::string_view name,
                                                         const DashboardCondition& condition,
                                                         const KeyedLog::Change& change) {
  if (const auto fixed = FindFixed(name)) {
    return Refuse(
        {ErrorCode::kPermissionDenied,
         fmt::format("this dashboard is {}: save a copy under another name: {}",
                     fixed->source == DashboardSource::kShipped ? "part of the server" : "kept as a file",
                     name)});
  }
  DashboardRefusal refusal;
  const std::string key = KeyOf(tenant, name);
  const bool is_full = change && store_.Find(key) == nullptr &&
                       store_.List(KeyOf(tenant, "")).size() >= limits_.dashboards_max;
  const auto decide = [&](const KeyedEntry* present) -> Result<KeyedLog::Change> {
    std::optional<std::string> revision;
    if (present != nullptr) {
      if (const auto stored = FromEntry(*present)) revision = stored->document->revision();
    }
    if (condition.must_be_new && present != nullptr) {
      refusal.is_stale = true;
      refusal.revision = revision;
      return Fail(ErrorCode::kAlreadyExists, fmt::format("there is a dashboard of that name: {}", name));
    }
    if (condition.must_exist && present == nullptr) {
      refusal.is_stale = true;
      return Fail(ErrorCode::kFailedPrecondition, fmt::format("no dashboard of that name: {}", name));
    }
    if (condition.revision && condition.revision != revision) {
      refusal.is_stale = true;
      refusal.revision = revision;
      return Fail(ErrorCode::kFailedPrecondition,
                  fmt::format("somebody changed the dashboard meanwhile: got revision {}, want {}",
                              condition.revision->substr(0, 32), revision.value_or("none: it was removed")));
    }
    if (!change && present == nullptr)
      return Fail(ErrorCode::kNotFound, fmt::format("no dashboard of that name: {}", name));
    if (is_full) {
      return Fail(ErrorCode::kOutOfRange,
                  fmt::format("too many dashboards: want at most {} (console.dashboards_max)",
                              limits_.dashboards_max));
    }
    return change;
  };
  if (const Status changed = store_.Update(key, clock_.NowMs(), decide); !changed) {
    refusal.error = changed.error();
    return std::unexpected(std::move(refusal));
  }
  const MutexLock lock(mu_);
  trees_.Erase(key);
  return {};
}

std::expected<Dashboard, DashboardRefusal> Dashboards::Put(const TenantId& tenant,
                                                           const DashboardDocument& document,
                                                           const DashboardCondition& condition) {
  if (auto changed = Change(tenant, document.name(), condition, document.text()); !changed)
    return std::unexpected(std::move(changed).error());
  return Dashboard{std::make_shared<const DashboardDocument>(document), DashboardSource::kStore,
                   document.folder(), clock_.NowMs()};
}

std::expected<void, DashboardRefusal> Dashboards::Remove(const TenantId& tenant, std::string_view name,
                                                         const DashboardCondition& condition) {
  return Change(tenant, name, condition, std::nullopt);
}

}  // namespace tickscope::console
