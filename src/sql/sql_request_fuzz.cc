// Any bytes as the body of POST /api/v1/sql: read or refused; what is read has a statement, what is refused a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sql/sql_endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const auto call = sql::ReadSqlCall({reinterpret_cast<const char*>(data), size});
  if (call) TICKSCOPE_CHECK(!call->request.sql.empty());
  if (!call) TICKSCOPE_CHECK(!call.error().message.empty());
  return 0;
}
