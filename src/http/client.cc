#include "http/client.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "http/client_exchange.h"

namespace tickscope::http {
namespace {

// A field that would end early would let its value write fields of its own.
Status CheckSendable(const Request& request) {
  const auto has_line_break = [](std::string_view text) {
    return text.find_first_of("\r\n") != std::string_view::npos;
  };
  bool bad = has_line_break(request.method) || request.target.find_first_of(" \r\n") != std::string::npos;
  for (const auto& [name, value] : request.headers.fields())
    bad = bad || has_line_break(name) || has_line_break(value);
  if (bad) return Fail(ErrorCode::kInvalidArgument, "line break or blank in a request's target or header");
  return {};
}

class ClientImpl final : public Client {
 public:
  ClientImpl(io::Network& network, ClientOptions options)
      : network_(network), options_(std::move(options)), loop_(network.MakeLoop()) {}

  Result<Response> Fetch(const Url& url, Request request) override {
    if (request.target == "/") request.target = url.target;
    Authorize(options_, request);
    TICKSCOPE_RETURN_IF_ERROR(CheckSendable(request));
    const std::string authority = (url.is_secure ? "https://" : "http://") + url.authority();
    if (std::unique_ptr<io::Connection> kept = TakeIdle(authority)) {
      ClientExchange exchange(*loop_, options_, std::move(kept), url, request);
      Result<Response> response = exchange.Run();
      if (response || !exchange.was_stale()) return Finish(authority, exchange, std::move(response));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::Connection> fresh, Connect(url));
    ClientExchange exchange(*loop_, options_, std::move(fresh), url, request);
    Result<Response> response = exchange.Run();
    return Finish(authority, exchange, std::move(response));
  }

 private:
  Result<std::unique_ptr<io::Connection>> Connect(const Url& url) {
    TICKSCOPE_RETURN_IF_ERROR(CheckReachable(url, options_));
    std::optional<Result<std::unique_ptr<io::Connection>>> made;
    network_.Connect(*loop_, url.authority(), options_.connect_timeout,
                     [&](Result<std::unique_ptr<io::Connection>> result) { made = std::move(result); });
    loop_->RunUntil([&] { return made.has_value(); });
    if (!made) return Fail(ErrorCode::kCancelled, "the client's loop was stopped");
    if (!*made) return std::unexpected(std::move(*made).error());
    return Secure(*loop_, url, options_, **std::move(made));
  }

  std::unique_ptr<io::Connection> TakeIdle(const std::string& authority) {
    const auto found = std::ranges::find(idle_, authority, &Idle::authority);
    if (found == idle_.end()) return nullptr;
    std::unique_ptr<io::Connection> connection = std::move(found->connection);
    idle_.erase(found);
    return connection;
  }

  Result<Response> Finish(const std::string& authority, ClientExchange& exchange, Result<Response> response) {
    std::unique_ptr<io::Connection> connection = response ? exchange.TakeReusable() : nullptr;
    if (connection && options_.idle_connections_max > 0) {
      if (idle_.size() >= options_.idle_connections_max) idle_.erase(idle_.begin());
      idle_.push_back({authority, std::move(connection)});
    }
    return response;
  }

  struct Idle {
    std::string authority;
    std::unique_ptr<io::Connection> connection;
  };

  io::Network& network_;
  const ClientOptions options_;
  const std::unique_ptr<io::EventLoop> loop_;
  std::vector<Idle> idle_;  // Longest unused first.
};

}  // namespace

std::unique_ptr<Client> Client::Make(io::Network& network, ClientOptions options) {
  return std::make_unique<ClientImpl>(network, std::move(options));
}

}  // namespace tickscope::http
