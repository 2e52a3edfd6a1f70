#include "agent/log_shipper.h"

#include <snappy.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace tickscope::agent {
namespace {

constexpr std::size_t kErrors = 0;
constexpr std::size_t kOthers = 1;
constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::size_t kAnswerExcerptBytes = 200;
constexpr std::int64_t kExecutorBusyRetryMs = 50;
constexpr std::int64_t kSpoolRetryMs = 1'000;
constexpr std::uint64_t kPositionsBytesMax = 16U << 20;
constexpr std::string_view kBatchWord = "batch ";

// "batch 17\n" and the marks behind it.
Result<std::pair<std::uint64_t, std::string_view>> ParsePositions(std::string_view text) {
  const std::size_t end = text.find('\n');
  std::uint64_t batch = 0;
  if (end == std::string_view::npos || !text.starts_with(kBatchWord))
    return Fail(ErrorCode::kCorruption, "log positions do not begin with their batch");
  const auto read = std::from_chars(text.data() + kBatchWord.size(), text.data() + end, batch);
  if (read.ec != std::errc() || read.ptr != text.data() + end)
    return Fail(ErrorCode::kCorruption, "log positions do not begin with their batch");
  return std::pair(batch, text.substr(end + 1));
}

}  // namespace

Result<std::unique_ptr<LogShipper>> LogShipper::Make(const LogsConfig& config, const LogContext& context,
                                                     Executor executor) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(config.push.url));
  auto shipper =
      std::unique_ptr<LogShipper>(new LogShipper(config, std::move(url), context, std::move(executor)));
  TICKSCOPE_RETURN_IF_ERROR(shipper->Open());
  return shipper;
}

LogShipper::LogShipper(const LogsConfig& config, http::Url url, const LogContext& context, Executor executor)
    : config_(config),
      url_(std::move(url)),
      context_(context),
      executor_(std::move(executor)),
      retry_(config.push.backoff_min_ms, config.push.backoff_max_ms) {
  MetricRegistry& registry = context_.registry;
  sent_lines_ =
      registry.AddCounter("tickscope_log_sent_lines_total", "Log entries that the receiver took.", {});
  sent_bytes_ = registry.AddCounter("tickscope_log_sent_bytes_total",
                                    "Bytes of push requests that the receiver took.", {});
  refused_lines_ =
      registry.AddCounter("tickscope_log_refused_lines_total", "Log entries that the receiver refused.", {});
  const auto requests = [&](const char* result) {
    return registry.AddCounter("tickscope_log_requests_total", "Push requests, by how they ended.",
                               {{"result", result}});
  };
  requests_ok_ = requests("ok");
  requests_retried_ = requests("retried");
  requests_refused_ = requests("refused");
}

LogShipper::~LogShipper() {
  if (retry_timer_) context_.loop.CancelTimer(*retry_timer_);
}

Status LogShipper::Open() {
  const std::chrono::milliseconds timeout(config_.push.timeout_ms);
  client_ = http::Client::Make(context_.network,
                               {.connect_timeout = std::min(timeout, std::chrono::milliseconds(5'000)),
                                .request_timeout = timeout,
                                .response_bytes_max = kAnswerBytesMax,
                                .idle_connections_max = 1});
  const LogSpoolConfig& spool = config_.spool;
  TICKSCOPE_ASSIGN_OR_RETURN(
      spool_, spool::Spool::Open(
                  context_.fs, context_.random, context_.registry,
                  {.directory = spool.directory,
                   .bytes_max = spool.bytes_max,
                   .segment_bytes = spool.segment_bytes,
                   .classes = {{.name = "log_errors", .share_bytes = spool.error_bytes},
                               {.name = "logs",
                                .share_bytes = spool.bytes_max - spool.error_bytes - spool.segment_bytes}},
                   .labels = {{"url", config_.push.url}}}));
  TICKSCOPE_RETURN_IF_ERROR(RestorePositions());
  // What an earlier start left waits for no line.
  context_.loop.Post([this] { SendNext(); });
  return {};
}

Status LogShipper::RestorePositions() {
  const auto text =
      io::ReadWholeFile(context_.fs, config_.spool.directory + "/positions", kPositionsBytesMax);
  if (!text && text.error().code != ErrorCode::kNotFound) return std::unexpected(text.error());
  std::string marks;
  if (text) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto positions, ParsePositions(*text));
    batch_ = positions.first;
    marks = positions.second;
  }
  bool has_marks = text.has_value();
  // Of the batch that the marks are of: its other record may come first, and has none.
  std::uint64_t marks_batch = batch_;
  TICKSCOPE_RETURN_IF_ERROR(spool_->VisitNewest([&](ByteView payload) {
    const auto record = DecodeLogRecord(AsText(payload));
    if (!record) return;
    batch_ = std::max(batch_, record->batch);
    if (record->marks.empty() || record->batch <= marks_batch) return;
    marks_batch = record->batch;
    marks = record->marks;
    has_marks = true;
  }));
  orphans_after_ = marks_batch;
  orphans_until_ = batch_;
  if (!has_marks) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(restored_, logs::ParseMarks(marks));
  return {};
}

Status LogShipper::SavePositions(const std::string& marks) {
  TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(context_.fs, config_.spool.directory + "/positions",
                                                    fmt::format("{}{}\n{}", kBatchWord, batch_, marks)));
  saved_marks_ = marks;
  return {};
}

Status LogShipper::Append(std::size_t of_class, logs::PushBatch& batch, std::string_view marks) {
  if (batch.entries() == 0) return {};
  batch.Encode(message_);
  snappy::Compress(message_.data(), message_.size(), &body_);
  EncodeLogRecord({.batch = batch_, .marks = marks, .body = body_}, payload_);
  const Status appended =
      spool_->Append(of_class, AsBytes(payload_), batch.entries(), context_.clock.NowMs());
  // One that never fits would wait for ever; the spool has counted it.
  if (!appended && appended.error().code != ErrorCode::kInvalidArgument) return appended;
  batch.Clear();
  return {};
}

