#include "agent/statsd_sockets.h"

#include <utility>

#include "base/log.h"

namespace tickscope::agent {

Result<std::shared_ptr<StatsdSocket>> StatsdSockets::Open(io::Datagrams& datagrams, io::EventLoop& loop,
                                                          const std::string& address) {
  std::erase_if(open_, [](const auto& each) { return each.second.expired(); });
  if (const auto known = open_.find(address); known != open_.end()) return known->second.lock();
  auto socket = std::make_shared<StatsdSocket>();
  TICKSCOPE_ASSIGN_OR_RETURN(socket->receiver_,
                             datagrams.Receive(loop, address, [at = socket.get()](ByteView datagram) {
                               if (at->take_) at->take_(datagram);
                             }));
  Log(LogLevel::kInfo, "takes StatsD", {{"address", socket->local_address()}});
  open_.emplace(address, socket);
  return socket;
}

}  // namespace tickscope::agent
