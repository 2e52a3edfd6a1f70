#include "agent/log_listeners.h"

#include <algorithm>
#include <span>
#include <utility>

#include "agent/external_labels.h"
#include "base/log.h"
#include "http/gzip.h"
#include "logs/fluent_decoder.h"
#include "logs/syslog_decoder.h"

namespace tickscope::agent {
namespace {

constexpr std::size_t kReadBytes = 32U << 10;

}  // namespace

// One connection. Lives while it is open; callbacks end with it, for they hold it weakly.
class LogListeners::Link : public std::enable_shared_from_this<LogListeners::Link> {
 public:
  Link(LogListeners& owner, logs::LogInput input, std::size_t group,
       std::unique_ptr<io::Connection> connection, std::unique_ptr<logs::LogDecoder> decoder,
       std::size_t bytes_max)
      : owner_(owner),
        input_(input),
        group_(group),
        connection_(std::move(connection)),
        decoder_(std::move(decoder)),
        bytes_max_(bytes_max),
        chunk_(kReadBytes) {}
  ~Link() { owner_.buffered_bytes_ -= waiting_.size(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void Read() {
    if (is_reading_ || is_over_) return;
    if (!owner_.make_room_()) {
      is_paused_ = true;
      return;
    }
    is_paused_ = false;
    is_reading_ = true;
    connection_->Read(chunk_, [weak = weak_from_this()](Result<std::size_t> bytes) {
      if (const auto self = weak.lock()) self->OnRead(std::move(bytes));
    });
  }

  // What was taken is durable.
  void OnWritten() {
    unsent_ += decoder_->TakeAnswers();
    Write();
    if (is_paused_) Read();
  }

  void Sweep(TimeMs now_ms) {
    if (!waiting_.empty() && !is_paused_ && now_ms - progress_ms_ > kMessageTimeMs)
      End(logs::LogRefusal::kMalformed);
  }

  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] std::size_t group() const { return group_; }

 private:
  void OnRead(Result<std::size_t> bytes) {
    is_reading_ = false;
    if (!bytes || *bytes == 0) {
      // A sender that half-closes may still wait for its acknowledgement.
      has_ended_ = true;
      if (!bytes) is_over_ = true;
      return;
    }
    if (waiting_.empty()) progress_ms_ = owner_.context_.clock.NowMs();
    const std::size_t before = waiting_.size();
    waiting_ += AsText(ByteView(chunk_).first(*bytes));
    const Result<std::size_t> taken = decoder_->Take(waiting_);
    if (!taken) {
      owner_.buffered_bytes_ += waiting_.size() - before;
      is_over_ = true;
      return;
    }
    if (*taken > 0) {
      waiting_.erase(0, *taken);
      progress_ms_ = owner_.context_.clock.NowMs();
    }
    // A large message came; the next may be small.
    if (waiting_.empty() && waiting_.capacity() > 4 * kReadBytes) waiting_ = {};
    owner_.buffered_bytes_ += waiting_.size() - before;
    if (waiting_.size() > bytes_max_ || owner_.buffered_bytes_ > kBufferBytesMax) {
      End(logs::LogRefusal::kTooLarge);
      return;
    }
    Read();
  }

  void End(logs::LogRefusal reason) {
    owner_.intake_.metrics().refused(input_, reason).Add();
    is_over_ = true;
  }

  void Write() {
    if (is_writing_ || is_over_) return;
    if (unsent_.empty()) {
      is_over_ = has_ended_;
      return;
    }
    is_writing_ = true;
    sending_ = std::exchange(unsent_, {});
    connection_->Write({AsBytes(sending_)}, [weak = weak_from_this()](Status status) {
      const auto self = weak.lock();
      if (!self) return;
      self->is_writing_ = false;
      if (!status) self->is_over_ = true;
      self->Write();
    });
  }

  LogListeners& owner_;
  const logs::LogInput input_;
  const std::size_t group_;
  const std::unique_ptr<io::Connection> connection_;
  const std::unique_ptr<logs::LogDecoder> decoder_;
  const std::size_t bytes_max_;
  Bytes chunk_;
  std::string waiting_;
  TimeMs progress_ms_ = 0;
  std::string unsent_;
  std::string sending_;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_paused_ = false;
  bool has_ended_ = false;
  bool is_over_ = false;
};

LogListeners::LogListeners(const LogContext& context, logs::LogIntake& intake, MakeRoom make_room)
    : context_(context), intake_(intake), make_room_(std::move(make_room)) {}

LogListeners::~LogListeners() = default;

Result<std::unique_ptr<LogListeners>> LogListeners::Make(const LogsConfig& config,
                                                         const Labels& external_labels,
                                                         const LogContext& context, io::Datagrams& datagrams,
                                                         logs::LogIntake& intake, MakeRoom make_room) {
  auto listeners = std::unique_ptr<LogListeners>(new LogListeners(context, intake, std::move(make_room)));
  for (const SyslogConfig& syslog : config.syslog) {
    const logs::LogSource source =
        intake.AddSource(logs::LogInput::kSyslog, WithExternalLabels(syslog.labels, external_labels));
    if (!syslog.udp.empty()) TICKSCOPE_RETURN_IF_ERROR(listeners->ReceiveUdp(datagrams, syslog.udp, source));
    if (syslog.tcp.empty()) continue;
    TICKSCOPE_RETURN_IF_ERROR(listeners->ListenTcp(
        logs::LogInput::kSyslog, syslog.tcp, syslog.connections_max,
        2 * syslog.message_bytes_max + kReadBytes, [source, bytes_max = syslog.message_bytes_max, &intake] {
          return std::make_unique<logs::SyslogDecoder>(source, bytes_max, intake);
        }));
  }
  for (const FluentConfig& fluent : config.fluent) {
    const logs::LogSource source =
        intake.AddSource(logs::LogInput::kFluent, WithExternalLabels(fluent.labels, external_labels));
    TICKSCOPE_RETURN_IF_ERROR(listeners->ListenTcp(
        logs::LogInput::kFluent, fluent.listen, fluent.connections_max, fluent.message_bytes_max + kReadBytes,
        [source, bytes_max = fluent.message_bytes_max, &intake] {
          return std::make_unique<logs::FluentDecoder>(
              source, logs::FluentOptions{.message_bytes_max = bytes_max}, http::Gunzip, intake);
        }));
  }
  return listeners;
}

Status LogListeners::ListenTcp(logs::LogInput input, const std::string& address, std::size_t connections_max,
                               std::size_t bytes_max, DecoderMaker make) {
  const std::size_t group = listeners_.size();
  TICKSCOPE_ASSIGN_OR_RETURN(
      auto listener,
      context_.network.Listen(context_.loop, address,
                              [this, input, group, connections_max, bytes_max,
                               make = std::move(make)](std::unique_ptr<io::Connection> connection) {
                                Forget();
                                const auto open = std::ranges::count_if(
                                    links_, [&](const auto& link) { return link->group() == group; });
                                if (static_cast<std::size_t>(open) >= connections_max) {
                                  intake_.metrics().refused_connections->Add();
                                  return;
                                }
                                links_.push_back(std::make_shared<Link>(
                                    *this, input, group, std::move(connection), make(), bytes_max));
                                intake_.metrics().connections->Set(static_cast<double>(links_.size()));
                                links_.back()->Read();
                              }));
  Log(LogLevel::kInfo, "takes logs", {{"address", listener->local_address()}});
  listeners_.push_back(std::move(listener));
  return {};
}

Status LogListeners::ReceiveUdp(io::Datagrams& datagrams, const std::string& address,
                                const logs::LogSource& source) {
  TICKSCOPE_ASSIGN_OR_RETURN(
      auto receiver, datagrams.Receive(context_.loop, address, [this, source](ByteView datagram) {
        if (make_room_()) {
          logs::TakeSyslog(AsText(datagram), source, intake_);
        } else {
          intake_.metrics().refused(logs::LogInput::kSyslog, logs::LogRefusal::kFull).Add();
        }
      }));
  Log(LogLevel::kInfo, "takes logs by datagram", {{"address", receiver->local_address()}});
  receivers_.push_back(std::move(receiver));
  return {};
}

void LogListeners::Forget() {
  std::erase_if(links_, [](const auto& link) { return link->is_over(); });
  intake_.metrics().connections->Set(static_cast<double>(links_.size()));
}

void LogListeners::OnWritten() {
  for (const auto& link : links_)
    link->OnWritten();
  Forget();
}

void LogListeners::Sweep(TimeMs now_ms) {
  for (const auto& link : links_)
    link->Sweep(now_ms);
  Forget();
}

}  // namespace tickscope::agent
