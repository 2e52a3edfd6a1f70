#include "agent/push_compression.h"

#include "base/bytes.h"
#include "codec/zstd_block.h"
#include "http/gzip.h"
#include "wire/remote_write_decode.h"

namespace tickscope::agent {
namespace {

// Of one request; what is packed here was made by this agent.
constexpr std::size_t kMessageBytesMax = 256U << 20;

}  // namespace

std::string_view PackBody(BodyForm form, PushCompression wanted, std::string& body) {
  if (wanted != PushCompression::kZstd) {
    if (form == BodyForm::kSnappyBlock) return "snappy";
    body = http::Gzip(body);
    return "gzip";
  }
  Bytes message;
  ByteView plain = AsBytes(body);
  if (form == BodyForm::kSnappyBlock) {
    if (!wire::DecompressSnappy(body, kMessageBytesMax, message)) return "snappy";
    plain = message;
  }
  Bytes packed;
  codec::CompressZstd(plain, packed);
  body = AsText(packed);
  return "zstd";
}

}  // namespace tickscope::agent
