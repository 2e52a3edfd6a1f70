#include "codec/zstd_block.h"

#include <zstd.h>

#include <memory>
#include <string>

#include "base/check.h"

namespace tickscope::codec {
namespace {

constexpr int kLevel = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void CompressZstd(ByteView plain, Bytes& out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(plain.size()));
  const std::size_t written = ZSTD_compressCCtx(context.get(), out.data() + begin, out.size() - begin,
                                                plain.data(), plain.size(), kLevel);
  // The room is enough for whatever it is, so that only a lack of memory can be the cause.
  TICKSCOPE_CHECK(ZSTD_isError(written) == 0);
  out.resize(begin + written);
}

Status DecompressZstd(ByteView compressed, std::size_t plain_bytes, Bytes& out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  out.resize(plain_bytes);
  const std::size_t written =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(written) != 0)
    return Fail(ErrorCode::kCorruption, std::string("zstd block: ") + ZSTD_getErrorName(written));
  if (written != plain_bytes) {
    return Fail(ErrorCode::kCorruption,
                "zstd block: got " + std::to_string(written) + " bytes, want " + std::to_string(plain_bytes));
  }
  return {};
}

}  // namespace tickscope::codec
