#include "http/server.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "http/server_session.h"
#include "http/server_shared.h"
#include "http/stream_body.h"

namespace tickscope::http {
namespace {

// Connections beyond connections_max that are being told so; beyond these they are just closed.
constexpr std::size_t kRefusalsMax = 64;

class ServerImpl final : public Server {
 public:
  ServerImpl(io::Network& network, ServerOptions options, Handler handler, MetricRegistry& metrics)
      : network_(network),
        loop_(network.MakeLoop()),
        waiter_(network.MakeLoop()),
        shared_(*loop_, std::move(options), std::move(handler), metrics) {
    shared_.replies = std::make_shared<ReplyPath>(
        *loop_, [this](SessionId session, Response response) { Deliver(session, std::move(response)); },
        [this](SessionId session) { SendMore(session); });
    shared_.on_ended = [this](SessionId session) { sessions_.erase(session); };
    // Not at once: a session that is being called may be the last busy one.
    shared_.on_quiet = [this] { loop_->Post([this] { FinishDrain(); }); };
  }

  ~ServerImpl() override {
    shared_.replies->Close();
    thread_.reset();  // From here on nothing runs on the loop, and this thread may touch what belonged to it.
    shared_.on_quiet = [] {};
    sessions_.clear();
    listener_.reset();
  }

  Status Listen() {
    TICKSCOPE_ASSIGN_OR_RETURN(listener_, network_.Listen(*loop_, shared_.options.address,
                                                          [this](std::unique_ptr<io::Connection> connection) {
                                                            Accept(std::move(connection));
                                                          }));
    address_ = listener_->local_address();
    thread_ = network_.RunInBackground(*loop_);
    return {};
  }

  std::string address() const override { return address_; }

  void Drain(std::chrono::milliseconds grace) override {
    bool drained = false;
    loop_->Post([&, this] { StartDrain(grace, [&, this] { waiter_->Post([&] { drained = true; }); }); });
    waiter_->RunUntil([&] { return drained; });
  }

 private:
  void Accept(std::unique_ptr<io::Connection> connection) {
    const std::size_t connections_max = shared_.options.connections_max;
    if (sessions_.size() >= connections_max + kRefusalsMax) {
      shared_.metrics.CountRejection(Limit::kConnections);
      return;
    }
    const bool full = sessions_.size() >= connections_max;
    const SessionId id{next_session_++};
    // One too many over TLS gets no answer either: saying why would take a handshake, which is most of the work.
    if (full && shared_.options.tls != nullptr) return shared_.metrics.CountRejection(Limit::kConnections);
    const tls::SecureConnection* secure = nullptr;
    if (shared_.options.tls != nullptr) {
      auto over_tls = shared_.options.tls->Accept(*loop_, std::move(connection));
      secure = over_tls.get();
      connection = std::move(over_tls);
    }
    ServerSession& session =
        *sessions_.emplace(id, std::make_unique<ServerSession>(shared_, id, std::move(connection), secure))
             .first->second;
    if (full) {
      session.RefuseConnection();
    } else {
      session.Start();
    }
  }

  void Deliver(SessionId session, Response response) {
    // Gone when a drain's grace ran out.
    if (const auto found = sessions_.find(session); found != sessions_.end())
      return found->second->Reply(std::move(response));
    if (response.stream) response.stream->Close();
  }

  void SendMore(SessionId session) {
    if (const auto found = sessions_.find(session); found != sessions_.end()) found->second->SendMore();
  }

  void StartDrain(std::chrono::milliseconds grace, std::function<void()> on_drained) {
    shared_.draining = true;
    listener_.reset();
    on_drained_ = std::move(on_drained);
    std::vector<SessionId> ids;
    for (const auto& [id, session] : sessions_)
      ids.push_back(id);
    for (const SessionId id : ids)
      sessions_.at(id)->Drain();
    if (shared_.busy_count == 0) return FinishDrain();
    loop_->After(grace, [this] { FinishDrain(); });
  }

  void FinishDrain() {
    const auto on_drained = std::exchange(on_drained_, nullptr);
    if (!on_drained) return;
    sessions_.clear();
    on_drained();
  }

  io::Network& network_;
  const std::unique_ptr<io::EventLoop> loop_;
  // Where Drain waits. It outlives the thread that wakes it, which may still be inside Post when Drain returns.
  const std::unique_ptr<io::EventLoop> waiter_;
  ServerShared shared_;
  std::unique_ptr<io::Listener> listener_;
  std::string address_;
  std::unordered_map<SessionId, std::unique_ptr<ServerSession>> sessions_;
  std::uint64_t next_session_ = 1;
  std::function<void()> on_drained_;  // While draining.
  std::unique_ptr<io::LoopThread> thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(io::Network& network, ServerOptions options, Handler handler,
                                              MetricRegistry& metrics) {
  auto server = std::make_unique<ServerImpl>(network, std::move(options), std::move(handler), metrics);
  TICKSCOPE_RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace tickscope::http
