// LogPipeline: the agent's logs, from what writes them to what receives them, on a loop and thread of their own.
//
//   [ FileTailer a directory, LogListeners ] -> LogIntake -> LogShipper -> receiver
//
// Files are polled four times a second, each turn reads a bounded part of what is there, so that an agent that comes back to gigabytes
// leaves the machine to the game. When the disk takes nothing, nothing is read: files wait better than memory does.
//
// Other settings are taken up in place, in two steps, so that whoever reloads more than logs can have all of it or nothing.
//
// Threads   Make, Start and Shutdown on the owner's thread; the rest on the loop.
#pragma once

#include <atomic>
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
#include "guard/pii_scanner.h"
#include "logs/file_tailer.h"
#include "logs/log_intake.h"
#include "logs/log_metrics.h"
#include "tokens/key_provider.h"

namespace tickscope::agent {

/// What a log pipeline goes by, and a reload may change: all but where its spool is.
struct LogSettings {
  LogsConfig config;
  Labels external_labels;
  std::vector<std::string> player_patterns;
};

/// The keys that the settings name; null for none.
using KeyOpener = std::function<Result<std::unique_ptr<tokens::KeyProvider>>(const LogTokensConfig&)>;

struct LogPipelineOptions {
  LogSettings settings;
  KeyOpener open_keys;
  logs::DirectoryOpener open_directory;
  io::Datagrams* datagrams = nullptr;  ///< Outlives the pipeline.
};

class LogPipeline {
 public:
  /// The context's loop is the pipeline's own. Errors: as LogShipper::Make, PiiScanner::Make, EntryFramer::Make and the opener of keys.
  [[nodiscard]] static Result<std::unique_ptr<LogPipeline>> Make(LogPipelineOptions options,
                                                                 const LogContext& context,
                                                                 Executor executor);
  ~LogPipeline();
  LogPipeline(const LogPipeline&) = delete;
  LogPipeline& operator=(const LogPipeline&) = delete;

  /// Begins to read and to listen. Before the loop runs, or on its thread. Errors: as LogListeners::Make.
  [[nodiscard]] Status Start();

  /// Gets ready for other settings: reads keys and certificates, listens where it does not yet. `ready` is called on the loop; then
  /// FinishReload is to follow, before the next PrepareReload. Thread-safe.
  void PrepareReload(LogSettings settings, std::function<void(Status)> ready);
  /// Takes up what is ready, or lets it go, and calls `done` on the loop. How far files are read stays, also of those that are not followed any
  /// more, and so do connections. Thread-safe.
  void FinishReload(bool take_up, std::function<void()> done);

  /// Reads the keys again and makes tokens with the one of `epoch`, from now on and not from when the clock comes to it; if it is there.
  /// `done` is told on the loop from which epoch on the key in use is one: less than `epoch` when it is not there, and the keys from before are
  /// used on. Thread-safe. Errors: as the opener of keys; kNotFound without keys.
  void UseKeyEpoch(tokens::TokenEpoch epoch, std::function<void(Result<tokens::TokenEpoch>)> done);
  /// From which epoch on the key in use is one, as of the last second; 0 without keys. Thread-safe.
  [[nodiscard]] tokens::TokenEpoch key_epoch() const { return key_epoch_; }

  /// Reads what is there once more, keeps it, tries for at most `timeout` to deliver it, and calls `done` on the loop. What was not delivered
  /// stays for the next start. Thread-safe; call once.
  void Shutdown(std::chrono::milliseconds timeout, std::function<void()> done);

 private:
  // What is ready to be taken up.
  struct Reload;

  LogPipeline(LogPipelineOptions options, const LogContext& context);
  [[nodiscard]] Result<std::unique_ptr<Reload>> Prepare(LogSettings settings);
  void TakeUp(Reload& reload);
  // Of what files are followed: those of now where nothing is different.
  [[nodiscard]] Status MakeTailers(Reload& reload);
  void UseKeys(std::unique_ptr<tokens::KeyProvider> keys);
  void NoteKeyEpoch();
  // Of the key that tokens are made with, were they made with these, and not before that epoch.
  [[nodiscard]] Result<tokens::TokenEpoch> KeyEpochOf(tokens::KeyProvider& keys,
                                                      tokens::TokenEpoch epoch_min) const;
  void TurnLater(std::chrono::milliseconds wait);
  void Turn();

  // Everything taken is on the disk.
  void TellSenders();
  void ReadFiles();
  bool Write();
  // Whether the intake may take more; writes when it is full.
  [[nodiscard]] bool HasRoom();
  void Finish();

  LogPipelineOptions options_;
  const LogContext context_;
  logs::LogMetrics metrics_;
  std::unique_ptr<const guard::PiiScanner> scanner_;
  std::unique_ptr<tokens::KeyProvider> keys_;
  tokens::TokenEpoch epoch_min_ = 0;  // What the fleet was told.
  std::atomic<tokens::TokenEpoch> key_epoch_{0};
  std::unique_ptr<logs::LogIntake> intake_;
  std::vector<std::unique_ptr<logs::FileTailer>> tailers_;
  std::unique_ptr<LogShipper> shipper_;
  std::vector<logs::FileMark> unfollowed_;  // Of files that were followed, and may be again.
  bool is_first_start_ = false;
  std::unique_ptr<LogListeners> listeners_;
  std::unique_ptr<HttpLogReceiver> http_;
  std::unique_ptr<Reload> reload_;
  std::optional<io::TimerId> turn_timer_;
  std::optional<io::TimerId> shutdown_timer_;
  std::function<void()> on_shut_down_;
  TimeMs written_ms_ = 0;
  bool is_full_ = false;  // The disk takes nothing.
};

}  // namespace tickscope::agent
