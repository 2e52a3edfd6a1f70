#include "cold/publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "codec/crc32c.h"
#include "cold/row_batch.h"
#include "model/sample.h"

namespace tickscope::cold {
namespace {

std::string BaseName(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

using ObjectSizes = std::map<std::string, std::uint64_t>;

bool HasAllParts(const ObjectSizes& sizes, const ColdManifest& manifest) {
  return std::ranges::all_of(manifest.parts, [&](const ColdPart& part) {
    const auto found = sizes.find(part.name);
    return found != sizes.end() && found->second == part.bytes;
  });
}

// The windows of a classic histogram, out of the windows of its series.
class ClassicRows {
 public:
  void AddBucket(const DayReader::Bucket& bucket, const std::vector<FloatWindow>& windows) {
    for (const FloatWindow& window : windows) {
      ClassicRow& row = At(window.end_ms);
      row.buckets.push_back({bucket.le, bucket.le_text, window.last, window.increase});
      // Without a series that counts, the largest bucket does.
      row.count = window.count;
    }
  }
  void AddSum(const std::vector<FloatWindow>& windows) {
    for (const FloatWindow& window : windows) {
      ClassicRow& row = At(window.end_ms);
      row.sum_last = window.last;
      row.sum_increase = window.increase;
    }
  }
  void AddCount(const std::vector<FloatWindow>& windows) {
    for (const FloatWindow& window : windows) {
      ClassicRow& row = At(window.end_ms);
      row.count_last = window.last;
      row.count_increase = window.increase;
      row.count = window.count;
    }
  }
  [[nodiscard]] const std::map<TimeMs, ClassicRow>& rows() const { return rows_; }

 private:
  ClassicRow& At(TimeMs end_ms) {
    ClassicRow& row = rows_[end_ms];
    row.end_ms = end_ms;
    return row;
  }

  std::map<TimeMs, ClassicRow> rows_;
};

class DayPublish {
 public:
  DayPublish(objstore::ObjectStore& store, const plugin::Columnar& columnar, const ColdSchema& schema,
             const PublishOptions& options, const std::vector<ColdDelete>& deletes, const ObjectSizes& sizes,
             ColdManifest& manifest, PublishReport& report)
      : store_(store),
        columnar_(columnar),
        schema_(schema),
        options_(options),
        deletes_(deletes),
        start_ms_(StartOf(manifest.day)),
        end_ms_(StartOf(NextDay(manifest.day))),
        sizes_(sizes),
        manifest_(manifest),
        report_(report),
        batch_(schema) {}

  Status Run(DayReader& reader) {
    for (const std::string& family : reader.families()) {
      if (options_.is_cancelled && options_.is_cancelled())
        return Fail(ErrorCode::kCancelled, "a publish was cut off");
      TICKSCOPE_RETURN_IF_ERROR(PublishFamily(reader, family));
    }
    std::ranges::sort(manifest_.parts, {}, &ColdPart::name);
    return {};
  }

 private:
  Status PublishFamily(DayReader& reader, const std::string& family) {
    if (const auto name = PartName(manifest_.tenant, family, manifest_.day, 0, options_.format); !name) {
      report_.left_out.push_back(family);
      return {};
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const auto members, reader.Members(family));
    part_ = {.metric = family};
    for (const DayReader::Member& member : members) {
      TICKSCOPE_RETURN_IF_ERROR(AddMember(reader, family, member));
      if (batch_.batch().rows >= options_.row_group_rows) TICKSCOPE_RETURN_IF_ERROR(EndRowGroup());
      if (part_.rows >= options_.part_rows_max) TICKSCOPE_RETURN_IF_ERROR(EndPart());
    }
    TICKSCOPE_RETURN_IF_ERROR(EndRowGroup());
    return EndPart();
  }

  Status AddMember(DayReader& reader, const std::string& family, const DayReader::Member& member) {
    const std::size_t rows_before = batch_.batch().rows;
    LabelsBuilder builder(member.labels);
    builder.Set(kMetricName, family);
    batch_.BeginSeries(member.labels, static_cast<std::int64_t>(builder.Build().Hash()));
    ClassicRows classic;
    for (const DayReader::Bucket& bucket : member.buckets) {
      TICKSCOPE_ASSIGN_OR_RETURN(const WindowRows windows, ReadWindows(reader, bucket.sources, member,
                                                                       family + "_bucket", bucket.le_text));
      classic.AddBucket(bucket, windows.floats);
    }
    if (!member.sum.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const WindowRows windows,
                                 ReadWindows(reader, member.sum, member, family + "_sum"));
      classic.AddSum(windows.floats);
    }
    if (!member.count.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const WindowRows windows,
                                 ReadWindows(reader, member.count, member, family + "_count"));
      classic.AddCount(windows.floats);
    }
    for (const auto& [end_ms, row] : classic.rows())
      batch_.Add(row);
    part_.has_classic = part_.has_classic || !classic.rows().empty();
    TICKSCOPE_ASSIGN_OR_RETURN(const WindowRows windows, ReadWindows(reader, member.plain, member, family));
    for (const FloatWindow& row : windows.floats)
      batch_.Add(row);
    for (const HistogramWindow& row : windows.histograms)
      batch_.Add(row);
    part_.has_floats = part_.has_floats || !windows.floats.empty();
    part_.has_native = part_.has_native || !windows.histograms.empty();
    if (batch_.batch().rows > rows_before) ++part_.series;
    return {};
  }

