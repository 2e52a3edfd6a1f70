#include "io/asio_network.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOST_ASIO_NO_DEPRECATED
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "io/host_port.h"

namespace tickscope::io {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Udp = asio::ip::udp;
using SystemError = boost::system::error_code;

// Out of descriptors or memory, an accept fails at once and would spin; the backlog keeps the callers
// meanwhile.
constexpr std::chrono::milliseconds kAcceptPause{50};

std::string ToString(const Tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  // What an IPv4 client looks like to a listener of both families.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return HostPort{address.to_string(), endpoint.port()}.ToString();
}

std::unexpected<Error> FailSocket(std::string_view doing, std::string_view address,
                                  const SystemError& error) {
  const ErrorCode code =
      error == asio::error::operation_aborted ? ErrorCode::kCancelled : ErrorCode::kUnavailable;
  return Fail(code, std::string("cannot ")
                        .append(doing)
                        .append(": address=")
                        .append(address)
                        .append(": ")
                        .append(error.message()));
}

class AsioLoop final : public EventLoop {
 public:
  AsioLoop() : context_(1), work_(context_.get_executor()) {}

  void Post(Task task) override { asio::post(context_, std::move(task)); }

  TimerId After(std::chrono::milliseconds delay, Task task) override {
    const TimerId id{next_timer_++};
    auto& timer = timers_.emplace(id, context_).first->second;
    timer.expires_after(delay);
    timer.async_wait([this, id, task = std::move(task)](const SystemError& error) mutable {
      // Gone from the map means cancelled, even when the expiry was already on its way.
      if (error || timers_.erase(id) == 0) return;
      task();
    });
    return id;
  }

  void CancelTimer(TimerId timer) override { timers_.erase(timer); }

  void Run() override { context_.run(); }

  void RunUntil(const std::function<bool()>& done) override {
    while (!done() && !context_.stopped())
      context_.run_one();
  }

  void Stop() override { context_.stop(); }

  [[nodiscard]] asio::io_context& context() { return context_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unordered_map<TimerId, asio::steady_timer> timers_;
  std::uint64_t next_timer_ = 1;
};

AsioLoop& AsAsio(EventLoop& loop) {
  auto* const asio_loop = dynamic_cast<AsioLoop*>(&loop);
  TICKSCOPE_CHECK(asio_loop != nullptr);  // A loop belongs to the network that made it.
  return *asio_loop;
}

// What operations in progress share with the Connection; it outlives the Connection until the last one has
// ended.
struct Stream {
  explicit Stream(Tcp::socket connected) : socket(std::move(connected)) {
    SystemError ignored;  // A peer that is already gone is noticed by the first read.
    socket.set_option(Tcp::no_delay(true), ignored);
    const Tcp::endpoint remote = socket.remote_endpoint(ignored);
    remote_address = ToString(remote);
  }

  Tcp::socket socket;
  std::string remote_address;
  bool dropped = false;  // The Connection is gone; callbacks are not to run.
};

class AsioConnection final : public Connection {
 public:
  explicit AsioConnection(Tcp::socket socket) : stream_(std::make_shared<Stream>(std::move(socket))) {}
  ~AsioConnection() override {
    stream_->dropped = true;
    Close();
  }

  void Read(std::span<std::byte> buffer, ReadCallback done) override {
    stream_->socket.async_read_some(
        asio::buffer(buffer.data(), buffer.size()),
        [stream = stream_, done = std::move(done)](const SystemError& error, std::size_t bytes) mutable {
          if (stream->dropped) return;
          if (error == asio::error::eof) {
            done(std::size_t{0});
          } else if (error) {
            done(FailSocket("read", stream->remote_address, error));
          } else {
            done(bytes);
          }
        });
  }

  void Write(std::vector<ByteView> pieces, WriteCallback done) override {
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(pieces.size());
    for (const ByteView piece : pieces)
      buffers.emplace_back(piece.data(), piece.size());
    asio::async_write(
        stream_->socket, std::move(buffers),
        [stream = stream_, done = std::move(done)](const SystemError& error, std::size_t) mutable {
          if (stream->dropped) return;
          if (error) {
            done(FailSocket("write", stream->remote_address, error));
          } else {
            done({});
          }
        });
  }

  void ShutdownWrite() override {
    SystemError ignored;  // Fails only when the peer is gone, which the next read says.
    stream_->socket.shutdown(Tcp::socket::shutdown_send, ignored);
  }

