#include "codec/histogram_column.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

#include "codec/block_column.h"
#include "codec/fixed.h"
#include "codec/histogram_codec.h"
#include "codec/value_column.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

enum class RunKind : std::uint8_t { kFloats = 0, kColumns = 1, kSingly = 2 };

using Spans = std::vector<BucketSpan>;

// Which buckets a row has.
struct RowLayout {
  Spans positive;
  Spans negative;
  friend bool operator==(const RowLayout&, const RowLayout&) = default;
};

// Bucket numbers of one side, ascending.
using Indices = std::vector<std::int64_t>;

Indices IndicesOf(const Spans& spans) {
  Indices indices;
  std::int64_t index = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i)
      indices.push_back(index++);
  }
  return indices;
}

std::size_t BucketCount(const Spans& spans) {
  std::size_t count = 0;
  for (const BucketSpan& span : spans)
    count += span.length;
  return count;
}

void AddTo(const Indices& more, Indices& all) {
  Indices both;
  both.reserve(all.size() + more.size());
  std::ranges::set_union(all, more, std::back_inserter(both));
  all = std::move(both);
}

bool HasMissing(const std::vector<double>& values) {
  return std::ranges::any_of(values, IsMissing);
}

// Whether the histogram can be a row of columns: its buckets ascend, and no value looks like a gap.
bool FitsColumns(const Histogram& h) {
  for (const Spans* const spans : {&h.positive_spans, &h.negative_spans}) {
    for (std::size_t i = 1; i < spans->size(); ++i) {
      if ((*spans)[i].offset < 0) return false;
    }
  }
  const std::size_t positive = BucketCount(h.positive_spans);
  const std::size_t negative = BucketCount(h.negative_spans);
  return positive == h.positive_buckets.size() && negative == h.negative_buckets.size() &&
         positive + negative <= kRunValuesMax && !IsMissing(h.zero_count) && !IsMissing(h.count) &&
         !IsMissing(h.sum) && !HasMissing(h.positive_buckets) && !HasMissing(h.negative_buckets);
}

RunKind KindOf(double value, const HistogramPtr& histogram) {
  if (histogram != nullptr) return FitsColumns(*histogram) ? RunKind::kColumns : RunKind::kSingly;
  return IsMissing(value) ? RunKind::kSingly : RunKind::kFloats;
}

// Whether two histograms may share a run.
bool SharesRun(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.custom_bounds == b.custom_bounds;
}

void PutSpans(const Spans& spans, Bytes& out) {
  PutVarint(spans.size(), out);
  for (const BucketSpan& span : spans) {
    PutZigZag(span.offset, out);
    PutVarint(span.length, out);
  }
}

// Appends `values` as pairs of how many are alike and what they are.
void PutRuns(const std::vector<std::uint32_t>& values, Bytes& out) {
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i + 1;
    while (end < values.size() && values[end] == values[i])
      ++end;
    PutVarint(end - i, out);
    PutVarint(values[i], out);
    i = end;
  }
}

void PutColumn(std::span<const double> values, std::span<const double> reference, Bytes& out) {
  Bytes column;
  EncodeBlockColumn(values, reference, column);
  PutVarint(column.size(), out);
  AppendBytes(column, out);
}

// Calls `visit(union position, dense position)` for each bucket of a row's side.
template <typename Visit>
void ForEachBucket(const Indices& all, const Indices& row, const Visit& visit) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    while (all[at] != row[i])
      ++at;
    visit(at, i);
  }
}

// Gathers rows of histograms that share a run, until one would make it too large.
class RunEncoder {
 public:
  // False when the row belongs to a new run.
  [[nodiscard]] bool Add(const Histogram& h) {
    if (rows_.size() == kBlockColumnMax || (!rows_.empty() && !SharesRun(*rows_.front(), h))) return false;
    const RowLayout layout{h.positive_spans, h.negative_spans};
    auto known = std::ranges::find(layouts_, layout);
    if (known == layouts_.end()) {
      Indices positive = positive_;
      Indices negative = negative_;
      AddTo(IndicesOf(layout.positive), positive);
      AddTo(IndicesOf(layout.negative), negative);
      if (IsTooLarge(positive.size() + negative.size() + h.custom_bounds.size())) return false;
      positive_ = std::move(positive);
      negative_ = std::move(negative);
      layouts_.push_back(layout);
      known = layouts_.end() - 1;
    } else if (IsTooLarge(positive_.size() + negative_.size() + h.custom_bounds.size())) {
      return false;
    }
    layout_ids_.push_back(static_cast<std::uint32_t>(known - layouts_.begin()));
    hints_.push_back(static_cast<std::uint32_t>(h.reset_hint));
    rows_.push_back(&h);
    return true;
  }

