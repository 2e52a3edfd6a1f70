// PushObserver: what goes to the gateway beside samples, and comes back with its answers.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"
#include "http/message.h"

namespace tickscope::agent {

/// Where an answer came from, and how to speak to it.
struct PushTarget {
  http::Url url;
  std::shared_ptr<tls::ClientContext> tls;
  std::vector<std::pair<std::string, std::string>> headers;  ///< That every request carries.
};

/// Called on the loop's thread.
class PushObserver {
 public:
  virtual ~PushObserver() = default;
  /// Headers for the push that is made now.
  virtual void Decorate(http::Headers& headers) = 0;
  /// A gateway took a push.
  virtual void OnAnswer(const PushTarget& target, const http::Headers& headers) = 0;
};

}  // namespace tickscope::agent
