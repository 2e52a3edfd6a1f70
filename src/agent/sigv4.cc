#include "agent/sigv4.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/civil_time.h"
#include "http/router.h"

namespace tickscope::agent {
namespace {

using Digest = std::array<std::uint8_t, 32>;

std::string Hex(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest)
    text += fmt::format("{:02x}", byte);
  return text;
}

std::string HashHex(std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  TICKSCOPE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return Hex(digest);
}

Digest Keyed(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return digest;
}

std::string_view AsKey(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// "20150830T123600Z"
std::string BasicTime(TimeMs now_ms) {
  std::string text = FormatUtcTime(now_ms - now_ms % 1000);  // 2015-08-30T12:36:00Z
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  if (const std::size_t dot = text.find('.'); dot != std::string::npos) text.erase(dot, text.find('Z') - dot);
  return text;
}

std::string EncodePath(std::string_view path) {
  std::string encoded;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    encoded += http::PercentEncode(path.substr(0, slash));
    path.remove_prefix(slash);
    if (path.empty()) break;
    encoded += '/';
    path.remove_prefix(1);
  }
  return encoded.empty() ? "/" : encoded;
}

std::string SortedQuery(std::string_view query) {
  std::vector<std::string> parts;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string part(query.substr(0, end));
    if (!part.contains('=')) part += '=';
    if (part.size() > 1) parts.push_back(std::move(part));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, "&"));
}

// Blanks at the ends go, and rows of them are one.
std::string TrimValue(std::string_view value) {
  std::string trimmed;
  for (const char c : value) {
    if (c == ' ' && (trimmed.empty() || trimmed.back() == ' ')) continue;
    trimmed += c;
  }
  if (trimmed.ends_with(' ')) trimmed.pop_back();
  return trimmed;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Headers that are signed, by name.
std::map<std::string, std::string> SignedHeaders(const http::Headers& headers) {
  std::map<std::string, std::string> chosen;
  for (const auto& [name, value] : headers.fields()) {
    const std::string lower = LowerCase(name);
    if (lower != "host" && lower != "content-type" && !lower.starts_with("x-amz-")) continue;
    const auto [found, is_new] = chosen.try_emplace(lower, TrimValue(value));
    if (!is_new) found->second.append(",").append(TrimValue(value));
  }
  return chosen;
}

}  // namespace

void SignV4(const SigV4Config& config, const SigV4Credentials& credentials, const http::Url& url,
            TimeMs now_ms, http::Request& request) {
  const std::string time = BasicTime(now_ms);
  const std::string date = time.substr(0, 8);
  const bool is_default_port = url.port == (url.is_secure ? "443" : "80");
  if (!request.headers.Has("Host")) request.headers.Set("Host", is_default_port ? url.host : url.authority());
  request.headers.Set("X-Amz-Date", time);
  if (!credentials.session_token.empty())
    request.headers.Set("X-Amz-Security-Token", credentials.session_token);

  const std::map<std::string, std::string> headers = SignedHeaders(request.headers);
  std::string names;
  std::string lines;
  for (const auto& [name, value] : headers) {
    names.append(names.empty() ? "" : ";").append(name);
    lines += fmt::format("{}:{}\n", name, value);
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, EncodePath(request.path()),
                  SortedQuery(request.query()), lines, names, HashHex(request.body));
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, config.region, config.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, HashHex(canonical));

  const Digest of_date = Keyed(std::string("AWS4").append(credentials.secret_key), date);
  const Digest of_region = Keyed(AsKey(of_date), config.region);
  const Digest of_service = Keyed(AsKey(of_region), config.service);
  const Digest key = Keyed(AsKey(of_service), "aws4_request");
  request.headers.Set("Authorization",
                      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                  credentials.access_key, scope, names, Hex(Keyed(AsKey(key), to_sign))));
}

}  // namespace tickscope::agent
