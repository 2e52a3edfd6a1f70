// PushBatch: log entries on their way into one request of Loki's push API (protobuf).
//
//   PushRequest    1: Stream...
//   Stream         1: labels, as text: {app="game",level="error"}   2: Entry...
//   Entry          1: time (1: seconds, 2: nanoseconds)   2: line   3: (1: name, 2: value)...
//
// Entries are encoded as they come, a buffer a stream, so that there is no object a line and no second pass over them.
//
// Threads   Not thread-safe.
// Memory    What was encoded, and that again in Encode; kept for the next batch.
// Source    pkg/push/push.proto of Loki, field numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"

namespace tickscope::logs {

/// Names a stream within one StreamNames.
enum class StreamId : std::uint32_t {};

/// Streams by their labels: few, for they come from configuration, not from lines.
class StreamNames {
 public:
  /// The stream with these labels.
  [[nodiscard]] StreamId Add(const Labels& labels);
  [[nodiscard]] const std::string& TextOf(StreamId id) const { return texts_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] std::size_t size() const { return texts_.size(); }

 private:
  std::vector<std::string> texts_;
};

/// {a="b",c="d"}, with names that Loki takes: what is no letter, digit or '_' is '_'.
[[nodiscard]] std::string StreamLabelText(const Labels& labels);

class PushBatch {
 public:
  /// `names` outlives the batch.
  explicit PushBatch(const StreamNames& names) : names_(names) {}

  /// Adds an entry. Everything must be UTF-8.
  void Add(StreamId stream, std::int64_t time_ns, std::string_view line, std::span<const LabelView> metadata);
  /// Replaces `message` by the request's protobuf, not compressed, streams in the order of their numbers.
  void Encode(std::string& message) const;
  void Clear();

  [[nodiscard]] std::uint32_t entries() const { return entries_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  const StreamNames& names_;
  std::vector<std::string> encoded_;  // By stream.
  std::uint32_t entries_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tickscope::logs
