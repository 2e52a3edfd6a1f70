#include "cold/cold_delete.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/crc32c.h"
#include "cold/cold_queryable.h"
#include "cold/cold_schema.h"

namespace tickscope::cold {
namespace {

using plugin::ColumnKind;
using plugin::TableBatch;
using plugin::TableColumn;

constexpr Column kBucketColumns[] = {Column::kBucketLe, Column::kBucketLeText, Column::kBucketLast,
                                     Column::kBucketIncrease};

bool IsList(ColumnKind kind) {
  return kind == ColumnKind::kStringList || kind == ColumnKind::kInt64List || kind == ColumnKind::kDoubleList;
}

void AddText(const std::string& text, TableColumn& out) {
  if (out.texts.empty() || out.texts.back() != text) out.texts.push_back(text);
  out.index.push_back(static_cast<std::uint32_t>(out.texts.size() - 1));
}

void AddValue(const TableColumn& from, ColumnKind kind, std::size_t at, TableColumn& out) {
  switch (kind) {
    case ColumnKind::kInt64:
    case ColumnKind::kTimestampMs:
    case ColumnKind::kInt64List:
      out.ints.push_back(from.ints[at]);
      return;
    case ColumnKind::kDouble:
    case ColumnKind::kDoubleList:
      out.doubles.push_back(from.doubles[at]);
      return;
    case ColumnKind::kString:
    case ColumnKind::kStringList:
      AddText(from.texts[from.index[at]], out);
      return;
    case ColumnKind::kStringMap: {
      const plugin::TextMap& map = from.maps[from.index[at]];
      if (out.maps.empty() || out.maps.back() != map) out.maps.push_back(map);
      out.index.push_back(static_cast<std::uint32_t>(out.maps.size() - 1));
      return;
    }
  }
}

std::size_t ItemCount(const TableColumn& column, ColumnKind kind) {
  if (kind == ColumnKind::kStringList) return column.index.size();
  return kind == ColumnKind::kInt64List ? column.ints.size() : column.doubles.size();
}

void AddNull(ColumnKind kind, TableColumn& out) {
  out.is_null.push_back(1);
  if (IsList(kind)) {
    out.ends.push_back(out.ends.empty() ? 0 : out.ends.back());
  } else if (kind == ColumnKind::kString || kind == ColumnKind::kStringMap) {
    out.index.push_back(0);
  } else if (kind == ColumnKind::kDouble) {
    out.doubles.push_back(0);
  } else {
    out.ints.push_back(0);
  }
}

// Of a row that stays in part: which items of its buckets, and which of its other series, are left.
struct Remains {
  std::vector<bool> buckets;
  bool sum = true;
  bool count = true;
};

// Copies a row's value of one column; of a list the items `keeps` says, or all.
void CopyValue(const TableColumn& from, ColumnKind kind, std::size_t row, const std::vector<bool>* keeps,
               TableColumn& out) {
  if (from.IsNull(row)) {
    AddNull(kind, out);
    return;
  }
  out.is_null.push_back(0);
  if (!IsList(kind)) {
    AddValue(from, kind, row, out);
    return;
  }
  const auto [first, last] = from.ItemsAt(row);
  for (std::size_t at = first; at < last; ++at) {
    if (keeps == nullptr || (*keeps)[at - first]) AddValue(from, kind, at, out);
  }
  out.ends.push_back(static_cast<std::uint32_t>(ItemCount(out, kind)));
}

class PartRewrite {
 public:
  PartRewrite(objstore::ObjectStore& store, const plugin::Columnar& columnar, const ColdSchema& schema,
              const ColdManifest& manifest, std::span<const ColdDelete> deletes, RewriteReport& report)
      : store_(store),
        columnar_(columnar),
        schema_(schema),
        manifest_(manifest),
        deletes_(deletes),
        report_(report) {
    out_.columns.resize(schema.columns().size());
  }

