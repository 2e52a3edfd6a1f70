// CommitGroup: senders who wait for the disk. Those that come within kCommitWait of each other wait for one sync.
//
// Threads   The loop's.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/event_loop.h"

namespace tickscope::agent {

/// A sync costs a few milliseconds, an exporter that waits nothing.
inline constexpr std::chrono::milliseconds kCommitWait{20};

class CommitGroup {
 public:
  /// Makes everything so far durable.
  using Commit = std::function<Status()>;
  using Done = std::move_only_function<void(Status)>;

  /// The loop outlives the group.
  CommitGroup(io::EventLoop& loop, Commit commit) : loop_(loop), commit_(std::move(commit)) {}
  /// Who still waits is dropped unheard.
  ~CommitGroup();
  CommitGroup(const CommitGroup&) = delete;
  CommitGroup& operator=(const CommitGroup&) = delete;

  /// Has `done` called with what the next commit returns.
  void Wait(Done done);
  /// Commits now, if anybody waits.
  void Flush();

 private:
  io::EventLoop& loop_;
  const Commit commit_;
  std::vector<Done> waiting_;
  std::optional<io::TimerId> timer_;
};

}  // namespace tickscope::agent
