// What a parser told, as text, for tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "host/host_sink.h"

namespace tickscope::host {

class HostText final : public HostSink {
 public:
  /// "name{label=value,...} value" each, in the order they came.
  std::vector<std::string> lines;

 private:
  void Take(const HostFamily& family, std::span<const HostLabel> labels, double value) override {
    std::string line(family.name);
    for (std::size_t i = 0; i < labels.size(); ++i)
      line += fmt::format("{}{}={}", i == 0 ? "{" : ",", labels[i].name, labels[i].value);
    line += labels.empty() ? "" : "}";
    lines.push_back(fmt::format("{} {}", line, value));
  }
};

}  // namespace tickscope::host
