#include "agent/remote_writer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "agent/transcode.h"
#include "base/check.h"
#include "base/log.h"

namespace tickscope::agent {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::size_t kAnswerExcerptBytes = 200;
constexpr std::int64_t kExecutorBusyRetryMs = 50;
constexpr std::int64_t kSpoolRetryMs = 1'000;
constexpr TimeMs kRefusalLogIntervalMs = 60'000;
constexpr std::size_t kMetadataTargetsMax = 100'000;

std::optional<std::uint64_t> NumberIn(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// How many samples and histograms a 2.0 receiver says it wrote; nullopt when it does not say.
std::optional<std::uint64_t> WrittenCount(const http::Headers& headers) {
  const auto samples = NumberIn(headers.Get(wire::kSamplesWrittenHeader));
  const auto histograms = NumberIn(headers.Get(wire::kHistogramsWrittenHeader));
  if (!samples && !histograms) return std::nullopt;
  return samples.value_or(0) + histograms.value_or(0);
}

}  // namespace

Result<std::unique_ptr<RemoteWriter>> RemoteWriter::Make(RemoteWriteConfig config,
                                                         const AgentContext& context, Executor executor) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(config.url));
  auto writer = std::unique_ptr<RemoteWriter>(
      new RemoteWriter(std::move(config), std::move(url), context, std::move(executor)));
  TICKSCOPE_RETURN_IF_ERROR(writer->OpenSpool());
  return writer;
}

Status RemoteWriter::OpenSpool() {
  const SpoolConfig& config = config_.spool;
  if (config.directory.empty()) return {};
  if (context_.fs == nullptr || context_.registry == nullptr)
    return Fail(ErrorCode::kUnsupported, "spool: this agent has no file system");
  TICKSCOPE_ASSIGN_OR_RETURN(
      spool_, spool::Spool::Open(*context_.fs, context_.random, *context_.registry,
                                 {.directory = config.directory,
                                  .bytes_max = config.bytes_max,
                                  .segment_bytes = config.segment_bytes,
                                  .classes = {{.name = "metrics",
                                               .share_bytes = config.bytes_max - config.segment_bytes,
                                               .newest_first = config.newest_first}},
                                  .labels = {{"url", config_.url}}}));
  CommitSpoolLater();
  return {};
}

RemoteWriter::~RemoteWriter() {
  if (commit_timer_) context_.loop.CancelTimer(*commit_timer_);
}

RemoteWriter::RemoteWriter(RemoteWriteConfig config, http::Url url, const AgentContext& context,
                           Executor executor)
    : config_(std::move(config)),
      url_(std::move(url)),
      context_(context),
      executor_(std::move(executor)),
      protocol_(config_.protocol),
      request_timeout_(config_.timeout_ms) {
  for (std::size_t i = 0; i < config_.shards; ++i) {
    auto shard = std::make_unique<Shard>(RetryPolicy(config_.backoff_min_ms, config_.backoff_max_ms));
    shard->client = MakeClient(request_timeout_);
    shards_.push_back(std::move(shard));
  }
}

