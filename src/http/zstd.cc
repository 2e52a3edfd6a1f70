#include "http/zstd.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "base/check.h"

namespace tickscope::http {
namespace {

constexpr int kLevel = 1;
constexpr std::size_t kFirstPieceBytes = 64 * 1024;

struct FreeStream {
  void operator()(ZSTD_DCtx* stream) const { ZSTD_freeDCtx(stream); }
};

std::unexpected<Error> FailTooLarge(std::size_t bytes_max) {
  return Fail(ErrorCode::kOutOfRange, "zstd content too large: bytes_max=" + std::to_string(bytes_max));
}

}  // namespace

Result<std::string> Unzstd(std::string_view compressed, std::size_t bytes_max) {
  const unsigned long long announced = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR) return Fail(ErrorCode::kCorruption, "not a zstd frame");
  const bool is_announced = announced != ZSTD_CONTENTSIZE_UNKNOWN;
  if (is_announced && announced > bytes_max) return FailTooLarge(bytes_max);

  const std::unique_ptr<ZSTD_DCtx, FreeStream> stream(ZSTD_createDCtx());
  TICKSCOPE_CHECK(stream != nullptr);
  constexpr int kWindowLog = std::bit_width(kZstdWindowBytesMax) - 1;
  TICKSCOPE_CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLog)) == 0);
  std::string content;
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  std::size_t size = 0;
  // Bytes still wanted for the frame it is in; 0 between frames.
  std::size_t wanted = 1;
  while (in.pos < in.size || wanted != 0) {
    if (size == content.size()) {
      if (size > bytes_max) return FailTooLarge(bytes_max);
      // One byte past the limit, so that content of just the limit is told from more.
      content.resize(std::min(std::max(size * 2, kFirstPieceBytes), bytes_max + 1));
    }
    ZSTD_outBuffer out{content.data(), content.size(), size};
    const std::size_t consumed_before = in.pos;
    wanted = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(wanted) != 0)
      return Fail(ErrorCode::kCorruption, std::string("zstd: ") + ZSTD_getErrorName(wanted));
    const bool is_stuck = out.pos == size && in.pos == consumed_before;
    size = out.pos;
    if (size > bytes_max) return FailTooLarge(bytes_max);
    if (is_stuck && in.pos == in.size) return Fail(ErrorCode::kCorruption, "zstd stream cut short");
  }
  content.resize(size);
  return content;
}

std::string Zstd(std::string_view content) {
  std::string out(ZSTD_compressBound(content.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), content.data(), content.size(), kLevel);
  TICKSCOPE_CHECK(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

}  // namespace tickscope::http
