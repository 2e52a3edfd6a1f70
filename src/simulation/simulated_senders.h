// SimulatedSenders: agents that scrape every ten seconds and repeat what was not answered.
//
// Threads   One.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "simulation/sample_checker.h"
#include "wire/remote_write_headers.h"

namespace tickscope::simulation {

/// A request as it travels, and what it holds.
struct SimulatedRequest {
  struct Sample {
    std::string series;
    TimeMs time_ms = 0;
  };
  std::uint64_t number = 0;
  wire::RemoteWriteProtocol protocol = wire::RemoteWriteProtocol::kV1;
  std::string body;
  std::vector<Sample> samples;
};
using SimulatedRequestPtr = std::shared_ptr<const SimulatedRequest>;

class SimulatedSenders {
 public:
  SimulatedSenders(std::size_t count, Random& random, SampleChecker& checker);

  /// Makes the requests of all senders for the scrape of `time_ms`.
  void Scrape(TimeMs time_ms);
  /// The request a sender would send now: its oldest without an answer. Null when none is left.
  [[nodiscard]] SimulatedRequestPtr Next(std::size_t sender) const;
  [[nodiscard]] std::size_t count() const { return senders_.size(); }
  [[nodiscard]] bool all_answered() const;

  /// The sender heard that everything was written.
  void Acknowledge(std::size_t sender, const SimulatedRequest& request);
  /// The sender heard that some of it never will be.
  void GiveUp(std::size_t sender, const SimulatedRequest& request);

 private:
  struct Series {
    Labels labels;
    std::string name;
    double value = 0;
    bool is_histogram = false;
  };
  struct Sender {
    std::vector<Series> series;
    std::deque<SimulatedRequestPtr> waiting;
    TimeMs started_ms = 0;
  };
  void Remove(std::size_t sender, const SimulatedRequest& request);
  // What a sender says of a sample's start: nothing of gauges, seldom something else than its own start.
  [[nodiscard]] TimeMs StartOf(const Sender& sender, std::size_t number);
  [[nodiscard]] Series MakeSeries(std::size_t sender, std::size_t number, std::uint64_t generation) const;

  Random& random_;
  SampleChecker& checker_;
  std::vector<Sender> senders_;
  std::uint64_t next_number_ = 0;
  std::uint64_t generations_ = 0;
};

/// What stands for a histogram in a checker.
[[nodiscard]] std::uint64_t HistogramBits(const Histogram& histogram);

}  // namespace tickscope::simulation
