#include "fleet/request_encoder.h"

#include <snappy.h>

#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/check.h"

namespace tickscope::fleet {
namespace {

using protozero::pbf_wire_type;
using protozero::pbf_writer;

// Field numbers. Samples and what is in them are the same in both versions.
constexpr protozero::pbf_tag_type kRequestSeriesV1 = 1;
constexpr protozero::pbf_tag_type kRequestSymbolV2 = 4;
constexpr protozero::pbf_tag_type kRequestSeriesV2 = 5;
constexpr protozero::pbf_tag_type kSeriesLabelV1 = 1;
constexpr protozero::pbf_tag_type kSeriesRefsV2 = 1;
constexpr protozero::pbf_tag_type kSeriesSample = 2;
constexpr protozero::pbf_tag_type kSeriesMetadataV2 = 5;
constexpr protozero::pbf_tag_type kSampleValue = 1;
constexpr protozero::pbf_tag_type kSampleTime = 2;
constexpr protozero::pbf_tag_type kLabelName = 1;
constexpr protozero::pbf_tag_type kLabelValue = 2;
constexpr protozero::pbf_tag_type kMetadataType = 1;
constexpr protozero::pbf_tag_type kMetadataHelp = 3;
constexpr protozero::pbf_tag_type kMetadataUnit = 4;

// The byte that opens a field; all our field numbers fit one.
constexpr char Key(protozero::pbf_tag_type field, pbf_wire_type type) {
  return static_cast<char>(field << 3U | static_cast<std::uint32_t>(type));
}

std::size_t VarintBytes(std::uint64_t value) {
  return static_cast<std::size_t>(protozero::length_of_varint(value));
}

char* PutVarint(std::uint64_t value, char* at) {
  return at + protozero::add_varint_to_buffer(at, value);
}

void AppendLabelV1(std::string_view name, std::string_view value, std::string& out) {
  pbf_writer series(out);
  pbf_writer label(series, kSeriesLabelV1);
  label.add_string(kLabelName, name.data(), name.size());
  label.add_string(kLabelValue, value.data(), value.size());
}

// Numbers symbols in order of first use.
class Symbols {
 public:
  explicit Symbols(std::vector<std::string> known) : list_(std::move(known)) {
    for (const std::string& symbol : list_)
      numbers_.emplace(symbol, static_cast<std::uint32_t>(numbers_.size()));
  }
  std::uint32_t Number(std::string_view symbol) {
    const auto [at, added] = numbers_.emplace(symbol, static_cast<std::uint32_t>(numbers_.size()));
    if (added) list_.emplace_back(symbol);
    return at->second;
  }
  void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
    protozero::add_varint_to_buffer(&out, Number(name));
    protozero::add_varint_to_buffer(&out, Number(value));
  }
  std::vector<std::string> Take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

// Which of the three places between the server's labels a series' own label belongs to, by name order.
std::size_t PlaceOf(std::string_view label) {
  TICKSCOPE_CHECK(label == "cause" || label == "isp_class" || label == "le" || label > "mode");
  TICKSCOPE_CHECK(label < "region");
  return label > "mode" ? 2 : 1;
}

}  // namespace

Piece::Piece(std::string_view bytes) : padded_(bytes.begin(), bytes.end()), size_(bytes.size()) {
  padded_.resize((size_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
}

RequestEncoder::RequestEncoder(wire::RemoteWriteProtocol protocol)
    : protocol_(protocol), series_(kSeriesPerServer) {
  if (protocol_ == wire::RemoteWriteProtocol::kV1) {
    MakeV1Pieces();
  } else {
    MakeV2Pieces();
  }
  for (const SeriesPieces& pieces : series_) {
    series_bytes_max_ = std::max(series_bytes_max_, pieces.labels_size() + pieces.tail.size());
  }
}

void RequestEncoder::MakeV1Pieces() {
  const auto& catalog = TheGameCatalog().series;
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    std::array<std::string, 3> labels;
    AppendLabelV1(kMetricName, catalog[i].name, labels[0]);
    if (!catalog[i].label.empty()) {
      AppendLabelV1(catalog[i].label, catalog[i].label_value, labels[PlaceOf(catalog[i].label)]);
    }
    for (std::size_t place = 0; place < labels.size(); ++place)
      series_[i].labels[place] = Piece(labels[place]);
  }
}

void RequestEncoder::MakeV2Pieces() {
  Symbols symbols({""});
  for (std::string_view name : {"build", "map", "mode", "region", "server", "zone"})
    (void)symbols.Number(name);
  const auto& catalog = TheGameCatalog().series;
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    std::array<std::string, 3> labels;
    symbols.AppendLabel(kMetricName, catalog[i].name, labels[0]);
    if (!catalog[i].label.empty()) {
      symbols.AppendLabel(catalog[i].label, catalog[i].label_value, labels[PlaceOf(catalog[i].label)]);
    }
    for (std::size_t place = 0; place < labels.size(); ++place)
      series_[i].labels[place] = Piece(labels[place]);
  }
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    const MetricFamily& family = *catalog[i].family;
    std::string tail;
    {
      pbf_writer series(tail);
      pbf_writer metadata(series, kSeriesMetadataV2);
      metadata.add_enum(kMetadataType, static_cast<std::int32_t>(family.type));
      metadata.add_uint32(kMetadataHelp, symbols.Number(family.help));
      metadata.add_uint32(kMetadataUnit, symbols.Number(family.unit));
    }
    series_[i].tail = Piece(tail);
  }
  symbols_ = symbols.Take();
}

