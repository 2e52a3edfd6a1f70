// LogPipeline: the agent's logs, from what writes them to what receives them, on a loop and thread of their own.
//
//   [ FileTailer a directory, LogListeners ] -> LogIntake -> LogShipper -> receiver
//
// Files are polled four times a second, each turn reads a bounded part of what is there, so that an agent that comes back to gigabytes
// leaves the machine to the game. When the disk takes nothing, nothing is read: files wait better than memory does.
//
// Threads   Make, Start and Shutdown on the owner's thread; the rest on the loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/http_log_receiver.h"
#include "agent/log_listeners.h"
#include "agent/log_shipper.h"
#include "agent/logs_config.h"
#include "agent/otlp_logs.h"
#include "guard/pii_scanner.h"
#include "logs/file_tailer.h"
#include "logs/log_intake.h"
#include "logs/log_metrics.h"
#include "tokens/key_provider.h"

namespace tickscope::agent {

struct LogPipelineOptions {
  LogsConfig config;
  Labels external_labels;
  std::vector<std::string> player_patterns;
  std::unique_ptr<tokens::KeyProvider> keys;  ///< Null for none.
  logs::DirectoryOpener open_directory;
  io::Datagrams* datagrams = nullptr;  ///< Outlives the pipeline.
  std::optional<Labels> otlp_labels;   ///< Of what comes by OTLP; nullopt when nothing does.
};

class LogPipeline {
 public:
  /// The context's loop is the pipeline's own. Errors: as LogShipper::Make, PiiScanner::Make and EntryFramer::Make.
  [[nodiscard]] static Result<std::unique_ptr<LogPipeline>> Make(LogPipelineOptions options,
                                                                 const LogContext& context,
                                                                 Executor executor);
  ~LogPipeline();
  LogPipeline(const LogPipeline&) = delete;
  LogPipeline& operator=(const LogPipeline&) = delete;

  /// Begins to read and to listen. Before the loop runs, or on its thread. Errors: as LogListeners::Make.
  [[nodiscard]] Status Start();
  /// Reads what is there once more, keeps it, tries for at most `timeout` to deliver it, and calls `done` on the loop. What was not delivered
  /// stays for the next start. Thread-safe; call once.
  void Shutdown(std::chrono::milliseconds timeout, std::function<void()> done);
  /// As OtlpLogs::Take. Thread-safe; `done` runs on the loop, or is dropped with what it waits for.
  void TakeOtlp(std::string message, otlp::ExportCallback done);

 private:
  LogPipeline(LogPipelineOptions options, const LogContext& context);
  void TurnLater(std::chrono::milliseconds wait);
  void Turn();

  // Everything taken is on the disk.
  void TellSenders();
  void ReadFiles();
  bool Write();
  // Whether the intake may take more; writes when it is full.
  [[nodiscard]] bool HasRoom();
  void Finish();

  const LogPipelineOptions options_;
  const LogContext context_;
  logs::LogMetrics metrics_;
  std::unique_ptr<const guard::PiiScanner> scanner_;
  std::unique_ptr<logs::LogIntake> intake_;
  std::vector<std::unique_ptr<logs::FileTailer>> tailers_;
  std::unique_ptr<LogShipper> shipper_;
  std::unique_ptr<LogListeners> listeners_;
  std::unique_ptr<OtlpLogs> otlp_;
  std::unique_ptr<HttpLogReceiver> http_;
  std::optional<io::TimerId> turn_timer_;
  std::optional<io::TimerId> shutdown_timer_;
  std::function<void()> on_shut_down_;
  TimeMs written_ms_ = 0;
  bool is_full_ = false;  // The disk takes nothing.
};

}  // namespace tickscope::agent
