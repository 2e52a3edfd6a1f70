#include "wire/remote_write_decode.h"

#include <snappy.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "wire/checked_pbf_reader.h"
#include "wire/metric_type.h"
#include "wire/remote_write_histogram.h"

namespace tickscope::wire {
namespace {

// Field numbers of the two schemas.
namespace v1 {
constexpr std::uint32_t kRequestSeries = 1;
constexpr std::uint32_t kRequestMetadata = 3;
constexpr std::uint32_t kSeriesLabels = 1;
constexpr std::uint32_t kSeriesSamples = 2;
constexpr std::uint32_t kSeriesExemplars = 3;
constexpr std::uint32_t kSeriesHistograms = 4;
}  // namespace v1
namespace v2 {
constexpr std::uint32_t kRequestSymbols = 4;
constexpr std::uint32_t kRequestSeries = 5;
constexpr std::uint32_t kSeriesLabelRefs = 1;
constexpr std::uint32_t kSeriesSamples = 2;
constexpr std::uint32_t kSeriesHistograms = 3;
constexpr std::uint32_t kSeriesExemplars = 4;
constexpr std::uint32_t kSeriesMetadata = 5;
}  // namespace v2

std::string TypeName(std::int32_t number) {
  const bool known = number >= 0 && static_cast<std::uint32_t>(number) <= kMetricTypeNumberMax;
  return std::string(MetricTypeName(known ? static_cast<MetricType>(number) : MetricType::kUnknown));
}

// Label { string name = 1; string value = 2; }
LabelView ReadLabelV1(std::string_view message) {
  LabelView label;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == 1) {
      label.name = fields.Bytes();
    } else if (fields.tag() == 2) {
      label.value = fields.Bytes();
    } else {
      fields.Skip();
    }
  }
  return label;
}

std::unexpected<Error> TooLarge(const TooMany& e) {
  return Fail(ErrorCode::kOutOfRange, std::string("remote write request: ") + e.what());
}

std::unexpected<Error> BadSeries(std::size_t position, const std::exception& e) {
  return Fail(ErrorCode::kCorruption, "remote write request: series " + std::to_string(position) +
                                          ": malformed protobuf: " + e.what());
}

}  // namespace

Status RemoteWriteRequest::Decode(RemoteWriteProtocol protocol, ByteView message) {
  protocol_ = protocol;
  ClearColumns();
  exemplars_.clear();
  symbols_.clear();
  symbol_hashes_.clear();
  series_messages_.clear();
  return protocol == RemoteWriteProtocol::kV1 ? DecodeV1(message) : DecodeV2(message);
}

Status RemoteWriteRequest::DecodeV1(ByteView message) {
  try {
    CheckedPbfReader request(AsText(message));
    while (request.Next()) {
      if (request.tag() == v1::kRequestSeries) {
        CheckRoom(series_, kRequestSeriesMax, "series");
        DecodeSeriesV1(AsBytes(request.Bytes()));
      } else if (request.tag() == v1::kRequestMetadata) {
        ReceivedMetadata entry;
        std::int32_t type = 0;
        CheckedPbfReader metadata(request.Bytes());
        while (metadata.Next()) {
          switch (metadata.tag()) {
            case 1:
              type = metadata.Int32();
              break;
            case 2:
              entry.metric = metadata.Bytes();
              break;
            case 4:
              entry.metadata.help = std::string(metadata.Bytes());
              break;
            case 5:
              entry.metadata.unit = std::string(metadata.Bytes());
              break;
            default:
              metadata.Skip();
          }
        }
        entry.metadata.type = TypeName(type);
        CheckRoom(metadata_, kRequestMetadataMax, "metadata entries");
        metadata_.push_back(std::move(entry));
      } else {
        request.Skip();
      }
    }
  } catch (const TooMany& e) {
    return TooLarge(e);
  } catch (const std::exception& e) {
    return BadSeries(series_.size(), e);
  }
  return {};
}

// Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3, in 2.0 }
void RemoteWriteRequest::AddSample(std::string_view message) {
  TimeMs time_ms = 0;
  TimeMs start_ms = 0;
  double value = 0;
  CheckedPbfReader reader(message);
  while (reader.Next()) {
    if (reader.tag() == 1) {
      value = reader.Double();
    } else if (reader.tag() == 2) {
      time_ms = reader.Int64();
    } else if (reader.tag() == 3 && protocol_ == RemoteWriteProtocol::kV2) {
      start_ms = reader.Int64();
    } else {
      reader.Skip();
    }
  }
  PushSample(time_ms, value, start_ms);
}

void RemoteWriteRequest::AddExemplar(std::string_view message, ReceivedSeries& series) {
  CheckRoom(exemplars_, kRequestExemplarsMax, "exemplars");
  if (series.exemplar_count == 0) series.first_exemplar = static_cast<std::uint32_t>(exemplars_.size());
  exemplars_.push_back(message);
  ++series.exemplar_count;
}

void RemoteWriteRequest::DecodeSeriesV1(ByteView message) {
  ReceivedSeries series;
  series.message = message;
  series.position = static_cast<std::uint32_t>(series_.size());
  series.first_sample = static_cast<std::uint32_t>(times_ms_.size());
  series.first_histogram = static_cast<std::uint32_t>(histograms_.size());
  // Labels come first and together from every known sender, so their bytes are hashed in one piece.
  const char* const begin = reinterpret_cast<const char*>(message.data());
  const char* labels_end = begin;
  bool labels_are_first = true;
  bool other_seen = false;
  CheckedPbfReader reader(AsText(message));
  while (reader.Next()) {
    switch (reader.tag()) {
      case v1::kSeriesLabels: {
        const std::string_view label = reader.Bytes();
        labels_end = label.data() + label.size();
        labels_are_first = labels_are_first && !other_seen;
        break;
      }
      case v1::kSeriesSamples:
        other_seen = true;
        AddSample(reader.Bytes());
        break;
      case v1::kSeriesExemplars:
        other_seen = true;
        AddExemplar(reader.Bytes(), series);
        break;
      case v1::kSeriesHistograms: {
        other_seen = true;
        CheckRoom(histograms_, kRequestHistogramsMax, "histograms");
        histograms_.push_back(ReadRemoteWriteHistogram(AsBytes(reader.Bytes())));
        histograms_.back().start_ms = 0;  // No field of 1.0.
        break;
      }
      default:
        other_seen = true;
        reader.Skip();
    }
  }
  if (labels_are_first) {
    const XXH128_hash_t hash =
        XXH3_128bits_withSeed(begin, static_cast<std::size_t>(labels_end - begin), seed_);
    series.key = {hash.low64, hash.high64};
  } else {
    // One label after the other, each hash seeding the next.
    std::uint64_t chained = ~seed_;
    XXH128_hash_t hash{};
    CheckedPbfReader labels(AsText(message));
    while (labels.Next(v1::kSeriesLabels)) {
      const std::string_view label = labels.Bytes();
      hash = XXH3_128bits_withSeed(label.data(), label.size(), chained);
      chained = hash.low64;
    }
    series.key = {hash.low64, hash.high64};
  }
  series.sample_count = static_cast<std::uint32_t>(times_ms_.size()) - series.first_sample;
  series.histogram_count = static_cast<std::uint32_t>(histograms_.size()) - series.first_histogram;
  series_.push_back(series);
}

