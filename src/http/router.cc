#include "http/router.h"

#include <algorithm>
#include <optional>

namespace tickscope::http {
namespace {

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

enum class Plus : std::uint8_t { kStays, kIsBlank };

std::string Decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const std::optional<unsigned> high = HexDigit(text[i + 1]);
      const std::optional<unsigned> low = HexDigit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    out += plus == Plus::kIsBlank && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

std::vector<std::string_view> SplitSegments(std::string_view path) {
  std::vector<std::string_view> segments;
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsCapture(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Captures of `path` under `pattern`, nullopt when it does not match. Segments are split before they are
// decoded, so an encoded slash never moves a segment border.
std::optional<PathParameters> Match(const std::vector<std::string>& pattern,
                                    const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  PathParameters captured;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::string decoded = PercentDecode(path[i]);
    if (IsCapture(pattern[i])) {
      if (decoded.empty()) return std::nullopt;
      captured.emplace(pattern[i].substr(1, pattern[i].size() - 2), std::move(decoded));
    } else if (decoded != pattern[i]) {
      return std::nullopt;
    }
  }
  return captured;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, RouteHandler handler) {
  const std::vector<std::string_view> segments = SplitSegments(pattern);
  routes_.push_back({std::string(method), {segments.begin(), segments.end()}, std::move(handler)});
}

void Router::Handle(Request request, Respond respond) const {
  const std::vector<std::string_view> path = SplitSegments(request.path());
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Route& route : routes_) {
    std::optional<PathParameters> captured = Match(route.segments, path);
    if (!captured) continue;
    if (route.method == method)
      return route.handler(std::move(request), *std::move(captured), std::move(respond));
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method;
  }
  if (allowed.empty() && fallback_) return fallback_(std::move(request), {}, std::move(respond));
  if (allowed.empty()) return respond(TextResponse(404, "no such path"));
  Response response = TextResponse(405, "method not allowed, want one of: " + allowed);
  response.headers.Add("Allow", allowed);
  respond(std::move(response));
}

bool Router::Knows(std::string_view path) const {
  const std::vector<std::string_view> segments = SplitSegments(path);
  return std::ranges::any_of(routes_,
                             [&](const Route& route) { return Match(route.segments, segments).has_value(); });
}

std::vector<std::pair<std::string, std::string>> ParseForm(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    parameters.emplace_back(Decode(pair.substr(0, equals), Plus::kIsBlank), Decode(value, Plus::kIsBlank));
  }
  return parameters;
}

std::string PercentDecode(std::string_view text) {
  return Decode(text, Plus::kStays);
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreservedMarks = "-._~";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            kUnreservedMarks.contains(c);
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace tickscope::http