  void Close() override {
    SystemError ignored;
    stream_->socket.close(ignored);
  }

  std::string remote_address() const override { return stream_->remote_address; }

 private:
  const std::shared_ptr<Stream> stream_;
};

class AsioListener final : public Listener {
 public:
  AsioListener(AsioLoop& loop, Tcp::acceptor acceptor, AcceptCallback on_accept)
      : state_(std::make_shared<State>(loop, std::move(acceptor), std::move(on_accept))) {
    State::AcceptNext(state_);
  }
  ~AsioListener() override {
    state_->dropped = true;
    SystemError ignored;
    state_->acceptor.close(ignored);
  }

  std::string local_address() const override {
    SystemError ignored;
    return ToString(state_->acceptor.local_endpoint(ignored));
  }

 private:
  struct State {
    State(AsioLoop& its_loop, Tcp::acceptor its_acceptor, AcceptCallback callback)
        : loop(its_loop), acceptor(std::move(its_acceptor)), on_accept(std::move(callback)) {}

    static void AcceptNext(const std::shared_ptr<State>& state) {
      state->acceptor.async_accept([state](const SystemError& error, Tcp::socket socket) {
        if (state->dropped) return;
        if (!error) {
          state->on_accept(std::make_unique<AsioConnection>(std::move(socket)));
          if (!state->dropped) AcceptNext(state);
        } else {
          state->loop.After(kAcceptPause, [state] {
            if (!state->dropped) AcceptNext(state);
          });
        }
      });
    }

    AsioLoop& loop;
    Tcp::acceptor acceptor;
    const AcceptCallback on_accept;
    bool dropped = false;
  };

  const std::shared_ptr<State> state_;
};

// One attempt to connect: resolves, tries each address, and gives up at the deadline.
class ConnectAttempt : public std::enable_shared_from_this<ConnectAttempt> {
 public:
  ConnectAttempt(AsioLoop& loop, std::string address, ConnectCallback done)
      : loop_(loop),
        address_(std::move(address)),
        done_(std::move(done)),
        resolver_(loop.context()),
        socket_(loop.context()) {}

  void Start(const HostPort& target, std::chrono::milliseconds timeout) {
    timer_ = loop_.After(timeout, [self = shared_from_this()] {
      self->timed_out_ = true;
      self->resolver_.cancel();
      SystemError ignored;
      self->socket_.close(ignored);
    });
    SystemError not_numeric;
    const asio::ip::address numeric = asio::ip::make_address(target.host, not_numeric);
    if (!not_numeric) {
      // Without the resolver there is no helper thread either.
      socket_.async_connect({numeric, target.port},
                            [self = shared_from_this()](const SystemError& error) { self->Finish(error); });
      return;
    }
    resolver_.async_resolve(
        target.host, std::to_string(target.port),
        [self = shared_from_this()](const SystemError& error, const Tcp::resolver::results_type& found) {
          if (error || self->timed_out_) return self->Finish(error);
          asio::async_connect(self->socket_, found, [self](const SystemError& failed, const Tcp::endpoint&) {
            self->Finish(failed);
          });
        });
  }

 private:
  void Finish(const SystemError& error) {
    loop_.CancelTimer(timer_);
    if (timed_out_) {
      done_(Fail(ErrorCode::kDeadlineExceeded, "connecting took too long: address=" + address_));
    } else if (error) {
      done_(FailSocket("connect", address_, error));
    } else {
      done_(std::make_unique<AsioConnection>(std::move(socket_)));
    }
  }

  AsioLoop& loop_;
  const std::string address_;
  ConnectCallback done_;
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  TimerId timer_{};
  bool timed_out_ = false;
};

class AsioLoopThread final : public LoopThread {
 public:
  explicit AsioLoopThread(EventLoop& loop) : loop_(loop), thread_([&loop] { loop.Run(); }) {}
  ~AsioLoopThread() override { loop_.Stop(); }

