#include "agent/remote_writer.h"

#include <algorithm>
#include <charconv>
#include <iterator>
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
constexpr std::uint64_t kHoldBackMsMax = 1'000;
constexpr std::uint64_t kTokenBytesMax = 4096;
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

Result<RemoteWriter::LinkPtr> RemoteWriter::MakeLink(RemoteWriteConfig config, const AgentContext& context) {
  auto link = std::make_shared<Link>();
  std::vector<std::string> texts = {config.url};
  std::ranges::copy(config.delivery.failover_urls, std::back_inserter(texts));
  bool is_secure = false;
  for (const std::string& text : texts) {
    TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(text));
    is_secure = is_secure || url.is_secure;
    link->urls.push_back(std::move(url));
  }
  const bool has_secrets = !config.delivery.bearer_token_file.empty() || !config.sigv4.region.empty();
  if ((is_secure || has_secrets) && (context.fs == nullptr || context.registry == nullptr))
    return Fail(ErrorCode::kUnsupported, "https, tokens and keys: this agent has no file system");
  if (is_secure) {
    TICKSCOPE_ASSIGN_OR_RETURN(link->tls, tls::ClientContext::Load(*context.fs, context.clock,
                                                                   *context.registry, config.tls.client));
  }
  link->config = std::move(config);
  if (has_secrets) TICKSCOPE_RETURN_IF_ERROR(ReadSecrets(*context.fs, *link));
  return link;
}

Result<std::unique_ptr<RemoteWriter>> RemoteWriter::Make(RemoteWriteConfig config,
                                                         const AgentContext& context, Executor executor) {
  TICKSCOPE_ASSIGN_OR_RETURN(LinkPtr link, MakeLink(std::move(config), context));
  auto writer =
      std::unique_ptr<RemoteWriter>(new RemoteWriter(std::move(link), context, std::move(executor)));
  TICKSCOPE_RETURN_IF_ERROR(writer->OpenSpool());
  return writer;
}

Result<std::function<void()>> RemoteWriter::Reconfigure(RemoteWriteConfig config) {
  TICKSCOPE_CHECK(config.spool == settings().spool && config.shards == settings().shards);
  TICKSCOPE_ASSIGN_OR_RETURN(LinkPtr link, MakeLink(std::move(config), context_));
  return [this, link = std::move(link)] { Use(link); };
}

void RemoteWriter::Use(LinkPtr link) {
  if (link->config.write_rules != settings().write_rules)
    rules_ = WriteRules(link->config.write_rules, context_.metrics);
  link_ = std::move(link);
  protocol_ = settings().protocol;
  request_timeout_ = std::chrono::milliseconds(settings().timeout_ms);
  receivers_ = Receivers(link_->urls.size(), settings().delivery.failover);
  throttle_ = AdaptiveThrottle(settings().delivery.throttle_ratio);
  for (const auto& shard : shards_) {
    shard->retry = RetryPolicy(settings().backoff_min_ms, settings().backoff_max_ms);
    shard->asked.reset();
    // It waits for receivers that may be others.
    if (const auto timer = std::exchange(shard->retry_timer, std::nullopt); timer)
      context_.loop.CancelTimer(*timer);
    SendNext(*shard);
  }
  if (credentials_timer_) context_.loop.CancelTimer(*std::exchange(credentials_timer_, std::nullopt));
  CheckCredentialsLater();
}

void RemoteWriter::CheckCredentials() {
  if (link_->tls != nullptr) {
    if (const auto reloaded = link_->tls->Reload(); !reloaded) {
      Log(LogLevel::kError, "certificates stay as they were",
          {{"url", settings().url}, {"error", reloaded.error().message}});
    } else if (*reloaded) {
      Log(LogLevel::kInfo, "certificates taken up", {{"url", settings().url}});
    }
  }
  if (!HasSecrets()) return;
  auto link = std::make_shared<Link>(*link_);
  if (const Status read = ReadSecrets(*context_.fs, *link); !read) {
    Log(LogLevel::kError, "token and keys stay as they were",
        {{"url", settings().url}, {"error", read.error().message}});
    return;
  }
  if (link->token != link_->token || link->credentials != link_->credentials) link_ = std::move(link);
}

