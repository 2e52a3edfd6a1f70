// PushTarget: where a run's requests go, and as whom.
#pragma once

#include <string>
#include <utility>

#include "http/client.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::fleet {

struct PushTarget {
  wire::RemoteWriteProtocol protocol = wire::RemoteWriteProtocol::kV1;
  http::Url url;       ///< Its remote-write endpoint.
  std::string tenant;  ///< Sent as X-Scope-OrgID unless empty.

  /// A remote-write request with that body.
  [[nodiscard]] http::Request Push(std::string body) const {
    http::Request request;
    request.method = "POST";
    request.target = url.target;
    request.headers.Set("Content-Type", wire::RemoteWriteContentType(protocol));
    request.headers.Set("Content-Encoding", wire::kRemoteWriteContentEncoding);
    request.headers.Set(wire::kRemoteWriteVersionHeader, wire::RemoteWriteVersion(protocol));
    request.headers.Set("User-Agent", "tickscope-fleet");
    if (!tenant.empty()) request.headers.Set(wire::kTenantHeader, tenant);
    request.body = std::move(body);
    return request;
  }
};

}  // namespace tickscope::fleet