 private:
  EventLoop& loop_;
  std::jthread thread_;  // Joins when destroyed.
};

// Where to listen for `target`, most wanted first.
Result<std::vector<Tcp::endpoint>> ListenEndpoints(AsioLoop& loop, const HostPort& target,
                                                   const std::string& address) {
  if (target.host.empty()) {
    return std::vector<Tcp::endpoint>{{Tcp::v6(), target.port}, {Tcp::v4(), target.port}};
  }
  SystemError error;
  const asio::ip::address numeric = asio::ip::make_address(target.host, error);
  if (!error) return std::vector<Tcp::endpoint>{{numeric, target.port}};
  Tcp::resolver resolver(loop.context());
  const auto found = resolver.resolve(target.host, std::to_string(target.port), error);
  if (error) return FailSocket("resolve", address, error);
  return std::vector<Tcp::endpoint>(found.begin(), found.end());
}

Result<Tcp::acceptor> Bind(AsioLoop& loop, const Tcp::endpoint& endpoint, const std::string& address) {
  Tcp::acceptor acceptor(loop.context());
  SystemError error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return FailSocket("listen", address, error);
  return acceptor;
}

class AsioNetwork final : public Network {
 public:
  Result<std::unique_ptr<Listener>> Listen(EventLoop& loop, const std::string& address,
                                           AcceptCallback on_accept) override {
    AsioLoop& asio_loop = AsAsio(loop);
    TICKSCOPE_ASSIGN_OR_RETURN(const HostPort target, ParseHostPort(address));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto endpoints, ListenEndpoints(asio_loop, target, address));
    auto bound =
        Result<Tcp::acceptor>(Fail(ErrorCode::kUnavailable, "cannot listen: no address for " + address));
    for (const Tcp::endpoint& endpoint : endpoints) {
      bound = Bind(asio_loop, endpoint, address);
      if (bound) return std::make_unique<AsioListener>(asio_loop, *std::move(bound), std::move(on_accept));
    }
    return std::unexpected(std::move(bound).error());
  }

  void Connect(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout,
               ConnectCallback done) override {
    auto target = ParseHostPort(address);
    if (!target) {
      loop.Post([done = std::move(done), error = std::move(target).error()]() mutable {
        done(std::unexpected(std::move(error)));
      });
      return;
    }
    std::make_shared<ConnectAttempt>(AsAsio(loop), address, std::move(done))->Start(*target, timeout);
  }

  std::unique_ptr<EventLoop> MakeLoop() override { return std::make_unique<AsioLoop>(); }

  std::unique_ptr<LoopThread> RunInBackground(EventLoop& loop) override {
    return std::make_unique<AsioLoopThread>(AsAsio(loop));
  }
};

// Datagrams taken in a row before other things of the loop have their turn.
constexpr int kDatagramsOfTurn = 256;
// Asked for; the kernel gives at most net.core.rmem_max. It is used only while the loop is busy elsewhere.
constexpr int kReceiveBufferBytes = 4 << 20;

// Removes a socket's path when it goes.
class SocketPath {
 public:
  explicit SocketPath(std::string path) : path_(std::move(path)) {}
  ~SocketPath() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;

 private:
  const std::string path_;
};

// `Socket` is asio's, of datagrams.
template <typename Socket>
class AsioDatagramReceiver final : public DatagramReceiver {
 public:
  AsioDatagramReceiver(Socket socket, std::string address, std::unique_ptr<SocketPath> path,
                       DatagramCallback on_datagram)
      : address_(std::move(address)),
        path_(std::move(path)),
        state_(std::make_shared<State>(std::move(socket), std::move(on_datagram))) {
    const int on = 1;
    static_cast<void>(::setsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)));
    SystemError ignored;
    state_->socket.set_option(asio::socket_base::receive_buffer_size(kReceiveBufferBytes), ignored);
    State::Wait(state_);
  }
  ~AsioDatagramReceiver() override {
    state_->dropped = true;
    SystemError ignored;
    state_->socket.close(ignored);
  }
  AsioDatagramReceiver(const AsioDatagramReceiver&) = delete;
  AsioDatagramReceiver& operator=(const AsioDatagramReceiver&) = delete;

  std::string local_address() const override { return address_; }
  std::uint64_t lost_count() const override { return state_->lost; }

 private:
  struct State {
    State(Socket its_socket, DatagramCallback callback)
        : socket(std::move(its_socket)), on_datagram(std::move(callback)), buffer(kDatagramBytesMax) {}

    static void Wait(const std::shared_ptr<State>& state) {
      state->socket.async_wait(Socket::wait_read, [state](const SystemError& error) {
        if (state->dropped || error) return;
        for (int i = 0; i < kDatagramsOfTurn && !state->dropped && state->TakeOne(); ++i) {
        }
        Wait(state);
      });
    }

    // False when there is none.
    bool TakeOne() {
      iovec piece = {.iov_base = buffer.data(), .iov_len = buffer.size()};
      alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint32_t))> control{};
      msghdr message{};
      message.msg_iov = &piece;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t size = ::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT);
      if (size < 0) return errno == EINTR;
      for (const cmsghdr* note = CMSG_FIRSTHDR(&message); note != nullptr;
           note = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(note))) {
        if (note->cmsg_level != SOL_SOCKET || note->cmsg_type != SO_RXQ_OVFL) continue;
        std::uint32_t count = 0;  // Since the socket was made; of 32 bits, so what it grew by counts.
        std::memcpy(&count, CMSG_DATA(note), sizeof(count));
        lost += count - static_cast<std::uint32_t>(lost);
      }
      on_datagram(ByteView(buffer).first(static_cast<std::size_t>(size)));
      return true;
    }

    Socket socket;
    const DatagramCallback on_datagram;
    Bytes buffer;
    std::uint64_t lost = 0;
    bool dropped = false;
  };

  const std::string address_;
  const std::unique_ptr<SocketPath> path_;
  const std::shared_ptr<State> state_;
};

