#include "wire/remote_read.h"

#include <snappy.h>

#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <utility>

#include "codec/crc32c.h"
#include "codec/varint.h"
#include "wire/checked_pbf_reader.h"
#include "wire/prometheus_chunk.h"
#include "wire/remote_write_decode.h"
#include "wire/remote_write_encode.h"

namespace tickscope::wire {
namespace {

using protozero::pbf_writer;

enum RequestField : std::uint32_t { kRequestQueries = 1, kRequestAnswers = 2 };
enum QueryField : std::uint32_t { kQueryStart = 1, kQueryEnd = 2, kQueryMatchers = 3 };
enum MatcherField : std::uint32_t { kMatcherType = 1, kMatcherName = 2, kMatcherValue = 3 };
constexpr std::uint32_t kResponseResults = 1;
enum FrameField : std::uint32_t { kFrameSeries = 1, kFrameQuery = 2 };
enum SeriesField : std::uint32_t { kSeriesLabels = 1, kSeriesChunks = 2 };
enum LabelField : std::uint32_t { kLabelName = 1, kLabelValue = 2 };
enum ChunkField : std::uint32_t { kChunkMin = 1, kChunkMax = 2, kChunkType = 3, kChunkData = 4 };

constexpr std::uint64_t kAnswerSamples = 0;
constexpr std::uint64_t kAnswerStream = 1;

// A frame is sent when it is as long; what reads it takes some megabytes.
constexpr std::size_t kFrameBytes = 1U << 20;
constexpr std::size_t kFrameBytesMax = 64U << 20;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kLabelsMax = 10'000;

// The numbers of LabelMatcher.Type are those of MatchType.
static_assert(static_cast<int>(MatchType::kEqual) == 0 && static_cast<int>(MatchType::kNotEqual) == 1 &&
              static_cast<int>(MatchType::kRegex) == 2 && static_cast<int>(MatchType::kNotRegex) == 3);

Result<Matcher> ReadMatcher(std::string_view message) {
  std::int32_t type = 0;
  std::string_view name;
  std::string_view value;
  CheckedPbfReader reader(message);
  while (reader.Next()) {
    if (reader.tag() == kMatcherType) {
      type = reader.Int32();
    } else if (reader.tag() == kMatcherName) {
      name = reader.Bytes();
    } else if (reader.tag() == kMatcherValue) {
      value = reader.Bytes();
    } else {
      reader.Skip();
    }
  }
  if (type < 0 || type > 3) return Fail(ErrorCode::kInvalidArgument, "remote read: unknown type of matcher");
  return Matcher::Make(static_cast<MatchType>(type), name, value);
}

Result<RemoteReadQuery> ReadQuery(std::string_view message) {
  RemoteReadQuery query;
  CheckedPbfReader reader(message);
  while (reader.Next()) {
    if (reader.tag() == kQueryStart) {
      query.start_ms = reader.Int64();
    } else if (reader.tag() == kQueryEnd) {
      query.end_ms = reader.Int64();
    } else if (reader.tag() == kQueryMatchers) {
      if (query.matchers.size() == kReadMatchersMax)
        return Fail(ErrorCode::kOutOfRange, "remote read: too many matchers in a query");
      TICKSCOPE_ASSIGN_OR_RETURN(Matcher matcher, ReadMatcher(reader.Bytes()));
      query.matchers.push_back(std::move(matcher));
    } else {
      reader.Skip();
    }
  }
  return query;
}

void AddLabels(const Labels& labels, pbf_writer& series) {
  for (const LabelView& label : labels) {
    pbf_writer message(series, kSeriesLabels);
    message.add_string(kLabelName, label.name.data(), label.name.size());
    message.add_string(kLabelValue, label.value.data(), label.value.size());
  }
}

void AppendFrame(const std::string& message, std::string& body) {
  protozero::add_varint_to_buffer(&body, message.size());
  const std::uint32_t crc = codec::Crc32c(AsBytes(message));
  for (int shift = 24; shift >= 0; shift -= 8)
    body += static_cast<char>(crc >> shift);
  body += message;
}

std::unexpected<Error> NoAnswer(std::string_view what, std::size_t offset) {
  return Fail(ErrorCode::kCorruption,
              "remote read answer: " + std::string(what) + " at offset " + std::to_string(offset));
}

Result<Labels> CheckedLabels(std::vector<std::pair<std::string_view, std::string_view>> pairs,
                             std::size_t offset) {
  std::ranges::sort(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].first.empty()) return NoAnswer("empty label name", offset);
    if (i > 0 && pairs[i].first == pairs[i - 1].first) return NoAnswer("label name twice", offset);
  }
  return Labels::FromPairs(std::move(pairs));
}

