// AdminClient: calls a server's /api/v1/admin.
//
// Threads   Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/client.h"
#include "io/file_system.h"
#include "io/network.h"

namespace tickscope::roles {

class AdminClient {
 public:
  /// `url` is the server's, without a path. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<AdminClient> Make(io::Network& network, std::string url, std::string tenant,
                                                http::ClientOptions options);

  /// Sends a request and returns the answer's body. Errors: as http::Client::Fetch; what the server says otherwise.
  [[nodiscard]] Result<std::string> Call(std::string_view method, const std::string& path, std::string body);
  /// Sends a file in pieces.
  [[nodiscard]] Status Upload(io::FileSystem& fs, const std::string& file, const std::string& path);

 private:
  AdminClient(std::string url, std::string tenant, std::unique_ptr<http::Client> client)
      : url_(std::move(url)), tenant_(std::move(tenant)), client_(std::move(client)) {}

  std::string url_;
  std::string tenant_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace tickscope::roles