class AsioDatagrams final : public Datagrams {
 public:
  Result<std::unique_ptr<DatagramReceiver>> Receive(EventLoop& loop, const std::string& address,
                                                    DatagramCallback on_datagram) override {
    AsioLoop& asio_loop = AsAsio(loop);
    if (address.starts_with(kUnixPrefix)) return ReceiveUnix(asio_loop, address, std::move(on_datagram));
    TICKSCOPE_ASSIGN_OR_RETURN(const HostPort target, ParseHostPort(address));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto endpoints, ListenEndpoints(asio_loop, target, address));
    SystemError error = asio::error::host_not_found;
    for (const Tcp::endpoint& endpoint : endpoints) {
      Udp::socket socket(asio_loop.context());
      const Udp::endpoint local(endpoint.address(), endpoint.port());
      socket.open(local.protocol(), error);
      if (!error && local.address().is_v6()) socket.set_option(asio::ip::v6_only(false), error);
      if (!error) socket.bind(local, error);
      if (error) continue;
      SystemError ignored;
      const Udp::endpoint bound = socket.local_endpoint(ignored);
      return std::make_unique<AsioDatagramReceiver<Udp::socket>>(
          std::move(socket), ToString(Tcp::endpoint(bound.address(), bound.port())), nullptr,
          std::move(on_datagram));
    }
    return FailSocket("receive", address, error);
  }

 private:
  using Unix = asio::local::datagram_protocol;

  // Whether somebody receives there.
  static bool IsTaken(AsioLoop& loop, const Unix::endpoint& endpoint) {
    Unix::socket probe(loop.context());
    SystemError error;
    probe.open(Unix(), error);
    if (!error) probe.connect(endpoint, error);
    return !error;
  }

  static Result<std::unique_ptr<DatagramReceiver>> ReceiveUnix(AsioLoop& loop, const std::string& address,
                                                               DatagramCallback on_datagram) {
    const std::string path = address.substr(kUnixPrefix.size());
    if (path.empty() || path.size() > kSocketPathBytesMax)
      return Fail(ErrorCode::kInvalidArgument, "bad path of a unix socket: " + address);
    const Unix::endpoint endpoint(path);
    struct stat info{};
    // What an earlier start left; anything but a socket is somebody's file.
    if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode) && !IsTaken(loop, endpoint))
      ::unlink(path.c_str());
    Unix::socket socket(loop.context());
    SystemError error;
    socket.open(Unix(), error);
    if (!error) socket.bind(endpoint, error);
    if (error) return FailSocket("receive", address, error);
    auto owned = std::make_unique<SocketPath>(path);
    // The directory says who reaches it.
    constexpr mode_t kAll = 0666;
    if (::chmod(path.c_str(), kAll) != 0)
      return Fail(ErrorCode::kUnavailable, std::string("chmod: ") + std::strerror(errno) + ": " + path);
    return std::make_unique<AsioDatagramReceiver<Unix::socket>>(std::move(socket), address, std::move(owned),
                                                                std::move(on_datagram));
  }
};

}  // namespace

std::unique_ptr<Network> MakeAsioNetwork() {
  return std::make_unique<AsioNetwork>();
}

std::unique_ptr<Datagrams> MakeAsioDatagrams() {
  return std::make_unique<AsioDatagrams>();
}

}  // namespace tickscope::io
