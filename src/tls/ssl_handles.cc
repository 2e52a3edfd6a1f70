#include "tls/ssl_handles.h"

#include <openssl/err.h>

namespace tickscope::tls {

std::string TakeSslReason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(code) : std::string(reason);
}

}  // namespace tickscope::tls
