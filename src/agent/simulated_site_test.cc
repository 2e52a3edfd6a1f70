#include "agent/simulated_site_test.h"

#include <gtest/gtest.h>

#include <ostream>

#include "model/sample.h"
#include "wire/delivery_headers.h"
#include "wire/openmetrics_float.h"
#include "wire/remote_write_decode.h"

namespace tickscope::agent {

void PrintTo(const Arrived& arrived, std::ostream* out) {
  *out << arrived.series << " @" << arrived.time_ms << " = " << arrived.value;
}

SimulatedSite::SimulatedSite()
    : clock(kStartMs), network(clock, {}), metrics(registry), loop_(network.MakeLoop()) {
  AddTarget("receiver:9280",
            [this](const http::Request& request, http::Respond respond) { respond(Receive(request)); });
}

SimulatedSite::~SimulatedSite() {
  agent.reset();
  servers_.clear();
}

void SimulatedSite::AddTarget(const std::string& address, http::Handler handler) {
  servers_.erase(address);
  servers_[address] =
      http::Server::Start(network, {.address = address}, std::move(handler), server_registry_).value();
}

std::shared_ptr<std::string> SimulatedSite::AddTextTarget(const std::string& address, std::string body) {
  auto text = std::make_shared<std::string>(std::move(body));
  AddTarget(address, [text](const http::Request&, http::Respond respond) {
    http::Response response{.body = *text};
    response.headers.Set("Content-Type", "text/plain; version=0.0.4");
    respond(std::move(response));
  });
  return text;
}

Status SimulatedSite::Apply(std::string_view yaml) {
  TICKSCOPE_ASSIGN_OR_RETURN(const AgentConfig config, ParseAgentConfig(yaml, "site.yaml"));
  if (agent == nullptr) {
    const Executor inline_executor = [](WorkerPool::Task&& task) {
      task();
      return true;
    };
    agent = std::make_unique<Agent>(AgentContext{.network = network,
                                                 .loop = *loop_,
                                                 .clock = clock,
                                                 .random = random_,
                                                 .metrics = metrics,
                                                 .processes = processes,
                                                 .guard = guard,
                                                 .fs = &fs,
                                                 .registry = &registry,
                                                 .disk = &disk,
                                                 .probe = probe,
                                                 .datagrams = datagrams,
                                                 .histogram_forms = histogram_forms},
                                    inline_executor, inline_executor);
  }
  return agent->Apply(config);
}

void SimulatedSite::Kill() {
  agent.reset();
  loop_ = network.MakeLoop();
}

std::chrono::milliseconds SimulatedSite::Shutdown(std::chrono::milliseconds timeout) {
  const TimeMs started_ms = clock.NowMs();
  bool done = false;
  agent->Shutdown(timeout, [&] { done = true; });
  loop_->RunUntil([&] { return done; });
  EXPECT_TRUE(done);
  return std::chrono::milliseconds(clock.NowMs() - started_ms);
}

http::Response SimulatedSite::Receive(const http::Request& request) {
  const bool is_v2 = request.headers.Get("Content-Type") == wire::kRemoteWriteV2ContentType;
  const auto protocol = is_v2 ? wire::RemoteWriteProtocol::kV2 : wire::RemoteWriteProtocol::kV1;
  protocols.push_back(protocol);
  request_times_ms.push_back(clock.NowMs());
  request_headers.push_back(request.headers);
  http::Response response{.status = 204};
  if (answer) response = answer(request);
  if (response.status / 100 != 2 || response.headers.Has(wire::kDuplicateHeader)) return response;
  std::vector<Arrived> samples;
  Decode(request, protocol, samples);
  if (is_v2 && !answer) response.headers.Set(wire::kSamplesWrittenHeader, std::to_string(samples.size()));
  arrived_.insert(arrived_.end(), samples.begin(), samples.end());
  return response;
}

void SimulatedSite::Decode(const http::Request& request, wire::RemoteWriteProtocol protocol,
                           std::vector<Arrived>& out) {
  Bytes message;
  ASSERT_TRUE(wire::DecompressSnappy(request.body, 1U << 26U, message).has_value());
  wire::RemoteWriteRequest decoded(1);
  ASSERT_TRUE(decoded.Decode(protocol, message).has_value());
  for (const wire::ReceivedSeries& series : decoded.series()) {
    std::vector<LabelView> labels;
    ASSERT_TRUE(decoded.ReadLabels(series, labels).has_value());
    const std::string name = Labels::FromSorted(labels).ToString();
    for (std::uint32_t i = 0; i < series.sample_count; ++i) {
      Arrived sample{.series = name, .time_ms = decoded.times_ms()[series.first_sample + i]};
      const double value = decoded.values()[series.first_sample + i];
      if (IsStaleNan(value)) {
        sample.value = "stale";
      } else {
        wire::AppendOpenMetricsFloat(value, sample.value);
      }
      if (!decoded.starts_ms().empty() && decoded.starts_ms()[series.first_sample + i] != 0)
        starts_ms[name] = decoded.starts_ms()[series.first_sample + i];
      out.push_back(std::move(sample));
    }
    for (std::uint32_t i = 0; i < series.histogram_count; ++i) {
      const wire::ReceivedHistogram& histogram = decoded.histograms()[series.first_histogram + i];
      Arrived sample{.series = name, .time_ms = histogram.time_ms, .value = "stale histogram"};
      if (!IsStaleNan(histogram.histogram->sum)) {
        sample.value = "histogram " + std::to_string(static_cast<int>(histogram.histogram->count));
      }
      out.push_back(std::move(sample));
    }
    if (protocol == wire::RemoteWriteProtocol::kV2) {
      if (const auto metadata = decoded.ReadMetadata(series); metadata && !metadata->type.empty()) {
        metadata_types[name] = metadata->type;
      }
    }
  }
}

std::uint64_t SimulatedSite::LostItems(const std::string& url, const std::string& of_class,
                                       const std::string& reason) {
  return registry
      .AddCounter("tickscope_spool_lost_items_total", "",
                  {{"url", url}, {"class", of_class}, {"reason", reason}})
      ->value();
}

std::string SiteYaml(const std::vector<std::string>& addresses, std::string_view more_scrape_settings,
                     std::string_view more_remote_settings) {
  std::string yaml = "scrape_configs:\n  - job_name: game\n    static_configs:\n      - targets: [";
  for (const std::string& address : addresses)
    yaml += "\"" + address + "\",";
  yaml += "]\n";
  yaml += more_scrape_settings;
  yaml += "remote_write:\n  - url: http://receiver:9280/api/v1/write\n";
  yaml += more_remote_settings;
  return yaml;
}

}  // namespace tickscope::agent
