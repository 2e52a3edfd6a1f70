// AsioNetwork: the Network of production, TCP over IPv4 and IPv6 on Boost.Asio.
#pragma once

#include <memory>

#include "io/datagrams.h"
#include "io/network.h"

namespace tickscope::io {

/// The machine's TCP. Listeners share addresses only with the dead (SO_REUSEADDR); connections send small
/// writes at once (TCP_NODELAY).
[[nodiscard]] std::unique_ptr<Network> MakeAsioNetwork();

/// The machine's UDP, on loops of MakeAsioNetwork.
[[nodiscard]] std::unique_ptr<Datagrams> MakeAsioDatagrams();

}  // namespace tickscope::io
