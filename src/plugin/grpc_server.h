// GrpcServer: what libtickscope_grpc.so offers: a gRPC server of unary calls whose messages are bytes.
//
// gRPC, with its protobuf, abseil and threads, is behind this interface and in a library of its own (src/rpc), loaded when
// the configuration asks for it: who does not speak gRPC pays nothing for it.
//
// Threads   Thread-safe. Calls come on a thread of the server's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::plugin {

/// What a server shows over TLS, in PEM.
struct GrpcCertificate {
  std::string_view chain;  ///< The server's certificate, then its intermediates.
  std::string_view key;
  std::string_view client_ca;         ///< Told to clients, to choose a certificate by; empty for nobody's.
  std::shared_ptr<const void> owner;  ///< Of the texts. Another one means that they changed.
};
/// What is in force now. Asked at each new connection, on any thread.
using GrpcCertificateSource = std::function<GrpcCertificate()>;

struct GrpcServerOptions {
  std::string address;                ///< "host:port"; port 0 for one that is free.
  std::size_t message_bytes_max = 0;  ///< A request's message as it is sent.
  std::uint32_t calls_max = 1;  ///< In progress at once; more wait, with what flow control lets them send.
  std::chrono::milliseconds handshake_timeout{10'000};  ///< From connecting to the end of TLS' and HTTP/2's.
  /// TLS 1.2 or 1.3 when it is there, else plain. A client is asked for a certificate, and has to prove that it has the key; whether the
  /// certificate is good is for the handler to say (GrpcCall::certificate).
  GrpcCertificateSource certificate{};
};

struct GrpcAnswer {
  std::int32_t code =
      0;  ///< Of google.rpc.Code; 0 is fine, and `message` is the response. Else it is what went wrong.
  std::string message;
  std::int32_t retry_after_s = -1;  ///< Told as google.rpc.RetryInfo, unless below 0.
};

/// One call. Answer is given once, on any thread, and ends it.
class GrpcCall {
 public:
  virtual ~GrpcCall() = default;
  /// "/package.Service/Method".
  [[nodiscard]] virtual std::string_view method() const = 0;
  /// The client's own certificate in PEM, empty when it showed none. Nobody has verified it yet.
  [[nodiscard]] virtual std::string certificate() const = 0;
  /// Its intermediates, likewise.
  [[nodiscard]] virtual std::string intermediates() const = 0;
  /// The other end, for people, as in "ipv4:127.0.0.1:51234".
  [[nodiscard]] virtual std::string remote_address() const = 0;
  /// The request's message, once it is taken; gzip when it was sent so. Valid until Answer.
  [[nodiscard]] virtual std::string_view message() const = 0;
  /// The first value of a header, in lower case; empty when absent.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  /// Whether nobody waits for an answer any more: the deadline is over.
  [[nodiscard]] virtual bool is_expired() const = 0;
  virtual void Answer(GrpcAnswer answer) = 0;
};

/// Takes a call whose message is there; must not block.
using GrpcTaker = std::function<void(std::shared_ptr<GrpcCall>)>;
/// Looks at each call when its headers are there and its message is not: returns who takes it then, or answers it and returns none.
/// Must not block.
using GrpcHandler = std::function<GrpcTaker(GrpcCall& call)>;

class GrpcServer {
 public:
  /// Destruction drains first, for no time.
  virtual ~GrpcServer() = default;
  [[nodiscard]] virtual std::string address() const = 0;
  /// Takes no more calls, and returns when those in progress are answered or `timeout` is over. The handler is not called
  /// after it; every call it has taken is to be answered before destruction.
  virtual void Drain(std::chrono::milliseconds timeout) = 0;
};

/// The library's one entry point, extern "C"; the name changes when this interface does.
using GrpcEntry = Result<std::unique_ptr<GrpcServer>> (*)(const GrpcServerOptions& options,
                                                          GrpcHandler handler);
inline constexpr const char* kGrpcEntryName = "tickscope_grpc_2";

/// Loads the library on the first call, and starts a server.
/// Errors: kUnavailable when the library is not there, telling how to get it, or the address cannot be bound.
[[nodiscard]] Result<std::unique_ptr<GrpcServer>> StartGrpcServer(const GrpcServerOptions& options,
                                                                  GrpcHandler handler);

}  // namespace tickscope::plugin
