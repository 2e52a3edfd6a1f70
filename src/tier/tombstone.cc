#include "tier/tombstone.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "codec/crc32c.h"

namespace tickscope::tier {
namespace {

constexpr std::string_view kFirstLine = "tickscope-delete 1";
constexpr std::size_t kSelectorsMax = 1000;

bool ParseNumber(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseRange(std::string_view text, Tombstone& tombstone) {
  const std::size_t space = text.find(' ');
  return space != std::string_view::npos && ParseNumber(text.substr(0, space), tombstone.start_ms) &&
         ParseNumber(text.substr(space + 1), tombstone.end_ms) && tombstone.start_ms <= tombstone.end_ms;
}

}  // namespace

bool Tombstone::Names(const Labels& labels) const {
  return std::ranges::any_of(matchers, [&](const auto& all) { return MatchesAll(all, labels); });
}

std::string TombstonePrefix(const TenantId& tenant) {
  return "metrics/deletes/" + tenant + "/";
}

std::string WriteTombstone(const Tombstone& tombstone) {
  std::string text = fmt::format("{}\nrange {} {}\nasked {}\n", kFirstLine, tombstone.start_ms,
                                 tombstone.end_ms, tombstone.asked_ms);
  for (const std::string& selector : tombstone.selectors)
    text += fmt::format("match {}\n", selector);
  text += fmt::format("crc {:08x}\n", codec::Crc32c(AsBytes(text)));
  return text;
}

Result<Tombstone> ParseTombstone(std::string id, std::string_view text, SelectorParser parse) {
  Tombstone tombstone{.id = std::move(id)};
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++line_number;
    const auto damage = [&](std::string_view what) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("delete {} line {}: {}", tombstone.id, line_number, what));
    };
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return damage("cut short");
    const std::string_view line = text.substr(at, end - at);
    if (line_number == 1) {
      if (line != kFirstLine) return damage("not a delete of a version this build knows");
    } else if (line.starts_with("crc ")) {
      if (line.substr(4) != fmt::format("{:08x}", codec::Crc32c(AsBytes(text.substr(0, at))))) {
        return damage("checksum mismatch");
      }
      if (end + 1 != text.size()) return damage("bytes after the checksum");
      return tombstone;
    } else if (line.starts_with("range ")) {
      if (!ParseRange(line.substr(6), tombstone)) return damage("not a range");
    } else if (line.starts_with("asked ")) {
      if (!ParseNumber(line.substr(6), tombstone.asked_ms)) return damage("not a time");
    } else if (line.starts_with("match ")) {
      if (tombstone.selectors.size() == kSelectorsMax) return damage("too many selectors");
      auto matchers = parse(line.substr(6));
      if (!matchers) return damage("selector does not parse");
      tombstone.selectors.emplace_back(line.substr(6));
      tombstone.matchers.push_back(*std::move(matchers));
    } else {
      return damage("not understood");
    }
    at = end + 1;
  }
  return Fail(ErrorCode::kCorruption, fmt::format("delete {}: without a checksum", tombstone.id));
}

}  // namespace tickscope::tier
