// Router: which handler serves a method and path. Unknown path: the fallback's, else 404. Known path, other method: 405
// with Allow.
//
// A pattern is a path whose segments may be "{name}", which matches one segment and is captured
// percent-decoded. Threads   Filled before the server starts; read-only and thread-safe afterwards.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "http/server.h"

namespace tickscope::http {

using PathParameters = std::map<std::string, std::string, std::less<>>;
using RouteHandler = std::function<void(Request, PathParameters, Respond)>;

class Router {
 public:
  /// Adds a route; the first added of two that match wins.
  void Add(std::string_view method, std::string_view pattern, RouteHandler handler);
  /// Who serves paths that no route matches, whatever the method.
  void SetFallback(RouteHandler handler) { fallback_ = std::move(handler); }
  /// Serves the request or answers 404 / 405 as plain text.
  void Handle(Request request, Respond respond) const;
  /// Whether a route matches the path, still encoded, whatever its method.
  [[nodiscard]] bool Knows(std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    RouteHandler handler;
  };
  std::vector<Route> routes_;
  RouteHandler fallback_;
};

/// Parameters of a query string or a form body ("a=1&b=2"), decoded, in order. Bad escapes are kept as they
/// are.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> ParseForm(std::string_view text);
/// Decodes %XX; '+' stays.
[[nodiscard]] std::string PercentDecode(std::string_view text);
/// Encodes all but unreserved characters (RFC 3986 section 2.3).
[[nodiscard]] std::string PercentEncode(std::string_view text);

}  // namespace tickscope::http
