// SpoolQueue: records of one class on their way through the disk, oldest or newest first.
//
//   Append -> [ active segment ]    Commit: durable
//             [ segment ... ]       Next -> in flight -> Done: gone when all of its segment is
//
// Opening lists the directory and reads one small file: what is in the segments is looked at when it is its turn. Nothing is appended to a
// segment that was there before, so that what a crash tore is only ever skipped. A record's identity is (epoch, number): the epoch is
// drawn anew at each opening, so a number whose record a power cut took is not given to another one.
//
// What was done is noted by Commit; what was done after the last Commit before a crash comes again, with the same identity.
//
// Invariants  Q1 A record that Commit returned for leaves by Done, DropOldest or damage, and by nothing else.
//             Q2 Records of a segment come in order. Oldest first: so do segments. Newest first: each time of the newest that has any.
// Threads     Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "io/file_system.h"
#include "spool/segment_reader.h"

namespace tickscope::spool {

struct SpoolQueueOptions {
  std::string directory;
  std::uint64_t segment_bytes = 4U << 20;
  bool newest_first = false;
};

/// Of records that left without being delivered.
struct Lost {
  std::uint64_t records = 0;
  std::uint64_t items = 0;
};

/// A record in flight.
struct SpoolRecord {
  std::uint64_t epoch = 0;  ///< 0 when the segment's header is damaged: then who sent it before is not known.
  std::uint64_t number = 0;
  TimeMs made_ms = 0;
  std::uint32_t items = 0;
  std::string payload;
  // Where it is, for Done.
  std::uint64_t segment = 0;
  std::uint64_t end = 0;
};

class SpoolQueue {
 public:
  /// Creates the directory. Errors: as the file system.
  [[nodiscard]] static Result<std::unique_ptr<SpoolQueue>> Open(io::FileSystem& fs, Random& random,
                                                                SpoolQueueOptions options);

  /// Adds a record; it is durable when Commit returns. Errors: kInvalidArgument for more than kPayloadBytesMax;
  /// kResourceExhausted when the disk is full, kUnavailable: the record is not there then, and earlier ones are.
  [[nodiscard]] Status Append(ByteView payload, std::uint32_t items, TimeMs made_ms);
  /// Makes what was appended, and what was done, durable. After an error what was appended since the last success may be lost in a
  /// power cut; the next Commit makes later records durable.
  [[nodiscard]] Status Commit();
  /// The next record that is not in flight; nullopt when there is none. Errors: as the file system; a segment that fails to be read time
  /// after time is passed over and counted as damage, so that none blocks those behind it.
  [[nodiscard]] Result<std::optional<SpoolRecord>> Next();
  /// The record was delivered, or never will be. Requires: those of its segment are done in the order they came.
  void Done(const SpoolRecord& record);
  /// Lets go of the oldest segment that has nothing in flight. Nullopt when there is none.
  [[nodiscard]] std::optional<Lost> DropOldest();

  /// Gives `visit` the payloads of the newest two segments, done or not: how who appends finds out what was the last it appended before it
  /// was killed. Damage is passed over. Errors: as the file system.
  [[nodiscard]] Status VisitNewest(const std::function<void(ByteView)>& visit) const;

  /// Of the record that is appended next.
  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }
  /// The number of the last record of an epoch that is on the disk, done or not; 0 when there is none. With it, who appended finds out after a
  /// kill what it had appended. Errors: as the file system.
  [[nodiscard]] Result<std::uint64_t> LastNumber(std::uint64_t epoch) const;

  /// How many bytes of disk_bytes() the next record adds: none while it has room in the active segment.
  [[nodiscard]] std::uint64_t BytesToAppend(std::size_t payload_bytes) const;
  /// Of files, done parts of segments that are still there and room reserved included.
  [[nodiscard]] std::uint64_t disk_bytes() const;
  /// Bytes that have not been read yet.
  [[nodiscard]] std::uint64_t waiting_bytes() const;
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Stretches of bytes that were no records, since opening.
  [[nodiscard]] std::uint64_t damages() const { return damages_; }

 private:
  struct Segment {
    std::uint64_t ordinal = 0;
    std::uint64_t size = 0;     // Of whole records; grows while it is active.
    std::uint64_t read_at = 0;  // Where Next goes on.
    std::uint64_t done_at = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t epoch = 0;
    bool is_known = false;  // Whether the epoch is.
    std::uint8_t read_failures = 0;
  };

  SpoolQueue(io::FileSystem& fs, Random& random, SpoolQueueOptions options)
      : fs_(fs), options_(std::move(options)), epoch_(random.Next() | 1) {}
  [[nodiscard]] Status Load();
  [[nodiscard]] Status LoadCursor();
  [[nodiscard]] Status SaveCursor();
  [[nodiscard]] std::string PathOf(std::uint64_t ordinal) const;
  [[nodiscard]] Status StartSegment();
  // Ends the active segment: nothing more is appended to it.
  void Seal();
  [[nodiscard]] Segment* NextToRead();
  [[nodiscard]] Result<std::optional<SpoolRecord>> ReadFrom(Segment& segment);
  [[nodiscard]] bool IsActive(const Segment& segment) const {
    return active_ != nullptr && segment.ordinal == segments_.back().ordinal;
  }
  [[nodiscard]] Lost CountRest(const Segment& segment) const;
  void RemoveFinished();
  void Remove(std::deque<Segment>::iterator segment);

  io::FileSystem& fs_;
  const SpoolQueueOptions options_;
  std::uint64_t epoch_;
  std::deque<Segment> segments_;  // By ordinal; the active one is the last.
  std::unique_ptr<io::AppendFile> active_;
  std::optional<SegmentReader> reader_;  // Of the segment that was read last.
  std::uint64_t reader_of_ = 0;
  std::uint64_t next_ordinal_ = 1;
  std::uint64_t next_number_ = 1;
  std::uint64_t bytes_ = 0;
  std::uint64_t damages_ = 0;
  Status unsynced_;               // Of a segment that was sealed since the last Commit.
  bool is_dirty_ = false;         // The active segment.
  bool names_are_dirty_ = false;  // Of the directory.
  bool cursor_is_dirty_ = false;
  Bytes frame_;
};

}  // namespace tickscope::spool
