// ToldVersion: something that lies in files of this host and that the whole fleet is told to use: the version of the schema, the epoch of
// the tokenizer's key.
//
//   told, and not in force  ->  the files are read again  ->  there: in force
//                                                             not there: what was in force stays; said; tried again every minute
//
// Files come by their own way, before the gateway tells or after it; the gateway says when, for all at once.
//
// Threads   The loop's.
// Metrics   tickscope_agent_fleet_told{what}, tickscope_agent_fleet_in_force{what}, tickscope_agent_fleet_behind{what}
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "io/event_loop.h"

namespace tickscope::agent {

class ToldVersion {
 public:
  /// What is in force once the files were read again, or why they do not read.
  using Done = std::function<void(Result<std::uint64_t> in_force)>;
  enum class Match : std::uint8_t {
    kSame,     ///< Only what was told will do.
    kAtLeast,  ///< What comes after it as well.
  };
  struct Options {
    std::string what;  ///< "schema", "keys": for logs and metrics.
    Match match = Match::kSame;
    /// Reads the files again, and takes up what is there if it is what is wanted. Calls `done` on the loop, at once or later.
    std::function<void(std::uint64_t wanted, Done done)> take_up;
    std::chrono::milliseconds retry{60'000};
  };

  /// The loop and the registry outlive it; `done` does nothing once it is gone.
  ToldVersion(Options options, io::EventLoop& loop, MetricRegistry& registry);
  ~ToldVersion();
  ToldVersion(const ToldVersion&) = delete;
  ToldVersion& operator=(const ToldVersion&) = delete;

  /// What the fleet is to use; 0 says nothing, and what was told before holds no more.
  void Tell(std::uint64_t version);
  /// What is in force, however that came: at the start, by a reload.
  void SetInForce(std::uint64_t version);

  [[nodiscard]] std::uint64_t told() const { return told_; }
  [[nodiscard]] std::uint64_t in_force() const { return in_force_; }
  [[nodiscard]] bool is_behind() const;
  /// Why the last try came to nothing; empty when it did not fail.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void Try();
  void OnTried(const Result<std::uint64_t>& in_force);
  void Show();

  const Options options_;
  io::EventLoop& loop_;
  Gauge* const told_gauge_;
  Gauge* const in_force_gauge_;
  Gauge* const behind_gauge_;
  std::uint64_t told_ = 0;
  std::uint64_t in_force_ = 0;
  std::string error_;
  bool is_trying_ = false;
  std::uint64_t said_ = 0;  // What was told when it was last said that it is not there.
  std::optional<io::TimerId> retry_timer_;
  std::shared_ptr<ToldVersion*> self_;
};

}  // namespace tickscope::agent
