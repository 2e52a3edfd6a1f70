// TierClient: asks a server where its history stands, and for deletes (docs/tiers.md).
//
// Threads   Not thread-safe; one client a thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiclient/json_api.h"
#include "base/clock.h"
#include "base/error.h"

namespace tickscope::apiclient {

struct TierAnswer {
  struct Tier {
    std::string name;
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    TimeMs from_ms = 0;
    TimeMs until_ms = 0;
    std::int64_t keep_ms = 0;
  };
  std::vector<Tier> tiers;
  std::string store;
  std::uint64_t blocks_to_upload = 0;
  std::int64_t upload_lag_ms = 0;
  std::uint64_t merges_pending = 0;
  std::int64_t merge_lag_ms = 0;
  std::uint64_t deletes_pending = 0;
  std::string last_error;
};

struct DeleteCounts {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
};

/// Errors: kCorruption when it is not such an answer; the server's own error.
[[nodiscard]] Result<TierAnswer> ReadTierAnswer(std::string_view json);
[[nodiscard]] Result<DeleteCounts> ReadDeleteCounts(std::string_view json);

class TierClient {
 public:
  /// `network` outlives the client. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<TierClient> Make(io::Network& network, PrometheusClientOptions options);

  // Errors of all: as http::Client::Fetch, with the URL; the server's own.

  [[nodiscard]] Result<TierAnswer> Status();
  [[nodiscard]] Result<DeleteCounts> CountDelete(const std::vector<std::string>& selectors,
                                                 const TimeSpan& span);
  [[nodiscard]] tickscope::Status Delete(const std::vector<std::string>& selectors, const TimeSpan& span);

 private:
  explicit TierClient(JsonApi api) : api_(std::move(api)) {}

  JsonApi api_;
};

}  // namespace tickscope::apiclient
