#include "agent/log_pipeline.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/external_labels.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kTurn{250};
// Of files, in one turn: 16 MB/s.
constexpr std::size_t kTurnBytesMax = 4U << 20;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kUnfollowedMax = 1'024;

}  // namespace

struct LogPipeline::Reload {
  struct Tailing {
    std::unique_ptr<logs::FileTailer>
        tailer;  // Null for one of now that stays, which is known by its options.
    logs::TailOptions options;
    logs::LogSource source;
  };

  LogSettings settings;
  std::unique_ptr<const guard::PiiScanner> scanner;
  std::unique_ptr<tokens::KeyProvider> keys;
  std::vector<Tailing> tailing;
  std::vector<std::move_only_function<void()>> take_up;  // Of the parts that stay.
};

Result<std::unique_ptr<LogPipeline>> LogPipeline::Make(LogPipelineOptions options, const LogContext& context,
                                                       Executor executor) {
  auto pipeline = std::unique_ptr<LogPipeline>(new LogPipeline(std::move(options), context));
  const LogSettings& settings = pipeline->options_.settings;
  TICKSCOPE_ASSIGN_OR_RETURN(pipeline->scanner_,
                             guard::PiiScanner::Make({.player_patterns = settings.player_patterns}));
  pipeline->intake_ = std::make_unique<logs::LogIntake>(
      *pipeline->scanner_, nullptr, logs::LogIntakeOptions{}, context.clock, pipeline->metrics_);
  TICKSCOPE_ASSIGN_OR_RETURN(pipeline->shipper_,
                             LogShipper::Make(settings.config, context, std::move(executor)));
  pipeline->is_first_start_ = !pipeline->shipper_->restored();
  if (pipeline->shipper_->restored()) pipeline->unfollowed_ = *pipeline->shipper_->restored();
  TICKSCOPE_ASSIGN_OR_RETURN(const auto first, pipeline->Prepare(settings));
  pipeline->TakeUp(*first);
  return pipeline;
}

LogPipeline::LogPipeline(LogPipelineOptions options, const LogContext& context)
    : options_(std::move(options)), context_(context), metrics_(context.registry) {}