bool LogShipper::Write(logs::LogIntake& intake, const std::vector<logs::FileMark>& marks) {
  std::string text;
  for (const logs::FileMark& mark : marks)
    logs::AppendMark(mark, text);
  const bool has_entries = intake.errors().entries() + intake.others().entries() > 0;
  if (!has_entries && text == saved_marks_ && is_committed_) return true;
  ++batch_;
  is_committed_ = false;
  const bool errors_are_last = intake.others().entries() == 0;
  Status status = Append(kErrors, intake.errors(), errors_are_last ? text : std::string_view());
  if (status) status = Append(kOthers, intake.others(), text);
  if (status) status = spool_->Commit();
  if (status) status = SavePositions(text);
  is_committed_ = status.has_value();
  if (!status && std::exchange(was_writable_, false)) {
    Log(LogLevel::kError, "logs not written, will try again",
        {{"directory", config_.spool.directory}, {"error", status.error().message}});
  }
  if (status) was_writable_ = true;
  SendNext();
  return status.has_value();
}

bool LogShipper::IsOrphan(const LogRecord& record) const {
  return record.marks.empty() && record.batch > orphans_after_ && record.batch <= orphans_until_;
}

void LogShipper::SendNext() {
  if (is_sending_ || retry_timer_) return;
  if (!under_way_) {
    auto taken = spool_->Next();
    if (!taken) {
      Log(LogLevel::kWarn, "log spool not read, will try again", {{"error", taken.error().message}});
      retry_timer_ = context_.loop.After(std::chrono::milliseconds(kSpoolRetryMs), [this] {
        retry_timer_.reset();
        SendNext();
      });
      return;
    }
    if (!*taken) {
      Finish();
      return;
    }
    under_way_ = *std::move(*taken);
  }
  const auto record = DecodeLogRecord(under_way_->record.payload);
  if (!record || IsOrphan(*record)) {
    // Its checksum held, so one that does not decode is of another version or a mistake of ours.
    if (!record) refused_lines_->Add(under_way_->record.items);
    spool_->Done(*std::exchange(under_way_, std::nullopt));
    context_.loop.Post([this] { SendNext(); });
    return;
  }
  http::Request request;
  request.method = "POST";
  request.headers.Set("Content-Type", "application/x-protobuf");
  request.headers.Set("Content-Encoding", "snappy");
  request.headers.Set("User-Agent", "tickscope-agent");
  for (const auto& [name, value] : config_.push.headers)
    request.headers.Set(name, value);
  request.body = record->body;
  is_sending_ = true;
  // The executor's thread has the client to itself until OnAnswer.
  auto task = [this, request = std::move(request)]() mutable {
    context_.loop.Post(
        [this, response = client_->Fetch(url_, std::move(request))]() mutable { OnAnswer(response); });
  };
  if (executor_(std::move(task))) return;
  is_sending_ = false;
  retry_timer_ = context_.loop.After(std::chrono::milliseconds(kExecutorBusyRetryMs), [this] {
    retry_timer_.reset();
    SendNext();
  });
}

void LogShipper::OnAnswer(const Result<http::Response>& response) {
  is_sending_ = false;
  if (!response) {
    RetryAfter("", response.error().message);
    return;
  }
  const int status = response->status;
  if (status == 429 || status >= 500) {
    RetryAfter(response->headers.Get("Retry-After"), fmt::format("status {}", status));
    return;
  }
  const spool::Spool::Taken taken = *std::exchange(under_way_, std::nullopt);
  retry_.Reset();
  if (status >= 200 && status < 300) {
    if (!std::exchange(was_reachable_, true))
      Log(LogLevel::kInfo, "receiver of logs is back", {{"url", config_.push.url}});
    requests_ok_->Add();
    sent_lines_->Add(taken.record.items);
    sent_bytes_->Add(taken.record.payload.size());
  } else {
    requests_refused_->Add();
    refused_lines_->Add(taken.record.items);
    Log(LogLevel::kError, "receiver refused logs",
        {{"url", config_.push.url},
         {"status", status},
         {"lines", taken.record.items},
         {"answer", response->body.substr(0, kAnswerExcerptBytes)}});
  }
  spool_->Done(taken);
  SendNext();
}

void LogShipper::RetryAfter(std::string_view retry_after, std::string_view why) {
  requests_retried_->Add();
  if (std::exchange(was_reachable_, false))
    Log(LogLevel::kWarn, "receiver of logs is away, will try again",
        {{"url", config_.push.url}, {"error", why}});
  if (is_draining_) {
    Finish();
    return;
  }
  const std::int64_t wait_ms = retry_.NextMs(retry_after, context_.random);
  retry_timer_ = context_.loop.After(std::chrono::milliseconds(wait_ms), [this] {
    retry_timer_.reset();
    SendNext();
  });
}

void LogShipper::Drain(std::function<void()> on_idle) {
  on_idle_ = std::move(on_idle);
  is_draining_ = true;
  if (const auto timer = std::exchange(retry_timer_, std::nullopt); timer) context_.loop.CancelTimer(*timer);
  SendNext();
}

void LogShipper::Finish() {
  if (!is_draining_) return;
  // So that the next start does not send again what was taken.
  if (const Status committed = spool_->Commit(); !committed)
    Log(LogLevel::kWarn, "log spool not durable", {{"error", committed.error().message}});
  if (const auto on_idle = std::exchange(on_idle_, nullptr); on_idle) on_idle();
}

}  // namespace tickscope::agent
