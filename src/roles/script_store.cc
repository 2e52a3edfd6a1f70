#include "roles/script_store.h"

#include <algorithm>
#include <vector>

#include "codec/sample_batch.h"
#include "io/memory_file_system.h"
#include "model/tenant.h"

namespace tickscope::roles {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
/// Records a script's samples become, by time.
constexpr std::size_t kRecords = 64;
/// Of these, how many are sealed before the next come; the rest stays in memory.
constexpr std::size_t kSealedRecords = 56;

struct Place {
  TimeMs time_ms = 0;
  SeriesRef ref{};
  const SampleColumns* columns = nullptr;
  std::size_t row = 0;
};

}  // namespace

ScriptStore::ScriptStore() = default;
ScriptStore::~ScriptStore() = default;

Status ScriptStore::Fill(const std::map<Labels, SampleColumns>& series) {
  store_.reset();
  metrics_ = std::make_unique<MetricRegistry>();
  files_ = std::make_unique<io::MemoryFileSystem>();
  tsdb::StoreOptions options;
  options.directory = "/store";
  options.seal_interval_ms = 10 * kMinuteMs;
  options.block_range_ms = 20 * kMinuteMs;
  options.block_delay_ms = 0;
  options.retention_ms = INT64_MAX / 4;
  TICKSCOPE_ASSIGN_OR_RETURN(store_, tsdb::Store::Open(*files_, *metrics_, options));

  codec::SampleBatch batch;
  batch.tenant = kDefaultTenant;
  std::vector<Place> places;
  for (const auto& [labels, columns] : series) {
    const auto ref = static_cast<SeriesRef>(batch.series.size());
    batch.series.push_back({ref, std::vector<LabelView>(labels.begin(), labels.end())});
    for (std::size_t row = 0; row < columns.size(); ++row)
      places.push_back({columns.times_ms[row], ref, &columns, row});
  }
  std::ranges::stable_sort(places, {}, &Place::time_ms);
  const std::size_t per_record = places.size() / kRecords + 1;
  std::uint64_t offset = 0;
  for (std::size_t from = 0; from == 0 || from < places.size(); from += per_record) {
    batch.floats.Clear();
    batch.histograms.clear();
    for (std::size_t i = from; i < std::min(from + per_record, places.size()); ++i) {
      const Place& place = places[i];
      const SampleColumns& columns = *place.columns;
      const TimeMs began_ms = columns.start_times_ms.empty() ? 0 : columns.start_times_ms[place.row];
      const HistogramPtr histogram = columns.histograms.empty() ? nullptr : columns.histograms[place.row];
      if (histogram != nullptr) {
        batch.histograms.push_back({place.ref, place.time_ms, histogram, began_ms});
      } else {
        batch.floats.Push(place.ref, place.time_ms, columns.values[place.row], began_ms);
      }
      batch.received_ms = std::max(batch.received_ms, place.time_ms);
    }
    store_->Apply(offset++, 1, batch);
    batch.series.clear();
    while (offset <= kSealedRecords && store_->HasWork())
      TICKSCOPE_RETURN_IF_ERROR(store_->Work());
  }
  return {};
}

}  // namespace tickscope::roles
