// Network addresses in text: parsed strictly, and told apart by whose they can be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tickscope::guard {

/// In network order. An IPv4 address, also one written inside IPv6 (::ffff:1.2.3.4), is its four bytes.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  ///< 4 or 16.

  /// The network's bytes: of a /24 or a /48.
  [[nodiscard]] std::size_t network_size() const { return size == 4 ? 3 : 6; }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// Reads all of `text` as an address, without port, prefix or zone. Nothing when it is none.
[[nodiscard]] std::optional<IpAddress> ParseIp(std::string_view text);

/// Whether the address can be somebody's: not unspecified, loopback, broadcast or a netmask.
[[nodiscard]] bool IsSomebodys(const IpAddress& address);

/// Whether the address is of a network of one's own (private, shared, link-local, unique local) or of nobody: it says nothing
/// outside of it. Source: RFC 1918, 6598, 3927, 4193, 4291.
[[nodiscard]] bool IsOfOwnNetwork(const IpAddress& address);

}  // namespace tickscope::guard