Status ReadChunkedSeries(std::string_view message, std::size_t offset, const ReadSeriesSink& sink) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  SampleColumns samples;
  CheckedPbfReader reader(message);
  while (reader.Next()) {
    if (reader.tag() == kSeriesLabels) {
      if (pairs.size() == kLabelsMax) return NoAnswer("too many labels", offset);
      CheckedPbfReader label(reader.Bytes());
      auto& [name, value] = pairs.emplace_back();
      while (label.Next()) {
        if (label.tag() == kLabelName) {
          name = label.Bytes();
        } else if (label.tag() == kLabelValue) {
          value = label.Bytes();
        } else {
          label.Skip();
        }
      }
    } else if (reader.tag() == kSeriesChunks) {
      CheckedPbfReader chunk(reader.Bytes());
      std::int32_t type = 0;
      std::string_view data;
      while (chunk.Next()) {
        if (chunk.tag() == kChunkType) {
          type = chunk.Int32();
        } else if (chunk.tag() == kChunkData) {
          data = chunk.Bytes();
        } else {
          chunk.Skip();
        }
      }
      if (type < 0 || type > UINT8_MAX) return NoAnswer("unknown encoding of a chunk", offset);
      if (Status decoded = DecodeChunk(static_cast<std::uint8_t>(type), AsBytes(data), samples); !decoded) {
        return FailWith("remote read answer: series at offset " + std::to_string(offset),
                        std::move(decoded).error());
      }
    } else {
      reader.Skip();
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, CheckedLabels(std::move(pairs), offset));
  return sink(labels, samples);
}

Status DecodeStream(std::string_view body, const ReadSeriesSink& sink) {
  codec::FieldReader frames(AsBytes(body));
  while (frames.remaining() > 0) {
    const std::size_t offset = body.size() - frames.remaining();
    const std::uint64_t size = frames.Varint();
    const ByteView crc = frames.Take(kCrcBytes);
    if (size > kFrameBytesMax) return NoAnswer("frame too long", offset);
    const ByteView message = frames.Take(size);
    if (!frames.ok()) return NoAnswer("cut in a frame", offset);
    std::uint32_t want = 0;
    for (const std::byte byte : crc)
      want = want << 8 | static_cast<std::uint32_t>(byte);
    if (codec::Crc32c(message) != want) return NoAnswer("checksum of a frame differs", offset);
    CheckedPbfReader reader(AsText(message));
    while (reader.Next()) {
      if (reader.tag() == kFrameSeries) {
        TICKSCOPE_RETURN_IF_ERROR(ReadChunkedSeries(reader.Bytes(), offset, sink));
      } else {
        reader.Skip();
      }
    }
  }
  return {};
}

// A query's result has the form of a remote-write request: series in field 1.
Status DecodeQueryResult(std::string_view message, const ReadSeriesSink& sink) {
  RemoteWriteRequest received(0);
  TICKSCOPE_RETURN_IF_ERROR(received.Decode(RemoteWriteProtocol::kV1, AsBytes(message)));
  std::vector<LabelView> views;
  for (const ReceivedSeries& series : received.series()) {
    views.clear();
    TICKSCOPE_RETURN_IF_ERROR(received.ReadLabels(series, views));
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (const LabelView& view : views)
      pairs.emplace_back(view.name, view.value);
    TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, CheckedLabels(std::move(pairs), 0));
    SampleColumns samples;
    for (std::uint32_t i = 0; i < series.sample_count; ++i) {
      samples.times_ms.push_back(received.times_ms()[series.first_sample + i]);
      samples.values.push_back(received.values()[series.first_sample + i]);
    }
    if (series.histogram_count > 0) samples.histograms.resize(samples.size());
    for (std::uint32_t i = 0; i < series.histogram_count; ++i) {
      const ReceivedHistogram& histogram = received.histograms()[series.first_histogram + i];
      samples.times_ms.push_back(histogram.time_ms);
      samples.values.push_back(0);
      samples.histograms.push_back(histogram.histogram);
    }
    TICKSCOPE_RETURN_IF_ERROR(sink(labels, samples));
  }
  return {};
}

}  // namespace

std::string EncodeReadRequest(const RemoteReadQuery& query) {
  std::string message;
  {
    pbf_writer request(message);
    {
      pbf_writer out(request, kRequestQueries);
      out.add_int64(kQueryStart, query.start_ms);
      out.add_int64(kQueryEnd, query.end_ms);
      for (const Matcher& matcher : query.matchers) {
        pbf_writer field(out, kQueryMatchers);
        field.add_enum(kMatcherType, static_cast<std::int32_t>(matcher.type()));
        field.add_string(kMatcherName, matcher.name());
        field.add_string(kMatcherValue, matcher.value());
      }
    }
    const std::uint64_t answers[] = {kAnswerStream, kAnswerSamples};
    request.add_packed_uint64(kRequestAnswers, std::begin(answers), std::end(answers));
  }
  return CompressRead(message);
}

