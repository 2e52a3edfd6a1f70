#include "http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/check.h"
#include "http/message.h"

namespace tickscope::http {
namespace {

// zlib's window of 32 KB, plus 16 for "gzip framing and nothing else".
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kLevel = 1;
constexpr int kMemoryLevel = 8;
// Header, an empty block and the trailer.
constexpr std::size_t kMemberBytesMin = 18;
constexpr std::size_t kFirstPieceBytes = 64 * 1024;

class Inflater {
 public:
  Inflater() { TICKSCOPE_CHECK(inflateInit2(&stream_, kGzipWindowBits) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

std::unexpected<Error> FailTooLarge(std::size_t bytes_max) {
  return Fail(ErrorCode::kOutOfRange, "gzip content too large: bytes_max=" + std::to_string(bytes_max));
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

// Cuts the text up to `separator` off the front of `rest`.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const std::string_view item = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(item.size() + 1, rest.size()));
  return Trim(item);
}

// A weight is refused by zero in any spelling: "0", "0.0", "0.000".
bool IsZeroWeight(std::string_view parameter) {
  return EqualsIgnoreCase(parameter.substr(0, 2), "q=") &&
         parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

Result<std::string> Gunzip(std::string_view compressed, std::size_t bytes_max) {
  if (compressed.size() < kMemberBytesMin) return Fail(ErrorCode::kCorruption, "gzip stream too short");
  if (compressed.size() > std::numeric_limits<uInt>::max()) return FailTooLarge(bytes_max);
  // The last four bytes announce the last member's size. An announcement may be false, so it saves work but grants
  // nothing; zlib compares it with what came out.
  std::uint32_t announced = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    announced |= std::uint32_t{static_cast<unsigned char>(compressed[compressed.size() - 4 + i])} << (8 * i);
  }
  if (announced > bytes_max) return FailTooLarge(bytes_max);

  Inflater inflater;
  z_stream& stream = inflater.stream();
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));  // zlib does not write there.
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string content;
  std::size_t filled = 0;
  for (;;) {
    if (filled == content.size()) {
      if (filled > bytes_max) return FailTooLarge(bytes_max);
      // One byte more than allowed, to tell "exactly full" from "too much".
      const std::size_t size = std::min(std::max(kFirstPieceBytes, filled * 2), bytes_max + 1);
      content.resize_and_overwrite(size, [](char*, std::size_t bytes) { return bytes; });
    }
    const std::size_t room = std::min<std::size_t>(content.size() - filled, std::numeric_limits<uInt>::max());
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (filled > bytes_max) return FailTooLarge(bytes_max);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      TICKSCOPE_CHECK(inflateReset(&stream) == Z_OK);  // Another member follows.
    } else if (result == Z_BUF_ERROR || (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return Fail(ErrorCode::kCorruption, "gzip stream cut short");
    } else if (result != Z_OK) {
      return Fail(ErrorCode::kCorruption,
                  std::string("bad gzip stream: ") + (stream.msg != nullptr ? stream.msg : "unknown error"));
    }
  }
  content.resize(filled);
  return content;
}

std::string Gzip(std::string_view content) {
  return *GzipWhile([] { return true; }, content);
}

std::optional<std::string> GzipWhile(const std::function<bool()>& is_wanted, std::string_view content) {
  z_stream stream{};
  TICKSCOPE_CHECK(
      deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string compressed;
  compressed.resize_and_overwrite(deflateBound(&stream, content.size()),
                                  [](char*, std::size_t bytes) { return bytes; });
  std::size_t filled = 0;
  // Some milliseconds each. zlib counts in 32 bits, so that they could not be of any size.
  constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
  int result = Z_OK;
  while (result != Z_STREAM_END && is_wanted()) {
    const std::string_view piece = content.substr(0, kPieceBytes);
    const std::size_t room = std::min(compressed.size() - filled, kPieceBytes);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    stream.next_out = reinterpret_cast<Bytef*>(compressed.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    result = deflate(&stream, piece.size() == content.size() ? Z_FINISH : Z_NO_FLUSH);
    TICKSCOPE_CHECK(result == Z_OK || result == Z_STREAM_END);
    content.remove_prefix(piece.size() - stream.avail_in);
    filled += room - stream.avail_out;
  }
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  compressed.resize(filled);
  return compressed;
}

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<bool> named;
  bool others = false;
  while (!accept_encoding.empty()) {
    std::string_view item = TakeUntil(',', accept_encoding);
    const std::string_view coding = TakeUntil(';', item);
    const bool wanted = !IsZeroWeight(Trim(item));
    if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) named = wanted;
    if (coding == "*") others = wanted;
  }
  return named.value_or(others);
}

}  // namespace tickscope::http
