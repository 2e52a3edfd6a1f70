#include "http/content_coding.h"

#include "http/gzip.h"
#include "http/message.h"
#include "http/zstd.h"

namespace tickscope::http {

Result<std::string_view> DecodeContent(std::string_view coding, std::string_view body, std::size_t bytes_max,
                                       std::string& storage) {
  if (coding.empty() || EqualsIgnoreCase(coding, "identity")) {
    if (body.size() > bytes_max)
      return Fail(ErrorCode::kOutOfRange, "request too large: bytes_max=" + std::to_string(bytes_max));
    return body;
  }
  if (EqualsIgnoreCase(coding, "gzip")) {
    TICKSCOPE_ASSIGN_OR_RETURN(storage, Gunzip(body, bytes_max));
    return storage;
  }
  if (EqualsIgnoreCase(coding, "zstd")) {
    TICKSCOPE_ASSIGN_OR_RETURN(storage, Unzstd(body, bytes_max));
    return storage;
  }
  return Fail(ErrorCode::kUnsupported, "unsupported content encoding: got \"" +
                                           std::string(coding.substr(0, 64)) + "\", want gzip, zstd or none");
}

}  // namespace tickscope::http
