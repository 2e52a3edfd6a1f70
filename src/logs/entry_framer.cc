#include "logs/entry_framer.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace tickscope::logs {

Result<EntryFramer> EntryFramer::Make(const FramerOptions& options) {
  std::shared_ptr<const re2::RE2> start;
  if (!options.start_pattern.empty()) {
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    quiet.set_max_mem(1 << 20);
    // Files hold bytes; a line that is no UTF-8 can still begin an entry.
    quiet.set_encoding(re2::RE2::Options::EncodingLatin1);
    start = std::make_shared<const re2::RE2>(options.start_pattern, quiet);
    if (!start->ok()) return Fail(ErrorCode::kInvalidArgument, "does not compile: " + start->error());
    if (re2::RE2::PartialMatch("", *start))
      return Fail(ErrorCode::kInvalidArgument, "matches the empty line, so every line would be a start");
  }
  return EntryFramer(options, std::move(start));
}

std::optional<std::size_t> EntryFramer::BehindLine(std::string_view buffer, std::size_t at) {
  const std::size_t end = buffer.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  return end + 1;
}

std::optional<Frame> EntryFramer::OneLine(std::string_view buffer, std::size_t at, MoreBytes more) const {
  if (at >= buffer.size()) return std::nullopt;
  const std::size_t end = std::min(buffer.find('\n', at), buffer.size());
  const bool is_whole = end < buffer.size();
  const std::size_t limit = options_.line_bytes_max;
  if (end - at > limit) {
    if (!is_whole && end - at < limit + kLookBytes && more == MoreBytes::kComing) return std::nullopt;
    return Frame{.begin = at,
                 .end = std::min(end, at + limit + kLookBytes),
                 .next = is_whole ? end + 1 : end,
                 .keep = limit,
                 .goes_on = !is_whole};
  }
  if (!is_whole && more == MoreBytes::kComing) return std::nullopt;
  return Frame{.begin = at, .end = end, .next = is_whole ? end + 1 : end};
}

bool EntryFramer::BeginsEntry(std::string_view line) const {
  return re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *start_);
}

std::optional<Frame> EntryFramer::Next(std::string_view buffer, std::size_t at, MoreBytes more) const {
  std::optional<Frame> entry = OneLine(buffer, at, more);
  if (start_ == nullptr || !entry || entry->keep) return entry;
  while (entry->lines < options_.lines_max) {
    const std::optional<Frame> line = OneLine(buffer, entry->next, more);
    if (!line) {
      // The next line may be part of it.
      if (more == MoreBytes::kComing) return std::nullopt;
      return entry;
    }
    const std::string_view text = buffer.substr(line->begin, line->end - line->begin);
    if (line->keep || line->end - entry->begin > options_.line_bytes_max || BeginsEntry(text)) return entry;
    entry->end = line->end;
    entry->next = line->next;
    ++entry->lines;
  }
  return entry;
}

}  // namespace tickscope::logs
