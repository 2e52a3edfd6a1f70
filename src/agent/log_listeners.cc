#include "agent/log_listeners.h"

#include <algorithm>
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
  Link(LogListeners& owner, const Entrance& entrance, std::unique_ptr<io::Connection> connection,
       std::unique_ptr<logs::LogDecoder> decoder, std::size_t bytes_max)
      : owner_(owner),
        input_(entrance.input),
        entrance_(&entrance),
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

  void Use(const logs::LogSource& source) { decoder_->Use(source); }
  void Close() { is_over_ = true; }

  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] const Entrance* entrance() const { return entrance_; }

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
  const Entrance* const entrance_;
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

LogListeners::LogListeners(const LogContext& context, io::Datagrams& datagrams, logs::LogIntake& intake,
                           MakeRoom make_room)
    : context_(context), datagrams_(datagrams), intake_(intake), make_room_(std::move(make_room)) {}

LogListeners::~LogListeners() = default;

Result<std::unique_ptr<LogListeners>> LogListeners::Make(const LogsConfig& config,
                                                         const Labels& external_labels,
                                                         const LogContext& context, io::Datagrams& datagrams,
                                                         logs::LogIntake& intake, MakeRoom make_room) {
  auto listeners =
      std::unique_ptr<LogListeners>(new LogListeners(context, datagrams, intake, std::move(make_room)));
  TICKSCOPE_ASSIGN_OR_RETURN(auto take_up, listeners->Prepare(config, external_labels));
  take_up();
  return listeners;
}

LogListeners::Entrances LogListeners::EntrancesOf(const LogsConfig& config, const Labels& external_labels) {
  Entrances entrances;
  const auto add = [&](logs::LogInput input, bool is_udp, const std::string& address, const auto& item) {
    if (address.empty()) return;
    entrances.push_back(
        std::make_unique<Entrance>(Entrance{.input = input,
                                            .is_udp = is_udp,
                                            .address = address,
                                            .labels = WithExternalLabels(item.labels, external_labels),
                                            .message_bytes_max = item.message_bytes_max,
                                            .connections_max = item.connections_max,
                                            .source = {},
                                            .listener = nullptr,
                                            .receiver = nullptr}));
  };
  for (const SyslogConfig& syslog : config.syslog) {
    add(logs::LogInput::kSyslog, true, syslog.udp, syslog);
    add(logs::LogInput::kSyslog, false, syslog.tcp, syslog);
  }
  for (const FluentConfig& fluent : config.fluent)
    add(logs::LogInput::kFluent, false, fluent.listen, fluent);
  return entrances;
}

Result<std::move_only_function<void()>> LogListeners::Prepare(const LogsConfig& config,
                                                              const Labels& external_labels) {
  Entrances entrances = EntrancesOf(config, external_labels);
  for (const auto& entrance : entrances) {
    const auto is_same = [&](const auto& each) { return each->IsAt(*entrance); };
    if (std::ranges::count_if(entrances, is_same) > 1)
      return Fail(ErrorCode::kInvalidArgument, "logs come in twice at one address: " + entrance->address);
    entrance->source = intake_.AddSource(entrance->input, entrance->labels);
    if (std::ranges::none_of(entrances_, is_same)) TICKSCOPE_RETURN_IF_ERROR(Open(*entrance));
  }
  return [this, entrances = std::move(entrances)]() mutable { TakeUp(std::move(entrances)); };
}

void LogListeners::TakeUp(Entrances entrances) {
  for (auto& entrance : entrances) {
    const auto open = std::ranges::find_if(
        entrances_, [&](const auto& each) { return each != nullptr && each->IsAt(*entrance); });
    if (open == entrances_.end()) continue;
    (*open)->labels = entrance->labels;
    (*open)->message_bytes_max = entrance->message_bytes_max;
    (*open)->connections_max = entrance->connections_max;
    (*open)->source = entrance->source;
    for (const auto& link : links_) {
      if (link->entrance() == open->get()) link->Use(entrance->source);
    }
    entrance = std::move(*open);
  }
  for (const auto& gone : std::exchange(entrances_, std::move(entrances))) {
    for (const auto& link : links_) {
      if (gone != nullptr && link->entrance() == gone.get()) link->Close();
    }
  }
  Forget();
}

Status LogListeners::Open(Entrance& entrance) {
  if (entrance.is_udp) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        entrance.receiver,
        datagrams_.Receive(context_.loop, entrance.address, [this, &entrance](ByteView datagram) {
          if (make_room_()) {
            logs::TakeSyslog(AsText(datagram), entrance.source, intake_);
          } else {
            intake_.metrics().refused(entrance.input, logs::LogRefusal::kFull).Add();
          }
        }));
    Log(LogLevel::kInfo, "takes logs by datagram", {{"address", entrance.receiver->local_address()}});
    return {};
  }
  TICKSCOPE_ASSIGN_OR_RETURN(
      entrance.listener,
      context_.network.Listen(context_.loop, entrance.address,
                              [this, &entrance](std::unique_ptr<io::Connection> connection) {
                                Accept(entrance, std::move(connection));
                              }));
  Log(LogLevel::kInfo, "takes logs", {{"address", entrance.listener->local_address()}});
  return {};
}

void LogListeners::Accept(const Entrance& entrance, std::unique_ptr<io::Connection> connection) {
  Forget();
  const auto open =
      std::ranges::count_if(links_, [&](const auto& link) { return link->entrance() == &entrance; });
  if (static_cast<std::size_t>(open) >= entrance.connections_max) {
    intake_.metrics().refused_connections->Add();
    return;
  }
  // Of syslog a message may come with its length before it, and end behind the next one's begin.
  const std::size_t messages = entrance.input == logs::LogInput::kSyslog ? 2 : 1;
  links_.push_back(std::make_shared<Link>(*this, entrance, std::move(connection), MakeDecoder(entrance),
                                          messages * entrance.message_bytes_max + kReadBytes));
  intake_.metrics().connections->Set(static_cast<double>(links_.size()));
  links_.back()->Read();
}

std::unique_ptr<logs::LogDecoder> LogListeners::MakeDecoder(const Entrance& entrance) const {
  if (entrance.input == logs::LogInput::kSyslog)
    return std::make_unique<logs::SyslogDecoder>(entrance.source, entrance.message_bytes_max, intake_);
  return std::make_unique<logs::FluentDecoder>(
      entrance.source, logs::FluentOptions{.message_bytes_max = entrance.message_bytes_max}, http::Gunzip,
      intake_);
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
