// RequestEncoder: remote-write requests of simulated game servers at the least cost a sender can have.
//
// A series' labels never change, so their bytes are made once, in pieces: what the catalog says of the series
// is shared by all servers, what the server says by all its series. A request then is memcpy, numbers and
// snappy, and 1.5 M series need no memory of their own.
//
//   one series   | head | label_1 | build | label_2 | map, mode | label_3 | region, server, zone | samples |
//   tail |
//
//   label_1..3   __name__; cause, isp_class or le; platform, player_bucket or reason: in the order of names, as all labels
//   1.0          a piece is the protobuf of its labels, tail is empty
//   2.0          a piece is varint references into the request's symbols, which come first; tail is the metadata
//
// Threads   Not thread-safe: one a connection.
// Cost      About 100 ns a sample at ten servers a request, two thirds of it snappy: see fleet_bench.
// Source    prompb/types.proto and prompb/io/prometheus/write/v2/types.proto field numbers.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fleet/game_catalog.h"
#include "fleet/server_identity.h"
#include "wire/remote_write_headers.h"

namespace tickscope::fleet {

/// A few bytes that are copied very often. Kept with room after them, so that a copy is whole blocks: six
/// exact memcpy calls a series took as long as compressing it.
class Piece {
 public:
  static constexpr std::size_t kBlockBytes = 32;

  Piece() = default;
  explicit Piece(std::string_view bytes);

  /// Writes the bytes at `at`, and up to kBlockBytes - 1 of rubbish after them. Returns their end.
  char* CopyTo(char* at) const {
    for (std::size_t done = 0; done < size_; done += kBlockBytes) {
      std::memcpy(at + done, padded_.data() + done, kBlockBytes);
    }
    return at + size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<char> padded_;
  std::size_t size_ = 0;
};

/// What a group of servers adds to the catalog's pieces. Made by RequestEncoder::Prepare.
struct GroupPieces {
  struct Server {
    Piece build;
    Piece map_mode;
    Piece place;
    [[nodiscard]] std::size_t size() const { return build.size() + map_mode.size() + place.size(); }
  };
  std::string symbols;  ///< 2.0: the message's symbol fields.
  std::vector<Server> servers;
};

class RequestEncoder {
 public:
  explicit RequestEncoder(wire::RemoteWriteProtocol protocol);

  [[nodiscard]] GroupPieces Prepare(std::span<const ServerIdentity> servers) const;

  /// Replaces `body` by the compressed request that carries `times_ms` of every series of `group`.
  /// `values` holds, server by server and time by time, the kSeriesPerServer values in catalog order.
  void Encode(const GroupPieces& group, std::span<const TimeMs> times_ms, std::span<const double> values,
              std::string& body);

  /// The message of the last Encode before compression.
  [[nodiscard]] std::string_view message() const { return {message_.data(), message_bytes_}; }

 private:
  struct SeriesPieces {
    std::array<Piece, 3> labels;
    Piece tail;
    [[nodiscard]] std::size_t labels_size() const {
      return labels[0].size() + labels[1].size() + labels[2].size();
    }
  };
  void MakeV1Pieces();
  void MakeV2Pieces();

  wire::RemoteWriteProtocol protocol_;
  std::vector<SeriesPieces> series_;
  std::size_t series_bytes_max_ = 0;  // Catalog pieces of the longest series.
  std::vector<std::string> symbols_;  // 2.0: those of the catalog, "" first.
  std::vector<char> message_;         // Grows to the largest request and stays.
  std::size_t message_bytes_ = 0;
};

}  // namespace tickscope::fleet