  void Finish(Bytes& out) const {
    PutVarint(rows_.size(), out);
    out.push_back(static_cast<std::byte>(RunKind::kColumns));
    const Histogram& first = *rows_.front();
    PutZigZag(first.schema, out);
    PutFixed(first.zero_threshold, out);
    PutVarint(first.custom_bounds.size(), out);
    for (const double bound : first.custom_bounds)
      PutFixed(bound, out);
    PutVarint(layouts_.size(), out);
    for (const RowLayout& layout : layouts_) {
      PutSpans(layout.positive, out);
      PutSpans(layout.negative, out);
    }
    PutRuns(layout_ids_, out);
    PutRuns(hints_, out);
    std::vector<double> column(rows_.size());
    for (std::size_t r = 0; r < rows_.size(); ++r)
      column[r] = rows_[r]->zero_count;
    std::vector<double> sums = column;
    PutColumn(column, {}, out);
    PutSide(positive_, &Histogram::positive_spans, &Histogram::positive_buckets, sums, out);
    PutSide(negative_, &Histogram::negative_spans, &Histogram::negative_buckets, sums, out);
    for (std::size_t r = 0; r < rows_.size(); ++r)
      column[r] = rows_[r]->count;
    PutColumn(column, sums, out);
    for (std::size_t r = 0; r < rows_.size(); ++r)
      column[r] = rows_[r]->sum;
    PutColumn(column, {}, out);
  }

 private:
  // Whether one more row would be too much, of so many values each. A run has one row at least.
  [[nodiscard]] bool IsTooLarge(std::size_t row_values) const {
    return !rows_.empty() && (rows_.size() + 1) * row_values > kRunValuesMax;
  }
  void PutSide(const Indices& all, Spans Histogram::* spans, std::vector<double> Histogram::* buckets,
               std::vector<double>& sums, Bytes& out) const {
    if (all.empty()) return;
    std::vector<double> cells(all.size() * rows_.size(), MissingValue());
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const std::vector<double>& values = rows_[r]->*buckets;
      ForEachBucket(all, IndicesOf(rows_[r]->*spans), [&](std::size_t bucket, std::size_t dense) {
        cells[bucket * rows_.size() + r] = values[dense];
        sums[r] += values[dense];
      });
    }
    for (std::size_t bucket = 0; bucket < all.size(); ++bucket)
      PutColumn(std::span(cells).subspan(bucket * rows_.size(), rows_.size()), {}, out);
  }

  std::vector<const Histogram*> rows_;
  std::vector<RowLayout> layouts_;
  std::vector<std::uint32_t> layout_ids_;
  std::vector<std::uint32_t> hints_;
  Indices positive_;
  Indices negative_;
};

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("histogram column: ") + what);
}

Status TakeSpans(FieldReader& fields, Spans& spans) {
  const std::uint64_t count = fields.Varint();
  if (count > fields.remaining()) return Corrupt("more spans than bytes");
  std::uint64_t buckets = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t offset = fields.ZigZag();
    const std::uint64_t length = fields.Varint();
    if (!fields.ok() || length > kRunValuesMax || (i > 0 && offset < 0) ||
        offset < std::numeric_limits<std::int32_t>::min() ||
        offset > std::numeric_limits<std::int32_t>::max()) {
      return Corrupt("bad span");
    }
    buckets += length;
    if (buckets > kRunValuesMax) return Corrupt("too many buckets");
    spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  return {};
}

Status TakeRuns(FieldReader& fields, std::size_t rows, std::uint64_t limit, std::vector<std::uint32_t>& out) {
  while (out.size() < rows) {
    const std::uint64_t count = fields.Varint();
    const std::uint64_t value = fields.Varint();
    if (!fields.ok() || count == 0 || count > rows - out.size() || value >= limit) return Corrupt("bad run");
    out.insert(out.end(), count, static_cast<std::uint32_t>(value));
  }
  return {};
}

Status TakeColumn(FieldReader& fields, std::span<const double> reference, std::size_t rows,
                  std::vector<double>& out) {
  const ByteView bytes = fields.Take(fields.Varint());
  if (!fields.ok()) return Corrupt("cut in a column");
  out.resize(kBlockColumnMax);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t count, DecodeBlockColumn(bytes, reference, out));
  if (count != rows) return Corrupt("a column of another length");
  out.resize(rows);
  return {};
}

