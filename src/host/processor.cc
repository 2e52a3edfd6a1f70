#include "host/processor.h"

#include <array>

#include "host/fields.h"

namespace tickscope::host {
namespace {

// USER_HZ, in which the kernel tells user space of time whatever its own ticks are.
constexpr double kTicksPerSecond = 100;
constexpr double kNanosPerSecond = 1e9;
constexpr double kMicrosPerSecond = 1e6;
constexpr std::string_view kAllCpus = "all";

constexpr HostFamily kCpuSeconds = {"node_cpu_seconds_total", HostType::kCounter,
                                    "Seconds the CPUs spent in each mode."};
constexpr std::array<std::string_view, 8> kModes = {"user",   "nice", "system",  "idle",
                                                    "iowait", "irq",  "softirq", "steal"};

constexpr HostFamily kRunning = {"node_schedstat_running_seconds_total", HostType::kCounter,
                                 "Number of seconds CPU spent running a process."};
constexpr HostFamily kWaiting = {"node_schedstat_waiting_seconds_total", HostType::kCounter,
                                 "Number of seconds spent by processing waiting for this CPU."};
constexpr HostFamily kTimeslices = {"node_schedstat_timeslices_total", HostType::kCounter,
                                    "Number of timeslices executed by CPU."};

struct StatLine {
  std::string_view key;
  HostFamily family;
};
constexpr StatLine kStatLines[] = {
    {"intr", {"node_intr_total", HostType::kCounter, "Total number of interrupts serviced."}},
    {"ctxt", {"node_context_switches_total", HostType::kCounter, "Total number of context switches."}},
    {"processes", {"node_forks_total", HostType::kCounter, "Total number of forks."}},
    {"btime", {"node_boot_time_seconds", HostType::kGauge, "Node boot time, in unixtime."}},
    {"procs_running", {"node_procs_running", HostType::kGauge, "Number of processes in runnable state."}},
    {"procs_blocked",
     {"node_procs_blocked", HostType::kGauge, "Number of processes blocked waiting for I/O to complete."}},
};

constexpr HostFamily kLoads[] = {
    {"node_load1", HostType::kGauge, "1m load average."},
    {"node_load5", HostType::kGauge, "5m load average."},
    {"node_load15", HostType::kGauge, "15m load average."},
};

constexpr HostFamily kPressures[][2] = {
    {{"node_pressure_cpu_waiting_seconds_total", HostType::kCounter,
      "Total time in seconds that processes have waited for CPU time"},
     {}},  // All of them waiting is no state of the whole machine.
    {{"node_pressure_memory_waiting_seconds_total", HostType::kCounter,
      "Total time in seconds that processes have waited for memory"},
     {"node_pressure_memory_stalled_seconds_total", HostType::kCounter,
      "Total time in seconds no process could make progress due to memory congestion"}},
    {{"node_pressure_io_waiting_seconds_total", HostType::kCounter,
      "Total time in seconds that processes have waited due to IO congestion"},
     {"node_pressure_io_stalled_seconds_total", HostType::kCounter,
      "Total time in seconds no process could make progress due to IO congestion"}},
};

// The number of a line "cpu12", or all for "cpu"; nothing for another line.
std::string_view CpuOf(std::string_view word) {
  if (!word.starts_with("cpu")) return {};
  if (word.size() == 3) return kAllCpus;
  return ToUint(word.substr(3)) ? word.substr(3) : std::string_view();
}

}  // namespace

void ParseStat(std::string_view text, PerCpu per_cpu, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    const std::string_view key = TakeWord(*line);
    if (const std::string_view cpu = CpuOf(key); !cpu.empty()) {
      if ((cpu == kAllCpus) != (per_cpu == PerCpu::kSum)) continue;
      for (const std::string_view mode : kModes) {
        // Kernels before 2.6.11 have fewer.
        const auto ticks = TakeUint(*line);
        if (!ticks) break;
        const HostLabel labels[] = {{"cpu", cpu}, {"mode", mode}};
        const auto of_all = std::span(labels).subspan(1);
        sink.Add(kCpuSeconds, per_cpu == PerCpu::kSum ? of_all : labels,
                 static_cast<double>(*ticks) / kTicksPerSecond);
      }
      continue;
    }
    for (const StatLine& known : kStatLines) {
      if (known.key != key) continue;
      if (const auto value = TakeUint(*line)) sink.Add(known.family, static_cast<double>(*value));
    }
  }
}

void ParseSchedstat(std::string_view text, PerCpu per_cpu, HostSink& sink) {
  // cpuN, six counts of the scheduler's own, then what is told here.
  constexpr int kOwnCounts = 6;
  std::array<double, 3> sum{};
  bool has_any = false;
  const auto add = [&](std::string_view cpu, const std::array<double, 3>& values) {
    const HostLabel label[] = {{"cpu", cpu}};
    const auto labels = std::span(label).first(cpu == kAllCpus ? 0 : 1);
    sink.Add(kRunning, labels, values[0] / kNanosPerSecond);
    sink.Add(kWaiting, labels, values[1] / kNanosPerSecond);
    sink.Add(kTimeslices, labels, values[2]);
  };
  while (auto line = TakeLine(text)) {
    const std::string_view cpu = CpuOf(TakeWord(*line));
    if (cpu.empty() || cpu == kAllCpus) continue;
    bool is_whole = true;
    for (int i = 0; i < kOwnCounts; ++i)
      is_whole = TakeUint(*line).has_value() && is_whole;
    std::array<double, 3> values{};
    for (double& value : values) {
      const auto count = TakeUint(*line);
      is_whole = is_whole && count.has_value();
      value = static_cast<double>(count.value_or(0));
    }
    if (!is_whole) continue;
    if (per_cpu == PerCpu::kEach) add(cpu, values);
    has_any = true;
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += values[i];
  }
  if (per_cpu == PerCpu::kSum && has_any) add(kAllCpus, sum);
}

void ParseLoadavg(std::string_view text, HostSink& sink) {
  for (const HostFamily& load : kLoads) {
    const auto value = ToReal(TakeWord(text));
    if (!value) return;
    sink.Add(load, *value);
  }
}

void ParsePressure(std::string_view text, Pressure of, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    const std::string_view who = TakeWord(*line);
    const bool is_full = who == "full";
    if (!is_full && who != "some") continue;
    const HostFamily& family = kPressures[static_cast<std::size_t>(of)][is_full ? 1 : 0];
    if (family.name.empty()) continue;
    for (std::string_view word = TakeWord(*line); !word.empty(); word = TakeWord(*line)) {
      constexpr std::string_view kTotal = "total=";
      if (!word.starts_with(kTotal)) continue;
      if (const auto micros = ToUint(word.substr(kTotal.size())))
        sink.Add(family, static_cast<double>(*micros) / kMicrosPerSecond);
    }
  }
}

}  // namespace tickscope::host
