// Datagrams: UDP, received. The twin for tests is MemoryDatagrams (memory_datagrams.h).
//
// Threads   A receiver belongs to the loop it was made with and dies before it; its callback runs there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "io/event_loop.h"

namespace tickscope::io {

/// The largest datagram that UDP carries.
inline constexpr std::size_t kDatagramBytesMax = 65'535;

/// Receives until destroyed, which it must not be by its callback.
class DatagramReceiver {
 public:
  virtual ~DatagramReceiver() = default;
  /// "address:port" it is bound to.
  [[nodiscard]] virtual std::string local_address() const = 0;
};

/// The bytes are valid during the call.
using DatagramCallback = std::function<void(ByteView)>;

class Datagrams {
 public:
  virtual ~Datagrams() = default;
  /// Receives at "host:port" (port 0: any free one). Errors: kInvalidArgument when the address does not parse; kUnavailable when it cannot be
  /// bound.
  [[nodiscard]] virtual Result<std::unique_ptr<DatagramReceiver>> Receive(EventLoop& loop,
                                                                          const std::string& address,
                                                                          DatagramCallback on_datagram) = 0;
};

}  // namespace tickscope::io
