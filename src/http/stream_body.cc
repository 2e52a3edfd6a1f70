#include "http/stream_body.h"

#include <utility>

namespace tickscope::http {

void StreamBody::Wake() {
  if (!wants_wake_ || !wake_) return;
  wants_wake_ = false;
  wake_();
}

StreamBody::Offered StreamBody::Offer(std::vector<Piece> pieces) {
  std::size_t bytes = 0;
  for (const Piece& piece : pieces)
    bytes += piece->size();
  const MutexLock lock(mu_);
  if (closed_ || ended_) return Offered::kClosed;
  const std::size_t waiting = waiting_bytes_ + in_hand_bytes_;
  if (waiting > 0 && (waiting >= bytes_max_ || bytes > bytes_max_ - waiting)) return Offered::kFull;
  for (Piece& piece : pieces) {
    if (!piece->empty()) pieces_.push_back(std::move(piece));
  }
  waiting_bytes_ += bytes;
  Wake();
  return Offered::kTaken;
}

void StreamBody::End() {
  const MutexLock lock(mu_);
  ended_ = true;
  Wake();
}

void StreamBody::Abort() {
  const MutexLock lock(mu_);
  ended_ = aborted_ = true;
  // Also while a write is pending, which would not end.
  wants_wake_ = true;
  Wake();
}

bool StreamBody::aborted() const {
  const MutexLock lock(mu_);
  return aborted_;
}

std::size_t StreamBody::waiting_bytes() const {
  const MutexLock lock(mu_);
  return waiting_bytes_ + in_hand_bytes_;
}

bool StreamBody::closed() const {
  const MutexLock lock(mu_);
  return closed_;
}

void StreamBody::Attach(std::move_only_function<void()> wake) {
  const MutexLock lock(mu_);
  wake_ = std::move(wake);
}

StreamBody::Taken StreamBody::Take(std::size_t bytes) {
  const MutexLock lock(mu_);
  Taken taken;
  in_hand_bytes_ = 0;
  while (!pieces_.empty() && (taken.pieces.empty() || in_hand_bytes_ + pieces_.front()->size() <= bytes)) {
    in_hand_bytes_ += pieces_.front()->size();
    taken.pieces.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
  }
  waiting_bytes_ -= in_hand_bytes_;
  taken.at_end = pieces_.empty() && (ended_ || closed_);
  wants_wake_ = taken.pieces.empty() && !taken.at_end;
  return taken;
}

void StreamBody::Close() {
  std::move_only_function<void()> on_closed;
  {
    const MutexLock lock(mu_);
    if (closed_) return;
    closed_ = true;
    pieces_.clear();
    waiting_bytes_ = in_hand_bytes_ = 0;
    wake_ = nullptr;
    on_closed = std::move(on_closed_);
    on_closed_ = nullptr;
  }
  if (on_closed) on_closed();
}

}  // namespace tickscope::http
