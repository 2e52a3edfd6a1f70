// PageReader: the page of a game server's SDK, as the agent reads it, also after the game was killed.
//
//   TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.OpenRead(path));
//   TICKSCOPE_ASSIGN_OR_RETURN(const auto page, PageReader::Open(std::move(file)));
//   TICKSCOPE_RETURN_IF_ERROR(page->Refresh());                    every ten seconds
//   for (const PageFamily& family : page->families())
//     for (std::uint32_t i = 0; i < family.series_count; ++i) Use(family, page->Scalar(family, i));
//
// The page belongs to another process, which may be hostile, or dead in the middle of something. It is read by file reads:
// a mapping would let whoever cuts the file short kill the agent. Sizes are checked before anything is added or allocated.
//
// Errors    kUnsupported: a version this does not know. kCorruption: what the page says about itself does not hold; the text
//           says what. kOutOfRange: honest, maybe, but more than we read.
// Memory    Texts of the families, and eight bytes a cell in use: about 60 kB for 300 series.
// Cost      A refresh is one read of the header and one a shard: 10 us for 300 series (./dev bench sdk).
// Threads   Externally locked.
// Source    docs/formats/sdk-page.md
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "io/file_system.h"
#include "model/histogram.h"
#include "sdkpage/page_family.h"

namespace tickscope::sdkpage {

inline constexpr std::uint64_t kPageBytesMax = 4ULL << 30;  ///< Mostly holes.

/// What is read of one page at most; one that asks for more is refused with kOutOfRange.
struct PageLimits {
  std::uint64_t cell_bytes_max = 64ULL << 20;  ///< Of all shards in use: read at each refresh.
  std::uint64_t directory_bytes_max = 16U << 20;
};

enum class PageState : std::uint8_t { kMaking = 0, kLive = 1, kClosed = 2 };

/// What does not change as long as the page is.
struct PageIdentity {
  std::string name;
  std::uint64_t pid = 0;
  std::uint64_t process_start =
      0;  ///< Field 22 of /proc/PID/stat: the same pid with another is another process.
  std::uint64_t parent_pid = 0;  ///< 0 unless forked from a process with a page.
  std::uint64_t created_unix_ns = 0;
};

struct PageExemplar {
  double value = 0;
  std::uint64_t unix_ns = 0;
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
};

class PageReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PageReader>> Open(std::unique_ptr<io::ReadFile> file,
                                                                const PageLimits& limits = {});

  /// Reads what is new in the directory and all values. After an error the values are those of before, or a mixture: ask again
  /// or let the page go.
  [[nodiscard]] Status Refresh();

  [[nodiscard]] const PageIdentity& identity() const { return identity_; }
  [[nodiscard]] PageState state() const { return state_; }
  [[nodiscard]] std::uint64_t heartbeat_unix_ns() const { return heartbeat_unix_ns_; }
  /// In the order they were declared; names are unique. Grows with Refresh, which invalidates the view.
  [[nodiscard]] std::span<const PageFamily> families() const { return families_; }

  /// Equal when nothing moved between two refreshes: no value, no heartbeat, no new family. A checksum, so once in four
  /// billion it misses a change.
  [[nodiscard]] std::uint64_t Fingerprint() const;
  /// Memory that families and values take, about.
  [[nodiscard]] std::uint64_t memory_bytes() const;

  /// The value of a series that is no histogram.
  [[nodiscard]] double Scalar(const PageFamily& family, std::uint32_t series) const;
  /// Of a histogram: counts of its buckets, one more than it has bounds, not cumulative.
  [[nodiscard]] std::span<const std::uint64_t> Buckets(const PageFamily& family, std::uint32_t series) const;
  [[nodiscard]] double Sum(const PageFamily& family, std::uint32_t series) const;
  /// An exponential histogram as a native one of its scale. What is above its last bound is in the bucket of infinity.
  [[nodiscard]] Histogram Native(const PageFamily& family, std::uint32_t series) const;
  /// nullopt when there is none, or it is being written, or never was finished.
  [[nodiscard]] Result<std::optional<PageExemplar>> Exemplar(const PageFamily& family,
                                                             std::uint32_t series) const;

 private:
  PageReader(std::unique_ptr<io::ReadFile> file, const PageLimits& limits)
      : file_(std::move(file)), limits_(limits) {}

  Status ReadIdentity();
  Status ReadExactly(std::uint64_t offset, std::span<std::byte> out) const;
  Status ReadDirectory(std::uint64_t used, PageRoom room);
  Status AddRecord(ByteView record, PageRoom room);
  Status ReadValues(std::uint32_t cells, std::uint32_t shards, ByteView owners);
  void AddShard(std::span<const std::uint64_t> cells, bool common);

  const std::unique_ptr<io::ReadFile> file_;
  const PageLimits limits_;
  PageIdentity identity_;
  PageState state_ = PageState::kMaking;
  std::uint64_t heartbeat_unix_ns_ = 0;
  std::uint64_t page_bytes_ = 0;
  std::uint32_t directory_offset_ = 0;
  std::uint32_t directory_bytes_ = 0;
  std::uint32_t exemplars_offset_ = 0;
  std::uint32_t exemplar_slots_ = 0;
  std::uint64_t shards_offset_ = 0;
  std::uint64_t shard_bytes_ = 0;
  std::uint32_t cells_per_shard_ = 0;
  std::uint32_t shard_count_ = 0;

  std::uint64_t directory_read_ = 0;  ///< Bytes of it that are in families_.
  std::vector<PageFamily> families_;
  // Both of families_: a page of sixteen megabytes has too many of them to compare each with each.
  std::unordered_set<std::string> names_;
  std::map<std::uint32_t, std::uint32_t> cells_taken_;  ///< First cell to the one behind the last.
  std::vector<std::uint64_t> values_;  ///< A cell each, added up over shards: counts, or the bits of doubles.
  std::vector<std::uint64_t> shard_;   ///< One shard's cells while they are added.
};

}  // namespace tickscope::sdkpage