// A run of histograms on its way out of its columns.
class RunDecoder {
 public:
  RunDecoder(FieldReader& fields, std::size_t rows) : fields_(fields), rows_(rows) {}

  [[nodiscard]] Status Decode(std::vector<double>& values, std::vector<HistogramPtr>& out) {
    TICKSCOPE_RETURN_IF_ERROR(TakeLayouts());
    std::vector<double> column;
    TICKSCOPE_RETURN_IF_ERROR(TakeColumn(fields_, {}, rows_, column));
    for (std::size_t r = 0; r < rows_; ++r)
      histograms_[r].zero_count = column[r];
    std::vector<double> sums = column;
    TICKSCOPE_RETURN_IF_ERROR(TakeSide(positive_, &RowLayout::positive, &Histogram::positive_buckets, sums));
    TICKSCOPE_RETURN_IF_ERROR(TakeSide(negative_, &RowLayout::negative, &Histogram::negative_buckets, sums));
    TICKSCOPE_RETURN_IF_ERROR(TakeColumn(fields_, sums, rows_, column));
    for (std::size_t r = 0; r < rows_; ++r)
      histograms_[r].count = column[r];
    TICKSCOPE_RETURN_IF_ERROR(TakeColumn(fields_, {}, rows_, column));
    for (std::size_t r = 0; r < rows_; ++r) {
      histograms_[r].sum = column[r];
      values.push_back(0);
      out.push_back(std::make_shared<const Histogram>(std::move(histograms_[r])));
    }
    return {};
  }

 private:
  [[nodiscard]] Status TakeLayouts() {
    const std::int64_t schema = fields_.ZigZag();
    const double zero_threshold = std::bit_cast<double>(fields_.Fixed64());
    const std::uint64_t bound_count = fields_.Varint();
    if (!fields_.ok() || bound_count > fields_.remaining() / sizeof(double))
      return Corrupt("cut in the bounds");
    if (schema < kCustomBoundsSchema || schema > kExponentialSchemaMax) return Corrupt("bad schema");
    std::vector<double> bounds;
    for (std::uint64_t i = 0; i < bound_count; ++i)
      bounds.push_back(std::bit_cast<double>(fields_.Fixed64()));
    const std::uint64_t layout_count = fields_.Varint();
    if (layout_count == 0 || layout_count > rows_ || layout_count > fields_.remaining())
      return Corrupt("more layouts than rows");
    for (std::uint64_t i = 0; i < layout_count; ++i) {
      RowLayout& layout = layouts_.emplace_back();
      TICKSCOPE_RETURN_IF_ERROR(TakeSpans(fields_, layout.positive));
      TICKSCOPE_RETURN_IF_ERROR(TakeSpans(fields_, layout.negative));
      // Each bucket has a column in the bytes that follow.
      if (BucketCount(layout.positive) + BucketCount(layout.negative) > fields_.remaining())
        return Corrupt("more buckets than bytes");
      AddTo(IndicesOf(layout.positive), positive_);
      AddTo(IndicesOf(layout.negative), negative_);
    }
    const std::size_t buckets = positive_.size() + negative_.size();
    if (buckets > fields_.remaining() || (rows_ > 1 && (buckets + bounds.size()) * rows_ > kRunValuesMax))
      return Corrupt("too many buckets");
    std::vector<std::uint32_t> hints;
    TICKSCOPE_RETURN_IF_ERROR(TakeRuns(fields_, rows_, layouts_.size(), layout_ids_));
    TICKSCOPE_RETURN_IF_ERROR(
        TakeRuns(fields_, rows_, static_cast<std::uint64_t>(ResetHint::kGauge) + 1, hints));
    histograms_.resize(rows_);
    for (std::size_t r = 0; r < rows_; ++r) {
      const RowLayout& layout = layouts_[layout_ids_[r]];
      Histogram& h = histograms_[r];
      h.reset_hint = static_cast<ResetHint>(hints[r]);
      h.schema = static_cast<std::int32_t>(schema);
      h.zero_threshold = zero_threshold;
      h.custom_bounds = bounds;
      h.positive_spans = layout.positive;
      h.negative_spans = layout.negative;
      h.positive_buckets.resize(BucketCount(layout.positive));
      h.negative_buckets.resize(BucketCount(layout.negative));
    }
    return {};
  }