Result<RemoteReadRequest> DecodeReadRequest(std::string_view body, std::size_t bytes_max) {
  Bytes message;
  TICKSCOPE_RETURN_IF_ERROR(DecompressSnappy(body, bytes_max, message));
  RemoteReadRequest request;
  bool has_answer = false;
  bool names_answers = false;
  const auto take_answer = [&](std::uint64_t answer) {
    names_answers = true;
    if (has_answer || (answer != kAnswerSamples && answer != kAnswerStream)) return;
    has_answer = true;
    request.wants_stream = answer == kAnswerStream;
  };
  try {
    CheckedPbfReader reader(AsText(message));
    while (reader.Next()) {
      if (reader.tag() == kRequestQueries) {
        if (request.queries.size() == kReadQueriesMax)
          return Fail(ErrorCode::kOutOfRange, "remote read: too many queries in a request");
        TICKSCOPE_ASSIGN_OR_RETURN(RemoteReadQuery query, ReadQuery(reader.Bytes()));
        request.queries.push_back(std::move(query));
      } else if (reader.tag() == kRequestAnswers) {
        if (reader.IsLengthDelimited()) {
          for (const std::uint32_t answer : reader.PackedUint32())
            take_answer(answer);
        } else {
          take_answer(reader.Uint64());
        }
      } else {
        reader.Skip();
      }
    }
  } catch (const protozero::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("remote read: no ReadRequest: ") + e.what());
  }
  if (names_answers && !has_answer)
    return Fail(ErrorCode::kUnsupported,
                "remote read: no known response type, want SAMPLES or STREAMED_XOR_CHUNKS");
  return request;
}

void AppendReadSeries(const Labels& labels, const SampleColumns& samples, std::string& query_result) {
  std::vector<WriteSample> floats;
  std::vector<WriteHistogram> histograms;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!samples.histograms.empty() && samples.histograms[i] != nullptr) {
      histograms.push_back({.time_ms = samples.times_ms[i], .histogram = samples.histograms[i].get()});
    } else {
      floats.push_back({.time_ms = samples.times_ms[i], .value = samples.values[i]});
    }
  }
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV1);
  const WriteSeries series{.labels = &labels, .samples = floats, .histograms = histograms};
  std::string compressed;
  encoder.Encode({&series, 1}, compressed);
  query_result += encoder.message();
}

void AppendQueryResult(std::string_view query_result, std::string& response) {
  pbf_writer out(response);
  out.add_message(kResponseResults, query_result.data(), query_result.size());
}

std::string CompressRead(std::string_view response) {
  std::string body;
  snappy::Compress(response.data(), response.size(), &body);
  return body;
}

void AppendReadFrames(const Labels& labels, const SampleColumns& samples, std::size_t query,
                      std::string& body) {
  std::vector<PrometheusChunk> chunks;
  EncodeChunks(samples, chunks);
  for (std::size_t from = 0; from < chunks.size();) {
    std::string message;
    {
      pbf_writer frame(message);
      {
        pbf_writer series(frame, kFrameSeries);
        AddLabels(labels, series);
        std::size_t bytes = 0;
        for (; from < chunks.size() && bytes < kFrameBytes; ++from) {
          pbf_writer chunk(series, kSeriesChunks);
          chunk.add_int64(kChunkMin, chunks[from].min_time_ms);
          chunk.add_int64(kChunkMax, chunks[from].max_time_ms);
          chunk.add_enum(kChunkType, static_cast<std::int32_t>(chunks[from].encoding));
          const std::string_view data = AsText(chunks[from].data);
          chunk.add_bytes(kChunkData, data.data(), data.size());
          bytes += data.size();
        }
      }
      if (query > 0) frame.add_int64(kFrameQuery, static_cast<std::int64_t>(query));
    }
    AppendFrame(message, body);
  }
}

Status DecodeReadAnswer(std::string_view content_type, std::string_view body, std::size_t bytes_max,
                        const ReadSeriesSink& sink) {
  try {
    if (content_type.starts_with("application/x-streamed-protobuf")) return DecodeStream(body, sink);
    Bytes message;
    TICKSCOPE_RETURN_IF_ERROR(DecompressSnappy(body, bytes_max, message));
    CheckedPbfReader reader(AsText(message));
    while (reader.Next()) {
      if (reader.tag() == kResponseResults) {
        TICKSCOPE_RETURN_IF_ERROR(DecodeQueryResult(reader.Bytes(), sink));
      } else {
        reader.Skip();
      }
    }
  } catch (const protozero::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("remote read answer: no protobuf: ") + e.what());
  }
  return {};
}

}  // namespace tickscope::wire
