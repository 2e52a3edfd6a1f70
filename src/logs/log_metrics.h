// LogMetrics: what the agent says about the logs it takes, by input and reason.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"

namespace tickscope::logs {

enum class LogInput : std::uint8_t { kFile, kSyslog, kFluent, kHttp, kOtlp };
inline constexpr std::size_t kLogInputs = 5;

/// Why something that came is not sent.
enum class LogRefusal : std::uint8_t {
  kBlank,      ///< A line of white space.
  kBinary,     ///< Hardly any text.
  kPrivate,    ///< Has private data, and there is no key to make tokens of it.
  kMalformed,  ///< A message that does not decode.
  kTooLarge,   ///< A message over a limit: of bytes, of depth, of entries.
  kBadTag,     ///< A tag with characters that no tag has, or too long.
  kFull,       ///< More than can be written to the disk now, from a sender that cannot be told to wait.
  kTime,       ///< A time that no receiver takes: long past, or ahead of the clock.
};
inline constexpr std::size_t kLogRefusals = 8;
/// "blank" and so on, for metrics and answers.
[[nodiscard]] std::string_view LogRefusalName(LogRefusal refusal);

/// What happened to a file.
enum class FileEvent : std::uint8_t {
  kOpened,
  kRotated,    ///< It has another name, or none.
  kTruncated,  ///< It was emptied, or another one has its place.
  kCopied,     ///< The copy of a truncated file was found, and what was not read of it is read there.
  kMissing,    ///< It was read by an earlier start and is not there any more.
  kRefused,    ///< No plain file, or not to be read.
  kTooMany,
};
inline constexpr std::size_t kFileEvents = 7;

class LogMetrics {
 public:
  explicit LogMetrics(MetricRegistry& registry);

  [[nodiscard]] Counter& lines(LogInput input) { return *lines_[static_cast<std::size_t>(input)]; }
  [[nodiscard]] Counter& bytes(LogInput input) { return *bytes_[static_cast<std::size_t>(input)]; }
  [[nodiscard]] Counter& mended(LogInput input) { return *mended_[static_cast<std::size_t>(input)]; }
  [[nodiscard]] Counter& cut(LogInput input) { return *cut_[static_cast<std::size_t>(input)]; }
  [[nodiscard]] Counter& refused(LogInput input, LogRefusal reason) {
    return *refused_[static_cast<std::size_t>(input)][static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] Counter& files(FileEvent event) { return *file_events_[static_cast<std::size_t>(event)]; }

  Counter* tokens;
  Gauge* open_files;
  Gauge* file_lag_bytes;
  Gauge* connections;
  Counter* refused_connections;

 private:
  template <std::size_t N>
  using Counters = std::array<Counter*, N>;
  Counters<kLogInputs> lines_{};
  Counters<kLogInputs> bytes_{};
  Counters<kLogInputs> mended_{};
  Counters<kLogInputs> cut_{};
  std::array<Counters<kLogRefusals>, kLogInputs> refused_{};
  Counters<kFileEvents> file_events_{};
};

}  // namespace tickscope::logs