  [[nodiscard]] Status TakeSide(const Indices& all, Spans RowLayout::* spans,
                                std::vector<double> Histogram::* buckets, std::vector<double>& sums) {
    if (all.empty()) return {};
    std::vector<double> cells(all.size() * rows_);
    std::vector<double> column;
    for (std::size_t bucket = 0; bucket < all.size(); ++bucket) {
      TICKSCOPE_RETURN_IF_ERROR(TakeColumn(fields_, {}, rows_, column));
      std::ranges::copy(column, cells.begin() + static_cast<std::ptrdiff_t>(bucket * rows_));
    }
    std::vector<Indices> indices;
    for (const RowLayout& layout : layouts_)
      indices.push_back(IndicesOf(layout.*spans));
    for (std::size_t r = 0; r < rows_; ++r) {
      bool has_gap = false;
      std::vector<double>& values = histograms_[r].*buckets;
      ForEachBucket(all, indices[layout_ids_[r]], [&](std::size_t bucket, std::size_t dense) {
        const double value = cells[bucket * rows_ + r];
        has_gap = has_gap || IsMissing(value);
        values[dense] = value;
        sums[r] += value;
      });
      if (has_gap) return Corrupt("a bucket without a value");
    }
    return {};
  }

  FieldReader& fields_;
  const std::size_t rows_;
  std::vector<RowLayout> layouts_;
  std::vector<std::uint32_t> layout_ids_;
  Indices positive_;
  Indices negative_;
  std::vector<Histogram> histograms_;
};

Status DecodeSingly(FieldReader& fields, std::size_t rows, std::vector<double>& values,
                    std::vector<HistogramPtr>& histograms) {
  for (std::size_t r = 0; r < rows; ++r) {
    const bool is_histogram = fields.Byte() == 1;
    if (!is_histogram) {
      values.push_back(std::bit_cast<double>(fields.Fixed64()));
      histograms.emplace_back();
      if (!fields.ok()) return Corrupt("cut in a float");
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(Histogram histogram, TakeHistogram(fields));
    values.push_back(0);
    histograms.push_back(std::make_shared<const Histogram>(std::move(histogram)));
  }
  return {};
}

}  // namespace

void EncodeHistogramColumn(std::span<const double> values, std::span<const HistogramPtr> histograms,
                           Bytes& out) {
  PutVarint(values.size(), out);
  for (std::size_t i = 0; i < values.size();) {
    const RunKind kind = KindOf(values[i], histograms[i]);
    std::size_t end = i;
    if (kind == RunKind::kColumns) {
      RunEncoder run;
      while (end < values.size() && KindOf(values[end], histograms[end]) == kind && run.Add(*histograms[end]))
        ++end;
      run.Finish(out);
    } else {
      while (end < values.size() && end - i < kBlockColumnMax && KindOf(values[end], histograms[end]) == kind)
        ++end;
      PutVarint(end - i, out);
      out.push_back(static_cast<std::byte>(kind));
      if (kind == RunKind::kFloats) {
        PutColumn(values.subspan(i, end - i), {}, out);
      } else {
        for (std::size_t r = i; r < end; ++r) {
          out.push_back(static_cast<std::byte>(histograms[r] != nullptr ? 1 : 0));
          if (histograms[r] != nullptr) {
            PutHistogram(*histograms[r], out);
          } else {
            PutFixed(values[r], out);
          }
        }
      }
    }
    i = end;
  }
}

Status DecodeHistogramColumn(ByteView column, std::size_t rows, std::vector<double>& values,
                             std::vector<HistogramPtr>& histograms) {
  FieldReader fields(column);
  if (fields.Varint() != rows || !fields.ok()) return Corrupt("another number of rows");
  for (std::size_t done = 0; done < rows;) {
    const std::uint64_t run = fields.Varint();
    const auto kind = static_cast<RunKind>(fields.Byte());
    if (!fields.ok() || run == 0 || run > rows - done || run > kBlockColumnMax)
      return Corrupt("bad run length");
    switch (kind) {
      case RunKind::kFloats: {
        std::vector<double> floats;
        TICKSCOPE_RETURN_IF_ERROR(TakeColumn(fields, {}, run, floats));
        values.insert(values.end(), floats.begin(), floats.end());
        histograms.resize(histograms.size() + run);
        break;
      }
      case RunKind::kColumns:
        TICKSCOPE_RETURN_IF_ERROR(RunDecoder(fields, run).Decode(values, histograms));
        break;
      case RunKind::kSingly:
        TICKSCOPE_RETURN_IF_ERROR(DecodeSingly(fields, run, values, histograms));
        break;
      default:
        return Corrupt("unknown kind of run");
    }
    done += run;
  }
  if (!fields.ok() || fields.remaining() > 0) return Corrupt("bytes left over");
  return {};
}

}  // namespace tickscope::codec
