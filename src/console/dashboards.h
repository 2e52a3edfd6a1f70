// Dashboards: all there are for a tenant, wherever they come from.
//
//   file      of the folder of files: the law where there is one
//   shipped   part of the binary
//   store     made by request, of one tenant, durable (keyed_log.h)
//
// A name means one dashboard: a file's comes before a shipped one, both before a stored one. Only stored ones change here, and
// a change may say which revision it was made from, so that of two editors who save at once one is told.
//
// A stored one is read once and its tree kept until it changes, so that to find it costs no parsing.
//
// Threads   Thread-safe.
// Memory    Of trees of stored ones Limits::tree_bytes_max; what was used longest ago goes first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_lru.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "console/dashboard_document.h"
#include "console/dashboard_folder.h"
#include "console/embedded_files.h"
#include "console/keyed_log.h"
#include "model/tenant.h"

namespace tickscope::console {

enum class DashboardSource : std::uint8_t { kShipped, kFile, kStore };
/// "shipped", "file", "store".
[[nodiscard]] std::string_view DashboardSourceName(DashboardSource source);

struct Dashboard {
  std::shared_ptr<const DashboardDocument> document;
  DashboardSource source = DashboardSource::kStore;
  std::string folder;     ///< The document's, else where its file lies.
  TimeMs updated_ms = 0;  ///< 0 for a shipped one.

  [[nodiscard]] bool is_read_only() const { return source != DashboardSource::kStore; }
};

/// What must hold of the present revision for a change.
struct DashboardCondition {
  std::optional<std::string> revision;  ///< This one is there.
  bool must_be_new = false;             ///< None is there.
  bool must_exist = false;              ///< One is there, whichever.
};

/// Why a change was not made.
struct DashboardRefusal {
  Error error;
  bool is_stale = false;  ///< Its condition did not hold; kAlreadyExists where it was to be new.
  std::optional<std::string> revision;  ///< The present one, when it is stale and there is one.
};

class Dashboards {
 public:
  struct Limits {
    std::uint64_t dashboards_max = 1'000;  ///< Of a tenant, stored.
    std::uint64_t tree_bytes_max = 64U << 20;
  };

  /// Shipped files that are no dashboards are left out, and said in the log: a binary starts all the same.
  Dashboards(std::span<const EmbeddedFile> shipped, DashboardFolder& folder, KeyedLog& store,
             const Clock& clock, Limits limits);

  /// By name.
  [[nodiscard]] std::vector<Dashboard> List(const TenantId& tenant) const;
  /// What is wrong with files of the folder.
  [[nodiscard]] std::vector<std::string> Problems() const { return folder_.Look()->problems; }
  /// The document is the same object for as long as nobody changes it and it is kept. Errors: kNotFound.
  [[nodiscard]] Result<Dashboard> Find(const TenantId& tenant, std::string_view name) const;

  /// Errors: kPermissionDenied for one that is shipped or a file; kOutOfRange past a limit; the log's.
  [[nodiscard]] std::expected<Dashboard, DashboardRefusal> Put(const TenantId& tenant,
                                                               const DashboardDocument& document,
                                                               const DashboardCondition& condition);
  /// Errors: as Put, and kNotFound.
  [[nodiscard]] std::expected<void, DashboardRefusal> Remove(const TenantId& tenant, std::string_view name,
                                                             const DashboardCondition& condition);

 private:
  [[nodiscard]] std::optional<Dashboard> FindFixed(std::string_view name) const;
  struct Tree {
    KeyedEntryPtr entry;  // That it was read from: another one is another document.
    std::shared_ptr<const DashboardDocument> document;
  };

  [[nodiscard]] static std::optional<Dashboard> FromEntry(const KeyedEntry& entry);
  // As FromEntry, read once.
  [[nodiscard]] std::optional<Dashboard> FromStore(const std::string& key, const KeyedEntryPtr& entry) const
      TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::expected<void, DashboardRefusal> Change(const TenantId& tenant, std::string_view name,
                                                             const DashboardCondition& condition,
                                                             const KeyedLog::Change& change);

  std::map<std::string, Dashboard, std::less<>> shipped_;
  DashboardFolder& folder_;
  KeyedLog& store_;
  const Clock& clock_;
  const Limits limits_;
  mutable Mutex mu_;
  mutable ByteLru<Tree> trees_ TICKSCOPE_GUARDED_BY(mu_);  // By key.
};

}  // namespace tickscope::console
