#include "simulation/simulated_senders.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "codec/crc32c.h"
#include "codec/histogram_codec.h"
#include "wire/remote_write_encode.h"

namespace tickscope::simulation {
namespace {

constexpr std::size_t kSeriesPerSender = 14;
constexpr std::array<std::string_view, 3> kBounds = {"0.1", "1", "+Inf"};

Histogram MakeHistogram(double value) {
  Histogram histogram;
  histogram.schema = 2;
  histogram.zero_threshold = 0.001;
  histogram.positive_spans = {{static_cast<std::int32_t>(value) % 5, 3}};
  histogram.positive_buckets = {value, 2 * value, 1};
  histogram.count = 3 * value + 1;
  histogram.sum = value / 8;
  return histogram;
}

}  // namespace

std::uint64_t HistogramBits(const Histogram& histogram) {
  Bytes bytes;
  codec::PutHistogram(histogram, bytes);
  return std::uint64_t{codec::Crc32c(bytes)} << 32 | bytes.size();
}

SimulatedSenders::SimulatedSenders(std::size_t count, Random& random, SampleChecker& checker)
    : random_(random), checker_(checker), senders_(count) {
  for (std::size_t sender = 0; sender < count; ++sender) {
    for (std::size_t i = 0; i < kSeriesPerSender; ++i)
      senders_[sender].series.push_back(MakeSeries(sender, i, 0));
  }
}

SimulatedSenders::Series SimulatedSenders::MakeSeries(std::size_t sender, std::size_t number,
                                                      std::uint64_t generation) const {
  const std::string server = fmt::format("s{}", sender);
  const std::string build = fmt::format("b{}", generation);
  Series series;
  if (number < kBounds.size()) {
    series.labels = Labels::FromPairs(
        {{"__name__", "wait_bucket"}, {"build", build}, {"server", server}, {"le", kBounds[number]}});
  } else {
    const std::string name = fmt::format("m{}", number);
    series.labels = Labels::FromPairs({{"__name__", name}, {"build", build}, {"server", server}});
    series.is_histogram = number == kSeriesPerSender - 1;
  }
  series.name = series.labels.ToString();
  return series;
}

TimeMs SimulatedSenders::StartOf(const Sender& sender, std::size_t number) {
  if (number % 3 == 0) return 0;
  if (random_.Below(40) == 0) return sender.started_ms - 1;
  return sender.started_ms + static_cast<TimeMs>(number % 4);
}

void SimulatedSenders::Scrape(TimeMs time_ms) {
  for (std::size_t s = 0; s < senders_.size(); ++s) {
    Sender& sender = senders_[s];
    // A new build: new series in place of some.
    if (sender.started_ms == 0) sender.started_ms = time_ms - 500;
    if (random_.Below(60) == 0) {
      ++generations_;
      sender.started_ms = time_ms - static_cast<TimeMs>(random_.Below(9'000));
      for (std::size_t i = 0; i < sender.series.size(); ++i) {
        if (random_.Below(2) == 0) sender.series[i] = MakeSeries(s, i, generations_);
      }
    }
    auto request = std::make_shared<SimulatedRequest>();
    request->number = next_number_++;
    request->protocol =
        random_.Below(2) == 0 ? wire::RemoteWriteProtocol::kV1 : wire::RemoteWriteProtocol::kV2;
    const TimeMs at_ms = time_ms + static_cast<TimeMs>(s);
    std::vector<wire::WriteSample> floats;
    std::vector<wire::WriteHistogram> histograms;
    std::vector<Histogram> histogram_values;
    floats.reserve(sender.series.size());
    histograms.reserve(sender.series.size());
    histogram_values.reserve(sender.series.size());
    std::vector<wire::WriteSeries> encoded;
    for (std::size_t i = 0; i < sender.series.size(); ++i) {
      Series& series = sender.series[i];
      if (random_.Below(25) == 0) continue;  // Missed this time.
      const TimeMs said_ms = StartOf(sender, i);
      const TimeMs start_ms = request->protocol == wire::RemoteWriteProtocol::kV2 ? said_ms : 0;
      series.value = random_.Below(80) == 0 ? 0 : series.value + static_cast<double>(random_.Below(30)) / 2;
      std::uint64_t bits = 0;
      if (series.is_histogram) {
        histogram_values.push_back(MakeHistogram(series.value));
        histograms.push_back(
            {.time_ms = at_ms, .histogram = &histogram_values.back(), .start_time_ms = said_ms});
        encoded.push_back({.labels = &series.labels, .histograms = std::span(&histograms.back(), 1)});
        bits = HistogramBits(histogram_values.back());
      } else {
        floats.push_back({.time_ms = at_ms, .value = series.value, .start_time_ms = said_ms});
        encoded.push_back({.labels = &series.labels, .samples = std::span(&floats.back(), 1)});
        bits = std::bit_cast<std::uint64_t>(series.value);
      }
      checker_.Sent(series.name, at_ms, bits, start_ms);
      request->samples.push_back({series.name, at_ms});
    }
    wire::RemoteWriteEncoder encoder(request->protocol);
    encoder.Encode(encoded, request->body);
    sender.waiting.push_back(std::move(request));
  }
}

SimulatedRequestPtr SimulatedSenders::Next(std::size_t sender) const {
  const auto& waiting = senders_[sender].waiting;
  return waiting.empty() ? nullptr : waiting.front();
}

bool SimulatedSenders::all_answered() const {
  return std::ranges::all_of(senders_, [](const Sender& sender) { return sender.waiting.empty(); });
}

void SimulatedSenders::Remove(std::size_t sender, const SimulatedRequest& request) {
  std::erase_if(senders_[sender].waiting,
                [&](const auto& waiting) { return waiting->number == request.number; });
}

void SimulatedSenders::Acknowledge(std::size_t sender, const SimulatedRequest& request) {
  for (const SimulatedRequest::Sample& sample : request.samples)
    checker_.Acknowledged(sample.series, sample.time_ms);
  Remove(sender, request);
}

void SimulatedSenders::GiveUp(std::size_t sender, const SimulatedRequest& request) {
  Remove(sender, request);
}

}  // namespace tickscope::simulation