  // Windows of a member's series of this name (and le).
  Result<WindowRows> ReadWindows(DayReader& reader, const DayReader::Sources& sources,
                                 const DayReader::Member& member, const std::string& metric,
                                 std::string_view le = {}) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SampleColumns* samples, reader.Read(sources));
    if (deletes_.empty()) return MakeWindowRows(*samples, start_ms_, end_ms_);
    LabelsBuilder builder(member.labels);
    builder.Set(kMetricName, metric);
    if (!le.empty()) builder.Set(kBucketLabel, le);
    const Labels labels = builder.Build();
    std::vector<const ColdDelete*> named;
    for (const ColdDelete& one : deletes_) {
      if (one.Names(labels)) named.push_back(&one);
    }
    if (named.empty()) return MakeWindowRows(*samples, start_ms_, end_ms_);
    left_.Clear();
    for (std::size_t i = 0; i < samples->size(); ++i) {
      const TimeMs time_ms = samples->times_ms[i];
      const bool is_deleted = std::ranges::any_of(
          named, [&](const ColdDelete* one) { return time_ms >= one->start_ms && time_ms <= one->end_ms; });
      if (is_deleted) continue;
      left_.times_ms.push_back(time_ms);
      left_.values.push_back(samples->values[i]);
      if (!samples->histograms.empty()) left_.histograms.push_back(samples->histograms[i]);
    }
    return MakeWindowRows(left_, start_ms_, end_ms_);
  }

  Status EndRowGroup() {
    const plugin::TableBatch& rows = batch_.batch();
    if (rows.rows > 0) {
      if (writer_ == nullptr) {
        TICKSCOPE_ASSIGN_OR_RETURN(writer_, columnar_.MakeTableWriter(options_.format, schema_.columns()));
      }
      const auto& times = rows.columns[ToIndex(Column::kTs)].ints;
      const auto [min, max] = std::ranges::minmax_element(times);
      part_.min_ts_ms = part_.rows == 0 ? *min : std::min(part_.min_ts_ms, *min);
      part_.max_ts_ms = part_.rows == 0 ? *max : std::max(part_.max_ts_ms, *max);
      part_.rows += rows.rows;
      TICKSCOPE_RETURN_IF_ERROR(writer_->Append(rows));
    }
    batch_.Clear();
    return {};
  }

  Status EndPart() {
    if (writer_ == nullptr) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string content, writer_->Finish());
    writer_.reset();
    TICKSCOPE_ASSIGN_OR_RETURN(part_.name, PartName(manifest_.tenant, part_.metric, manifest_.day,
                                                    ContentHash(content), options_.format));
    part_.bytes = content.size();
    part_.crc32c = codec::Crc32c(AsBytes(content));
    // A name says what the bytes are, so one of the right size is this one.
    const auto found = sizes_.find(part_.name);
    if (found == sizes_.end() || found->second != content.size()) {
      TICKSCOPE_RETURN_IF_ERROR(store_.Put(part_.name, content));
      ++report_.parts_written;
    }
    std::string metric = part_.metric;
    manifest_.parts.push_back(std::exchange(part_, ColdPart{.metric = std::move(metric)}));
    return {};
  }

  objstore::ObjectStore& store_;
  const plugin::Columnar& columnar_;
  const ColdSchema& schema_;
  const PublishOptions& options_;
  const std::vector<ColdDelete>& deletes_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const ObjectSizes& sizes_;
  ColdManifest& manifest_;
  PublishReport& report_;
  RowBatch batch_;
  std::unique_ptr<plugin::TableWriter> writer_;
  ColdPart part_;
  SampleColumns left_;
};

}  // namespace