Status RemoteWriteRequest::DecodeV2(ByteView message) {
  try {
    // Symbols may legally follow the series that refer to them.
    CheckedPbfReader request(AsText(message));
    while (request.Next()) {
      if (request.tag() == v2::kRequestSymbols) {
        const std::string_view symbol = request.Bytes();
        CheckRoom(symbols_, kRequestSymbolsMax, "symbols");
        symbols_.push_back(symbol);
        symbol_hashes_.push_back(XXH3_64bits_withSeed(symbol.data(), symbol.size(), seed_));
      } else if (request.tag() == v2::kRequestSeries) {
        CheckRoom(series_messages_, kRequestSeriesMax, "series");
        series_messages_.push_back(AsBytes(request.Bytes()));
      } else {
        request.Skip();
      }
    }
    if (!symbols_.empty() && !symbols_.front().empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "remote write request: the first symbol must be the empty string");
    }
    for (const ByteView series : series_messages_)
      DecodeSeriesV2(series);
  } catch (const std::out_of_range&) {
    return Fail(ErrorCode::kInvalidArgument,
                "remote write request: series " + std::to_string(series_.size()) +
                    ": symbol reference beyond the table of " + std::to_string(symbols_.size()));
  } catch (const TooMany& e) {
    return TooLarge(e);
  } catch (const std::exception& e) {
    return BadSeries(series_.size(), e);
  }
  return {};
}

void RemoteWriteRequest::DecodeSeriesV2(ByteView message) {
  ReceivedSeries series;
  series.message = message;
  series.position = static_cast<std::uint32_t>(series_.size());
  series.first_sample = static_cast<std::uint32_t>(times_ms_.size());
  series.first_histogram = static_cast<std::uint32_t>(histograms_.size());
  std::uint64_t low = seed_;
  std::uint64_t high = ~seed_;
  CheckedPbfReader reader(AsText(message));
  while (reader.Next()) {
    switch (reader.tag()) {
      case v2::kSeriesLabelRefs:
        for (const std::uint32_t ref : reader.PackedUint32()) {
          const std::uint64_t hash = symbol_hashes_.at(ref);
          low = std::rotl(low ^ hash, 29) * 0x9e3779b97f4a7c15ULL;
          high = std::rotl(high + hash, 37) * 0xc2b2ae3d27d4eb4fULL;
        }
        break;
      case v2::kSeriesSamples:
        AddSample(reader.Bytes());
        break;
      case v2::kSeriesHistograms:
        CheckRoom(histograms_, kRequestHistogramsMax, "histograms");
        histograms_.push_back(ReadRemoteWriteHistogram(AsBytes(reader.Bytes())));
        break;
      case v2::kSeriesExemplars:
        AddExemplar(reader.Bytes(), series);
        break;
      default:
        reader.Skip();
    }
  }
  series.key = {low, high};
  series.sample_count = static_cast<std::uint32_t>(times_ms_.size()) - series.first_sample;
  series.histogram_count = static_cast<std::uint32_t>(histograms_.size()) - series.first_histogram;
  series_.push_back(series);
}

std::string_view RemoteWriteRequest::SymbolAt(std::uint32_t index) const {
  return symbols_.at(index);
}

Status RemoteWriteRequest::ReadLabels(const ReceivedSeries& series, std::vector<LabelView>& out) const {
  out.clear();
  try {
    CheckedPbfReader reader(AsText(series.message));
    if (protocol_ == RemoteWriteProtocol::kV1) {
      while (reader.Next(v1::kSeriesLabels)) {
        CheckRoom(out, kSeriesLabelsMax, "labels in one series");
        out.push_back(ReadLabelV1(reader.Bytes()));
      }
      return {};
    }
    bool is_name = true;
    while (reader.Next(v2::kSeriesLabelRefs)) {
      for (const std::uint32_t ref : reader.PackedUint32()) {
        if (is_name) {
          CheckRoom(out, kSeriesLabelsMax, "labels in one series");
          out.push_back({SymbolAt(ref), {}});
        } else {
          out.back().value = SymbolAt(ref);
        }
        is_name = !is_name;
      }
    }
    if (!is_name) {
      return Fail(ErrorCode::kInvalidArgument,
                  "series " + std::to_string(series.position) + ": odd number of label references");
    }
  } catch (const TooMany& e) {
    return TooLarge(e);
  } catch (const std::exception& e) {
    return BadSeries(series.position, e);
  }
  return {};
}

