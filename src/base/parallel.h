// RunParallel: one piece of work cut in a few, each on a core of its own, for who waits for all of it.
#pragma once

#include <cstddef>
#include <functional>

namespace tickscope {

/// Calls `run(0)` to `run(count - 1)`, each once, and returns when all are done. Those that find a spare thread run at once,
/// the others one after the other on the caller's: a part may not wait for another part. `run` does not throw.
///
/// The spare threads, one a core, are started by the first call that wants them and shared by the whole process: a
/// thread made for every call would have its stack and its heap made for it too.
void RunParallel(std::size_t count, const std::function<void(std::size_t)>& run);

/// Cores this process may use; at least 1.
[[nodiscard]] std::size_t CoreCount();

}  // namespace tickscope