  // What takes the part's place: itself, another one, or nothing.
  Result<std::optional<ColdPart>> Run(const ColdPart& part, const std::function<bool()>& is_cancelled) {
    part_ = {.metric = part.metric};
    is_changed_ = false;
    last_series_.reset();
    const plugin::TableFormat format = FormatOf(part.name);
    TICKSCOPE_ASSIGN_OR_RETURN(const auto reader, columnar_.OpenTable(format, PartSource(store_, part),
                                                                      {.columns = schema_.columns()}));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto writer, columnar_.MakeTableWriter(format, schema_.columns()));
    TableBatch batch;
    while (true) {
      if (is_cancelled && is_cancelled()) return Fail(ErrorCode::kCancelled, "a rewrite was cut off");
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, reader->Next(batch));
      if (!more) break;
      for (TableColumn& column : out_.columns)
        column.Clear();
      out_.rows = 0;
      for (std::size_t row = 0; row < batch.rows; ++row)
        TICKSCOPE_RETURN_IF_ERROR(TakeRow(batch, row, part));
      TICKSCOPE_RETURN_IF_ERROR(writer->Append(out_));
    }
    if (!is_changed_) return part;
    ++report_.parts_rewritten;
    if (part_.rows == 0) return std::nullopt;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string content, writer->Finish());
    TICKSCOPE_ASSIGN_OR_RETURN(
        part_.name, PartName(manifest_.tenant, part.metric, manifest_.day, ContentHash(content), format));
    part_.bytes = content.size();
    part_.crc32c = codec::Crc32c(AsBytes(content));
    TICKSCOPE_RETURN_IF_ERROR(store_.Put(part_.name, content));
    return part_;
  }

 private:
  static const TableColumn& At(const TableBatch& batch, Column column) {
    return batch.columns[ToIndex(column)];
  }

  // Whether a delete of that window names the series of these labels under this name.
  [[nodiscard]] bool IsDeleted(const plugin::TextMap& map, const std::string& metric, std::string_view le,
                               TimeMs end_ms) const {
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (const auto& [name, value] : map)
      pairs.emplace_back(name, value);
    pairs.emplace_back(kMetricName, metric);
    if (!le.empty()) pairs.emplace_back(kBucketLabel, le);
    const Labels labels = Labels::FromPairs(std::move(pairs));
    return std::ranges::any_of(deletes_, [&](const ColdDelete& one) {
      return one.start_ms <= end_ms && end_ms - kWindowMs < one.end_ms && one.Names(labels);
    });
  }

  // Whether any delete is about the window at all; most rows end here.
  [[nodiscard]] bool MayBeDeleted(TimeMs end_ms) const {
    return std::ranges::any_of(deletes_, [&](const ColdDelete& one) {
      return one.start_ms <= end_ms && end_ms - kWindowMs < one.end_ms;
    });
  }

  Status TakeRow(const TableBatch& batch, std::size_t row, const ColdPart& part) {
    if (At(batch, Column::kTs).IsNull(row) || At(batch, Column::kKind).IsNull(row) ||
        At(batch, Column::kLabels).IsNull(row)) {
      return Fail(ErrorCode::kCorruption, part.name + ": a row without time, kind or labels");
    }
    const TimeMs end_ms = At(batch, Column::kTs).ints[row];
    const std::string& kind = At(batch, Column::kKind).TextAt(row);
    Remains remains;
    bool is_cut = false;
    if (MayBeDeleted(end_ms)) {
      const plugin::TextMap& map = At(batch, Column::kLabels).MapAt(row);
      if (kind != RowKindName(RowKind::kClassic)) {
        if (IsDeleted(map, part.metric, "", end_ms)) return DropRow();
      } else {
        TICKSCOPE_RETURN_IF_ERROR(CutClassic(batch, row, part, map, end_ms, remains, is_cut));
        const bool has_any = std::ranges::count(remains.buckets, true) > 0 ||
                             (remains.sum && !At(batch, Column::kHistSumLast).IsNull(row)) ||
                             (remains.count && !At(batch, Column::kHistCountLast).IsNull(row));
        if (is_cut && !has_any) return DropRow();
      }
    }
    if (is_cut) {
      ++report_.rows_changed;
      is_changed_ = true;
    }
    CopyRow(batch, row, is_cut ? &remains : nullptr);
    Count(batch, row, kind, end_ms);
    return {};
  }

  Status CutClassic(const TableBatch& batch, std::size_t row, const ColdPart& part,
                    const plugin::TextMap& map, TimeMs end_ms, Remains& remains, bool& is_cut) const {
    const TableColumn& texts = At(batch, Column::kBucketLeText);
    const auto [first, last] = texts.ItemsAt(row);
    for (const Column column : kBucketColumns) {
      const auto [from, to] = At(batch, column).ItemsAt(row);
      if (to - from != last - first)
        return Fail(ErrorCode::kCorruption, part.name + ": a row whose bucket lists differ in length");
    }
    const std::string bucket = part.metric + "_bucket";
    for (std::size_t at = first; at < last; ++at)
      remains.buckets.push_back(!IsDeleted(map, bucket, texts.texts[texts.index[at]], end_ms));
    remains.sum = !IsDeleted(map, part.metric + "_sum", "", end_ms);
    remains.count = !IsDeleted(map, part.metric + "_count", "", end_ms);
    is_cut = std::ranges::count(remains.buckets, false) > 0 ||
             (!remains.sum && !At(batch, Column::kHistSumLast).IsNull(row)) ||
             (!remains.count && !At(batch, Column::kHistCountLast).IsNull(row));
    return {};
  }

  Status DropRow() {
    ++report_.rows_dropped;
    is_changed_ = true;
    return {};
  }

  void CopyRow(const TableBatch& batch, std::size_t row, const Remains* remains) {
    for (std::size_t i = 0; i < out_.columns.size(); ++i) {
      const ColumnKind kind = schema_.columns()[i].kind;
      const bool is_bucket =
          std::ranges::any_of(kBucketColumns, [&](Column column) { return ToIndex(column) == i; });
      const bool is_sum = i == ToIndex(Column::kHistSumLast) || i == ToIndex(Column::kHistSumIncrease);
      const bool is_count = i == ToIndex(Column::kHistCountLast) || i == ToIndex(Column::kHistCountIncrease);
      if (remains != nullptr && ((is_sum && !remains->sum) || (is_count && !remains->count))) {
        AddNull(kind, out_.columns[i]);
      } else {
        CopyValue(batch.columns[i], kind, row, remains != nullptr && is_bucket ? &remains->buckets : nullptr,
                  out_.columns[i]);
      }
    }
    ++out_.rows;
  }

  void Count(const TableBatch& batch, std::size_t row, const std::string& kind, TimeMs end_ms) {
    const std::int64_t series = At(batch, Column::kSeriesId).ints[row];
    if (last_series_ != series) ++part_.series;
    last_series_ = series;
    part_.min_ts_ms = part_.rows == 0 ? end_ms : std::min(part_.min_ts_ms, end_ms);
    part_.max_ts_ms = part_.rows == 0 ? end_ms : std::max(part_.max_ts_ms, end_ms);
    ++part_.rows;
    part_.has_floats = part_.has_floats || kind == RowKindName(RowKind::kFloat);
    part_.has_classic = part_.has_classic || kind == RowKindName(RowKind::kClassic);
    part_.has_native = part_.has_native || kind == RowKindName(RowKind::kNative);
  }

  objstore::ObjectStore& store_;
  const plugin::Columnar& columnar_;
  const ColdSchema& schema_;
  const ColdManifest& manifest_;
  const std::span<const ColdDelete> deletes_;
  RewriteReport& report_;
  TableBatch out_;
  ColdPart part_;
  bool is_changed_ = false;
  std::optional<std::int64_t> last_series_;
};