Status RemoteWriter::ReadSecrets(io::FileSystem& fs, Link& link) {
  const auto read = [&](const std::string& file, std::string& into) -> Status {
    if (file.empty()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(into, io::ReadWholeFile(fs, file, kTokenBytesMax));
    into.erase(into.find_last_not_of(" \t\r\n") + 1);
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(read(link.config.delivery.bearer_token_file, link.token));
  link.credentials.access_key = link.config.sigv4.access_key;
  TICKSCOPE_RETURN_IF_ERROR(read(link.config.sigv4.secret_key_file, link.credentials.secret_key));
  return read(link.config.sigv4.session_token_file, link.credentials.session_token);
}

void RemoteWriter::CheckCredentialsLater() {
  if (link_->tls == nullptr && !HasSecrets()) return;
  credentials_timer_ =
      context_.loop.After(std::chrono::milliseconds(settings().tls.check_interval_ms), [this] {
        CheckCredentials();
        CheckCredentialsLater();
      });
}

Status RemoteWriter::OpenSpool() {
  const SpoolConfig& config = settings().spool;
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
                                  .labels = {{"url", settings().url}}}));
  CommitSpoolLater();
  return {};
}

RemoteWriter::~RemoteWriter() {
  if (commit_timer_) context_.loop.CancelTimer(*commit_timer_);
  if (credentials_timer_) context_.loop.CancelTimer(*credentials_timer_);
}

RemoteWriter::RemoteWriter(LinkPtr link, const AgentContext& context, Executor executor)
    : link_(std::move(link)),
      context_(context),
      rules_(settings().write_rules, context.metrics),
      executor_(std::move(executor)),
      protocol_(settings().protocol),
      request_timeout_(settings().timeout_ms),
      epoch_(context.random.Next() | 1),
      receivers_(link_->urls.size(), settings().delivery.failover),
      throttle_(settings().delivery.throttle_ratio) {
  for (std::size_t i = 0; i < settings().shards; ++i)
    shards_.push_back(
        std::make_unique<Shard>(RetryPolicy(settings().backoff_min_ms, settings().backoff_max_ms)));
  CheckCredentialsLater();
}

std::unique_ptr<http::Client> RemoteWriter::MakeClient() const {
  return http::Client::Make(context_.network, {.connect_timeout = std::min<std::chrono::milliseconds>(
                                                   request_timeout_, std::chrono::milliseconds(5'000)),
                                               .request_timeout = request_timeout_,
                                               .response_bytes_max = kAnswerBytesMax,
                                               .idle_connections_max = 1,
                                               .tls = link_->tls});
}

void RemoteWriter::Push(const WriteBatchPtr& read) {
  const WriteBatchPtr batch = rules_.Apply(read);
  if (batch == nullptr || batch->samples.empty()) return;
  Shard& shard = *shards_[batch->target_hash % shards_.size()];
  const bool with_metadata = IsMetadataDue(*batch);
  const std::size_t sample_count = batch->samples.size();
  const std::size_t bytes = batch->Bytes();
  for (std::size_t begin = 0; begin < sample_count; begin += settings().batch_samples_max) {
    const std::size_t end = std::min(begin + settings().batch_samples_max, sample_count);
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
  while (queue_bytes_ > settings().queue_bytes_max && PushOutOldest()) {
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
        {{"directory", settings().spool.directory}, {"error", appended.error().message}});
  }
}

std::optional<SpoolPlace> RemoteWriter::NextPlace() const {
  if (spool_ == nullptr) return std::nullopt;
  const spool::SpoolQueue& queue = spool_->queue(0);
  return SpoolPlace{.directory = settings().spool.directory,
                    .epoch = queue.epoch(),
                    .number = queue.next_number(),
                    .record_samples = settings().batch_samples_max};
}

std::size_t RemoteWriter::SamplesThere(const SpoolPlace& place) const {
  if (spool_ == nullptr || place.directory != settings().spool.directory) return 0;
  const Result<std::uint64_t> last = spool_->queue(0).LastNumber(place.epoch);
  if (!last) {
    Log(LogLevel::kError, "spool not read, sums may come twice",
        {{"directory", settings().spool.directory}, {"error", last.error().message}});
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
        {{"directory", settings().spool.directory}, {"error", taken.error().message}});
    return SendLater(shard, kSpoolRetryMs);
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
        {{"directory", settings().spool.directory}, {"error", committed.error().message}});
  }
}

