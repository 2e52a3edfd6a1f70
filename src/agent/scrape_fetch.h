// The HTTP half of a scrape: ask a target for its metrics in the best format it has, within time and size.
#pragma once

#include <string>

#include "agent/agent_config.h"
#include "base/error.h"
#include "http/client.h"
#include "wire/exposition.h"

namespace tickscope::agent {

struct ScrapeAnswer {
  std::string body;  ///< Decompressed.
  wire::ExpositionFormat format = wire::ExpositionFormat::kText;
};

/// The Accept header: formats by falling preference, as Prometheus 3 sends it.
[[nodiscard]] std::string AcceptHeader(wire::NativeHistograms native_histograms);

/// Fetches the target once. `url` is the target's, parsed.
/// `access` may be null. A redirect is a status other than 200: credentials are for the target that is configured.
/// Errors: kUnavailable (not reached), kPermissionDenied (a status other than 200), kDeadlineExceeded, kOutOfRange
///         (body_size_limit), kUnsupported (format or encoding), kCorruption (not gzip, not HTTP), kUnauthenticated (its
///         certificate), and those of ScrapeAccess.
[[nodiscard]] Result<ScrapeAnswer> FetchExposition(http::Client& client, const http::Url& url,
                                                   const TargetConfig& target,
                                                   const ScrapeAccess* access = nullptr);

}  // namespace tickscope::agent
