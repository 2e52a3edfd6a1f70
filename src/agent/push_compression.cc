#include "agent/push_compression.h"

#include "base/bytes.h"
#include "http/zstd.h"
#include "wire/remote_write_decode.h"

namespace tickscope::agent {
namespace {

// Of one request; what is packed here was made by this agent.
constexpr std::size_t kMessageBytesMax = 256U << 20;

}  // namespace

Status RepackAsZstd(std::string& body) {
  Bytes message;
  TICKSCOPE_RETURN_IF_ERROR(wire::DecompressSnappy(body, kMessageBytesMax, message));
  body = http::Zstd(AsText(message));
  return {};
}

}  // namespace tickscope::agent
