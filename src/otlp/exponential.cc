#include "otlp/exponential.h"

#include <cstddef>
#include <limits>

#include "codec/histogram_codec.h"
#include "otlp/proto.h"
#include "wire/checked_pbf_reader.h"

namespace tickscope::otlp {
namespace {

// Empty buckets in a row that are written rather than begin a span of their own, as Prometheus has it.
constexpr std::int64_t kGapMax = 2;

constexpr std::uint64_t kCountMax = std::numeric_limits<std::int64_t>::max();

// Lays out buckets that come in the order of their indexes.
class SpanWriter {
 public:
  SpanWriter(std::vector<BucketSpan>& spans, std::vector<double>& counts) : spans_(spans), counts_(counts) {}

  [[nodiscard]] bool Push(std::int64_t index, std::uint64_t count) {
    if (spans_.empty()) {
      if (!Fits(index)) return false;
      spans_.push_back({static_cast<std::int32_t>(index), 0});
    } else {
      const std::int64_t gap = index - next_;
      if (gap > kGapMax) {
        if (!Fits(gap)) return false;
        spans_.push_back({static_cast<std::int32_t>(gap), 0});
      } else {
        counts_.resize(counts_.size() + static_cast<std::size_t>(gap));
        spans_.back().length += static_cast<std::uint32_t>(gap);
      }
    }
    if (counts_.size() >= codec::kHistogramBucketsMax || !Fits(index)) return false;
    counts_.push_back(static_cast<double>(count));
    ++spans_.back().length;
    next_ = index + 1;
    return true;
  }

 private:
  static bool Fits(std::int64_t n) {
    return n >= std::numeric_limits<std::int32_t>::min() && n < std::numeric_limits<std::int32_t>::max();
  }

  std::vector<BucketSpan>& spans_;
  std::vector<double>& counts_;
  std::int64_t next_ = 0;
};

}  // namespace

bool AddCount(std::uint64_t count, std::uint64_t& total) {
  if (count > kCountMax - total) return false;
  total += count;
  return true;
}

Result<std::uint64_t> ReadBuckets(std::string_view message, int shift, std::vector<BucketSpan>& spans,
                                  std::vector<double>& counts) {
  // The offset may come after the counts.
  std::int64_t index = 0;
  wire::CheckedPbfReader offsets(message);
  while (offsets.Next(proto::kBucketsOffset))
    index = offsets.Sint32();

  SpanWriter writer(spans, counts);
  std::uint64_t total = 0;
  std::int64_t merged_index = 0;
  std::uint64_t merged = 0;
  const auto take = [&](std::uint64_t count) -> Status {
    const std::int64_t target = (index++ >> shift) + 1;
    if (count == 0) return {};
    if (merged > 0 && target != merged_index) {
      if (!writer.Push(merged_index, merged)) {
        return Fail(ErrorCode::kInvalidArgument,
                    "histogram: too many buckets, or their indexes are too large");
      }
      merged = 0;
    }
    merged_index = target;
    if (!AddCount(count, total)) return Fail(ErrorCode::kInvalidArgument, "histogram: negative bucket count");
    merged += count;
    return {};
  };
  wire::CheckedPbfReader fields(message);
  while (fields.Next(proto::kBucketsCounts)) {
    if (!fields.IsLengthDelimited()) {
      TICKSCOPE_RETURN_IF_ERROR(take(fields.Uint64()));
      continue;
    }
    const auto packed = fields.PackedUint64();
    for (const std::uint64_t count : packed)
      TICKSCOPE_RETURN_IF_ERROR(take(count));
  }
  if (merged > 0 && !writer.Push(merged_index, merged)) {
    return Fail(ErrorCode::kInvalidArgument, "histogram: too many buckets, or their indexes are too large");
  }
  return total;
}

}  // namespace tickscope::otlp