Result<PublishReport> PublishDay(objstore::ObjectStore& store, const plugin::Columnar& columnar,
                                 const DayReader::Blocks& blocks, const TenantId& tenant, Day day,
                                 TimeMs now_ms, const PublishOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(const ColdSchema schema, ColdSchema::Make(options.promoted));
  const TimeMs read_from_ms = StartOf(day) - kStepGapMax;
  const TimeMs read_to_ms = StartOf(NextDay(day));
  ColdManifest manifest{.tenant = tenant, .day = day, .published_ms = now_ms, .promoted = options.promoted};
  manifest.sources.push_back(options.format == plugin::TableFormat::kOrc ? "orc" : "parquet");
  DayReader::Blocks used;
  bool has_day = false;
  for (const auto& block : blocks) {
    const block::BlockMeta& meta = block->meta();
    if (meta.tenant != tenant || meta.resolution_ms != 0) continue;
    if (meta.max_time_ms < read_from_ms || meta.min_time_ms > read_to_ms) continue;
    has_day = has_day || meta.max_time_ms > StartOf(day);
    used.push_back(block);
    manifest.sources.push_back(fmt::format("{}:{}", BaseName(block->path()), block->file_bytes()));
  }
  std::vector<ColdDelete> deletes;
  for (const ColdDelete& one : options.deletes) {
    // Also one of the hours before: it may take the first step away.
    if (one.start_ms > read_to_ms || one.end_ms <= read_from_ms) continue;
    deletes.push_back(one);
    if (one.Touches(day)) manifest.sources.push_back(one.Mark());
  }
  std::ranges::sort(manifest.sources);
  PublishReport report;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto in_force, FindManifest(store, tenant, day));
  if (!has_day) {
    report.outcome = PublishReport::Outcome::kEmpty;
    return report;
  }
  const bool is_same =
      in_force && in_force->sources == manifest.sources && in_force->promoted == manifest.promoted;
  ObjectSizes sizes;
  if (!is_same || options.checks_parts) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto objects, store.List(TenantPrefix(tenant)));
    for (const objstore::ObjectInfo& object : objects)
      sizes[object.name] = object.size;
  }
  // A part that is gone is written again: whoever found it damaged has deleted it.
  if (is_same && (!options.checks_parts || HasAllParts(sizes, *in_force))) {
    report.outcome = PublishReport::Outcome::kUnchanged;
    report.manifest = *in_force;
    return report;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto reader,
                             DayReader::Open(std::move(used), read_from_ms + 1, read_to_ms));
  TICKSCOPE_RETURN_IF_ERROR(
      DayPublish(store, columnar, schema, options, deletes, sizes, manifest, report).Run(*reader));
  manifest.revision = in_force ? in_force->revision + 1 : 1;
  const std::string text = WriteManifest(manifest);
  TICKSCOPE_RETURN_IF_ERROR(store.Put(ManifestName(tenant, day, manifest.revision, ContentHash(text)), text));
  report.outcome = in_force ? PublishReport::Outcome::kReplaced : PublishReport::Outcome::kPublished;
  report.manifest = std::move(manifest);
  return report;
}

}  // namespace tickscope::cold
