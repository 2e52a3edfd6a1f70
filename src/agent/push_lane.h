// PushLane: sends one request after the other along a route, and says of each answer what is to become of what was sent.
//
//   2xx                  kTaken
//   429, 5xx, no answer  kAgain, after RetryPolicy says; without an answer by the same gateway, for it may have taken it
//   401, 403             kAgain: a certificate, a token or a rule is to be mended, not what was sent
//   any other            kRefused: never will be taken
//
// Threads   Everything on the loop's thread; bodies are made, and requests block, on a thread of the executor. The executor's tasks end
//           before the lane does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "agent/executor.h"
#include "agent/push_route.h"
#include "agent/retry_policy.h"
#include "http/client.h"

namespace tickscope::agent {

/// What came of one request, and how it was made.
struct PushAnswer {
  Result<http::Response> response;
  PushLinkPtr link;
  std::size_t receiver = 0;
  std::size_t body_bytes = 0;
  bool was_zstd = false;
  std::chrono::nanoseconds took{0};
};

enum class PushVerdict : std::uint8_t { kTaken, kRefused, kAgain };

class PushLane {
 public:
  /// Fills a request's body, in the form the settings name. Runs on the executor's thread.
  using MakeBody = std::move_only_function<void(http::Request&)>;
  using OnAnswer = std::move_only_function<void(PushAnswer)>;

  /// Calls `resume` when a wait is over. The route outlives the lane.
  PushLane(PushRoute& route, Executor executor, std::function<void()> resume);
  ~PushLane();
  PushLane(const PushLane&) = delete;
  PushLane& operator=(const PushLane&) = delete;

  /// Whether nothing is under way and nothing is waited for.
  [[nodiscard]] bool is_free() const { return !is_sending_ && !timer_; }
  [[nodiscard]] bool is_sending() const { return is_sending_; }

  /// Whether the receiver asks for less just now: then the lane waits, and resumes. Ask before Send.
  [[nodiscard]] bool IsHeldBack();
  /// Requires: is_free(). False when no thread takes it now: then the lane waits, and resumes.
  [[nodiscard]] bool Send(http::Headers headers, MakeBody make_body, OnAnswer on_answer);
  /// Whether an answer says that the body was packed in a way that is not understood there. Then it is to be sent again, now, and will be
  /// packed otherwise. Ask before Judge.
  [[nodiscard]] bool IsAboutCompression(const PushAnswer& answer);
  /// Learns of an answer; each is told once, or never.
  [[nodiscard]] PushVerdict Judge(const PushAnswer& answer);
  /// Waits for as long as the answer asks, or failures in a row suggest, and resumes. `items` were not taken.
  void RetryAfter(const PushAnswer& answer, std::size_t items);
  void ResumeAfter(std::chrono::milliseconds wait);
  void StopWaiting();
  /// What is sent next was not sent before.
  void Advance() { asked_.reset(); }
  /// The route has another link: whom to ask, and how long to wait, begins anew.
  void StartOver();

 private:
  PushRoute& route_;
  const Executor executor_;
  const std::function<void()> resume_;
  RetryPolicy retry_;
  std::unique_ptr<http::Client> client_;
  // What the client was made for.
  PushLinkPtr client_link_;
  std::chrono::milliseconds client_timeout_{0};
  std::optional<std::size_t> asked_;  // Who had what is sent next, and did not answer.
  std::optional<io::TimerId> timer_;
  bool is_sending_ = false;
};

}  // namespace tickscope::agent
