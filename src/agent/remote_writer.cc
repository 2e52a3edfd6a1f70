#include "agent/remote_writer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/transcode.h"
#include "base/check.h"
#include "base/log.h"
#include "wire/otlp_encode.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kSpoolRetry{1'000};
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

// Whether the answer to a 2.0 request shows that it was not understood.
bool KnowsOnlyV1(wire::RemoteWriteProtocol protocol, const PushAnswer& answer) {
  if (protocol == wire::RemoteWriteProtocol::kV1 || !answer.response) return false;
  const int status = answer.response->status;
  const bool is_success = status >= 200 && status < 300;
  return status == 415 || (is_success && !WrittenCount(answer.response->headers));
}

PushContext PushContextOf(const AgentContext& context) {
  return {.network = context.network,
          .loop = context.loop,
          .clock = context.clock,
          .random = context.random,
          .fs = context.fs,
          .registry = context.registry,
          .host_name = context.host_name};
}

PushSettings PushSettingsOf(const RemoteWriteConfig& config) {
  return {.to = config.push,
          .sigv4 = config.sigv4,
          .form = config.is_otlp ? BodyForm::kMessage : BodyForm::kSnappyBlock,
          .content = "samples"};
}

}  // namespace

Result<std::unique_ptr<RemoteWriter>> RemoteWriter::Make(RemoteWriteConfig config,
                                                         const AgentContext& context, Executor executor) {
  TICKSCOPE_ASSIGN_OR_RETURN(PushLinkPtr link, MakePushLink(PushSettingsOf(config), PushContextOf(context)));
  auto writer =
      std::unique_ptr<RemoteWriter>(new RemoteWriter(std::move(config), std::move(link), context, executor));
  TICKSCOPE_RETURN_IF_ERROR(writer->OpenSpool());
  return writer;
}

Result<std::function<void()>> RemoteWriter::Reconfigure(RemoteWriteConfig config) {
  TICKSCOPE_CHECK(config.spool == config_.spool && config.shards == config_.shards);
  TICKSCOPE_ASSIGN_OR_RETURN(PushLinkPtr link, MakePushLink(PushSettingsOf(config), route_.context()));
  return [this, config = std::move(config), link = std::move(link)] { Use(config, link); };
}

void RemoteWriter::Use(RemoteWriteConfig config, PushLinkPtr link) {
  if (config.write_rules != config_.write_rules) rules_ = WriteRules(config.write_rules, context_.metrics);
  config_ = std::move(config);
  protocol_ = config_.protocol;
  route_.Use(std::move(link));
  for (const auto& shard : shards_) {
    shard->lane.StartOver();
    SendNext(*shard);
  }
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
                                               .newest_first = config.newest_first,
                                               .worth = spool::Worth::kMetrics}},
                                  .labels = {{"url", config_.push.url}},
                                  .shared = context_.disk}));
  CommitSpoolLater();
  return {};
}

RemoteWriter::~RemoteWriter() {
  if (commit_timer_) context_.loop.CancelTimer(*commit_timer_);
}

RemoteWriter::RemoteWriter(RemoteWriteConfig config, PushLinkPtr link, const AgentContext& context,
                           const Executor& executor)
    : config_(std::move(config)),
      context_(context),
      rules_(config_.write_rules, context.metrics),
      route_(std::move(link), PushContextOf(context)),
      protocol_(config_.protocol),
      epoch_(context.random.Next() | 1) {
  for (std::size_t i = 0; i < config_.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(route_, executor, [this, i] {
      SendNext(*shards_[i]);
      NotifyIfIdle();
    }));
  }
}

