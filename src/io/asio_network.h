// AsioNetwork: the Network of production, TCP over IPv4 and IPv6 on Boost.Asio.
#pragma once

#include <memory>

#include "io/network.h"

namespace tickscope::io {

/// The machine's TCP. Listeners share addresses only with the dead (SO_REUSEADDR); connections send small
/// writes at once (TCP_NODELAY).
[[nodiscard]] std::unique_ptr<Network> MakeAsioNetwork();

}  // namespace tickscope::io
