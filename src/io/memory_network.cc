#include "io/memory_network.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "io/host_port.h"

namespace tickscope::io {
namespace {

std::unexpected<Error> FailBroken(const std::string& address) {
  return Fail(ErrorCode::kUnavailable, "connection reset by peer: address=" + address);
}

// Ports for listeners that ask for any, and for the near end of a connect.
constexpr std::uint16_t kFirstListenPort = 20'000;
constexpr std::uint16_t kFirstConnectPort = 40'000;

}  // namespace

// What the network's connections share with it.
struct MemoryNetwork::State {
  explicit State(MemoryNetworkOptions its_options) : options(its_options), random(options.seed) {}

  std::chrono::milliseconds NextDelay() {
    return std::chrono::milliseconds(random.Below(static_cast<std::uint64_t>(options.delay_max.count()) + 1));
  }

  struct Accepting {
    EventLoop* loop;
    AcceptCallback on_accept;
  };

  const MemoryNetworkOptions options;
  SeededRandom random;
  bool paused = false;
  std::optional<std::uint64_t> bytes_to_reset;
  std::map<std::string, std::shared_ptr<Accepting>> listeners;
  std::vector<std::weak_ptr<End>> ends;
  std::uint16_t next_listen_port = kFirstListenPort;
  std::uint16_t next_connect_port = kFirstConnectPort;
};

// One end of a connection.
struct MemoryNetwork::End : std::enable_shared_from_this<End> {
  End(std::shared_ptr<State> its_network, EventLoop& its_loop, std::string peer_address)
      : network(std::move(its_network)), loop(its_loop), remote_address(std::move(peer_address)) {}

  void StartRead(std::span<std::byte> buffer, ReadCallback done) {
    TICKSCOPE_CHECK(!read_done && !buffer.empty());
    read_buffer = buffer;
    read_done = std::move(done);
    ScheduleDelivery();
  }

  void StartWrite(std::vector<ByteView> pieces, WriteCallback done) {
    TICKSCOPE_CHECK(!write_done);
    unsent = std::move(pieces);
    write_done = std::move(done);
    Send();
  }

  // Moves written bytes towards the peer as far as there is room.
  void Send() {
    if (!write_done) return;
    const std::shared_ptr<End> to = peer.lock();
    if (closed || broken || !to || to->closed) {
      unsent.clear();
      return FinishWrite(
          closed ? Status(Fail(ErrorCode::kCancelled, "connection closed: address=" + remote_address))
                 : Status(FailBroken(remote_address)));
    }
    std::size_t sent_pieces = 0;
    for (ByteView& piece : unsent) {
      const std::size_t room =
          network->options.buffer_bytes - std::min(network->options.buffer_bytes, to->inbox.size());
      const std::size_t fits = std::min(room, piece.size());
      AppendBytes(piece.first(fits), to->inbox);
      piece = piece.subspan(fits);
      if (!piece.empty()) break;
      ++sent_pieces;
    }
    unsent.erase(unsent.begin(), unsent.begin() + static_cast<std::ptrdiff_t>(sent_pieces));
    to->ScheduleDelivery();
    if (unsent.empty()) FinishWrite({});
  }

  void FinishWrite(Status status) {
    loop.Post(
        [self = shared_from_this(), done = std::move(write_done), status = std::move(status)]() mutable {
          if (!self->dropped) done(std::move(status));
        });
    write_done = nullptr;
  }

  void ScheduleDelivery() {
    const bool something = broken || closed || ended || !inbox.empty();
    if (!read_done || !something || delivery_scheduled || (network->paused && !closed)) return;
    delivery_scheduled = true;
    const std::chrono::milliseconds delay = network->NextDelay();
    auto deliver = [self = shared_from_this()] {
      self->delivery_scheduled = false;
      if (!self->dropped) self->Deliver();
    };
    if (delay.count() == 0) {
      loop.Post(std::move(deliver));
    } else {
      loop.After(delay, std::move(deliver));
    }
  }

  void Deliver() {
    if (!read_done || (network->paused && !closed)) return;
    std::size_t bytes = std::min(inbox.size(), read_buffer.size());
    if (network->options.deliveries == Deliveries::kSplit && bytes > 1)
      bytes = 1 + network->random.Below(bytes);
    if (!broken && bytes > 0 && network->bytes_to_reset) {
      if (*network->bytes_to_reset <= bytes) {
        network->bytes_to_reset.reset();
        Break();
      } else {
        *network->bytes_to_reset -= bytes;
      }
    }
    ReadCallback done = std::exchange(read_done, nullptr);
    if (closed) return done(Fail(ErrorCode::kCancelled, "connection closed: address=" + remote_address));
    if (broken) return done(FailBroken(remote_address));
    std::copy_n(inbox.begin(), bytes, read_buffer.begin());
    inbox.erase(inbox.begin(), inbox.begin() + static_cast<std::ptrdiff_t>(bytes));
    if (const auto from = peer.lock()) from->Send();
    done(bytes);
  }

  // Ends the stream towards the peer, after the bytes on their way.
  void Finish() {
    if (const auto to = peer.lock(); to && !broken) {
      to->ended = true;
      to->ScheduleDelivery();
    }
  }

  // Breaks the connection for both ends; bytes on their way are lost.
  void Break() {
    for (End* const end : {this, peer.lock().get()}) {
      if (end == nullptr || end->broken) continue;
      end->broken = true;
      end->inbox.clear();
      end->Send();
      end->ScheduleDelivery();
    }
  }

