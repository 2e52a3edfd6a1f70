#include "agent/log_pipeline.h"

#include <map>
#include <utility>

#include "agent/external_labels.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kTurn{250};
// Of files, in one turn: 16 MB/s.
constexpr std::size_t kTurnBytesMax = 4U << 20;
constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace

Result<std::unique_ptr<LogPipeline>> LogPipeline::Make(LogPipelineOptions options, const LogContext& context,
                                                       Executor executor) {
  auto pipeline = std::unique_ptr<LogPipeline>(new LogPipeline(std::move(options), context));
  const LogPipelineOptions& made = pipeline->options_;
  TICKSCOPE_ASSIGN_OR_RETURN(pipeline->scanner_,
                             guard::PiiScanner::Make({.player_patterns = made.player_patterns}));
  pipeline->intake_ = std::make_unique<logs::LogIntake>(
      *pipeline->scanner_, made.keys.get(),
      logs::LogIntakeOptions{.tenant = made.config.tokens.tenant,
                             .epoch_ms = made.config.tokens.epoch_days * kDayMs},
      context.clock, pipeline->metrics_);
  TICKSCOPE_ASSIGN_OR_RETURN(pipeline->shipper_, LogShipper::Make(made.config, context, std::move(executor)));
  for (const LogFilesConfig& files : made.config.files) {
    const logs::LogSource source = pipeline->intake_->AddSource(
        logs::LogInput::kFile, WithExternalLabels(files.labels, made.external_labels));
    std::map<std::string, std::vector<std::string>> patterns;  // By directory.
    for (const std::string& path : files.paths) {
      auto [directory, pattern] = SplitLogPath(path);
      patterns[std::move(directory)].push_back(std::move(pattern));
    }
    for (auto& [directory, of_directory] : patterns) {
      TICKSCOPE_ASSIGN_OR_RETURN(auto tailer,
                                 logs::FileTailer::Make({.directory = directory,
                                                         .patterns = std::move(of_directory),
                                                         .excludes = files.excludes,
                                                         .framer = files.framer,
                                                         .from_end = files.from_end,
                                                         .add_filename = files.add_filename,
                                                         .files_max = files.files_max,
                                                         .idle_wait_ms = files.idle_wait_ms,
                                                         .rotated_wait_ms = files.rotated_wait_ms},
                                                        source, made.open_directory, *pipeline->intake_));
      if (pipeline->shipper_->restored()) tailer->Restore(*pipeline->shipper_->restored());
      pipeline->tailers_.push_back(std::move(tailer));
    }
  }
  return pipeline;
}

LogPipeline::LogPipeline(LogPipelineOptions options, const LogContext& context)
    : options_(std::move(options)), context_(context), metrics_(context.registry) {}

LogPipeline::~LogPipeline() {
  if (turn_timer_) context_.loop.CancelTimer(*turn_timer_);
  if (shutdown_timer_) context_.loop.CancelTimer(*shutdown_timer_);
}

Status LogPipeline::Start() {
  written_ms_ = context_.clock.NowMs();
  if (options_.datagrams != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        listeners_, LogListeners::Make(options_.config, options_.external_labels, context_,
                                       *options_.datagrams, *intake_, [this] { return HasRoom(); }));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(http_, HttpLogReceiver::Make(options_.config, options_.external_labels, context_,
                                                          *intake_, [this] { return HasRoom(); }));
  if (options_.otlp_labels) {
    otlp_ = std::make_unique<OtlpLogs>(
        WithExternalLabels(*options_.otlp_labels, options_.external_labels),
        [this] {
          const LogTokensConfig& tokens = options_.config.tokens;
          return OtlpLogs::Privacy{.scanner = *scanner_,
                                   .keys = options_.keys.get(),
                                   .tenant = tokens.tenant,
                                   .epoch_ms = tokens.epoch_days * kDayMs};
        },
        *intake_, context_.clock, [this] { return HasRoom(); });
  }
  context_.loop.Post([this] { Turn(); });
  return {};
}

void LogPipeline::TakeOtlp(std::string message, otlp::ExportCallback done) {
  context_.loop.Post([this, message = std::move(message), done = std::move(done)]() mutable {
    if (otlp_ != nullptr) otlp_->Take(message, std::move(done));
  });
}

bool LogPipeline::HasRoom() {
  if (!is_full_ && intake_->bytes() >= options_.config.push.batch_bytes_max) is_full_ = !Write();
  return !is_full_;
}

void LogPipeline::TurnLater(std::chrono::milliseconds wait) {
  turn_timer_ = context_.loop.After(wait, [this] {
    turn_timer_.reset();
    Turn();
  });
}

void LogPipeline::Turn() {
  if (on_shut_down_) return;
  if (!is_full_) ReadFiles();
  const TimeMs now_ms = context_.clock.NowMs();
  const bool is_due = now_ms - written_ms_ >= options_.config.push.batch_wait_ms || now_ms < written_ms_;
  if (is_due || is_full_) is_full_ = !Write();
  if (!is_full_ && intake_->bytes() == 0) TellSenders();
  if (listeners_ != nullptr) listeners_->Sweep(now_ms);
  std::uint64_t lag_bytes = 0;
  std::size_t open_files = 0;
  for (const auto& tailer : tailers_) {
    lag_bytes += tailer->lag_bytes();
    open_files += tailer->open_files();
  }
  metrics_.file_lag_bytes->Set(static_cast<double>(lag_bytes));
  metrics_.open_files->Set(static_cast<double>(open_files));
  TurnLater(kTurn);
}

void LogPipeline::TellSenders() {
  if (listeners_ != nullptr) listeners_->OnWritten();
  if (http_ != nullptr) http_->OnWritten();
  if (otlp_ != nullptr) otlp_->OnWritten();
}

void LogPipeline::ReadFiles() {
  std::size_t bytes = 0;
  for (bool has_more = true; has_more;) {
    has_more = false;
    for (const auto& tailer : tailers_) {
      const std::size_t read = tailer->Poll(context_.clock.NowMs());
      bytes += read;
      has_more = has_more || read > 0;
      if (!HasRoom()) return;
    }
    if (bytes >= kTurnBytesMax) return;
  }
}

bool LogPipeline::Write() {
  std::vector<logs::FileMark> marks;
  for (const auto& tailer : tailers_)
    tailer->AppendMarks(marks);
  written_ms_ = context_.clock.NowMs();
  return shipper_->Write(*intake_, marks);
}

void LogPipeline::Shutdown(std::chrono::milliseconds timeout, std::function<void()> done) {
  context_.loop.Post([this, timeout, done = std::move(done)]() mutable {
    on_shut_down_ = std::move(done);
    if (const auto timer = std::exchange(turn_timer_, std::nullopt); timer) context_.loop.CancelTimer(*timer);
    ReadFiles();
    if (Write()) TellSenders();
    listeners_.reset();
    http_.reset();
    otlp_.reset();
    shutdown_timer_ = context_.loop.After(timeout, [this] {
      shutdown_timer_.reset();
      Finish();
    });
    shipper_->Drain([this] { Finish(); });
  });
}

void LogPipeline::Finish() {
  if (const auto timer = std::exchange(shutdown_timer_, std::nullopt); timer)
    context_.loop.CancelTimer(*timer);
  // Stays set: nothing is read any more.
  const auto done = std::exchange(on_shut_down_, [] {});
  if (done) done();
}

}  // namespace tickscope::agent
