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
constexpr std::chrono::milliseconds kSpoolRetry{1'000};
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

PushContext PushContextOf(const LogContext& context) {
  return {.network = context.network,
          .loop = context.loop,
          .clock = context.clock,
          .random = context.random,
          .fs = &context.fs,
          .registry = &context.registry,
          .host_name = context.host_name};
}

PushSettings PushSettingsOf(const PushConfig& config) {
  return {.to = config, .sigv4 = {}, .content = "logs"};
}

}  // namespace

Result<std::unique_ptr<LogShipper>> LogShipper::Make(const LogsConfig& config, const LogContext& context,
                                                     Executor executor) {
  TICKSCOPE_ASSIGN_OR_RETURN(PushLinkPtr link,
                             MakePushLink(PushSettingsOf(config.push), PushContextOf(context)));
  auto shipper =
      std::unique_ptr<LogShipper>(new LogShipper(config, std::move(link), context, std::move(executor)));
  TICKSCOPE_RETURN_IF_ERROR(shipper->Open());
  return shipper;
}

LogShipper::LogShipper(const LogsConfig& config, PushLinkPtr link, const LogContext& context,
                       Executor executor)
    : config_(config),
      context_(context),
      route_(std::move(link), PushContextOf(context)),
      lane_(route_, std::move(executor), [this] { SendNext(); }) {
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
  requests_held_back_ = requests("held_back");
  requests_duplicate_ =
      registry.AddCounter("tickscope_log_requests_duplicate_total",
                          "Push requests that the receiver had taken before; counted as ok too.", {});
}

Status LogShipper::Open() {
  const LogSpoolConfig& spool = config_.spool;
  TICKSCOPE_ASSIGN_OR_RETURN(
      spool_, spool::Spool::Open(
                  context_.fs, context_.random, context_.registry,
                  {.directory = spool.directory,
                   .bytes_max = spool.bytes_max,
                   .segment_bytes = spool.segment_bytes,
                   .classes = {{.name = "log_errors",
                                .share_bytes = spool.error_bytes,
                                .worth = spool::Worth::kErrorLogs},
                               {.name = "logs",
                                .share_bytes = spool.bytes_max - spool.error_bytes - spool.segment_bytes,
                                .worth = spool::Worth::kLogs}},
                   .labels = {{"url", config_.push.url}},
                   .shared = context_.disk}));
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

bool LogShipper::TakeNext() {
  while (!under_way_) {
    auto taken = spool_->Next();
    if (!taken) {
      Log(LogLevel::kWarn, "log spool not read, will try again", {{"error", taken.error().message}});
      lane_.ResumeAfter(kSpoolRetry);
      return false;
    }
    if (!*taken) {
      Finish();
      return false;
    }
    const auto record = DecodeLogRecord((*taken)->record.payload);
    if (record && !IsOrphan(*record)) {
      under_way_ = *std::move(*taken);
      lane_.Advance();
      return true;
    }
    // Its checksum held, so one that does not decode is of another version or a mistake of ours.
    if (!record) refused_lines_->Add((*taken)->record.items);
    spool_->Done(**taken);
  }
  return true;
}

void LogShipper::SendNext() {
  if (!lane_.is_free() || !TakeNext()) return;
  if (lane_.IsHeldBack()) {
    requests_held_back_->Add();
    return;
  }
  const spool::SpoolRecord& spooled = under_way_->record;
  http::Headers headers;
  headers.Set("Content-Type", "application/x-protobuf");
  std::optional<wire::DeliveryNumber> number;
  // A segment whose header is damaged does not know its epoch.
  if (spooled.epoch != 0) number = {.epoch = spooled.epoch, .number = spooled.number};
  route_.AddHeaders(number, headers);
  // No thread for it now: the lane comes back. TakeNext has seen that it decodes.
  (void)lane_.Send(
      std::move(headers),
      [body = std::string(DecodeLogRecord(spooled.payload)->body)](http::Request& request) mutable {
        request.body = std::move(body);
      },
      [this](const PushAnswer& answer) { OnAnswer(answer); });
}

void LogShipper::OnAnswer(const PushAnswer& answer) {
  if (lane_.IsAboutCompression(answer)) return SendNext();
  const std::uint32_t lines = under_way_->record.items;
  switch (lane_.Judge(answer)) {
    case PushVerdict::kAgain:
      requests_retried_->Add();
      if (is_draining_) return Finish();
      return lane_.RetryAfter(answer, lines);
    case PushVerdict::kTaken:
      requests_ok_->Add();
      sent_lines_->Add(lines);
      sent_bytes_->Add(answer.body_bytes);
      if (answer.response->headers.Has(wire::kDuplicateHeader)) requests_duplicate_->Add();
      break;
    case PushVerdict::kRefused:
      requests_refused_->Add();
      refused_lines_->Add(lines);
      route_.SayRefused(*answer.response, lines);
      break;
  }
  spool_->Done(*std::exchange(under_way_, std::nullopt));
  SendNext();
}

Result<std::move_only_function<void()>> LogShipper::Prepare(const PushConfig& push) {
  if (push == route_.settings().to) {
    return [this] { route_.CheckCredentials(); };
  }
  TICKSCOPE_ASSIGN_OR_RETURN(PushLinkPtr link, MakePushLink(PushSettingsOf(push), route_.context()));
  return [this, link = std::move(link)]() mutable {
    route_.Use(std::move(link));
    lane_.StartOver();
    SendNext();
  };
}

void LogShipper::Drain(std::function<void()> on_idle) {
  on_idle_ = std::move(on_idle);
  is_draining_ = true;
  lane_.StopWaiting();
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
