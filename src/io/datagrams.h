// Datagrams: UDP and unix sockets, received. The twin for tests is MemoryDatagrams (memory_datagrams.h).
//
// Threads   A receiver belongs to the loop it was made with and dies before it; its callback runs there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "io/event_loop.h"

namespace tickscope::io {

/// The largest datagram that UDP carries.
inline constexpr std::size_t kDatagramBytesMax = 65'535;
/// Bytes of a unix socket's path.
inline constexpr std::size_t kSocketPathBytesMax = 100;
/// Begins the address of a unix socket: "unix:/run/x.sock".
inline constexpr std::string_view kUnixPrefix = "unix:";

/// Receives until destroyed, which it must not be by its callback.
class DatagramReceiver {
 public:
  virtual ~DatagramReceiver() = default;
  /// "address:port" it is bound to, or "unix:path".
  [[nodiscard]] virtual std::string local_address() const = 0;
  /// Datagrams that the kernel threw away because they came faster than they were taken; known with the next one that is taken.
  [[nodiscard]] virtual std::uint64_t lost_count() const = 0;
};

/// The bytes are valid during the call.
using DatagramCallback = std::function<void(ByteView)>;

class Datagrams {
 public:
  virtual ~Datagrams() = default;
  /// Receives at "host:port" (port 0: any free one), or at "unix:path", where everybody who reaches the path may send; a socket that is
  /// there from before and that nobody receives at is replaced, and the path is removed at the end. Errors: kInvalidArgument when the
  /// address does not parse; kUnavailable when it cannot be bound.
  [[nodiscard]] virtual Result<std::unique_ptr<DatagramReceiver>> Receive(EventLoop& loop,
                                                                          const std::string& address,
                                                                          DatagramCallback on_datagram) = 0;
};

}  // namespace tickscope::io
