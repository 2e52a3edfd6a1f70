// MemoryDatagrams: the Datagrams of tests: what is sent to an address arrives there, in order and once, or nowhere.
//
// Threads   One thread; outlives the receivers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/datagrams.h"

namespace tickscope::io {

class MemoryDatagrams final : public Datagrams {
 public:
  [[nodiscard]] Result<std::unique_ptr<DatagramReceiver>> Receive(EventLoop& loop, const std::string& address,
                                                                  DatagramCallback on_datagram) override;
  /// Calls who receives there, at once. False when nobody does.
  bool Send(const std::string& address, std::string_view text);
  /// So many were thrown away there by now.
  void Lose(const std::string& address, std::uint64_t count) { lost_[address] += count; }

 private:
  class Receiver;
  std::map<std::string, DatagramCallback> receivers_;
  std::map<std::string, std::uint64_t> lost_;
};

}  // namespace tickscope::io
