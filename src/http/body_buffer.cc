#include "http/body_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tickscope::http {

Status BodyBuffer::CheckFits(std::uint64_t more) const {
  if (more <= bytes_max_ - size_) return {};
  return Fail(ErrorCode::kOutOfRange, "body too large: got=" + std::to_string(size_) + " announced=" +
                                          std::to_string(more) + " bytes_max=" + std::to_string(bytes_max_));
}

Result<std::span<std::byte>> BodyBuffer::Room(std::size_t wanted) {
  TICKSCOPE_RETURN_IF_ERROR(CheckFits(1));
  if (size_ == text_.size()) {
    const std::size_t step = std::min({wanted, std::max(kFirstPieceBytes, size_), bytes_max_ - size_});
    if (!budget_.TryTake(step)) {
      return Fail(ErrorCode::kResourceExhausted,
                  "too many body bytes in flight: bytes_in_flight=" + std::to_string(budget_.used()) +
                      " bytes_max=" + std::to_string(budget_.bytes_max()));
    }
    taken_ += step;
    // Not resize: it would write every byte once before the socket does.
    text_.resize_and_overwrite(size_ + step, [](char*, std::size_t bytes) { return bytes; });
  }
  const auto rest = std::as_writable_bytes(std::span(text_)).subspan(size_);
  return rest.first(std::min(rest.size(), wanted));
}

Status BodyBuffer::Append(ByteView bytes) {
  while (!bytes.empty()) {
    // A body of unknown length grows by doubling from what came first.
    TICKSCOPE_ASSIGN_OR_RETURN(const std::span<std::byte> room, Room(std::max(bytes.size(), size_)));
    const std::size_t taken = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), taken);
    Commit(taken);
    bytes = bytes.subspan(taken);
  }
  return {};
}

std::string BodyBuffer::Release() {
  text_.resize(size_);
  return std::move(text_);
}

}  // namespace tickscope::http