Result<MetricMetadata> RemoteWriteRequest::ReadMetadata(const ReceivedSeries& series) const {
  MetricMetadata metadata;
  if (protocol_ == RemoteWriteProtocol::kV1) return metadata;
  try {
    CheckedPbfReader reader(AsText(series.message));
    while (reader.Next(v2::kSeriesMetadata)) {
      CheckedPbfReader fields(reader.Bytes());
      while (fields.Next()) {
        switch (fields.tag()) {
          case 1:
            metadata.type = TypeName(fields.Int32());
            break;
          case 3:
            metadata.help = SymbolAt(fields.Uint32());
            break;
          case 4:
            metadata.unit = SymbolAt(fields.Uint32());
            break;
          default:
            fields.Skip();
        }
      }
    }
  } catch (const TooMany& e) {
    return TooLarge(e);
  } catch (const std::exception& e) {
    return BadSeries(series.position, e);
  }
  return metadata;
}

// 1.0: Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
// 2.0: Exemplar { repeated uint32 labels_refs = 1; the same two }
Status RemoteWriteRequest::ReadExemplar(const ReceivedSeries& series, std::uint32_t index,
                                        ReceivedExemplar& out) const {
  out.labels.clear();
  out.value = 0;
  out.time_ms = 0;
  try {
    bool is_name = true;
    CheckedPbfReader reader(exemplars_.at(series.first_exemplar + index));
    while (reader.Next()) {
      if (reader.tag() == 1 && protocol_ == RemoteWriteProtocol::kV1) {
        out.labels.push_back(ReadLabelV1(reader.Bytes()));
      } else if (reader.tag() == 1) {
        for (const std::uint32_t ref : reader.PackedUint32()) {
          if (is_name) {
            out.labels.push_back({SymbolAt(ref), {}});
          } else {
            out.labels.back().value = SymbolAt(ref);
          }
          is_name = !is_name;
        }
      } else if (reader.tag() == 2) {
        out.value = reader.Double();
      } else if (reader.tag() == 3) {
        out.time_ms = reader.Int64();
      } else {
        reader.Skip();
      }
      CheckRoom(out.labels, kSeriesLabelsMax, "labels in one exemplar");
    }
    if (!is_name) return Fail(ErrorCode::kInvalidArgument, "exemplar: odd number of label references");
  } catch (const std::out_of_range&) {
    return Fail(ErrorCode::kInvalidArgument,
                "exemplar: symbol reference beyond the table of " + std::to_string(symbols_.size()));
  } catch (const TooMany& e) {
    return TooLarge(e);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("exemplar: malformed protobuf: ") + e.what());
  }
  return {};
}

Status DecompressSnappy(std::string_view block, std::size_t bytes_max, Bytes& out) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return Fail(ErrorCode::kCorruption, "snappy: no length in front of the block");
  }
  if (size > bytes_max) {
    return Fail(ErrorCode::kOutOfRange, "snappy: the block declares " + std::to_string(size) +
                                            " bytes, at most " + std::to_string(bytes_max) + " are taken");
  }
  // Snappy cannot pack more than 64 bytes into three, so a larger claim is false and not worth the memory.
  if (size > block.size() * 22 + 64) {
    return Fail(ErrorCode::kCorruption, "snappy: the block declares " + std::to_string(size) +
                                            " bytes, more than its " + std::to_string(block.size()) +
                                            " can hold");
  }
  out.resize(size);
  if (!snappy::RawUncompress(block.data(), block.size(), reinterpret_cast<char*>(out.data()))) {
    return Fail(ErrorCode::kCorruption,
                "snappy: corrupt block of " + std::to_string(block.size()) + " bytes");
  }
  return {};
}

}  // namespace tickscope::wire
