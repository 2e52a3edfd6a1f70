// SystemRandom: the kernel's random bytes.
#pragma once

#include <memory>

#include "base/random.h"

namespace tickscope::io {

/// Unpredictable bits, good for ids and jitter. Not thread-safe: one a thread.
[[nodiscard]] std::unique_ptr<Random> MakeSystemRandom();

}  // namespace tickscope::io