GroupPieces RequestEncoder::Prepare(std::span<const ServerIdentity> servers) const {
  GroupPieces group;
  Symbols symbols(symbols_);
  const bool v1 = protocol_ == wire::RemoteWriteProtocol::kV1;
  const auto append = [&](std::string_view name, std::string_view value, std::string& out) {
    v1 ? AppendLabelV1(name, value, out) : symbols.AppendLabel(name, value, out);
  };
  for (const ServerIdentity& server : servers) {
    std::string build;
    append("build", server.build, build);
    std::string map_mode;
    append("map", server.map, map_mode);
    append("mode", server.mode, map_mode);
    std::string place;
    append("region", server.region, place);
    append("server", server.server, place);
    append("zone", server.zone, place);
    group.servers.push_back({.build = Piece(build), .map_mode = Piece(map_mode), .place = Piece(place)});
  }
  if (!v1) {
    pbf_writer message(group.symbols);
    for (const std::string& symbol : symbols.Take())
      message.add_string(kRequestSymbolV2, symbol);
  }
  return group;
}

void RequestEncoder::Encode(const GroupPieces& group, std::span<const TimeMs> times_ms,
                            std::span<const double> values, std::string& body) {
  TICKSCOPE_CHECK(values.size() == group.servers.size() * times_ms.size() * kSeriesPerServer);
  const bool v1 = protocol_ == wire::RemoteWriteProtocol::kV1;

  // A sample takes its tag, its length, the value's tag and bytes, the time's tag and bytes.
  std::size_t samples_bytes = 0;
  for (const TimeMs time_ms : times_ms)
    samples_bytes += 12 + VarintBytes(static_cast<std::uint64_t>(time_ms));

  std::size_t bytes_max = group.symbols.size() + Piece::kBlockBytes;
  for (const GroupPieces::Server& server : group.servers) {
    bytes_max += kSeriesPerServer *
                 (2 + 2 * protozero::max_varint_length + series_bytes_max_ + server.size() + samples_bytes);
  }
  if (message_.size() < bytes_max) message_.resize(bytes_max);

  const char series_key = Key(v1 ? kRequestSeriesV1 : kRequestSeriesV2, pbf_wire_type::length_delimited);
  char* at = std::ranges::copy(group.symbols, message_.data()).out;
  const double* server_values = values.data();
  for (const GroupPieces::Server& server : group.servers) {
    const std::size_t server_bytes = server.size();
    for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
      const SeriesPieces& series = series_[i];
      const std::size_t labels_bytes = series.labels_size() + server_bytes;
      const std::size_t refs_head_bytes = v1 ? 0 : 1 + VarintBytes(labels_bytes);
      *at++ = series_key;
      at = PutVarint(refs_head_bytes + labels_bytes + samples_bytes + series.tail.size(), at);
      if (!v1) {
        *at++ = Key(kSeriesRefsV2, pbf_wire_type::length_delimited);
        at = PutVarint(labels_bytes, at);
      }
      at = series.labels[0].CopyTo(at);
      at = server.build.CopyTo(at);
      at = series.labels[1].CopyTo(at);
      at = server.map_mode.CopyTo(at);
      at = series.labels[2].CopyTo(at);
      at = server.place.CopyTo(at);
      for (std::size_t t = 0; t < times_ms.size(); ++t) {
        const auto time = static_cast<std::uint64_t>(times_ms[t]);
        *at++ = Key(kSeriesSample, pbf_wire_type::length_delimited);
        *at++ = static_cast<char>(10 + VarintBytes(time));
        *at++ = Key(kSampleValue, pbf_wire_type::fixed64);
        std::memcpy(at, &server_values[t * kSeriesPerServer + i], sizeof(double));
        at += sizeof(double);
        *at++ = Key(kSampleTime, pbf_wire_type::varint);
        at = PutVarint(time, at);
      }
      at = series.tail.CopyTo(at);
    }
    server_values += times_ms.size() * kSeriesPerServer;
  }
  message_bytes_ = static_cast<std::size_t>(at - message_.data());
  TICKSCOPE_DCHECK(message_bytes_ + Piece::kBlockBytes <= bytes_max);
  snappy::Compress(message_.data(), message_bytes_, &body);
}

}  // namespace tickscope::fleet
