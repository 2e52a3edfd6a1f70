// LogListeners: logs that others send: syslog over UDP and TCP, Fluentd's Forward protocol over TCP.
//
//   datagram            -> intake
//   connection -> LogDecoder -> intake,   its answers (acknowledgements) once what they are about is durable
//
// When the disk takes nothing, connections are not read: TCP makes their senders wait. Datagrams are refused and counted then.
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

  /// Everything in the intake was made durable: acknowledges it, and reads on what waited.
  void OnWritten();
  /// Once a turn: ends what drips.
  void Sweep(TimeMs now_ms);

 private:
  class Link;
  using DecoderMaker = std::function<std::unique_ptr<logs::LogDecoder>()>;

  LogListeners(const LogContext& context, logs::LogIntake& intake, MakeRoom make_room);
  [[nodiscard]] Status ListenTcp(logs::LogInput input, const std::string& address,
                                 std::size_t connections_max, std::size_t bytes_max, DecoderMaker make);
  [[nodiscard]] Status ReceiveUdp(io::Datagrams& datagrams, const std::string& address,
                                  const logs::LogSource& source);
  void Forget();

  const LogContext context_;
  logs::LogIntake& intake_;
  const MakeRoom make_room_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
  std::vector<std::unique_ptr<io::DatagramReceiver>> receivers_;
  std::vector<std::shared_ptr<Link>> links_;
  std::size_t buffered_bytes_ = 0;
};

}  // namespace tickscope::agent
