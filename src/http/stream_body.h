// StreamBody: the body of an answer that goes on: pieces that come from any thread, sent as the client takes them.
//
// A handler makes one, answers with it (Response::stream) and offers pieces for as long as it likes. A piece is shared, so
// one event for 200 clients is in memory once. What a client has not taken waits here, within `bytes_max`; past it offers
// are turned away and whoever offers decides what to do about a client that does not read.
//
// Threads   Thread-safe. on_closed runs once, on the server's loop and under no lock, when the client has gone, the
//           server has ended, or the answer has been written to its end; it owns what it needs, since it may run late.
// Memory    bytes_max of pieces that wait, and what the server has in hand (256 KB and the rest of one piece).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace tickscope::http {

class StreamBody {
 public:
  using Piece = std::shared_ptr<const std::string>;
  enum class Offered : std::uint8_t {
    kTaken,
    kFull,    ///< Nothing was taken: too much waits.
    kClosed,  ///< Nobody will read it.
  };

  explicit StreamBody(std::size_t bytes_max, std::move_only_function<void()> on_closed = nullptr)
      : bytes_max_(bytes_max), on_closed_(std::move(on_closed)) {}

  /// Adds pieces to the end, all or none. Into an empty queue they go whatever their size.
  [[nodiscard]] Offered Offer(std::vector<Piece> pieces) TICKSCOPE_EXCLUDES(mu_);
  /// The answer ends after what was offered.
  void End() TICKSCOPE_EXCLUDES(mu_);
  /// The connection ends at once, whatever waits.
  void Abort() TICKSCOPE_EXCLUDES(mu_);
  /// Bytes that wait, and those in the server's hand.
  [[nodiscard]] std::size_t waiting_bytes() const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool closed() const TICKSCOPE_EXCLUDES(mu_);

  // The server's side.

  /// `wake` runs, on any thread, when there is something to take after there was not.
  void Attach(std::move_only_function<void()> wake) TICKSCOPE_EXCLUDES(mu_);
  struct Taken {
    std::vector<Piece> pieces;  ///< Empty: nothing waits; `wake` will say when.
    bool at_end = false;        ///< Nothing follows these.
  };
  [[nodiscard]] bool aborted() const TICKSCOPE_EXCLUDES(mu_);
  /// About `bytes` or one piece, whichever is more. What was taken before has been sent.
  [[nodiscard]] Taken Take(std::size_t bytes) TICKSCOPE_EXCLUDES(mu_);
  /// Nobody reads any more; once and for ever.
  void Close() TICKSCOPE_EXCLUDES(mu_);

 private:
  void Wake() TICKSCOPE_REQUIRES(mu_);

  const std::size_t bytes_max_;
  mutable Mutex mu_;
  std::move_only_function<void()> on_closed_ TICKSCOPE_GUARDED_BY(mu_);
  std::move_only_function<void()> wake_ TICKSCOPE_GUARDED_BY(mu_);
  std::deque<Piece> pieces_ TICKSCOPE_GUARDED_BY(mu_);
  std::size_t waiting_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::size_t in_hand_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  bool wants_wake_ TICKSCOPE_GUARDED_BY(mu_) = false;
  bool ended_ TICKSCOPE_GUARDED_BY(mu_) = false;
  bool aborted_ TICKSCOPE_GUARDED_BY(mu_) = false;
  bool closed_ TICKSCOPE_GUARDED_BY(mu_) = false;
};

}  // namespace tickscope::http
