#include <algorithm>

#include "http/client.h"
#include "io/host_port.h"

namespace tickscope::http {
namespace {

constexpr std::uint16_t kDefaultPort = 80;
constexpr std::uint16_t kDefaultSecurePort = 443;

std::unexpected<Error> FailUrl(ErrorCode code, std::string_view what, std::string_view text) {
  return Fail(code, std::string("bad URL: ").append(what).append(": \"").append(text).append("\""));
}

}  // namespace

std::string Url::authority() const {
  const bool brackets = host.contains(':');
  std::string text;
  if (brackets) text += '[';
  text += host;
  if (brackets) text += ']';
  return text.append(":").append(port);
}

Result<Url> ParseUrl(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable) return FailUrl(ErrorCode::kInvalidArgument, "blank or control character", text);
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos)
    return FailUrl(ErrorCode::kInvalidArgument, "want http://host:port/path", text);
  const std::string_view scheme = text.substr(0, colon);
  const bool is_secure = EqualsIgnoreCase(scheme, "https");
  if (!is_secure && !EqualsIgnoreCase(scheme, "http"))
    return FailUrl(ErrorCode::kUnsupported, "only http and https are spoken", text);

  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string authority(rest.substr(0, authority_end));
  std::string target = rest.substr(authority_end).starts_with('/') ? "" : "/";
  target.append(rest.substr(authority_end));
  if (authority.contains('@')) return FailUrl(ErrorCode::kInvalidArgument, "user names are not taken", text);

  const bool has_port =
      authority.find(':', authority.starts_with('[') ? authority.find(']') : 0) != std::string::npos;
  if (!has_port) authority.append(":").append(std::to_string(is_secure ? kDefaultSecurePort : kDefaultPort));
  const auto parsed = io::ParseHostPort(authority);
  if (!parsed || parsed->host.empty() || parsed->port == 0) {
    return FailUrl(ErrorCode::kInvalidArgument, "bad host or port", text);
  }
  return Url{parsed->host, std::to_string(parsed->port), std::move(target), is_secure};
}

}  // namespace tickscope::http
