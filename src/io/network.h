// Network: the only way to sockets. Byte streams with callbacks that run on an EventLoop.
//
// Threads   A Connection and a Listener belong to the loop they were made with and die before it; call them
//           on its thread only, or while no thread runs it.
// Bounds    At most one Read and one Write are pending a connection; the caller brings the buffers.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "io/event_loop.h"

namespace tickscope::io {

/// Runs with the bytes read (0 at the end of the stream) or why not.
using ReadCallback = std::move_only_function<void(Result<std::size_t>)>;
using WriteCallback = std::move_only_function<void(Status)>;

/// A connected byte stream. Destruction closes it; pending callbacks are then dropped without being called. A
/// callback never runs inside the call that asked for it, and may destroy the connection.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Reads some bytes into `buffer` (not empty), which stays valid until the callback.
  /// Errors: kUnavailable when the connection broke, kCancelled after Close.
  virtual void Read(std::span<std::byte> buffer, ReadCallback done) = 0;
  /// Writes all pieces in order; they stay valid until the callback.
  virtual void Write(std::vector<ByteView> pieces, WriteCallback done) = 0;
  /// Ends our half of the stream after what was written. Not while a Write is pending.
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

/// Keeps a loop running.
class LoopThread {
 public:
  virtual ~LoopThread() = default;
};

using AcceptCallback = std::function<void(std::unique_ptr<Connection>)>;
using ConnectCallback = std::move_only_function<void(Result<std::unique_ptr<Connection>>)>;

class Network {
 public:
  virtual ~Network() = default;
  /// Listens on "host:port" (port 0 = any free one, no host = every address of the machine). `on_accept` runs
  /// on `loop` for each connection. Call it on the loop's thread or before the loop runs. Errors:
  /// kInvalidArgument when the address does not parse; kUnavailable when it cannot be bound.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> Listen(EventLoop& loop, const std::string& address,
                                                                 AcceptCallback on_accept) = 0;
  /// Connects to "host:port"; names are resolved. Gives up after `timeout` with kDeadlineExceeded;
  /// kUnavailable when refused or unknown. Loop thread only.
  virtual void Connect(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout,
                       ConnectCallback done) = 0;
  /// A loop this network's connections can run on. The caller runs it, or has it run.
  [[nodiscard]] virtual std::unique_ptr<EventLoop> MakeLoop() = 0;
  /// Runs `loop` on a thread of its own until the result is destroyed, which stops the loop and waits for it.
  /// In simulation there is no thread: the loop runs whenever another one is waited on.
  [[nodiscard]] virtual std::unique_ptr<LoopThread> RunInBackground(EventLoop& loop) = 0;
};

}  // namespace tickscope::io
