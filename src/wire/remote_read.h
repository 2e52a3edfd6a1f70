// Remote read: how one Prometheus asks another for raw samples, both sides of it.
//
//   request     POST, a snappy block of prometheus.ReadRequest: queries of a time range and matchers, and which answers
//               are taken
//   SAMPLES     a snappy block of prometheus.ReadResponse: all series of all queries
//   STREAMED_XOR_CHUNKS
//               frames, each | bytes: varint | crc32c of the message: u32 big-endian | prometheus.ChunkedReadResponse |,
//               a frame some chunks (wire/prometheus_chunk.h) of one series
//
// Bounds    What a peer declares is checked against the bytes that are there before anything is made for it.
// Threads   Functions, and writers of one answer that are not thread-safe.
// Source    prometheus.io/docs/prometheus/latest/querying/remote_read_api, prompb/remote.proto field numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/queryable.h"

namespace tickscope::wire {

inline constexpr std::string_view kRemoteReadMediaType = "application/x-protobuf";
inline constexpr std::string_view kRemoteReadStreamMediaType =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
inline constexpr std::size_t kReadQueriesMax = 64;
inline constexpr std::size_t kReadMatchersMax = 1000;

struct RemoteReadQuery {
  TimeMs start_ms = 0;  ///< Inclusive, as is the end.
  TimeMs end_ms = 0;
  std::vector<Matcher> matchers;
};

struct RemoteReadRequest {
  std::vector<RemoteReadQuery> queries;
  bool wants_stream = false;  ///< The first answer it takes that we know is STREAMED_XOR_CHUNKS.
};

/// The body of a request that takes the streamed answer, then the other.
[[nodiscard]] std::string EncodeReadRequest(const RemoteReadQuery& query);

/// Reads a request's body. Errors: kCorruption; kOutOfRange past the limits above or `bytes_max`; kInvalidArgument for a
/// bad matcher; kUnsupported when it takes no answer we know.
[[nodiscard]] Result<RemoteReadRequest> DecodeReadRequest(std::string_view body, std::size_t bytes_max);

/// A series of a query as message of a SAMPLES answer: append these of one query, then AppendQueryResult.
void AppendReadSeries(const Labels& labels, const SampleColumns& samples, std::string& query_result);
/// Adds the query's series to the answer, which is compressed at the end (CompressRead).
void AppendQueryResult(std::string_view query_result, std::string& response);
[[nodiscard]] std::string CompressRead(std::string_view response);

/// Appends a series of the query numbered `query` to a streamed answer, in frames of about a megabyte.
void AppendReadFrames(const Labels& labels, const SampleColumns& samples, std::size_t query,
                      std::string& body);

/// A piece of an answer: some samples of a series, in time order.
using ReadSeriesSink = std::function<Status(const Labels& labels, SampleColumns& samples)>;

/// Reads an answer of either kind, of one query. Errors: kCorruption naming the offset; kOutOfRange when a SAMPLES answer
/// holds more than `bytes_max` when decompressed, or more series or samples than are taken; the sink's.
[[nodiscard]] Status DecodeReadAnswer(std::string_view content_type, std::string_view body,
                                      std::size_t bytes_max, const ReadSeriesSink& sink);

}  // namespace tickscope::wire
