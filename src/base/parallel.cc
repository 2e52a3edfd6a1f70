#include "base/parallel.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "base/memory_meter.h"

namespace tickscope {

void RunParallel(std::size_t count, const std::function<void(std::size_t)>& run) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < count; ++i)
    threads.emplace_back([&run, i, meter = MemoryMeter::Current()] {
      const MeteredThread metered(meter);
      run(i);
    });
  if (count > 0) run(0);
}

std::size_t CoreCount() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace tickscope
