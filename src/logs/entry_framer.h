// EntryFramer: where in the bytes of a file log entries begin and end.
//
// An entry is a line; with a start pattern, a line that matches it and those that do not behind it: a stack trace stays with its message.
// The framer keeps nothing: what is no whole entry yet is left in the file and looked at again when there is more.
//
// Invariants   E1 the same bytes make the same entries, however they came, as long as the buffer is larger than line_bytes_max and
//                 kLookBytes together; only kIdle and kFinal make an entry of less.
//              E2 an entry is never longer than line_bytes_max; what is longer ends with its whole values (see Frame::keep).
// Threads      Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace re2 {
class RE2;
}

namespace tickscope::logs {

/// Bytes behind a cut that are looked at, so that private data that the cut goes through is found.
inline constexpr std::size_t kLookBytes = 4U << 10;

struct FramerOptions {
  std::size_t line_bytes_max = 64U << 10;  ///< Of an entry.
  std::string start_pattern;               ///< RE2, anywhere in a line; each line is an entry when empty.
  std::size_t lines_max = 500;  ///< Of an entry with a start pattern; the next line begins another one then.

  friend bool operator==(const FramerOptions&, const FramerOptions&) = default;
};

enum class MoreBytes : std::uint8_t {
  kComing,  ///< An entry that has no end yet waits for it.
  kIdle,    ///< Nothing came for a while: what is there is an entry.
  kNever,   ///< Likewise.
};

struct Frame {
  std::size_t begin = 0;
  std::size_t end = 0;   ///< Of what is to be looked at.
  std::size_t next = 0;  ///< Where to go on.
  std::size_t lines = 1;
  std::optional<std::size_t> keep;  ///< Of a line that is too long: bytes of it that may be kept at most.
  bool goes_on = false;             ///< The line that is too long is not over at `next`: skip to its end.
};

class EntryFramer {
 public:
  /// Errors: kInvalidArgument for a pattern that does not compile or matches the empty line.
  [[nodiscard]] static Result<EntryFramer> Make(const FramerOptions& options);

  /// The entry that begins at `at`; nullopt when more bytes are needed.
  [[nodiscard]] std::optional<Frame> Next(std::string_view buffer, std::size_t at, MoreBytes more) const;
  /// The place behind the next line feed at or behind `at`; nullopt when there is none.
  [[nodiscard]] static std::optional<std::size_t> BehindLine(std::string_view buffer, std::size_t at);

 private:
  EntryFramer(FramerOptions options, std::shared_ptr<const re2::RE2> start)
      : options_(std::move(options)), start_(std::move(start)) {}
  [[nodiscard]] std::optional<Frame> OneLine(std::string_view buffer, std::size_t at, MoreBytes more) const;
  [[nodiscard]] bool BeginsEntry(std::string_view line) const;

  FramerOptions options_;
  std::shared_ptr<const re2::RE2> start_;
};

}  // namespace tickscope::logs
