// PushLink: everything a request to a receiver is made with: its addresses, certificates, token and keys. Never changes; what reads a file
// again makes another link, and requests under way keep the one they began with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/push_compression.h"
#include "agent/push_config.h"
#include "agent/sigv4.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/random.h"
#include "http/client.h"
#include "io/event_loop.h"
#include "io/file_system.h"
#include "io/network.h"
#include "tls/client_context.h"

namespace tickscope::agent {

struct PushSettings {
  PushConfig to;
  SigV4Config sigv4;
  BodyForm form = BodyForm::kSnappyBlock;
  std::string content;  ///< What is pushed, for people: "samples", "logs".
};

/// All outlive who is given it.
struct PushContext {
  io::Network& network;
  io::EventLoop& loop;
  const Clock& clock;
  Random& random;            ///< Used on the loop's thread only.
  io::FileSystem* fs;        ///< Of certificates and tokens; without one there are none.
  MetricRegistry* registry;  ///< Likewise.
  std::string host_name;     ///< As whom pushes are counted when the settings name nobody.
};

struct PushLink {
  PushSettings settings;
  std::vector<http::Url> urls;  ///< Never empty; url, then failover_urls.
  std::shared_ptr<tls::ClientContext> tls;
  std::string token;
  SigV4Credentials credentials;

  [[nodiscard]] bool HasSecrets() const {
    return !settings.to.delivery.bearer_token_file.empty() || !settings.sigv4.region.empty();
  }
};
using PushLinkPtr = std::shared_ptr<const PushLink>;

/// Errors: as http::ParseUrl, ClientContext::Load and the file system; kUnsupported for https, a token or keys without a file system.
[[nodiscard]] Result<PushLinkPtr> MakePushLink(PushSettings settings, const PushContext& context);

/// The link with token and keys as their files have them now. Errors: as the file system.
[[nodiscard]] Result<PushLinkPtr> WithSecretsOfNow(const PushLinkPtr& link, io::FileSystem& fs);

}  // namespace tickscope::agent
