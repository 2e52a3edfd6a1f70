// What a server or a client needs for TLS: files in PEM, and how strict it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tickscope::tls {

enum class ClientCertificates : std::uint8_t {
  kOff,       ///< None is asked for.
  kOptional,  ///< One that is shown must be good.
  kRequired,
};

enum class Version : std::uint8_t { k12, k13 };

struct ServerOptions {
  std::string certificate_file;  ///< The server's, then its intermediates. TLS is off when empty.
  std::string key_file;
  std::string client_ca_file;  ///< Who may vouch for clients.
  ClientCertificates client_certificates = ClientCertificates::kOff;
  Version version_min = Version::k12;

  [[nodiscard]] bool is_on() const { return !certificate_file.empty(); }
  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

struct ClientOptions {
  std::string ca_file;           ///< Who may vouch for servers; the system's when empty.
  std::string certificate_file;  ///< Shown to the server; none when empty.
  std::string key_file;
  std::string server_name;  ///< What the server's certificate must name; the URL's host when empty.
  Version version_min = Version::k12;
  /// Sessions that are kept to be resumed, of all servers together, the newest; 0 for none.
  std::size_t sessions_max = 64;
  bool trusts_anyone = false;  ///< Neither who vouches for the server nor its name is looked at.

  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

/// Bytes of a certificate chain that another end may send.
inline constexpr long kChainBytesMax = 32 * 1024;
/// Bytes of a file of certificates or of a key.
inline constexpr std::uint64_t kPemBytesMax = 1U << 20;

}  // namespace tickscope::tls
