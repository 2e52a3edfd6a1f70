// HTTP messages as values. Bodies are whole, but for an answer that goes on (Response::stream): limits are enforced while
// they are read (http/server.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickscope::tls {
struct Peer;
}  // namespace tickscope::tls

namespace tickscope::http {

class Abandonment;
class StreamBody;

/// Header fields in arrival order. Names compare without regard to case (RFC 9110 section 5.1).
class Headers {
 public:
  /// First value of `name`, empty when absent. Lives until the next change.
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  [[nodiscard]] bool Has(std::string_view name) const;
  [[nodiscard]] std::size_t Count(std::string_view name) const;
  /// Replaces every field of that name.
  void Set(std::string_view name, std::string_view value);
  void Add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< Path and query as sent, still percent-encoded.
  Headers headers;
  std::string body;
  std::string remote_address;  ///< "address:port", server side only.
  /// What the client proved by its certificate; null when it showed none. Server side only.
  std::shared_ptr<const tls::Peer> peer = nullptr;
  /// Who sends, proven (access/gate.h); empty when nobody asked for proof. A header may say anything.
  std::string sender = {};
  /// Told when the client ends the connection before it has its answer. Null in a request that no server made.
  std::shared_ptr<Abandonment> abandonment;

  [[nodiscard]] std::string_view path() const;   ///< Target up to '?', still encoded.
  [[nodiscard]] std::string_view query() const;  ///< Target after '?', empty when there is none.
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Goes on after `body` until it is ended, when set. Server side only (http/stream_body.h).
  std::shared_ptr<StreamBody> stream = nullptr;
};

/// A plain-text answer: `text` and a line feed.
[[nodiscard]] Response TextResponse(int status, std::string_view text);

/// Reason phrase of a status code, for example "Not Found"; "Unknown" for one we never send.
[[nodiscard]] std::string_view StatusText(int status);

/// Case-insensitive ASCII comparison.
[[nodiscard]] bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace tickscope::http
