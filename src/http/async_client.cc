#include "http/async_client.h"

#include <algorithm>
#include <utility>

namespace tickscope::http {

struct AsyncClient::Call {
  Request request;
  BodyReceiver receiver;
  Done done;
  std::unique_ptr<ClientExchange> exchange;
  bool is_kept = false;  // Its connection served before.
};

AsyncClient::AsyncClient(io::Network& network, io::EventLoop& loop, Url server, ClientOptions options,
                         std::size_t connections_max)
    : network_(network),
      loop_(loop),
      server_(std::move(server)),
      options_(std::move(options)),
      connections_max_(connections_max) {}

AsyncClient::~AsyncClient() {
  *is_alive_ = false;
}

void AsyncClient::Fetch(Request request, Done done) {
  Follow(std::move(request), {}, std::move(done));
}

void AsyncClient::Follow(Request request, BodyReceiver receiver, Done done) {
  Authorize(options_, request);
  waiting_.push_back(std::make_unique<Call>(
      Call{.request = std::move(request), .receiver = std::move(receiver), .done = std::move(done)}));
  Begin();
}

void AsyncClient::Begin() {
  while (!waiting_.empty() && running_.size() < connections_max_) {
    std::unique_ptr<Call> call = std::move(waiting_.front());
    waiting_.pop_front();
    Call& begun = *running_.emplace_back(std::move(call));
    if (idle_.empty()) {
      Connect(begun);
      continue;
    }
    // The one used last is the least likely to have been closed.
    std::unique_ptr<io::Connection> kept = std::move(idle_.back());
    idle_.pop_back();
    Exchange(begun, std::move(kept), true);
  }
}

void AsyncClient::Connect(Call& call) {
  call.exchange.reset();
  call.is_kept = false;
  if (const Status reachable = CheckReachable(server_, options_); !reachable) {
    loop_.Post([this, &call, alive = is_alive_, error = reachable.error()] {
      if (*alive) End(call, std::unexpected(error));
    });
    return;
  }
  network_.Connect(loop_, server_.authority(), options_.connect_timeout,
                   [this, &call, alive = is_alive_](Result<std::unique_ptr<io::Connection>> made) {
                     if (!*alive) return;
                     if (!made) return End(call, std::unexpected(std::move(made).error()));
                     Exchange(call, Secure(loop_, server_, options_, *std::move(made)), false);
                   });
}

void AsyncClient::Exchange(Call& call, std::unique_ptr<io::Connection> connection, bool is_kept) {
  call.is_kept = is_kept;
  call.exchange =
      std::make_unique<ClientExchange>(loop_, options_, std::move(connection), server_, call.request);
  call.exchange->Start(
      [this, &call, alive = is_alive_](Result<Response> response) {
        if (*alive) End(call, std::move(response));
      },
      call.receiver);
}

void AsyncClient::End(Call& call, Result<Response> response) {
  // A kept connection that the server had closed meanwhile is replaced once.
  if (!response && call.exchange && call.is_kept && call.exchange->was_stale()) return Connect(call);
  std::unique_ptr<io::Connection> reusable =
      response && call.exchange ? call.exchange->TakeReusable() : nullptr;
  if (reusable) idle_.push_back(std::move(reusable));
  const auto found = std::ranges::find(running_, &call, &std::unique_ptr<Call>::get);
  const std::unique_ptr<Call> ended = std::move(*found);
  running_.erase(found);
  const std::shared_ptr<bool> alive = is_alive_;
  ended->done(std::move(response));
  if (*alive) Begin();
}

}  // namespace tickscope::http