  void Close() {
    if (closed) return;
    if (!inbox.empty()) Break();
    closed = true;
    Finish();
    inbox.clear();
    Send();
    ScheduleDelivery();
    if (const auto to = peer.lock()) to->Send();
  }

  const std::shared_ptr<State> network;
  EventLoop& loop;
  const std::string remote_address;
  std::weak_ptr<End> peer;

  Bytes inbox;         // On its way to this end.
  bool ended = false;  // The peer writes no more after the inbox.
  bool broken = false;
  bool closed = false;
  bool dropped = false;  // The Connection is gone; callbacks are not to run.
  bool delivery_scheduled = false;

  std::span<std::byte> read_buffer;
  ReadCallback read_done;
  std::vector<ByteView> unsent;
  WriteCallback write_done;
};

class MemoryNetwork::MemoryConnection final : public Connection {
 public:
  explicit MemoryConnection(std::shared_ptr<End> end) : end_(std::move(end)) {}
  ~MemoryConnection() override {
    end_->dropped = true;
    end_->Close();
    end_->read_done = nullptr;
  }

  void Read(std::span<std::byte> buffer, ReadCallback done) override {
    end_->StartRead(buffer, std::move(done));
  }
  void Write(std::vector<ByteView> pieces, WriteCallback done) override {
    end_->StartWrite(std::move(pieces), std::move(done));
  }
  void ShutdownWrite() override { end_->Finish(); }
  void Close() override { end_->Close(); }
  std::string remote_address() const override { return end_->remote_address; }

 private:
  const std::shared_ptr<End> end_;
};

class MemoryNetwork::MemoryListener final : public Listener {
 public:
  MemoryListener(std::shared_ptr<State> state, std::string address)
      : state_(std::move(state)), address_(std::move(address)) {}
  ~MemoryListener() override { state_->listeners.erase(address_); }
  std::string local_address() const override { return address_; }

 private:
  const std::shared_ptr<State> state_;
  const std::string address_;
};

MemoryNetwork::MemoryNetwork(ManualClock& clock, MemoryNetworkOptions options)
    : scheduler_(clock), state_(std::make_shared<State>(options)) {}
MemoryNetwork::~MemoryNetwork() = default;

Result<std::unique_ptr<Listener>> MemoryNetwork::Listen(EventLoop& loop, const std::string& address,
                                                        AcceptCallback on_accept) {
  TICKSCOPE_ASSIGN_OR_RETURN(HostPort target, ParseHostPort(address));
  if (target.port == 0) target.port = state_->next_listen_port++;
  const std::string bound = target.ToString();
  auto accepting = std::make_shared<State::Accepting>(State::Accepting{&loop, std::move(on_accept)});
  if (!state_->listeners.emplace(bound, std::move(accepting)).second) {
    return Fail(ErrorCode::kUnavailable, "cannot listen: address=" + bound + ": address already in use");
  }
  return std::make_unique<MemoryListener>(state_, bound);
}

void MemoryNetwork::Connect(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout,
                            ConnectCallback done) {
  const std::chrono::milliseconds delay = state_->NextDelay();
  if (state_->paused || delay > timeout) {
    loop.After(timeout, [done = std::move(done), address]() mutable {
      done(Fail(ErrorCode::kDeadlineExceeded, "connecting took too long: address=" + address));
    });
    return;
  }
  loop.After(delay, [state = state_, &loop, address, done = std::move(done)]() mutable {
    const auto found = state->listeners.find(address);
    if (found == state->listeners.end()) {
      return done(
          Fail(ErrorCode::kUnavailable, "cannot connect: address=" + address + ": connection refused"));
    }
    const std::shared_ptr<State::Accepting> accepting = found->second;
    const std::string near_address = HostPort{"127.0.0.1", state->next_connect_port++}.ToString();
    const auto near = std::make_shared<End>(state, loop, address);
    const auto far = std::make_shared<End>(state, *accepting->loop, near_address);
    near->peer = far;
    far->peer = near;
    std::erase_if(state->ends, [](const std::weak_ptr<End>& end) { return end.expired(); });
    state->ends.push_back(near);
    state->ends.push_back(far);
    accepting->loop->Post(
        [state, address, accepting, connection = std::make_unique<MemoryConnection>(far)]() mutable {
          if (state->listeners.contains(address)) accepting->on_accept(std::move(connection));
        });
    done(std::make_unique<MemoryConnection>(near));
  });
}

std::unique_ptr<EventLoop> MemoryNetwork::MakeLoop() {
  return scheduler_.MakeLoop();
}

std::unique_ptr<LoopThread> MemoryNetwork::RunInBackground(EventLoop& loop) {
  class StopWhenGone final : public LoopThread {
   public:
    explicit StopWhenGone(EventLoop& stopped) : loop_(stopped) {}
    ~StopWhenGone() override { loop_.Stop(); }

   private:
    EventLoop& loop_;
  };
  return std::make_unique<StopWhenGone>(loop);
}

void MemoryNetwork::ResetAll() {
  for (const std::weak_ptr<End>& weak : state_->ends) {
    if (const auto end = weak.lock()) end->Break();
  }
}

void MemoryNetwork::ResetAfterBytes(std::uint64_t n) {
  state_->bytes_to_reset = n;
}

void MemoryNetwork::Pause() {
  state_->paused = true;
}

void MemoryNetwork::Resume() {
  state_->paused = false;
  for (const std::weak_ptr<End>& weak : state_->ends) {
    if (const auto end = weak.lock()) end->ScheduleDelivery();
  }
}

}  // namespace tickscope::io
