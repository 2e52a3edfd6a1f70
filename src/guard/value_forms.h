// Forms that are read from one place of a text: e-mail addresses, UUIDs, hardware and network addresses, bank accounts,
// Steam's ids. Each says where it ends; `at` when there is none. Lengths are bounded.
#pragma once

#include <cstddef>
#include <string_view>

#include "guard/pii_finding.h"

namespace tickscope::guard {

/// The address around the '@' at `at`, if there is one.
[[nodiscard]] bool FindEmail(std::string_view text, std::size_t at, PiiFinding& found);

/// 8-4-4-4-12 hex digits.
[[nodiscard]] std::size_t EndOfUuid(std::string_view text, std::size_t at, bool& is_nil);

/// Six pairs of hex digits, not all zero or all ones, with the same separator.
[[nodiscard]] std::size_t EndOfMac(std::string_view text, std::size_t at, char separator);

/// The longest run of an IPv6 address's bytes that is one; without the port behind it.
[[nodiscard]] std::size_t EndOfIpv6(std::string_view text, std::size_t at, bool& is_somebodys);

/// The account that begins with a country's letters and check digits; single spaces or hyphens may stand in it.
[[nodiscard]] std::size_t EndOfIban(std::string_view text, std::size_t at);

/// STEAM_0:1:4711, or U:1:4711 with brackets around it.
[[nodiscard]] std::size_t EndOfSteamId(std::string_view text, std::size_t at);

}  // namespace tickscope::guard