// Whether a part may hold a series and window of the delete, as far as names and times tell.
bool MayTouch(const ColdDelete& one, const ColdPart& part) {
  if (part.max_ts_ms < one.start_ms || part.min_ts_ms - kWindowMs >= one.end_ms) return false;
  const auto may_name = [&](const std::string& metric) {
    return std::ranges::any_of(one.selectors, [&](const std::vector<Matcher>& matchers) {
      return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
        return matcher.name() != kMetricName || matcher.Matches(metric);
      });
    });
  };
  if ((part.has_floats || part.has_native) && may_name(part.metric)) return true;
  return part.has_classic && (may_name(part.metric + "_bucket") || may_name(part.metric + "_sum") ||
                              may_name(part.metric + "_count"));
}

}  // namespace

bool ColdDelete::Names(const Labels& labels) const {
  return std::ranges::any_of(selectors, [&](const std::vector<Matcher>& matchers) {
    return std::ranges::all_of(
        matchers, [&](const Matcher& matcher) { return matcher.Matches(labels.Get(matcher.name())); });
  });
}

bool ColdDelete::Touches(Day day) const {
  return start_ms <= StartOf(NextDay(day)) && end_ms > StartOf(day);
}

std::vector<ColdDelete> PendingDeletes(const ColdManifest& manifest, std::span<const ColdDelete> deletes) {
  std::vector<ColdDelete> pending;
  for (const ColdDelete& one : deletes) {
    const bool is_done = std::ranges::find(manifest.sources, one.Mark()) != manifest.sources.end();
    if (one.Touches(manifest.day) && !is_done) pending.push_back(one);
  }
  return pending;
}

Result<RewriteReport> RewriteDay(objstore::ObjectStore& store, const plugin::Columnar& columnar,
                                 const ColdManifest& in_force, std::span<const ColdDelete> deletes,
                                 TimeMs now_ms, const std::function<bool()>& is_cancelled) {
  RewriteReport report;
  report.manifest = in_force;
  ColdManifest& manifest = report.manifest;
  manifest.parts.clear();
  TICKSCOPE_ASSIGN_OR_RETURN(const ColdSchema schema, ColdSchema::Make(in_force.promoted));
  for (const ColdPart& part : in_force.parts) {
    std::vector<ColdDelete> of_part;
    for (const ColdDelete& one : deletes) {
      if (MayTouch(one, part)) of_part.push_back(one);
    }
    if (of_part.empty()) {
      manifest.parts.push_back(part);
      continue;
    }
    PartRewrite rewrite(store, columnar, schema, in_force, of_part, report);
    TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<ColdPart> left, rewrite.Run(part, is_cancelled));
    if (left) manifest.parts.push_back(*left);
  }
  std::ranges::sort(manifest.parts, {}, &ColdPart::name);
  for (const ColdDelete& one : deletes)
    manifest.sources.push_back(one.Mark());
  std::ranges::sort(manifest.sources);
  manifest.revision = in_force.revision + 1;
  manifest.published_ms = now_ms;
  const std::string text = WriteManifest(manifest);
  TICKSCOPE_RETURN_IF_ERROR(
      store.Put(ManifestName(manifest.tenant, manifest.day, manifest.revision, ContentHash(text)), text));
  return report;
}

}  // namespace tickscope::cold
