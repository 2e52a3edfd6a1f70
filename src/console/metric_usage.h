// MetricUsage: which metrics somebody asked for, and when last; so that those nobody asks for can be found.
//
// It looks at what queries select (NotingQueryable), to the hour. A selector by a pattern of names is kept as the pattern; one
// without a name is not noted. What a result cache answers alone is not selected, but a query that is still asked selects its
// newest steps each time.
//
// Threads   Thread-safe; noting takes a lock for a look-up.
// Bounds    Names and patterns of a tenant, tenants: the longest unasked is forgotten, and then counts as never asked for.
// Durable   Within a minute (Flush), by keyed_log.h: a crash forgets what was first asked for in the last one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "console/keyed_log.h"
#include "model/matcher.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::console {

class MetricUsage {
 public:
  struct Limits {
    std::size_t names_max = 20'000;
    std::size_t patterns_max = 200;
    std::size_t tenants_max = 1'000;
  };
  /// Both outlive this.
  MetricUsage(KeyedLog& log, const Clock& clock, Limits limits);

  void Note(const TenantId& tenant, std::span<const Matcher> matchers) TICKSCOPE_EXCLUDES(mu_);
  /// Keeps what is new. Errors: the log's.
  [[nodiscard]] Status Flush() TICKSCOPE_EXCLUDES(mu_);

  /// When series of that name were last asked for, to the hour before.
  [[nodiscard]] std::optional<TimeMs> LastAsked(const TenantId& tenant, const std::string& series_name) const
      TICKSCOPE_EXCLUDES(mu_);
  /// Since when a tenant's queries are known.
  [[nodiscard]] TimeMs ObservedSince(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  /// Those that asked for anything.
  [[nodiscard]] std::vector<TenantId> Tenants() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Pattern {
    Matcher matcher;
    TimeMs last_ms = 0;
  };
  struct OfTenant {
    TimeMs since_ms = 0;
    std::map<std::string, TimeMs, std::less<>> names;
    std::map<std::string, Pattern, std::less<>> patterns;  // By their text.
    bool is_dirty = false;
  };

  void NotePattern(OfTenant& usage, const Matcher& matcher, TimeMs hour_ms) const;
  void Load(const TenantId& tenant, std::string_view text) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] static std::string TextOf(const OfTenant& usage);

  KeyedLog& log_;
  const Clock& clock_;
  const Limits limits_;
  const TimeMs started_ms_;
  mutable Mutex mu_;
  std::map<TenantId, OfTenant> tenants_ TICKSCOPE_GUARDED_BY(mu_);
};

/// A storage that notes what is selected from another one. Both outlive it.
class NotingQueryable final : public Queryable {
 public:
  /// `usage` may be null: then nothing is noted.
  NotingQueryable(const Queryable& storage, MetricUsage* usage) : storage_(storage), usage_(usage) {}

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                         const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

 private:
  const Queryable& storage_;
  MetricUsage* const usage_;
};

}  // namespace tickscope::console
