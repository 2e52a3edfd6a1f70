// ViewLinks: addresses that show one page without a login: a wall in the office, a partner's screen.
//
//   /view/TOKEN      TOKEN = ID . HMAC-SHA256(key, ID, tenant, page, expiry)
//
// What a link shows is kept with its id and can be listed and revoked; the token itself is told once. Who knows ids, or reads the
// file of links, has no token without the key.
//
// Invariants   V1  A token is good from its making to its expiry, unless it was revoked, and only with the key it was made with.
//              V2  All viewers of a link together make at most `requests_per_second`; more are told to come again.
//              V3  Streams of a link end when it does.
//              V4  How long a token that is not good takes tells nothing of the links there are, nor how much of it is right.
// Threads      Thread-safe.
// Memory       All links there are, beside their log.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "console/dashboard_document.h"
#include "console/keyed_log.h"
#include "http/stream_body.h"
#include "model/tenant.h"

namespace tickscope::console {

inline constexpr std::size_t kViewKeyBytes = 32;
/// Queries of a link's page are counted for this user, with the link's id after it.
inline constexpr std::string_view kViewUserPrefix = "view:";
inline constexpr std::int64_t kViewTtlMinMs = 60'000;
inline constexpr std::int64_t kViewTtlMaxMs = 90LL * 24 * 3'600'000;

struct ViewLink {
  std::string id;
  TenantId tenant;
  std::string dashboard;  ///< Empty for the overview.
  VariableValues variables;
  TimeMs created_ms = 0;
  TimeMs expires_ms = 0;
  std::string author;
};
using ViewLinkPtr = std::shared_ptr<const ViewLink>;

/// What a client asks for. Errors: kInvalidArgument saying where and what was expected.
struct NewViewLink {
  std::string dashboard;  ///< Empty for the overview.
  VariableValues variables;
  std::int64_t ttl_ms = 0;
};
[[nodiscard]] Result<NewViewLink> ReadNewViewLink(std::string_view json);

/// A link as lists have it.
void WriteViewLink(const ViewLink& link, wire::JsonWriter& json);

/// {"region":["eu","na"],"mode":"ranked"}.
void WriteVariables(const VariableValues& variables, wire::JsonWriter& json);

class ViewLinks {
 public:
  struct Limits {
    std::uint64_t links_max = 1'000;  ///< Of a tenant, valid.
    std::uint64_t requests_per_second = 50;
  };
  /// Everything outlives this; `random` is used by the constructor only. `key` has kViewKeyBytes.
  ViewLinks(KeyedLog& log, const Clock& clock, Random& random, std::string key, Limits limits);

  struct Made {
    ViewLink link;
    std::string token;
  };
  /// Errors: kOutOfRange past links_max; the log's.
  [[nodiscard]] Result<Made> Make(const TenantId& tenant, const NewViewLink& wanted, std::string author)
      TICKSCOPE_EXCLUDES(mu_);
  /// Those that are valid, newest first.
  [[nodiscard]] std::vector<ViewLinkPtr> List(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  /// Errors: kNotFound; the log's.
  [[nodiscard]] Status Revoke(const TenantId& tenant, std::string_view id) TICKSCOPE_EXCLUDES(mu_);

  /// How much of a link's rate a request takes.
  enum class Weight : std::uint8_t {
    kWhole,
    kTenth,  ///< Of one that is answered from memory: each viewer asks each few seconds.
  };
  /// The link of a token; never null. Errors: kNotFound for one that is not good, whyever; kRateLimited past its rate.
  [[nodiscard]] Result<ViewLinkPtr> Open(std::string_view token, Weight weight = Weight::kWhole)
      TICKSCOPE_EXCLUDES(mu_);
  /// Notes a stream, so that it ends with the link. Errors: kRateLimited when it has too many.
  [[nodiscard]] Status Hold(const ViewLink& link, std::shared_ptr<http::StreamBody> body)
      TICKSCOPE_EXCLUDES(mu_);
  /// Ends streams of links that are over, and forgets links that are; now and then.
  void KeepHouse() TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Use {
    double tokens = 0;
    std::chrono::nanoseconds filled{0};
    std::vector<std::weak_ptr<http::StreamBody>> streams;
  };

  [[nodiscard]] std::string TokenOf(const ViewLink& link) const;
  [[nodiscard]] ViewLinkPtr Find(std::string_view id) const TICKSCOPE_EXCLUDES(mu_);
  // Takes the link out of the log and of links_. Errors: the log's.
  [[nodiscard]] Status Forget(const ViewLink& link) TICKSCOPE_EXCLUDES(mu_);
  // Takes a request from what the link has of them. Errors: kRateLimited.
  [[nodiscard]] Status Take(const ViewLink& link, Weight weight) TICKSCOPE_EXCLUDES(mu_);

  KeyedLog& log_;
  const Clock& clock_;
  const std::string key_;
  const Limits limits_;
  const ViewLink nobodys_;
  mutable Mutex mu_;
  std::unordered_map<std::string, ViewLinkPtr> links_ TICKSCOPE_GUARDED_BY(mu_);  // By id: those of the log.
  SeededRandom random_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<std::string, Use, std::less<>> uses_
      TICKSCOPE_GUARDED_BY(mu_);  // By id, of links that were opened.
};

/// Bytes as base64url without padding (RFC 4648 section 5).
[[nodiscard]] std::string Base64Url(std::string_view bytes);

}  // namespace tickscope::console