void RemoteWriter::CommitSpoolLater() {
  commit_timer_ = context_.loop.After(std::chrono::milliseconds(settings().spool.commit_interval_ms), [this] {
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
  if (!is_new && !batch.has_new_series && now_ms - at->second < settings().metadata_interval_ms) return false;
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
  const TimeMs now_ms = context_.clock.NowMs();
  if (!throttle_.Admit(now_ms, context_.random)) {
    context_.metrics.requests_held_back->Add();
    return SendLater(shard, 1 + static_cast<std::int64_t>(context_.random.Below(kHoldBackMsMax)));
  }
  shard.is_sending = true;
  shard.receiver = receivers_.Choose(now_ms, shard.asked);
  if (shard.client == nullptr || shard.client_of != link_) {
    shard.client = MakeClient();
    shard.client_of = link_;
  }
  Outgoing push{.link = link_,
                .receiver = shard.receiver,
                .protocol = protocol_,
                .headers = HeadersOf(shard.queue.front(), protocol_)};
  // The executor's thread has client and encoder to itself until OnAnswer.
  auto task = [this, &shard, queued = shard.queue.front(), push = std::move(push)]() mutable {
    const LinkPtr link = push.link;
    context_.loop.Post([this, &shard, link, answer = Send(shard, queued, std::move(push))]() mutable {
      OnAnswer(shard, link, std::move(answer));
    });
  };
  if (executor_(std::move(task))) return;
  shard.is_sending = false;
  SendLater(shard, kExecutorBusyRetryMs);
}

void RemoteWriter::SendLater(Shard& shard, std::int64_t wait_ms) {
  shard.retry_timer = context_.loop.After(std::chrono::milliseconds(wait_ms), [this, &shard] {
    shard.retry_timer.reset();
    SendNext(shard);
    NotifyIfIdle();
  });
}

std::optional<wire::DeliveryNumber> RemoteWriter::NumberOf(const QueuedPart& queued) const {
  if (queued.spooled == nullptr) return wire::DeliveryNumber{epoch_, queued.number};
  // A segment whose header is damaged does not know its epoch.
  if (queued.spooled->record.epoch == 0) return std::nullopt;
  return wire::DeliveryNumber{queued.spooled->record.epoch, queued.spooled->record.number};
}

http::Headers RemoteWriter::HeadersOf(const QueuedPart& queued, wire::RemoteWriteProtocol protocol) const {
  http::Headers headers;
  headers.Set("Content-Type", wire::RemoteWriteContentType(protocol));
  headers.Set("Content-Encoding", wire::kRemoteWriteContentEncoding);
  headers.Set(wire::kRemoteWriteVersionHeader, wire::RemoteWriteVersion(protocol));
  headers.Set("User-Agent", "tickscope-agent");
  const std::string& sender = settings().delivery.sender;
  headers.Set(wire::kSenderHeader, sender.empty() ? context_.host_name : sender);
  if (const auto number = NumberOf(queued)) headers.Set(wire::kDeliveryHeader, wire::DeliveryText(*number));
  if (!link_->token.empty()) headers.Set("Authorization", "Bearer " + link_->token);
  if (context_.observer != nullptr) context_.observer->Decorate(headers);
  for (const auto& [name, value] : settings().headers)
    headers.Set(name, value);
  return headers;
}

RemoteWriter::Answer RemoteWriter::Send(Shard& shard, const QueuedPart& queued, Outgoing push) {
  const wire::RemoteWriteProtocol protocol = push.protocol;
  http::Request request{.method = "POST", .headers = std::move(push.headers)};
  if (queued.spooled == nullptr) {
    shard.encoder.Encode(queued.part, protocol, request.body);
  } else if (protocol == wire::RemoteWriteProtocol::kV2) {
    request.body = queued.spooled->record.payload;
  } else if (const Status encoded = EncodeAsV1(queued.spooled->record.payload, request.body); !encoded) {
    // Its checksum held, so this is a mistake of ours; sent as nothing, it is refused and counted.
    Log(LogLevel::kError, "spool record does not decode", {{"error", encoded.error().message}});
  }
  const Link& link = *push.link;
  if (!link.config.sigv4.region.empty()) {
    const http::Url& url = link.urls[push.receiver];
    request.target = url.target;
    SignV4(link.config.sigv4, link.credentials, url, context_.clock.NowMs(), request);
  }
  const std::size_t body_bytes = request.body.size();
  const std::chrono::nanoseconds started = context_.clock.Monotonic();
  Result<http::Response> response = shard.client->Fetch(push.link->urls[push.receiver], std::move(request));
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

void RemoteWriter::OnAnswer(Shard& shard, const LinkPtr& link, Answer answer) {
  shard.is_sending = false;
  const std::size_t sample_count = shard.queue.front().size();
  const TimeMs now_ms = context_.clock.NowMs();
  // Of other receivers than those of now nothing is learned about these.
  const bool is_of_now = link->urls.size() == link_->urls.size() && link->config.url == settings().url;
  const auto failed = [&] {
    if (is_of_now) receivers_.Failed(shard.receiver, now_ms);
    shard.asked = shard.receiver;
  };
  const auto answered = [&](bool is_accepted) {
    if (is_of_now) throttle_.Answered(is_accepted, now_ms);
    if (is_of_now && is_accepted) receivers_.Succeeded(shard.receiver, now_ms);
  };
  if (!answer.response) {
    failed();
    RetryLater(shard, "", answer.response.error().message);
  } else if (KnowsOnlyV1(answer)) {
    if (std::exchange(protocol_, wire::RemoteWriteProtocol::kV1) == wire::RemoteWriteProtocol::kV2) {
      Log(LogLevel::kWarn, "receiver does not take remote write 2.0, using 1.0", {{"url", settings().url}});
    }
  } else if (const int status = answer.response->status; status >= 200 && status < 300) {
    answered(true);
    if (answer.response->headers.Has(wire::kDuplicateHeader)) context_.metrics.requests_duplicate->Add();
    OnTaken(shard, link, answer);
  } else if (status == 429 || status >= 500) {
    answered(false);
    failed();
    RetryLater(shard, answer.response->headers.Get("Retry-After"), fmt::format("status {}", status));
  } else if (status == 401 || status == 403) {
    // Who we are is not known, or not yet: not the samples' fault, and mended by a certificate or a rule.
    failed();
    LogRefusal(*answer.response, sample_count);
    RetryLater(shard, "", fmt::format("status {}", status));
  } else {
    answered(true);
    context_.metrics.requests_refused->Add();
    LogRefusal(*answer.response, sample_count);
    DropFront(shard, DropReason::kRefused);
  }
  SendNext(shard);
  NotifyIfIdle();
}

void RemoteWriter::OnTaken(Shard& shard, const LinkPtr& link, const Answer& answer) {
  shard.retry.Reset();
  if (!std::exchange(was_reachable_, true))
    Log(LogLevel::kInfo, "receiver is back", {{"url", settings().url}});
  OnDelivered(shard.queue.front().size(), answer);
  RemoveFront(shard);
  if (context_.observer == nullptr) return;
  PushTarget target{.url = link->urls[shard.receiver], .tls = link->tls, .headers = link->config.headers};
  if (!link->token.empty()) target.headers.emplace_back("Authorization", "Bearer " + link->token);
  context_.observer->OnAnswer(target, answer.response->headers);
}

void RemoteWriter::LogRefusal(const http::Response& response, std::size_t sample_count) {
  const TimeMs now_ms = context_.clock.NowMs();
  if (refusal_logged_ms_ != 0 && now_ms - refusal_logged_ms_ < kRefusalLogIntervalMs) return;
  refusal_logged_ms_ = now_ms;
  Log(LogLevel::kError, "receiver refused samples",
      {{"url", settings().url},
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
    Log(LogLevel::kWarn, "receiver is away, will try again", {{"url", settings().url}, {"error", why}});
  }
  SendLater(shard, wait_ms);
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
  shard.asked.reset();
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
    if (!shard->is_sending) shard->client.reset();  // The next has the new time.
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
