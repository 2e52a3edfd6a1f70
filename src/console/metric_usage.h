// MetricUsage: which metrics somebody asked for, who, and when last; so that those nobody asks for can be found, and those who
// do can be asked before one goes.
//
// It is told what queries select (queryfront/selection_notes.h), whoever answers them, and keeps it to the hour for each kind
// of reader. A selector by a pattern of names is kept as the pattern; one without a name is not noted.
//
// Threads   Thread-safe; noting takes a lock for a look-up.
// Bounds    Names and patterns of a tenant, tenants: the longest unasked is forgotten, and then counts as never asked for.
// Durable   Within a minute (Flush), by keyed_log.h: a crash forgets what was first asked for in the last one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "console/keyed_log.h"
#include "model/matcher.h"
#include "model/tenant.h"
#include "promql/ast.h"

namespace tickscope::console {

/// What kind of reader asks.
enum class Reader : std::uint8_t {
  kRule,       ///< A recording or alerting rule.
  kDashboard,  ///< A panel, asked or followed.
  kUser,       ///< A person in Explore, or a program at the API.
  kViewer,     ///< Somebody with a viewer link.
};
inline constexpr std::size_t kReaders = 4;
/// "rule", "dashboard", "user", "viewer".
[[nodiscard]] std::string_view ReaderName(Reader reader);

/// When a metric was asked for, each to the hour before.
struct LastAsked {
  TimeMs time_ms = 0;  ///< Last, by whomever.
  std::array<std::optional<TimeMs>, kReaders>
      by_reader;  ///< Nothing where an older version noted it, or nobody.
};

class MetricUsage {
 public:
  struct Limits {
    std::size_t names_max = 20'000;
    std::size_t patterns_max = 200;
    std::size_t tenants_max = 1'000;
  };
  /// Both outlive this.
  MetricUsage(KeyedLog& log, const Clock& clock, Limits limits);

  void Note(const TenantId& tenant, std::span<const Matcher> matchers, Reader reader) TICKSCOPE_EXCLUDES(mu_);
  /// All selectors of an expression.
  void NoteAll(const TenantId& tenant, const promql::Expr& expr, Reader reader) TICKSCOPE_EXCLUDES(mu_);
  /// Keeps what is new. Errors: the log's.
  [[nodiscard]] Status Flush() TICKSCOPE_EXCLUDES(mu_);

  /// When series of that name were last asked for; nothing when they never were.
  [[nodiscard]] std::optional<LastAsked> Find(const TenantId& tenant, const std::string& series_name) const
      TICKSCOPE_EXCLUDES(mu_);
  /// Since when a tenant's queries are known.
  [[nodiscard]] TimeMs ObservedSince(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  /// Those that asked for anything.
  [[nodiscard]] std::vector<TenantId> Tenants() const TICKSCOPE_EXCLUDES(mu_);

 private:
  // Hours since the epoch, 0 for never: by any reader, then by each.
  struct Hours {
    std::array<std::int64_t, 1 + kReaders> of{};
    // Whether that is news.
    bool Put(std::int64_t hour, Reader reader);
    void PutAll(const Hours& more);
  };
  struct Pattern {
    Matcher matcher;
    Hours hours;
  };
  struct OfTenant {
    TimeMs since_ms = 0;
    std::map<std::string, Hours, std::less<>> names;
    std::map<std::string, Pattern, std::less<>> patterns;  // By their text.
    bool is_dirty = false;
  };

  // Those of the pattern, which is made.
  [[nodiscard]] Hours& HoursOfPattern(OfTenant& usage, const Matcher& matcher) const;
  [[nodiscard]] Hours& HoursOfName(OfTenant& usage, const std::string& name) const;
  void Load(const TenantId& tenant, std::string_view text) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] static std::string TextOf(const OfTenant& usage);

  KeyedLog& log_;
  const Clock& clock_;
  const Limits limits_;
  const TimeMs started_ms_;
  mutable Mutex mu_;
  std::map<TenantId, OfTenant> tenants_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::console
