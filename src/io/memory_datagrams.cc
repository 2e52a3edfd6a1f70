#include "io/memory_datagrams.h"

#include <utility>

namespace tickscope::io {

class MemoryDatagrams::Receiver final : public DatagramReceiver {
 public:
  Receiver(MemoryDatagrams& datagrams, std::string address)
      : datagrams_(datagrams), address_(std::move(address)) {}
  ~Receiver() override { datagrams_.receivers_.erase(address_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  std::string local_address() const override { return address_; }
  std::uint64_t lost_count() const override {
    const auto lost = datagrams_.lost_.find(address_);
    return lost == datagrams_.lost_.end() ? 0 : lost->second;
  }

 private:
  MemoryDatagrams& datagrams_;
  const std::string address_;
};

Result<std::unique_ptr<DatagramReceiver>> MemoryDatagrams::Receive(EventLoop& /*loop*/,
                                                                   const std::string& address,
                                                                   DatagramCallback on_datagram) {
  if (!receivers_.emplace(address, std::move(on_datagram)).second)
    return Fail(ErrorCode::kUnavailable, "cannot receive: address in use: " + address);
  return std::make_unique<Receiver>(*this, address);
}

bool MemoryDatagrams::Send(const std::string& address, std::string_view text) {
  const auto found = receivers_.find(address);
  if (found == receivers_.end()) return false;
  found->second(AsBytes(text));
  return true;
}

}  // namespace tickscope::io
