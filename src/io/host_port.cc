#include "io/host_port.h"

#include <algorithm>
#include <charconv>

namespace tickscope::io {
namespace {

std::unexpected<Error> FailAddress(std::string_view what, std::string_view text) {
  return Fail(
      ErrorCode::kInvalidArgument,
      std::string("bad address: ").append(what).append(": \"").append(text).append("\" want=host:port"));
}

}  // namespace

std::string HostPort::ToString() const {
  const bool brackets = host.contains(':');
  std::string text;
  if (brackets) text += '[';
  text += host;
  if (brackets) text += ']';
  return text.append(":").append(std::to_string(port));
}

Result<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return FailAddress("no port", text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);

  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 3) return FailAddress("unclosed bracket", text);
    host = host.substr(1, host.size() - 2);
    if (!host.contains(':')) return FailAddress("brackets around no IPv6 address", text);
  } else if (host.contains(':')) {
    return FailAddress("an IPv6 address needs brackets", text);
  }
  const bool printable = std::ranges::all_of(host, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable || host.find_first_of("[]/@?#") != std::string_view::npos)
    return FailAddress("bad host", text);

  HostPort result{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), result.port);
  if (error != std::errc{} || end != port_text.data() + port_text.size())
    return FailAddress("bad port", text);
  return result;
}

}  // namespace tickscope::io
