// LogListeners: logs that others send: syslog over UDP and TCP, Fluentd's Forward protocol over TCP.
//
//   datagram            -> intake
//   connection -> LogDecoder -> intake,   its answers (acknowledgements) once what they are about is durable
//
// When the disk takes nothing, connections are not read: TCP makes their senders wait. Datagrams are refused and counted then.
//
// Other settings are taken up in place: an address that stays keeps its socket and its connections, and what comes from then on has the
// labels of now. Limits hold for connections that are made from then on.
//
// Bounds    connections an item; bytes that wait of a message, by its protocol, and kBufferBytesMax of all; a message that is under
//           way for kMessageTimeMs ends its connection.
// Threads   The loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/log_shipper.h"
#include "agent/logs_config.h"
#include "io/datagrams.h"
#include "logs/log_decoder.h"
#include "logs/log_intake.h"

namespace tickscope::agent {

/// Bytes of all messages that are not whole yet.
inline constexpr std::size_t kBufferBytesMax = 64U << 20;
inline constexpr std::int64_t kMessageTimeMs = 60'000;

class LogListeners {
 public:
  /// Whether the intake may take more; else it is emptied first, if the disk lets it.
  using MakeRoom = std::function<bool()>;

  /// Begins to listen. All outlive it. Errors: as Network::Listen and Datagrams::Receive.
  [[nodiscard]] static Result<std::unique_ptr<LogListeners>> Make(
      const LogsConfig& config, const Labels& external_labels, const LogContext& context,
      io::Datagrams& datagrams, logs::LogIntake& intake, MakeRoom make_room);
  ~LogListeners();
  LogListeners(const LogListeners&) = delete;
  LogListeners& operator=(const LogListeners&) = delete;

  /// Gets ready for other settings: listens where it does not yet. Calling what is returned takes them up, and ends what is not in them any
  /// more; let go of, nothing changes. Errors: as Make.
  [[nodiscard]] Result<std::move_only_function<void()>> Prepare(const LogsConfig& config,
                                                                const Labels& external_labels);

  /// Everything in the intake was made durable: acknowledges it, and reads on what waited.
  void OnWritten();
  /// Once a turn: ends what drips.
  void Sweep(TimeMs now_ms);

 private:
  class Link;
  // An address that logs come in at.
  struct Entrance {
    logs::LogInput input = logs::LogInput::kSyslog;
    bool is_udp = false;
    std::string address;
    Labels labels;
    std::size_t message_bytes_max = 0;
    std::size_t connections_max = 0;
    logs::LogSource source;
    // One of both, once it is open.
    std::unique_ptr<io::Listener> listener;
    std::unique_ptr<io::DatagramReceiver> receiver;

    [[nodiscard]] bool IsAt(const Entrance& other) const {
      return input == other.input && is_udp == other.is_udp && address == other.address;
    }
  };
  using Entrances = std::vector<std::unique_ptr<Entrance>>;

  LogListeners(const LogContext& context, io::Datagrams& datagrams, logs::LogIntake& intake,
               MakeRoom make_room);
  [[nodiscard]] static Entrances EntrancesOf(const LogsConfig& config, const Labels& external_labels);
  // The entrance is at one address of the process as long as it is open.
  [[nodiscard]] Status Open(Entrance& entrance);
  void Accept(const Entrance& entrance, std::unique_ptr<io::Connection> connection);
  [[nodiscard]] std::unique_ptr<logs::LogDecoder> MakeDecoder(const Entrance& entrance) const;
  void TakeUp(Entrances entrances);
  void Forget();

  const LogContext context_;
  io::Datagrams& datagrams_;
  logs::LogIntake& intake_;
  const MakeRoom make_room_;
  Entrances entrances_;
  std::vector<std::shared_ptr<Link>> links_;
  std::size_t buffered_bytes_ = 0;
};

}  // namespace tickscope::agent
