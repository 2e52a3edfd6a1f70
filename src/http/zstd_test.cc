// Zstd bodies: whole ones come back, and no bytes make us hold more than the limit.
#include "http/zstd.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <memory>
#include <string>

#include "http/content_coding.h"
#include "http/gzip.h"

namespace tickscope::http {
namespace {

// A frame as a streaming encoder makes it: without the size.
std::string ZstdWithoutSize(std::string_view content, int window_log = 0) {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  if (window_log > 0) ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(content.size()), '\0');
  out.resize(ZSTD_compress2(context.get(), out.data(), out.size(), content.data(), content.size()));
  return out;
}

TEST(Zstd, ContentComesBack) {
  const std::string large(1'000'000, 'x');
  for (const std::string& content : {std::string(), std::string("a"), large}) {
    EXPECT_EQ(Unzstd(Zstd(content), 1'000'000).value(), content);
    EXPECT_EQ(Unzstd(ZstdWithoutSize(content), 1'000'000).value(), content);
  }
  EXPECT_EQ(Unzstd(Zstd("ab") + Zstd("cd"), 4).value(), "abcd");
}

TEST(Zstd, TheLimitHolds) {
  const std::string content(1000, 'x');
  EXPECT_TRUE(Unzstd(Zstd(content), 1000).has_value());
  EXPECT_TRUE(Unzstd(ZstdWithoutSize(content), 1000).has_value());
  EXPECT_EQ(Unzstd(Zstd(content), 999).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Unzstd(ZstdWithoutSize(content), 999).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Unzstd(Zstd("ab") + Zstd("cd"), 3).error().code, ErrorCode::kOutOfRange);
  // 64 MB in a few kB.
  EXPECT_EQ(Unzstd(ZstdWithoutSize(std::string(64U << 20, 'x')), 1U << 20).error().code,
            ErrorCode::kOutOfRange);
}

TEST(Zstd, WhatIsNoFrameIsRefused) {
  const std::string whole = ZstdWithoutSize(std::string(1000, 'x') + "end");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(Unzstd(std::string_view(whole).substr(0, size), 10'000).has_value()) << size;
  EXPECT_EQ(Unzstd("not zstd", 100).error().code, ErrorCode::kCorruption);
  EXPECT_EQ(Unzstd(whole + "x", 10'000).error().code, ErrorCode::kCorruption);
}

TEST(Zstd, AWindowOverTheLimitIsRefused) {
  std::string content;
  for (int i = 0; i < 3'000'000; ++i)
    content += std::to_string(i);
  EXPECT_TRUE(Unzstd(ZstdWithoutSize(content, 23), 64U << 20).has_value());
  EXPECT_EQ(Unzstd(ZstdWithoutSize(content, 24), 64U << 20).error().code, ErrorCode::kCorruption);
}

TEST(ContentCoding, IsWhatTheHeaderSays) {
  std::string storage;
  EXPECT_EQ(DecodeContent("", "abc", 3, storage).value(), "abc");
  EXPECT_EQ(DecodeContent("identity", "abc", 3, storage).value(), "abc");
  EXPECT_EQ(DecodeContent("GZIP", Gzip("abc"), 3, storage).value(), "abc");
  EXPECT_EQ(DecodeContent("zstd", Zstd("abc"), 3, storage).value(), "abc");
  EXPECT_EQ(DecodeContent("", "abcd", 3, storage).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(DecodeContent("br", "abc", 3, storage).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tickscope::http
