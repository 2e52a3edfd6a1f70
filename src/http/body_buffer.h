// BodyBuffer: a message body while it is being received, straight from the socket into the string that is
// handed on.
//
// Memory follows what has arrived, not what the sender announced: the first piece is at most
// kFirstPieceBytes, later ones double what is there. So a 130 KB body is one allocation and no copy, and
// announcing 32 MB costs the announcer 32 MB of sending before it costs us as much.
//
// Threads   None: one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/metrics.h"

namespace tickscope::http {

/// Bytes that several bodies share.
class ByteBudget {
 public:
  /// `used_bytes`, when given, follows what is used and outlives the budget.
  explicit ByteBudget(std::size_t bytes_max, Gauge* used_bytes = nullptr)
      : bytes_max_(bytes_max), gauge_(used_bytes) {}

  /// False when that would exceed the budget; nothing is taken then.
  [[nodiscard]] bool TryTake(std::size_t bytes) {
    if (bytes > bytes_max_ - used_) return false;
    used_ += bytes;
    if (gauge_ != nullptr) gauge_->Add(static_cast<double>(bytes));
    return true;
  }
  void Give(std::size_t bytes) {
    used_ -= bytes;
    if (gauge_ != nullptr) gauge_->Add(-static_cast<double>(bytes));
  }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t bytes_max() const { return bytes_max_; }

 private:
  const std::size_t bytes_max_;
  Gauge* const gauge_;
  std::size_t used_ = 0;
};

class BodyBuffer {
 public:
  static constexpr std::size_t kFirstPieceBytes = 256 * 1024;

  /// Holds at most `bytes_max` and takes its memory from `budget`, which outlives it.
  BodyBuffer(std::size_t bytes_max, ByteBudget& budget) : bytes_max_(bytes_max), budget_(budget) {}
  /// Gives the memory back to the budget, also when the content has been released before.
  ~BodyBuffer() { budget_.Give(taken_); }
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;

  /// Errors: kOutOfRange when so many more bytes would exceed `bytes_max`.
  [[nodiscard]] Status CheckFits(std::uint64_t more) const;
  /// Room for between 1 and `wanted` more bytes; `wanted` is positive. Valid until the next call that is not
  /// Commit. Errors: kOutOfRange at `bytes_max`; kResourceExhausted when the budget is used up.
  [[nodiscard]] Result<std::span<std::byte>> Room(std::size_t wanted);
  /// Says that the first `bytes` of the last Room were filled.
  void Commit(std::size_t bytes) { size_ += bytes; }
  /// Copies `bytes` to the end. Errors as Room; a part may have been taken then.
  [[nodiscard]] Status Append(ByteView bytes);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// The content. The budget stays charged until destruction, for the content lives on with its handler.
  [[nodiscard]] std::string Release();

 private:
  const std::size_t bytes_max_;
  ByteBudget& budget_;
  std::string text_;  // As long as what was allocated; filled up to size_.
  std::size_t size_ = 0;
  std::size_t taken_ = 0;  // From the budget.
};

}  // namespace tickscope::http