std::unique_ptr<http::Client> RemoteWriter::MakeClient(std::chrono::milliseconds timeout) const {
  return http::Client::Make(context_.network, {.connect_timeout = std::min<std::chrono::milliseconds>(
                                                   timeout, std::chrono::milliseconds(5'000)),
                                               .request_timeout = timeout,
                                               .response_bytes_max = kAnswerBytesMax,
                                               .idle_connections_max = 1});
}

void RemoteWriter::Push(const WriteBatchPtr& batch) {
  if (batch == nullptr || batch->samples.empty()) return;
  Shard& shard = *shards_[batch->target_hash % shards_.size()];
  const bool with_metadata = IsMetadataDue(*batch);
  const std::size_t sample_count = batch->samples.size();
  const std::size_t bytes = batch->Bytes();
  for (std::size_t begin = 0; begin < sample_count; begin += config_.batch_samples_max) {
    const std::size_t end = std::min(begin + config_.batch_samples_max, sample_count);
    const BatchPart piece{.batch = batch, .begin = begin, .end = end, .with_metadata = with_metadata};
    if (spool_ != nullptr) {
      PushToSpool(piece);
      continue;
    }
    QueuedPart part{.part = piece,
                    .spooled = nullptr,
                    .bytes = bytes * (end - begin) / sample_count,
                    .number = next_number_++};
    Account(part, +1);
    shard.queue.push_back(std::move(part));
  }
  while (queue_bytes_ > config_.queue_bytes_max && PushOutOldest()) {
  }
  SendNext(shard);
}

void RemoteWriter::PushToSpool(const BatchPart& part) {
  spool_encoder_.Encode(part, wire::RemoteWriteProtocol::kV2, spool_body_);
  const Status appended = spool_->Append(0, AsBytes(spool_body_), static_cast<std::uint32_t>(part.size()),
                                         context_.clock.NowMs());
  if (appended) {
    was_spooling_ = true;
    return;
  }
  context_.metrics.CountDropped(DropReason::kQueueFull, part.size());
  if (std::exchange(was_spooling_, false)) {
    Log(LogLevel::kError, "spool takes nothing, samples are dropped",
        {{"directory", config_.spool.directory}, {"error", appended.error().message}});
  }
}

void RemoteWriter::TakeFromSpool(Shard& shard) {
  if (spool_ == nullptr || !shard.queue.empty() || abandoned_) return;
  Result<std::optional<spool::Spool::Taken>> taken = spool_->Next();
  if (!taken) {
    Log(LogLevel::kWarn, "spool not read, will try again",
        {{"directory", config_.spool.directory}, {"error", taken.error().message}});
    shard.retry_timer = context_.loop.After(std::chrono::milliseconds(kSpoolRetryMs), [this, &shard] {
      shard.retry_timer.reset();
      SendNext(shard);
    });
    return;
  }
  if (!*taken) return;
  QueuedPart part{.part = {},
                  .spooled = std::make_shared<const spool::Spool::Taken>(*std::move(*taken)),
                  .bytes = 0,
                  .number = next_number_++};
  part.bytes = part.spooled->record.payload.size();
  Account(part, +1);
  shard.queue.push_back(std::move(part));
}

void RemoteWriter::CommitSpool() {
  if (const Status committed = spool_->Commit(); !committed) {
    Log(LogLevel::kError, "spool not durable",
        {{"directory", config_.spool.directory}, {"error", committed.error().message}});
  }
}

void RemoteWriter::CommitSpoolLater() {
  commit_timer_ = context_.loop.After(std::chrono::milliseconds(config_.spool.commit_interval_ms), [this] {
    CommitSpool();
    CommitSpoolLater();
    // What an earlier start left waits for no push.
    SendNext(*shards_.front());
  });
}

bool RemoteWriter::IsMetadataDue(const WriteBatch& batch) {
  // Forgetting all at the bound costs one more round of metadata, nothing else.
  if (metadata_sent_ms_.size() > kMetadataTargetsMax) metadata_sent_ms_.clear();
  const TimeMs now_ms = context_.clock.NowMs();
  const auto [at, is_new] = metadata_sent_ms_.try_emplace(batch.target_hash, now_ms);
  if (!is_new && !batch.has_new_series && now_ms - at->second < config_.metadata_interval_ms) return false;
  at->second = now_ms;
  return true;
}

bool RemoteWriter::PushOutOldest() {
  Shard* owner = nullptr;
  std::deque<QueuedPart>::iterator oldest;
  for (const auto& shard : shards_) {
    const auto candidate = shard->queue.begin() + (shard->is_sending ? 1 : 0);
    if (candidate == shard->queue.end()) continue;
    if (owner == nullptr || candidate->number < oldest->number) {
      owner = shard.get();
      oldest = candidate;
    }
  }
  if (owner == nullptr) return false;
  context_.metrics.CountDropped(DropReason::kQueueFull, oldest->size());
  Account(*oldest, -1);
  owner->queue.erase(oldest);
  return true;
}

void RemoteWriter::SendNext(Shard& shard) {
  if (shard.is_sending || shard.retry_timer) return;
  TakeFromSpool(shard);
  if (shard.queue.empty()) return;
  shard.is_sending = true;
  // The executor's thread has client and encoder to itself until OnAnswer.
  auto task = [this, &shard, queued = shard.queue.front(), protocol = protocol_] {
    context_.loop.Post([this, &shard, answer = Send(shard, queued, protocol)]() mutable {
      OnAnswer(shard, std::move(answer));
    });
  };
  if (executor_(std::move(task))) return;
  shard.is_sending = false;
  shard.retry_timer = context_.loop.After(std::chrono::milliseconds(kExecutorBusyRetryMs), [this, &shard] {
    shard.retry_timer.reset();
    SendNext(shard);
  });
}

RemoteWriter::Answer RemoteWriter::Send(Shard& shard, const QueuedPart& queued,
                                        wire::RemoteWriteProtocol protocol) {
  http::Request request;
  request.method = "POST";
  request.headers.Set("Content-Type", wire::RemoteWriteContentType(protocol));
  request.headers.Set("Content-Encoding", wire::kRemoteWriteContentEncoding);
  request.headers.Set(wire::kRemoteWriteVersionHeader, wire::RemoteWriteVersion(protocol));
  request.headers.Set("User-Agent", "tickscope-agent");
  for (const auto& [name, value] : config_.headers)
    request.headers.Set(name, value);
  if (queued.spooled == nullptr) {
    shard.encoder.Encode(queued.part, protocol, request.body);
  } else if (protocol == wire::RemoteWriteProtocol::kV2) {
    request.body = queued.spooled->record.payload;
  } else if (const Status encoded = EncodeAsV1(queued.spooled->record.payload, request.body); !encoded) {
    // Its checksum held, so this is a mistake of ours; sent as nothing, it is refused and counted.
    Log(LogLevel::kError, "spool record does not decode", {{"error", encoded.error().message}});
  }
  const std::size_t body_bytes = request.body.size();
  const std::chrono::nanoseconds started = context_.clock.Monotonic();
  Result<http::Response> response = shard.client->Fetch(url_, std::move(request));
  context_.metrics.request_seconds->Observe(
      std::chrono::duration<double>(context_.clock.Monotonic() - started).count());
  return {.response = std::move(response), .body_bytes = body_bytes, .protocol = protocol};
}

bool RemoteWriter::KnowsOnlyV1(const Answer& answer) {
  if (answer.protocol == wire::RemoteWriteProtocol::kV1) return false;
  const int status = answer.response->status;
  const bool is_success = status >= 200 && status < 300;
  return status == 415 || (is_success && !WrittenCount(answer.response->headers));
}

void RemoteWriter::OnAnswer(Shard& shard, Answer answer) {
  shard.is_sending = false;
  const std::size_t sample_count = shard.queue.front().size();
  if (!answer.response) {
    RetryLater(shard, "", answer.response.error().message);
  } else if (KnowsOnlyV1(answer)) {
    if (std::exchange(protocol_, wire::RemoteWriteProtocol::kV1) == wire::RemoteWriteProtocol::kV2) {
      Log(LogLevel::kWarn, "receiver does not take remote write 2.0, using 1.0", {{"url", config_.url}});
    }
  } else if (const int status = answer.response->status; status >= 200 && status < 300) {
    shard.retry.Reset();
    if (!std::exchange(was_reachable_, true))
      Log(LogLevel::kInfo, "receiver is back", {{"url", config_.url}});
    OnDelivered(sample_count, answer);
    RemoveFront(shard);
  } else if (status == 429 || status >= 500) {
    RetryLater(shard, answer.response->headers.Get("Retry-After"), fmt::format("status {}", status));
  } else {
    context_.metrics.requests_refused->Add();
    LogRefusal(*answer.response, sample_count);
    DropFront(shard, DropReason::kRefused);
  }
  SendNext(shard);
  NotifyIfIdle();
}

void RemoteWriter::LogRefusal(const http::Response& response, std::size_t sample_count) {
  const TimeMs now_ms = context_.clock.NowMs();
  if (refusal_logged_ms_ != 0 && now_ms - refusal_logged_ms_ < kRefusalLogIntervalMs) return;
  refusal_logged_ms_ = now_ms;
  Log(LogLevel::kError, "receiver refused samples",
      {{"url", config_.url},
       {"status", response.status},
       {"samples", sample_count},
       {"answer", response.body.substr(0, kAnswerExcerptBytes)}});
}

void RemoteWriter::OnDelivered(std::size_t sample_count, const Answer& answer) {
  const std::uint64_t count = sample_count;
  std::uint64_t written = count;
  if (answer.protocol == wire::RemoteWriteProtocol::kV2) {
    written = std::min(count, WrittenCount(answer.response->headers).value_or(count));
  }
  context_.metrics.requests_ok->Add();
  context_.metrics.sent_samples->Add(written);
  context_.metrics.sent_bytes->Add(answer.body_bytes);
  if (written < count) context_.metrics.CountDropped(DropReason::kPartialWrite, count - written);
}

void RemoteWriter::RetryLater(Shard& shard, std::string_view retry_after, std::string_view why) {
  if (abandoned_) {
    if (spool_ == nullptr) {
      DropFront(shard, *abandoned_);
    } else {
      LeaveFront(shard);
    }
    return;
  }
  context_.metrics.requests_retried->Add();
  const std::int64_t wait_ms = shard.retry.NextMs(retry_after, context_.random);
  if (std::exchange(was_reachable_, false)) {
    Log(LogLevel::kWarn, "receiver is away, will try again", {{"url", config_.url}, {"error", why}});
  }
  shard.retry_timer = context_.loop.After(std::chrono::milliseconds(wait_ms), [this, &shard] {
    shard.retry_timer.reset();
    SendNext(shard);
    NotifyIfIdle();
  });
}

void RemoteWriter::DropFront(Shard& shard, DropReason reason) {
  context_.metrics.CountDropped(reason, shard.queue.front().size());
  RemoveFront(shard);
}

void RemoteWriter::RemoveFront(Shard& shard) {
  if (shard.queue.front().spooled != nullptr) spool_->Done(*shard.queue.front().spooled);
  LeaveFront(shard);
}

void RemoteWriter::LeaveFront(Shard& shard) {
  Account(shard.queue.front(), -1);
  shard.queue.pop_front();
}

void RemoteWriter::Account(const QueuedPart& part, int sign) {
  queue_bytes_ = sign > 0 ? queue_bytes_ + part.bytes : queue_bytes_ - part.bytes;
  context_.metrics.queue_bytes->Add(sign * static_cast<double>(part.bytes));
  context_.metrics.queue_samples->Add(sign * static_cast<double>(part.size()));
}

void RemoteWriter::Drain(std::chrono::milliseconds request_timeout, std::function<void()> on_idle) {
  request_timeout_ = std::min(request_timeout_, request_timeout);
  on_idle_ = std::move(on_idle);
  for (const auto& shard : shards_) {
    if (!shard->is_sending) shard->client = MakeClient(request_timeout_);
    SendNext(*shard);
  }
  NotifyIfIdle();
}

void RemoteWriter::Abandon(DropReason reason) {
  abandoned_ = reason;
  for (const auto& shard : shards_) {
    if (const auto timer = std::exchange(shard->retry_timer, std::nullopt); timer)
      context_.loop.CancelTimer(*timer);
    while (shard->queue.size() > (shard->is_sending ? 1U : 0U)) {
      if (spool_ == nullptr) context_.metrics.CountDropped(reason, shard->queue.back().size());
      Account(shard->queue.back(), -1);
      shard->queue.pop_back();
    }
  }
  if (spool_ != nullptr) CommitSpool();
  NotifyIfIdle();
}

bool RemoteWriter::IsIdle() const {
  if (spool_ != nullptr && !abandoned_ && spool_->waiting_bytes() > 0) return false;
  return std::ranges::all_of(shards_,
                             [](const auto& shard) { return shard->queue.empty() && !shard->is_sending; });
}

void RemoteWriter::NotifyIfIdle() {
  if (!on_idle_ || !IsIdle()) return;
  if (spool_ != nullptr) CommitSpool();
  // The callee may destroy this writer.
  std::exchange(on_idle_, nullptr)();
}

}  // namespace tickscope::agent
