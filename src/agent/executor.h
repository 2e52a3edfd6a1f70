// Executor: whoever has threads that may block.
#pragma once

#include <functional>

#include "base/worker_pool.h"

namespace tickscope::agent {

/// Runs a task that may block, on a thread of its choice; false when it cannot take it now.
using Executor = std::function<bool(WorkerPool::Task&&)>;

}  // namespace tickscope::agent
