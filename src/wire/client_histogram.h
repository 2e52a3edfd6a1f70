// ClientHistogram: one io.prometheus.client.Histogram message, which may hold classic buckets, a native histogram, or
// both.
//
// Bounds    Nothing is allocated by a length the sender claims; spans must cover exactly the buckets that are there.
// Source    client_model metrics.proto field numbers.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"

namespace tickscope::wire {

/// A classic bucket as sent: a cumulative count.
struct ClassicBucket {
  double bound = 0;
  double count = 0;
  std::string_view exemplar;  ///< Message bytes, empty for none.
};

/// Views point into the message. Reused from message to message.
struct ClientHistogram {
  Histogram native;  ///< Its count and sum are those of the classic histogram too.
  std::vector<ClassicBucket> buckets;
  std::vector<std::string_view> exemplars;  ///< Message bytes; of the native histogram.
  TimeMs start_time_ms = 0;

  /// True when there are native buckets, or the empty span by which a native histogram without any marks itself.
  [[nodiscard]] bool is_native() const;
};

/// Replaces `out`. Throws protozero::exception when the message does not decode.
void ReadClientHistogram(std::string_view message, ClientHistogram& out);

/// Errors: kCorruption when schema, spans or counts of a native histogram cannot be.
[[nodiscard]] Status CheckNativeHistogram(const Histogram& histogram);

/// A google.protobuf.Timestamp; 0 when it does not fit milliseconds. Throws as ReadClientHistogram.
[[nodiscard]] TimeMs ReadTimestampMs(std::string_view message);

/// A value as stored: every NaN is the normal one, so that a target's cannot pass for a staleness marker.
[[nodiscard]] double CanonicalValue(double value);

}  // namespace tickscope::wire
