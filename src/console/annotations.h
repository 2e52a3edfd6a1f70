// Annotations: what happened to the game, to stand beside its numbers: deploys, incidents, notes.
//
// Threads   Thread-safe.
// Memory    All of them, as keyed_log.h; of a tenant at most `annotations_max`: a new one takes the place of the one that lies
//           furthest back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "console/keyed_log.h"
#include "model/matcher.h"
#include "model/tenant.h"
#include "wire/json_writer.h"

namespace tickscope::console {

struct Annotation {
  std::string id;
  TimeMs time_ms = 0;
  std::optional<TimeMs> end_ms;  ///< Of one that lasts; no earlier than time_ms.
  std::string kind;              ///< "deploy", "incident", "note", any word.
  std::string title;
  std::string text;
  std::map<std::string, std::string> labels;  ///< What it is about.
  std::string author;
};

struct AnnotationQuery {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::set<std::string, std::less<>> kinds;     ///< Empty for any.
  std::vector<std::vector<Matcher>> selectors;  ///< Any of them; empty for all.
  std::size_t limit = 1'000;
};

struct AnnotationList {
  std::vector<std::shared_ptr<const Annotation>> annotations;  ///< Newest first.
  bool is_cut = false;                                         ///< There are more.
};

/// Reads what a client sends, or what is kept. `now_ms` stands for a time that is left out.
/// Errors: kInvalidArgument saying where and what was expected.
[[nodiscard]] Result<Annotation> ReadAnnotation(std::string_view json, TimeMs now_ms);
void WriteAnnotation(const Annotation& annotation, wire::JsonWriter& json);

class Annotations {
 public:
  struct Limits {
    std::uint64_t annotations_max = 20'000;  ///< Of a tenant.
  };
  /// Everything outlives this. `random` is used by the constructor only.
  Annotations(KeyedLog& log, const Clock& clock, Random& random, Limits limits);

  /// Those that touch the range. A selector's matcher says nothing of an annotation without its label: a deploy of everything
  /// is one of each region.
  [[nodiscard]] AnnotationList List(const TenantId& tenant, const AnnotationQuery& query) const
      TICKSCOPE_EXCLUDES(mu_);
  /// Gives it an id and keeps it. Errors: the log's.
  [[nodiscard]] Result<std::shared_ptr<const Annotation>> Add(const TenantId& tenant, Annotation annotation)
      TICKSCOPE_EXCLUDES(mu_);
  /// Errors: kNotFound; the log's.
  [[nodiscard]] Status Remove(const TenantId& tenant, std::string_view id) TICKSCOPE_EXCLUDES(mu_);

 private:
  // By time, so that the furthest back is first.
  using OfTenant = std::multimap<TimeMs, std::shared_ptr<const Annotation>>;

  KeyedLog& log_;
  const Clock& clock_;
  const Limits limits_;
  mutable Mutex mu_;
  SeededRandom random_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<TenantId, OfTenant> tenants_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::console
