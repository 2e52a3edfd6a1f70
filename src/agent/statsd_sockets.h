// StatsdSockets: where StatsD comes in. A socket is apart from the source that it feeds, so that a reload that puts another source in the
// place of one loses nothing that is on its way.
//
// Threads   The loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "io/datagrams.h"

namespace tickscope::agent {

class StatsdSocket {
 public:
  using Take = std::function<void(ByteView)>;

  /// From now on what comes goes to `owner`, and to nobody else.
  void Feed(const void* owner, Take take) {
    owner_ = owner;
    take_ = std::move(take);
  }
  /// Unless somebody else has it by now.
  void Leave(const void* owner) {
    if (owner_ == owner) Feed(nullptr, nullptr);
  }

  [[nodiscard]] std::string local_address() const { return receiver_->local_address(); }
  /// As io::DatagramReceiver.
  [[nodiscard]] std::uint64_t lost_count() const { return receiver_->lost_count(); }

 private:
  friend class StatsdSockets;

  std::unique_ptr<io::DatagramReceiver> receiver_;
  const void* owner_ = nullptr;
  Take take_;
};

class StatsdSockets {
 public:
  /// The socket at an address (io::Datagrams::Receive), which is open as long as anybody has it. Errors: as Receive.
  [[nodiscard]] Result<std::shared_ptr<StatsdSocket>> Open(io::Datagrams& datagrams, io::EventLoop& loop,
                                                           const std::string& address);

 private:
  std::map<std::string, std::weak_ptr<StatsdSocket>> open_;
};

}  // namespace tickscope::agent
