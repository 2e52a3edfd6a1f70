// PushRoute: the way from an agent to the gateways of one receiver, which all requests to it share: how they are made, which gateway
// is used (agent/receivers.h), how many are held back (agent/adaptive_throttle.h).
//
//   RemoteWriter | LogShipper  ->  PushLane: one request under way at a time  ->  PushRoute  ->  gateway, or the next
//
// Files of certificates and tokens are looked at every now and then, and new connections have what changed.
//
// Threads   Everything on the loop's thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/adaptive_throttle.h"
#include "agent/push_link.h"
#include "agent/receivers.h"
#include "http/message.h"
#include "wire/delivery_headers.h"

namespace tickscope::agent {

class PushRoute {
 public:
  PushRoute(PushLinkPtr link, const PushContext& context);
  ~PushRoute();
  PushRoute(const PushRoute&) = delete;
  PushRoute& operator=(const PushRoute&) = delete;

  /// Takes up another link: nothing that was learned of the gateways before holds of these.
  void Use(PushLinkPtr link);
  /// Looks at files of certificates and tokens again.
  void CheckCredentials();
  /// From now on requests are given at most so long.
  void LimitTimeout(std::chrono::milliseconds timeout);

  /// What says to a gateway who sends, and which push this is; the headers of the settings overrule all there are.
  void AddHeaders(const std::optional<wire::DeliveryNumber>& number, http::Headers& headers) const;
  [[nodiscard]] std::unique_ptr<http::Client> MakeClient() const;

  /// Whether a request may go out now; one that may not counts as one more.
  [[nodiscard]] bool Admit() { return throttle_.Admit(context_.clock.NowMs(), context_.random); }
  /// As Receivers::Choose.
  [[nodiscard]] std::size_t Choose(std::optional<std::size_t> asked) {
    return receivers_.Choose(context_.clock.NowMs(), asked);
  }

  enum class Answered : std::uint8_t {
    kNothing,     ///< No answer at all.
    kTakesUs,     ///< Whatever it thought of what was sent.
    kOverloaded,  ///< Asked for less.
    kKnowsUsNot,  ///< A certificate, a token or a rule is to be mended.
  };
  /// What became of a request. False when it went to other gateways than those of now: then it teaches nothing.
  bool Learn(const PushLink& link, std::size_t receiver, Answered answered);

  /// How the next body is packed: as the settings say, unless the receiver did not take it so.
  [[nodiscard]] PushCompression compression() const {
    return is_zstd_refused_ ? PushCompression::kSnappy : settings().to.delivery.compression;
  }
  /// A body packed with zstd was taken, or refused with a status.
  void ZstdTaken() { was_zstd_taken_ = true; }
  /// False when that is not what the refusal is about.
  [[nodiscard]] bool ZstdRefused(int status);

  /// Says once that the receiver went away, and once that it is back.
  void SayIsAway(std::string_view why);
  void SayIsBack();
  /// Says that something was refused, once a minute at most.
  void SayRefused(const http::Response& response, std::size_t items);

  [[nodiscard]] const PushLinkPtr& link() const { return link_; }
  [[nodiscard]] const PushSettings& settings() const { return link_->settings; }
  [[nodiscard]] const PushContext& context() const { return context_; }
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  void CheckCredentialsLater();

  const PushContext context_;
  PushLinkPtr link_;
  std::chrono::milliseconds timeout_;
  Receivers receivers_;
  AdaptiveThrottle throttle_;
  std::optional<io::TimerId> credentials_timer_;
  bool was_reachable_ = true;
  bool is_zstd_refused_ = false;
  bool was_zstd_taken_ = false;
  TimeMs refusal_said_ms_ = 0;
};

}  // namespace tickscope::agent
