// SdkServers: the first servers of a fleet as games that link the SDK, so that what a run sends of them went through the
// SDK's hot path, its page, and the reader that the agent uses.
//
//   GameServer ──what happened──► SDK handles ──► page ──PageReader──► what is sent
//
// The model says what happened in a game between two scrapes; this calls the SDK as the game would have: each event of a
// counter, each observation of a histogram. What is read back is sent; it is to the bit what the model says
// (Resolution::kObserved), which `fleet verify` checks of everything that arrived.
//
// The SDK is one a process, so these servers share a page, each family with one label more, the server's number. A
// counter of the SDK never goes back; where a simulated server restarts, what it had counted before is taken off.
//
// Bounds    kSdkServersMax: a family has at most 1,024 series, and the widest has eight a server.
// Threads   SdkServers: immutable once started. SdkLane: one thread each, with servers of its own.
// Cost      100 to 150 ns a sample, five times that of the model alone, for a scrape of a full server is some 6,000
//           observations: see fleet_bench. Hence the way of a fleet in real time, and an option where it is made faster.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "fleet/game_catalog.h"
#include "fleet/run_plan.h"
#include "io/file_system.h"
#include "sdkpage/page_reader.h"

namespace tickscope::fleet {

class SdkServers {
 public:
  /// Starts the SDK in this process, with a page in `directory`, for `servers` servers recorded by `lanes` threads. `fs` outlives
  /// it. Errors: kUnavailable with the SDK's word; kAlreadyExists when there is one.
  [[nodiscard]] static Result<std::unique_ptr<SdkServers>> Start(io::FileSystem& fs,
                                                                 const std::string& directory,
                                                                 std::uint32_t servers, std::size_t lanes);
  /// Stops the SDK and removes the page. The lanes are gone by then.
  ~SdkServers();
  SdkServers(const SdkServers&) = delete;
  SdkServers& operator=(const SdkServers&) = delete;

 private:
  friend class SdkLane;
  struct Handles;
  explicit SdkServers(io::FileSystem& fs);
  [[nodiscard]] Status Register(std::uint32_t servers);

  io::FileSystem& fs_;
  std::vector<Handles> handles_;  // By server.
};

class SdkLane {
 public:
  /// `servers` outlives it. Errors: those of PageReader.
  [[nodiscard]] static Result<std::unique_ptr<SdkLane>> Open(const SdkServers& servers);
  ~SdkLane();

  /// Calls the SDK for what happened in `server` since its scrape before: `values` is the current one, in catalog order.
  void Record(std::uint32_t server, std::span<const double, kSeriesPerServer> values);
  /// Reads the page. Errors: those of PageReader.
  [[nodiscard]] Status Refresh() { return page_->Refresh(); }
  /// Sets `values`, in catalog order, to what the page says of `server` since its last restart; those that are no
  /// instruments (game_build_info) stay.
  void Read(std::uint32_t server, std::span<double, kSeriesPerServer> values) const;

 private:
  struct History;
  explicit SdkLane(const SdkServers& servers);

  const SdkServers& servers_;
  std::unique_ptr<sdkpage::PageReader> page_;
  std::vector<std::size_t> families_;                ///< Of the page, by series of the catalog.
  std::vector<std::unique_ptr<History>> histories_;  ///< By server; null until it is recorded.
};

}  // namespace tickscope::fleet
