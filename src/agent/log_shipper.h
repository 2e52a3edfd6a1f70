// LogShipper: what was taken of logs, on its way through the disk to a receiver of Loki's push API.
//
//   Write: batches -> spool (errors before the rest) -> synced -> positions -> [ one record under way ] -> receiver
//
// A line counts as read when Write has returned true: then a power cut does not take it, and a kill at any moment neither takes it nor has
// it read again. The last record of a batch has its marks; a start that finds one without them whose last is missing knows that the kill came
// between the two: nothing of the batch was sent, and its lines are read again, so the record is passed over. What was delivered and not noted before a crash is delivered again, byte for byte: (time, line) of a stream tells.
//
// Answers: as PushLane has it; what is refused is dropped and counted. A record is pushed with its number in the spool, so that a gateway
// takes it once.
//
// Threads   Everything on the loop's thread; requests block a thread of the executor, which ends before this does.
// Metrics   tickscope_log_sent_lines_total, tickscope_log_sent_bytes_total, tickscope_log_requests_total{result},
//           tickscope_log_refused_lines_total; tickscope_spool_*{class="log_errors"|"logs"}
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/executor.h"
#include "agent/log_record.h"
#include "agent/logs_config.h"
#include "agent/push_lane.h"
#include "agent/push_route.h"
#include "logs/file_mark.h"
#include "logs/log_intake.h"
#include "spool/spool.h"

namespace tickscope::agent {

/// All outlive who is given it.
struct LogContext {
  io::Network& network;
  io::EventLoop& loop;
  const Clock& clock;
  Random& random;  ///< Used on the loop's thread only.
  io::FileSystem& fs;
  MetricRegistry& registry;
  std::string host_name = "agent";    ///< As whom pushes are counted when the configuration names nobody.
  spool::SharedDisk* disk = nullptr;  ///< On which spools meet; null when each is for itself.
};

class LogShipper {
 public:
  /// Errors: as MakePushLink and Spool::Open; kCorruption for positions that do not parse.
  [[nodiscard]] static Result<std::unique_ptr<LogShipper>> Make(const LogsConfig& config,
                                                                const LogContext& context, Executor executor);
  ~LogShipper() = default;
  LogShipper(const LogShipper&) = delete;
  LogShipper& operator=(const LogShipper&) = delete;

  /// How far files were read by an earlier start; nullopt when there was none.
  [[nodiscard]] const std::optional<std::vector<logs::FileMark>>& restored() const { return restored_; }

  /// Puts what the intake has on the disk, with how far files are read after it, and empties the intake. False when the disk takes nothing:
  /// what is not there stays in the intake, and another call may do.
  [[nodiscard]] bool Write(logs::LogIntake& intake, const std::vector<logs::FileMark>& marks);

  /// Gets ready for another receiver; calling what is returned takes it up, and what waits on the disk goes there. Errors: as MakePushLink.
  [[nodiscard]] Result<std::move_only_function<void()>> Prepare(const PushConfig& push);

  /// From now on tries nothing a second time; calls `on_idle` once nothing waits or is under way, or has failed.
  void Drain(std::function<void()> on_idle);

 private:
  LogShipper(const LogsConfig& config, PushLinkPtr link, const LogContext& context, Executor executor);
  [[nodiscard]] Status Open();
  [[nodiscard]] Status RestorePositions();
  [[nodiscard]] Status SavePositions(const std::string& marks);
  [[nodiscard]] Status Append(std::size_t of_class, logs::PushBatch& batch, std::string_view marks);
  // Whether a kill came before the last record of its batch was written: then its lines are read from their files again.
  [[nodiscard]] bool IsOrphan(const LogRecord& record) const;
  // Takes the next record that is to be sent. False when there is none, or none is to be had now.
  [[nodiscard]] bool TakeNext();
  void SendNext();
  void OnAnswer(const PushAnswer& answer);
  void Finish();

  const LogsConfig config_;
  const LogContext context_;
  PushRoute route_;
  PushLane lane_;
  std::unique_ptr<spool::Spool> spool_;
  std::optional<std::vector<logs::FileMark>> restored_;
  std::uint64_t batch_ = 0;
  // Batches of an earlier start that have no marks: after the first, up to the second.
  std::uint64_t orphans_after_ = 0;
  std::uint64_t orphans_until_ = 0;
  std::string saved_marks_;
  bool is_committed_ = true;  // All that was ever written.
  std::optional<spool::Spool::Taken> under_way_;
  std::function<void()> on_idle_;
  bool is_draining_ = false;
  bool was_writable_ = true;
  Counter* sent_lines_;
  Counter* sent_bytes_;
  Counter* refused_lines_;
  Counter* requests_ok_;
  Counter* requests_retried_;
  Counter* requests_refused_;
  Counter* requests_held_back_;
  Counter* requests_duplicate_;
  std::string message_;
  std::string body_;
  std::string payload_;
};

}  // namespace tickscope::agent
