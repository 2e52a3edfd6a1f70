// RunParallel: one piece of work cut in a few, each on a core of its own, for who waits for all of it.
#pragma once

#include <cstddef>
#include <functional>

namespace tickscope {

/// Calls `run(0)` to `run(count - 1)` at once, the first on the caller's thread, and returns when all are done. `run` does
/// not throw.
void RunParallel(std::size_t count, const std::function<void(std::size_t)>& run);

/// Cores this process may use; at least 1.
[[nodiscard]] std::size_t CoreCount();

}  // namespace tickscope
