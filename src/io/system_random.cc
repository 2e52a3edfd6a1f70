#include "io/system_random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <span>

#include "base/check.h"

namespace tickscope::io {
namespace {

class SystemRandom final : public Random {
 public:
  std::uint64_t Next() override {
    if (used_ == words_.size()) Refill();
    return words_[used_++];
  }

 private:
  // Up to 256 bytes getrandom neither blocks once seeded nor returns short (getrandom(2)); 32 words are 256
  // bytes.
  void Refill() {
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(words_));
    ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    while (got < 0 && errno == EINTR)
      got = ::getrandom(bytes.data(), bytes.size(), 0);
    TICKSCOPE_CHECK(got == static_cast<ssize_t>(bytes.size()));
    used_ = 0;
  }

  std::array<std::uint64_t, 32> words_{};
  std::size_t used_ = words_.size();
};

}  // namespace

std::unique_ptr<Random> MakeSystemRandom() {
  return std::make_unique<SystemRandom>();
}

}  // namespace tickscope::io
