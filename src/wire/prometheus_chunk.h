// Prometheus chunks: some samples of one series, as they lie in the chunk files of a Prometheus block and travel
// in streamed remote-read answers.
//
//   1 XOR              count: u16 | first time: varint, value: f64 | then times as deltas of deltas, values as XOR
//                      with the one before
//   2 histogram        count: u16 | flags: u8 | layout | integer counts as deltas of deltas, sums as XOR
//   3 float histogram  the same, counts as XOR
//
// A chunk's histograms share one layout (schema, zero threshold, spans, custom bounds), kept once. The two upper bits of
// the flags are what is known about a counter reset before the chunk.
//
// What does not survive the way through a chunk: ResetHint is computed again. A sample whose counts fell, or that says it
// follows a reset, begins a chunk and comes back as kUnknown; one that follows in a chunk comes back as kNotReset; kGauge
// stays. Counts that are all whole come back as they were; integer counts past 2^53 come back rounded. Start times are
// not kept. Everything else, NaN payloads included, is bit-exact.
//
// Worked example: 1.0 at time 5 alone is 00 01 | 0a | 3f f0 00 00 00 00 00 00.
//
// Threads   Functions only.
// Memory    A chunk decodes to at most some 64 times its bytes; who reads one from outside bounds those by
//           kChunkBytesMax.
// Source    Prometheus tsdb/docs/format/chunks.md.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/queryable.h"

namespace tickscope::wire {

enum class ChunkEncoding : std::uint8_t { kXor = 1, kHistogram = 2, kFloatHistogram = 3 };

/// Samples of a chunk written by us, as Prometheus does it.
inline constexpr std::size_t kChunkSamplesMax = 120;
/// Longest chunk read.
inline constexpr std::size_t kChunkBytesMax = 4U << 20;

struct PrometheusChunk {
  ChunkEncoding encoding = ChunkEncoding::kXor;
  TimeMs min_time_ms = 0;  ///< Of the first sample.
  TimeMs max_time_ms = 0;  ///< Of the last.
  std::uint32_t sample_count = 0;
  Bytes data;
};

/// Appends the samples as chunks of at most kChunkSamplesMax, in time order.
void EncodeChunks(const SampleColumns& samples, std::vector<PrometheusChunk>& out);

/// Appends the chunk's samples as they lie in it, whatever order their times have.
/// Errors: kCorruption naming the bit where the data ends or what is wrong; kUnsupported for another encoding;
/// kOutOfRange for more buckets or bytes than are read. `out` may then hold some of the samples.
[[nodiscard]] Status DecodeChunk(std::uint8_t encoding, ByteView data, SampleColumns& out);

}  // namespace tickscope::wire