Result<std::unique_ptr<LogPipeline::Reload>> LogPipeline::Prepare(LogSettings settings) {
  auto reload = std::make_unique<Reload>();
  reload->settings = std::move(settings);
  const LogsConfig& config = reload->settings.config;
  TICKSCOPE_ASSIGN_OR_RETURN(reload->scanner,
                             guard::PiiScanner::Make({.player_patterns = reload->settings.player_patterns}));
  if (options_.open_keys) {
    TICKSCOPE_ASSIGN_OR_RETURN(reload->keys, options_.open_keys(config.tokens));
  }
  TICKSCOPE_RETURN_IF_ERROR(MakeTailers(*reload));
  const auto add = [&](Result<std::move_only_function<void()>> part) -> Status {
    if (!part) return std::unexpected(std::move(part).error());
    reload->take_up.push_back(*std::move(part));
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(add(shipper_->Prepare(config.push)));
  const Labels& external = reload->settings.external_labels;
  if (listeners_ != nullptr) TICKSCOPE_RETURN_IF_ERROR(add(listeners_->Prepare(config, external)));
  if (http_ != nullptr) TICKSCOPE_RETURN_IF_ERROR(add(http_->Prepare(config, external)));
  return reload;
}

Status LogPipeline::MakeTailers(Reload& reload) {
  for (const LogFilesConfig& files : reload.settings.config.files) {
    const logs::LogSource source = intake_->AddSource(
        logs::LogInput::kFile, WithExternalLabels(files.labels, reload.settings.external_labels));
    std::map<std::string, std::vector<std::string>> patterns;  // By directory.
    for (const std::string& path : files.paths) {
      auto [directory, pattern] = SplitLogPath(path);
      patterns[std::move(directory)].push_back(std::move(pattern));
    }
    for (auto& [directory, of_directory] : patterns) {
      Reload::Tailing tailing{.tailer = nullptr,
                              .options = {.directory = directory,
                                          .patterns = std::move(of_directory),
                                          .excludes = files.excludes,
                                          .framer = files.framer,
                                          .from_end = files.from_end,
                                          .add_filename = files.add_filename,
                                          .files_max = files.files_max,
                                          .idle_wait_ms = files.idle_wait_ms,
                                          .rotated_wait_ms = files.rotated_wait_ms},
                              .source = source};
      const auto is_same = [&](const auto& each) { return each->options() == tailing.options; };
      const auto taken = [&](const Reload::Tailing& each) {
        return each.tailer == nullptr && each.options == tailing.options;
      };
      if (std::ranges::count_if(reload.tailing, taken) >= std::ranges::count_if(tailers_, is_same)) {
        TICKSCOPE_ASSIGN_OR_RETURN(tailing.tailer, logs::FileTailer::Make(tailing.options, source,
                                                                          options_.open_directory, *intake_));
      }
      reload.tailing.push_back(std::move(tailing));
    }
  }
  return {};
}

void LogPipeline::TakeUp(Reload& reload) {
  // How far files were read by those that end is where others go on.
  std::vector<logs::FileMark> read = std::move(unfollowed_);
  for (const auto& tailer : tailers_)
    tailer->AppendMarks(read);
  std::vector<std::unique_ptr<logs::FileTailer>> tailers;
  for (Reload::Tailing& tailing : reload.tailing) {
    const auto same = std::ranges::find_if(tailers_, [&](const auto& tailer) {
      return tailing.tailer == nullptr && tailer != nullptr && tailer->options() == tailing.options;
    });
    if (same != tailers_.end()) {
      (*same)->Use(tailing.source);
      tailers.push_back(std::move(*same));
    } else if (tailing.tailer != nullptr) {
      if (!is_first_start_) tailing.tailer->Restore(read);
      tailers.push_back(std::move(tailing.tailer));
    }
  }
  tailers_ = std::move(tailers);
  std::erase_if(read, [&](const logs::FileMark& mark) {
    return std::ranges::any_of(tailers_, [&](const auto& tailer) { return tailer->Follows(mark); });
  });
  if (read.size() > kUnfollowedMax) read.erase(read.begin(), read.end() - kUnfollowedMax);
  unfollowed_ = std::move(read);
  is_first_start_ = false;
  // What the intake goes by is let go of behind it.
  const auto scanner_before = std::exchange(scanner_, std::move(reload.scanner));
  options_.settings = std::move(reload.settings);
  UseKeys(std::move(reload.keys));
  for (auto& take_up : reload.take_up)
    take_up();
}

void LogPipeline::UseKeys(std::unique_ptr<tokens::KeyProvider> keys) {
  const auto keys_before = std::exchange(keys_, std::move(keys));
  // Keys of a reload that have none for what the fleet was told go by the clock.
  if (keys_ == nullptr || KeyEpochOf(*keys_, epoch_min_).value_or(0) < epoch_min_) epoch_min_ = 0;
  NoteKeyEpoch();
  const LogTokensConfig& tokens = options_.settings.config.tokens;
  intake_->Use(*scanner_, keys_.get(),
               {.tenant = tokens.tenant, .epoch_ms = tokens.epoch_days * kDayMs, .epoch_min = epoch_min_});
}

void LogPipeline::NoteKeyEpoch() {
  key_epoch_ = keys_ == nullptr ? 0 : KeyEpochOf(*keys_, epoch_min_).value_or(0);
}

Result<tokens::TokenEpoch> LogPipeline::KeyEpochOf(tokens::KeyProvider& keys,
                                                   tokens::TokenEpoch epoch_min) const {
  const LogTokensConfig& tokens = options_.settings.config.tokens;
  const tokens::TokenEpoch epoch =
      std::max(tokens::EpochOf(context_.clock.NowMs(), tokens.epoch_days * kDayMs), epoch_min);
  TICKSCOPE_ASSIGN_OR_RETURN(const tokens::TenantKey key, keys.KeyFor(tokens.tenant, epoch));
  return key.from;
}

void LogPipeline::UseKeyEpoch(tokens::TokenEpoch epoch,
                              std::function<void(Result<tokens::TokenEpoch>)> done) {
  context_.loop.Post([this, epoch, done = std::move(done)] {
    if (!options_.open_keys) return done(Fail(ErrorCode::kNotFound, "no keys"));
    auto keys = options_.open_keys(options_.settings.config.tokens);
    if (!keys) return done(std::unexpected(keys.error()));
    if (*keys == nullptr) return done(Fail(ErrorCode::kNotFound, "logs.tokens.keys names no file"));
    const Result<tokens::TokenEpoch> from = KeyEpochOf(**keys, epoch);
    if (from && *from < epoch && keys_ != nullptr) return done(KeyEpochOf(*keys_, epoch_min_));
    if (from && *from >= epoch) {
      epoch_min_ = epoch;
      UseKeys(*std::move(keys));
    }
    done(from);
  });
}

void LogPipeline::PrepareReload(LogSettings settings, std::function<void(Status)> ready) {
  context_.loop.Post([this, settings = std::move(settings), ready = std::move(ready)]() mutable {
    auto reload = Prepare(std::move(settings));
    if (!reload) return ready(std::unexpected(reload.error()));
    reload_ = *std::move(reload);
    ready({});
  });
}

void LogPipeline::FinishReload(bool take_up, std::function<void()> done) {
  context_.loop.Post([this, take_up, done = std::move(done)] {
    const auto reload = std::exchange(reload_, nullptr);
    if (take_up && reload != nullptr && !on_shut_down_) {
      // A file that has no name any more is lost to those that come: what is there of it is read first.
      if (!is_full_) ReadFiles();
      TakeUp(*reload);
    }
    done();
  });
}

LogPipeline::~LogPipeline() {
  if (turn_timer_) context_.loop.CancelTimer(*turn_timer_);
  if (shutdown_timer_) context_.loop.CancelTimer(*shutdown_timer_);
}

Status LogPipeline::Start() {
  written_ms_ = context_.clock.NowMs();
  const LogSettings& settings = options_.settings;
  if (options_.datagrams != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        listeners_, LogListeners::Make(settings.config, settings.external_labels, context_,
                                       *options_.datagrams, *intake_, [this] { return HasRoom(); }));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(http_, HttpLogReceiver::Make(settings.config, settings.external_labels, context_,
                                                          *intake_, [this] { return HasRoom(); }));
  context_.loop.Post([this] { Turn(); });
  return {};
}

bool LogPipeline::HasRoom() {
  if (!is_full_ && intake_->bytes() >= options_.settings.config.batch.bytes_max) is_full_ = !Write();
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
  const bool is_due = now_ms - written_ms_ >= options_.settings.config.batch.wait_ms || now_ms < written_ms_;
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
  NoteKeyEpoch();
  std::vector<logs::FileMark> marks = unfollowed_;
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
