#include "compact/times_plan.h"

#include <algorithm>
#include <utility>

#include "block/block_format.h"
#include "codec/time_column.h"

namespace tickscope::compact {
namespace {

using block::kChunkRows;
using block::TimesChunk;

// Chunks that become one piece.
struct Cluster {
  std::vector<SourceChunk> chunks;
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;
  std::uint64_t rows = 0;  // Of all chunks: no fewer than the piece will have.
};

const TimesChunk& ChunkOf(std::span<const SourceTimes> sources, const SourceChunk& at) {
  const SourceTimes& source = sources[at.source];
  return source.block->ChunksOf(source.id)[at.chunk];
}

// Chunks in the range, those that overlap together.
std::vector<Cluster> FindClusters(std::span<const SourceTimes> sources, TimeMs from_ms, TimeMs until_ms,
                                  std::vector<SourceChunk>& dropped) {
  std::vector<SourceChunk> all;
  for (std::uint32_t source = 0; source < sources.size(); ++source) {
    const auto chunks = sources[source].block->ChunksOf(sources[source].id);
    for (std::uint32_t chunk = 0; chunk < chunks.size(); ++chunk) {
      const bool is_outside = chunks[chunk].last_ms < from_ms || chunks[chunk].first_ms >= until_ms;
      (is_outside ? dropped : all).push_back({source, chunk});
    }
  }
  std::ranges::stable_sort(all, {}, [&](const SourceChunk& at) { return ChunkOf(sources, at).first_ms; });
  std::vector<Cluster> clusters;
  for (const SourceChunk& at : all) {
    const TimesChunk& chunk = ChunkOf(sources, at);
    if (clusters.empty() || chunk.first_ms > clusters.back().last_ms) {
      clusters.push_back({{}, chunk.first_ms, chunk.last_ms, 0});
    }
    Cluster& cluster = clusters.back();
    cluster.chunks.push_back(at);
    cluster.last_ms = std::max(cluster.last_ms, chunk.last_ms);
    cluster.rows += chunk.rows;
  }
  return clusters;
}

std::vector<Cluster> JoinShort(std::vector<Cluster> clusters) {
  std::vector<Cluster> joined;
  bool may_join = false;
  for (Cluster& cluster : clusters) {
    const bool is_short = cluster.rows < kCopyRowsMin;
    if (is_short && may_join && joined.back().rows + cluster.rows <= kChunkRows) {
      Cluster& last = joined.back();
      last.chunks.insert(last.chunks.end(), cluster.chunks.begin(), cluster.chunks.end());
      last.last_ms = cluster.last_ms;
      last.rows += cluster.rows;
      continue;
    }
    may_join = is_short;
    joined.push_back(std::move(cluster));
  }
  return joined;
}

// Fills in the times of a piece whose rows are not those of one source.
Status UniteTimes(std::span<const SourceTimes> sources, TimeMs from_ms, TimeMs until_ms, Piece& piece,
                  std::size_t& damaged) {
  std::vector<std::vector<TimeMs>> times_of(piece.sources.size());
  for (std::size_t i = 0; i < piece.sources.size(); ++i) {
    damaged = piece.sources[i].source;
    TICKSCOPE_RETURN_IF_ERROR(
        sources[damaged].block->ReadTimes(ChunkOf(sources, piece.sources[i]), times_of[i]));
    for (const TimeMs time_ms : times_of[i]) {
      if (time_ms >= from_ms && time_ms < until_ms) piece.times_ms.push_back(time_ms);
    }
  }
  std::ranges::sort(piece.times_ms);
  piece.times_ms.erase(std::unique(piece.times_ms.begin(), piece.times_ms.end()), piece.times_ms.end());
  for (const std::vector<TimeMs>& times_ms : times_of) {
    std::vector<std::uint32_t>& row_of = piece.row_of.emplace_back();
    row_of.reserve(times_ms.size());
    std::size_t row = 0;
    for (const TimeMs time_ms : times_ms) {
      while (row < piece.times_ms.size() && piece.times_ms[row] < time_ms)
        ++row;
      const bool is_in = row < piece.times_ms.size() && piece.times_ms[row] == time_ms;
      row_of.push_back(is_in ? static_cast<std::uint32_t>(row) : kNoRow);
    }
  }
  return {};
}

std::uint64_t BytesOf(const Piece& piece) {
  std::uint64_t bytes = sizeof(Piece) + piece.sources.capacity() * sizeof(SourceChunk) +
                        piece.times_ms.capacity() * sizeof(TimeMs) + piece.chunk_rows.capacity() * 4;
  for (const auto& row_of : piece.row_of)
    bytes += sizeof(row_of) + row_of.capacity() * sizeof(std::uint32_t);
  return bytes;
}

}  // namespace

Result<TimesPlan> MakeTimesPlan(std::span<const SourceTimes> sources, TimeMs from_ms, TimeMs until_ms,
                                std::size_t& damaged) {
  TimesPlan plan;
  std::vector<TimeMs> times_ms;
  for (Cluster& cluster : JoinShort(FindClusters(sources, from_ms, until_ms, plan.dropped))) {
    Piece piece;
    piece.sources = std::move(cluster.chunks);
    piece.first_ms = cluster.first_ms;
    piece.last_ms = cluster.last_ms;
    if (piece.sources.size() == 1 && piece.first_ms >= from_ms && piece.last_ms < until_ms) {
      // Copied unread as well, but made sure of: it is done once for all series of a target.
      const SourceChunk& at = piece.sources.front();
      damaged = at.source;
      TICKSCOPE_RETURN_IF_ERROR(sources[at.source].block->ReadTimes(ChunkOf(sources, at), times_ms));
      piece.chunk_rows.push_back(static_cast<std::uint32_t>(cluster.rows));
      plan.rows += cluster.rows;
    } else {
      std::ranges::stable_sort(piece.sources, {}, &SourceChunk::source);
      TICKSCOPE_RETURN_IF_ERROR(UniteTimes(sources, from_ms, until_ms, piece, damaged));
      const std::size_t rows = piece.times_ms.size();
      if (rows == 0) {
        plan.dropped.insert(plan.dropped.end(), piece.sources.begin(), piece.sources.end());
        continue;
      }
      // In equal parts, so that none is too short to be copied by the next merge.
      const std::size_t parts = (rows + kChunkRows - 1) / kChunkRows;
      for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t part_rows = rows * (part + 1) / parts - rows * part / parts;
        piece.chunk_rows.push_back(static_cast<std::uint32_t>(part_rows));
      }
      plan.rows += rows;
    }
    plan.chunk_count += piece.chunk_rows.size();
    plan.bytes += BytesOf(piece);
    plan.pieces.push_back(std::move(piece));
  }
  plan.bytes += sizeof plan + plan.dropped.capacity() * sizeof(SourceChunk);
  return plan;
}

Result<block::TimesId> AddPlannedTimes(const TimesPlan& plan, std::span<const SourceTimes> sources,
                                       block::BlockWriter& writer) {
  std::vector<block::PackedTimes> chunks;
  std::vector<Bytes> encoded;
  encoded.reserve(plan.chunk_count);
  for (const Piece& piece : plan.pieces) {
    if (piece.keeps_rows()) {
      const TimesChunk& chunk = ChunkOf(sources, piece.sources.front());
      chunks.push_back({sources[piece.sources.front().source].block->TimesColumn(chunk), chunk.rows,
                        chunk.first_ms, chunk.last_ms});
      continue;
    }
    std::size_t from = 0;
    for (const std::uint32_t rows : piece.chunk_rows) {
      const std::span<const TimeMs> part(&piece.times_ms[from], rows);
      codec::EncodeTimes(part, encoded.emplace_back());
      chunks.push_back({encoded.back(), rows, part.front(), part.back()});
      from += rows;
    }
  }
  return writer.AddPackedTimes(chunks);
}

}  // namespace tickscope::compact
