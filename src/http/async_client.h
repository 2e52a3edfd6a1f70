// AsyncClient: requests to one server without a thread that waits, as a browser's page makes them: over a few kept-alive
// connections, further requests wait in line. Answers come whole, or piece by piece for those that go on.
//
// Threads   Those of its loop: made, called and destroyed on the loop's thread, or while no thread runs it.
// Bounds    connections_max; each answer by ClientOptions. Requests that wait are the caller's to bound.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "http/client.h"
#include "http/client_exchange.h"
#include "io/network.h"

namespace tickscope::http {

class AsyncClient {
 public:
  using Done = std::function<void(Result<Response>)>;

  /// `network` and `loop` outlive the client; callbacks do not run after it is gone.
  AsyncClient(io::Network& network, io::EventLoop& loop, Url server, ClientOptions options,
              std::size_t connections_max);
  ~AsyncClient();
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;

  /// Calls `done` with the answer, whatever its status. Errors: as Client::Fetch.
  void Fetch(Request request, Done done);
  /// Hands a success' content to `receiver` as it comes, and then calls `done` with the rest. Its connection is one of
  /// connections_max while it lasts.
  void Follow(Request request, BodyReceiver receiver, Done done);

  [[nodiscard]] std::size_t waiting_count() const { return waiting_.size(); }

 private:
  struct Call;

  void Begin();
  void Connect(Call& call);
  void Exchange(Call& call, std::unique_ptr<io::Connection> connection, bool is_kept);
  void End(Call& call, Result<Response> response);

  io::Network& network_;
  io::EventLoop& loop_;
  const Url server_;
  const ClientOptions options_;
  const std::size_t connections_max_;
  std::deque<std::unique_ptr<Call>> waiting_;
  std::vector<std::unique_ptr<Call>> running_;
  std::vector<std::unique_ptr<io::Connection>> idle_;  // Longest unused first.
  // Tells callbacks of the loop that are still to run whether the client is there.
  const std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace tickscope::http