void RemoteWriter::Push(const WriteBatchPtr& read) {
  const WriteBatchPtr batch = rules_.Apply(read);
  if (batch == nullptr || batch->samples.empty()) return;
  Shard& shard = *shards_[batch->target_hash % shards_.size()];
  // OTLP says of each point what it is.
  const bool with_metadata = IsMetadataDue(*batch) || config_.is_otlp;
  const std::size_t sample_count = batch->samples.size();
  const std::size_t bytes = batch->Bytes();
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < sample_count; begin = end) {
    end = config_.is_otlp ? EndOfPart(*batch, begin, config_.batch_samples_max)
                          : std::min(begin + config_.batch_samples_max, sample_count);
    const BatchPart piece{.batch = batch, .begin = begin, .end = end, .with_metadata = with_metadata};
    if (spool_ != nullptr) {
      PushToSpool(piece);
      continue;
    }
    QueuedPart part{.part = piece,
                    .spooled = nullptr,
                    .bytes = bytes * (end - begin) / sample_count,
                    .number = next_number_++,
                    .made_ms = context_.clock.NowMs()};
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

std::optional<SpoolPlace> RemoteWriter::NextPlace() const {
  if (spool_ == nullptr) return std::nullopt;
  return SpoolPlace{.directory = config_.spool.directory,
                    .epoch = spool_->epoch(0),
                    .number = spool_->next_number(0),
                    .record_samples = config_.batch_samples_max};
}

std::size_t RemoteWriter::SamplesThere(const SpoolPlace& place) const {
  if (spool_ == nullptr || place.directory != config_.spool.directory) return 0;
  const Result<std::uint64_t> last = spool_->LastNumber(0, place.epoch);
  if (!last) {
    Log(LogLevel::kError, "spool not read, sums may come twice",
        {{"directory", config_.spool.directory}, {"error", last.error().message}});
    return 0;
  }
  const std::uint64_t records = *last + 1 - std::min(*last + 1, place.number);
  return place.first_sample + records * place.record_samples;
}

void RemoteWriter::TakeFromSpool(Shard& shard) {
  if (spool_ == nullptr || !shard.queue.empty() || abandoned_) return;
  Result<std::optional<spool::Spool::Taken>> taken = spool_->Next();
  if (!taken) {
    Log(LogLevel::kWarn, "spool not read, will try again",
        {{"directory", config_.spool.directory}, {"error", taken.error().message}});
    return shard.lane.ResumeAfter(kSpoolRetry);
  }
  if (!*taken) return;
  QueuedPart part{.part = {},
                  .spooled = std::make_shared<const spool::Spool::Taken>(*std::move(*taken)),
                  .bytes = 0,
                  .number = next_number_++};
  part.bytes = part.spooled->record.payload.size();
  part.made_ms = part.spooled->record.made_ms;
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
    const auto candidate = shard->queue.begin() + (shard->lane.is_sending() ? 1 : 0);
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
  if (!shard.lane.is_free()) return;
  TakeFromSpool(shard);
  if (shard.queue.empty() || !shard.lane.is_free()) return;
  if (shard.lane.IsHeldBack()) {
    context_.metrics.requests_held_back->Add();
    return;
  }
  // The executor's thread has the encoder to itself until OnAnswer. No thread for it now: the lane comes back.
  (void)shard.lane.Send(
      HeadersOf(shard.queue.front(), protocol_),
      [&shard, queued = shard.queue.front(), protocol = protocol_,
       is_otlp = config_.is_otlp](http::Request& request) {
        shard.left_out = 0;
        if (is_otlp) {
          shard.left_out = MakeOtlpBody(queued, shard.encoder, request.body);
        } else {
          MakeBody(queued, protocol, shard.encoder, request.body);
        }
      },
      [this, &shard, protocol = protocol_](const PushAnswer& answer) { OnAnswer(shard, protocol, answer); });
}

std::optional<wire::DeliveryNumber> RemoteWriter::NumberOf(const QueuedPart& queued) const {
  if (queued.spooled == nullptr) return wire::DeliveryNumber{epoch_, queued.number};
  // A segment whose header is damaged does not know its epoch.
  if (queued.spooled->record.epoch == 0) return std::nullopt;
  return wire::DeliveryNumber{queued.spooled->record.epoch, queued.spooled->record.number};
}

http::Headers RemoteWriter::HeadersOf(const QueuedPart& queued, wire::RemoteWriteProtocol protocol) const {
  http::Headers headers;
  if (config_.is_otlp) {
    headers.Set("Content-Type", wire::kRemoteWriteMediaType);
  } else {
    headers.Set("Content-Type", wire::RemoteWriteContentType(protocol));
    headers.Set(wire::kRemoteWriteVersionHeader, wire::RemoteWriteVersion(protocol));
  }
  if (context_.observer != nullptr) context_.observer->Decorate(headers);
  route_.AddHeaders(NumberOf(queued), headers);
  return headers;
}

void RemoteWriter::MakeBody(const QueuedPart& queued, wire::RemoteWriteProtocol protocol,
                            BatchEncoder& encoder, std::string& body) {
  if (queued.spooled == nullptr) {
    encoder.Encode(queued.part, protocol, body);
  } else if (protocol == wire::RemoteWriteProtocol::kV2) {
    body = queued.spooled->record.payload;
  } else if (const Status encoded = EncodeAsV1(queued.spooled->record.payload, body); !encoded) {
    // Its checksum held, so this is a mistake of ours; sent as nothing, it is refused and counted.
    Log(LogLevel::kError, "spool record does not decode", {{"error", encoded.error().message}});
  }
}

std::size_t RemoteWriter::MakeOtlpBody(const QueuedPart& queued, BatchEncoder& encoder,
                                       std::string& message) {
  if (queued.spooled == nullptr) return encoder.EncodeOtlp(queued.part, message);
  const auto left_out = EncodeAsOtlp(queued.spooled->record.payload, message);
  if (left_out) return *left_out;
  // As above.
  Log(LogLevel::kError, "spool record does not decode", {{"error", left_out.error().message}});
  message.clear();
  return queued.size();
}

void RemoteWriter::OnAnswer(Shard& shard, wire::RemoteWriteProtocol protocol, const PushAnswer& answer) {
  context_.metrics.request_seconds->Observe(std::chrono::duration<double>(answer.took).count());
  if (shard.lane.IsAboutCompression(answer)) {
    // Packed otherwise, by SendNext.
  } else if (KnowsOnlyV1(protocol, answer)) {
    if (std::exchange(protocol_, wire::RemoteWriteProtocol::kV1) == wire::RemoteWriteProtocol::kV2) {
      Log(LogLevel::kWarn, "receiver does not take remote write 2.0, using 1.0", {{"url", config_.push.url}});
    }
  } else {
    switch (shard.lane.Judge(answer)) {
      case PushVerdict::kTaken:
        OnTaken(shard, protocol, answer);
        break;
      case PushVerdict::kAgain:
        RetryFront(shard, answer);
        break;
      case PushVerdict::kRefused:
        context_.metrics.requests_refused->Add();
        route_.SayRefused(*answer.response, shard.queue.front().size());
        DropFront(shard, DropReason::kRefused);
        break;
    }
  }
  SendNext(shard);
  NotifyIfIdle();
}

void RemoteWriter::OnTaken(Shard& shard, wire::RemoteWriteProtocol protocol, const PushAnswer& answer) {
  const http::Headers& headers = answer.response->headers;
  std::uint64_t count = shard.queue.front().size();
  std::uint64_t written = count;
  if (config_.is_otlp) {
    const std::uint64_t left_out = std::min<std::uint64_t>(shard.left_out, count);
    if (left_out > 0) context_.metrics.CountDropped(DropReason::kNotInOtlp, left_out);
    count -= left_out;
    written = count - std::min(count, wire::RejectedOtlpPoints(answer.response->body));
  } else if (protocol == wire::RemoteWriteProtocol::kV2)
    written = std::min(count, WrittenCount(headers).value_or(count));
  context_.metrics.requests_ok->Add();
  context_.metrics.sent_samples->Add(written);
  context_.metrics.sent_bytes->Add(answer.body_bytes);
  if (headers.Has(wire::kDuplicateHeader)) context_.metrics.requests_duplicate->Add();
  if (written < count) context_.metrics.CountDropped(DropReason::kPartialWrite, count - written);
  RemoveFront(shard);
  if (context_.observer == nullptr) return;
  const PushLink& link = *answer.link;
  PushTarget target{.url = link.urls[answer.receiver], .tls = link.tls, .headers = link.settings.to.headers};
  if (!link.token.empty()) target.headers.emplace_back("Authorization", "Bearer " + link.token);
  context_.observer->OnAnswer(target, headers);
}

void RemoteWriter::RetryFront(Shard& shard, const PushAnswer& answer) {
  if (!abandoned_) {
    context_.metrics.requests_retried->Add();
    shard.lane.RetryAfter(answer, shard.queue.front().size());
  } else if (spool_ == nullptr) {
    DropFront(shard, *abandoned_);
  } else {
    LeaveFront(shard);
  }
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
  shard.lane.Advance();
  Account(shard.queue.front(), -1);
  shard.queue.pop_front();
}

void RemoteWriter::Account(const QueuedPart& part, int sign) {
  queue_bytes_ = sign > 0 ? queue_bytes_ + part.bytes : queue_bytes_ - part.bytes;
  context_.metrics.queue_bytes->Add(sign * static_cast<double>(part.bytes));
  context_.metrics.queue_samples->Add(sign * static_cast<double>(part.size()));
}

void RemoteWriter::Drain(std::chrono::milliseconds request_timeout, std::function<void()> on_idle) {
  route_.LimitTimeout(request_timeout);
  on_idle_ = std::move(on_idle);
  for (const auto& shard : shards_) {
    SendNext(*shard);
  }
  NotifyIfIdle();
}

void RemoteWriter::Abandon(DropReason reason) {
  abandoned_ = reason;
  for (const auto& shard : shards_) {
    shard->lane.StopWaiting();
    while (shard->queue.size() > (shard->lane.is_sending() ? 1U : 0U)) {
      if (spool_ == nullptr) context_.metrics.CountDropped(reason, shard->queue.back().size());
      Account(shard->queue.back(), -1);
      shard->queue.pop_back();
    }
  }
  if (spool_ != nullptr) CommitSpool();
  NotifyIfIdle();
}

std::int64_t RemoteWriter::lag_ms() const {
  const TimeMs now_ms = context_.clock.NowMs();
  std::int64_t lag_ms = 0;
  for (const auto& shard : shards_) {
    if (!shard->queue.empty()) lag_ms = std::max(lag_ms, now_ms - shard->queue.front().made_ms);
  }
  return lag_ms;
}

bool RemoteWriter::IsIdle() const {
  if (spool_ != nullptr && !abandoned_ && spool_->waiting_bytes() > 0) return false;
  return std::ranges::all_of(
      shards_, [](const auto& shard) { return shard->queue.empty() && !shard->lane.is_sending(); });
}

void RemoteWriter::NotifyIfIdle() {
  if (!on_idle_ || !IsIdle()) return;
  if (spool_ != nullptr) CommitSpool();
  // The callee may destroy this writer.
  std::exchange(on_idle_, nullptr)();
}

}  // namespace tickscope::agent
