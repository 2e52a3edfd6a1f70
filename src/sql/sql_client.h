// SqlClient: asks a server's POST /api/v1/sql.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "http/client.h"
#include "io/network.h"
#include "sql/sql_engine.h"
#include "sql/sql_result.h"

namespace tickscope::sql {

struct SqlServer {
  std::string url = "http://127.0.0.1:9280";
  std::string tenant;  ///< Sent as X-Scope-OrgID unless empty.
  std::chrono::milliseconds timeout{60'000};
  http::ClientOptions client{};  ///< TLS and token.
};

/// The answer as text of that format. Errors: the server's, with its message; kUnavailable when it is not there.
[[nodiscard]] Result<std::string> AskServer(io::Network& network, const SqlServer& server,
                                            const SqlRequest& request, SqlFormat format);

}  // namespace tickscope::sql
