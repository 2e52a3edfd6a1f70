#include "logs/file_mark.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <charconv>
#include <iterator>
#include <optional>

namespace tickscope::logs {
namespace {

constexpr std::size_t kNumbers = 8;

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c > ' ' && c < '\x7f' && c != '%') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    if (text.size() - at < 3) return std::nullopt;
    const auto read = std::from_chars(text.data() + at + 1, text.data() + at + 3, value, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + at + 3) return std::nullopt;
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

std::optional<FileMark> ParseMark(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::optional<std::string> path = Unescape(line.substr(0, space));
  if (!path) return std::nullopt;
  const std::size_t slash = path->rfind('/');
  if (slash == std::string::npos || slash + 1 == path->size()) return std::nullopt;
  std::array<std::uint64_t, kNumbers> numbers{};
  const char* at = line.data() + space;
  const char* const end = line.data() + line.size();
  for (std::uint64_t& number : numbers) {
    if (at == end || *at != ' ') return std::nullopt;
    const auto read = std::from_chars(at + 1, end, number);
    if (read.ec != std::errc()) return std::nullopt;
    at = read.ptr;
  }
  const auto& [device, inode, position, head_bytes, head_hash, tail_bytes, tail_hash, skipping] = numbers;
  if (at != end || skipping > 1 || head_bytes > kHeadBytesMax || tail_bytes > kTailBytesMax ||
      head_bytes > position || tail_bytes > position)
    return std::nullopt;
  return FileMark{.directory = slash == 0 ? "/" : path->substr(0, slash),
                  .name = path->substr(slash + 1),
                  .identity = {.device = device, .inode = inode},
                  .position = position,
                  .head_bytes = head_bytes,
                  .head_hash = head_hash,
                  .tail_bytes = tail_bytes,
                  .tail_hash = tail_hash,
                  .is_skipping = skipping == 1};
}

}  // namespace

std::uint64_t HashOf(std::string_view bytes) {
  return bytes.empty() ? 0 : XXH3_64bits(bytes.data(), bytes.size());
}

void AppendMark(const FileMark& mark, std::string& out) {
  if (mark.directory != "/") AppendEscaped(mark.directory, out);
  out += '/';
  AppendEscaped(mark.name, out);
  fmt::format_to(std::back_inserter(out), " {} {} {} {} {} {} {} {}\n", mark.identity.device,
                 mark.identity.inode, mark.position, mark.head_bytes, mark.head_hash, mark.tail_bytes,
                 mark.tail_hash, mark.is_skipping ? 1 : 0);
}

Result<std::vector<FileMark>> ParseMarks(std::string_view text) {
  std::vector<FileMark> marks;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::optional<FileMark> mark =
        end == std::string_view::npos ? std::nullopt : ParseMark(text.substr(0, end));
    if (!mark) return Fail(ErrorCode::kCorruption, fmt::format("bad file mark: number={}", marks.size() + 1));
    if (marks.size() == kMarksMax)
      return Fail(ErrorCode::kOutOfRange, fmt::format("more file marks than {}", kMarksMax));
    marks.push_back(*mark);
    text.remove_prefix(end + 1);
  }
  return marks;
}

}  // namespace tickscope::logs
