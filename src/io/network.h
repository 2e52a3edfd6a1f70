// Network: the only way to sockets. Byte streams with callbacks that run on an EventLoop.
//
// Threads   A Connection and a Listener belong to the loop they were made with; call them on its thread only.
// Bounds    At most one Read and one Write are pending a connection; the caller brings the buffers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "io/event_loop.h"

namespace tickscope::io {

/// Runs with the bytes read (0 at the end of the stream) or why not.
using ReadCallback = std::move_only_function<void(Result<std::size_t>)>;
using WriteCallback = std::move_only_function<void(Status)>;

/// A connected byte stream. Destruction closes it; pending callbacks are then dropped without being called.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Reads some bytes into `buffer`, which stays valid until the callback.
  virtual void Read(std::span<std::byte> buffer, ReadCallback done) = 0;
  /// Writes all pieces in order; they stay valid until the callback.
  virtual void Write(std::vector<ByteView> pieces, WriteCallback done) = 0;
  /// Ends our half of the stream after what was written.
  virtual void ShutdownWrite() = 0;
  /// Closes at once; pending callbacks run with kCancelled.
  virtual void Close() = 0;
  /// "address:port" of the other end.
  [[nodiscard]] virtual std::string remote_address() const = 0;
};

/// Accepts connections until destroyed.
class Listener {
 public:
  virtual ~Listener() = default;
  /// "address:port" it is bound to; the real port when 0 was asked for.
  [[nodiscard]] virtual std::string local_address() const = 0;
};

using AcceptCallback = std::function<void(std::unique_ptr<Connection>)>;
using ConnectCallback = std::move_only_function<void(Result<std::unique_ptr<Connection>>)>;

class Network {
 public:
  virtual ~Network() = default;
  /// Listens on "address:port" (port 0 = any free one). `on_accept` runs on `loop` for each connection.
  /// Errors: kInvalidArgument when the address does not parse; kUnavailable when it cannot be bound.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> Listen(EventLoop& loop, const std::string& address,
                                                                 AcceptCallback on_accept) = 0;
  /// Connects to "host:port"; names are resolved. Gives up after `timeout` with kDeadlineExceeded.
  virtual void Connect(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout,
                       ConnectCallback done) = 0;
  /// A loop this network's connections can run on.
  [[nodiscard]] virtual std::unique_ptr<EventLoop> MakeLoop() = 0;
};

}  // namespace tickscope::io
