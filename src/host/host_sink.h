// HostSink: where what is read of the kernel goes, sample by sample.
//
// Families and labels are those of Prometheus' node_exporter, so that dashboards and rules written for it hold.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tickscope::host {

enum class HostType : std::uint8_t { kCounter, kGauge, kUnknown };

/// Lives for as long as the program: sinks keep its address.
struct HostFamily {
  std::string_view name;
  HostType type = HostType::kGauge;
  std::string_view help;
};

/// A label of a sample; both views are valid during the call.
struct HostLabel {
  std::string_view name;
  std::string_view value;
};

/// Labels of a sample at most.
inline constexpr std::size_t kHostLabelsMax = 6;

class HostSink {
 public:
  virtual ~HostSink() = default;
  /// `labels` ascend by name, at most kHostLabelsMax. A series that comes twice in a reading counts once, as it came first.
  void Add(const HostFamily& family, std::span<const HostLabel> labels, double value) {
    Take(family, labels, value);
  }
  void Add(const HostFamily& family, double value) { Take(family, {}, value); }

 private:
  virtual void Take(const HostFamily& family, std::span<const HostLabel> labels, double value) = 0;
};

}  // namespace tickscope::host
