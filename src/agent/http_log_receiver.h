// HttpLogReceiver: log records by HTTP: POST to any path, in the forms of logs/http_logs.h, gzip or zstd or plain.
//
//   200   every entry is on the disk, or refused and counted one by one
//   4xx   the body is of no use: it comes to nothing better when it is sent again
//   503   the disk takes nothing now
//
// Other settings are taken up in place: an address that stays keeps its server and, until a restart, its limits.
//
// Threads   A server's for sockets; all else on the loop.
// Bounds    body_bytes_max for a body, as sent and as decoded; kHttpLogBytesMax of all that are under way; connections.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/log_listeners.h"
#include "http/server.h"
#include "logs/http_logs.h"

namespace tickscope::agent {

/// Bytes of all bodies that are under way at an address.
inline constexpr std::size_t kHttpLogBytesMax = 64U << 20;

class HttpLogReceiver {
 public:
  /// Begins to listen. All outlive it. Errors: as http::Server::Start.
  [[nodiscard]] static Result<std::unique_ptr<HttpLogReceiver>> Make(const LogsConfig& config,
                                                                     const Labels& external_labels,
                                                                     const LogContext& context,
                                                                     logs::LogIntake& intake,
                                                                     LogListeners::MakeRoom make_room);
  ~HttpLogReceiver();
  HttpLogReceiver(const HttpLogReceiver&) = delete;
  HttpLogReceiver& operator=(const HttpLogReceiver&) = delete;

  /// As LogListeners::Prepare.
  [[nodiscard]] Result<std::move_only_function<void()>> Prepare(const LogsConfig& config,
                                                                const Labels& external_labels);

  /// Everything in the intake was made durable: answers who waits for that.
  void OnWritten();

 private:
  struct Entrance {
    std::string listen;
    logs::LogSource source;
    logs::HttpLogDecoder decoder;
    std::size_t body_bytes_max = 0;
    std::unique_ptr<http::Server> server;
  };
  using Entrances = std::vector<std::shared_ptr<Entrance>>;

  HttpLogReceiver(const LogContext& context, logs::LogIntake& intake, LogListeners::MakeRoom make_room)
      : context_(context), intake_(intake), make_room_(std::move(make_room)) {}
  [[nodiscard]] Status Open(const std::shared_ptr<Entrance>& entrance, std::size_t connections_max);
  void TakeUp(Entrances entrances);
  void Take(Entrance& entrance, const http::Request& request, http::Respond respond);

  const LogContext context_;
  logs::LogIntake& intake_;
  const LogListeners::MakeRoom make_room_;
  std::vector<http::Respond> waiting_;
  Entrances entrances_;
  // What servers have posted to the loop finds it gone once this is.
  std::shared_ptr<HttpLogReceiver*> self_;
};

}  // namespace tickscope::agent
