#include "cold/day_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

namespace tickscope::cold {
namespace {

constexpr std::string_view kBucket = "_bucket";
constexpr std::string_view kSum = "_sum";
constexpr std::string_view kCount = "_count";

// The family a name with that ending is of; empty when it has another ending or nothing before it.
std::string FamilyOf(const std::string& name, std::string_view ending) {
  if (!name.ends_with(ending)) return {};
  return name.substr(0, name.size() - ending.size());
}

std::optional<double> ParseLe(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
  return value;
}

Labels Without(const Labels& labels, bool and_le) {
  LabelsBuilder builder(labels);
  builder.Delete(kMetricName);
  if (and_le) builder.Delete(kBucketLabel);
  return builder.Build();
}

}  // namespace

DayReader::DayReader(Blocks blocks, TimeMs start_ms, TimeMs end_ms)
    : blocks_(std::move(blocks)), start_ms_(start_ms), end_ms_(end_ms) {
  for (const auto& block : blocks_)
    cursors_.push_back(std::make_unique<block::Cursor>(*block));
}

Result<std::unique_ptr<DayReader>> DayReader::Open(Blocks blocks, TimeMs start_ms, TimeMs end_ms) {
  std::unique_ptr<DayReader> reader(new DayReader(std::move(blocks), start_ms, end_ms));
  for (const auto& block : reader->blocks_) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto names, block->LabelValues(kMetricName, {}));
    reader->metrics_.insert(names.begin(), names.end());
  }
  std::set<std::string> families = reader->metrics_;
  for (const std::string& name : reader->metrics_) {
    if (std::string family = FamilyOf(name, kBucket); !family.empty()) families.insert(std::move(family));
  }
  reader->families_.assign(families.begin(), families.end());
  return reader;
}

template <typename Visit>
Status DayReader::ForEachSeries(const std::string& metric, const Visit& visit) {
  const std::vector<Matcher> matchers = {Matcher::Equal(kMetricName, metric)};
  for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto ids, blocks_[i]->Select(matchers));
    for (const block::SeriesId id : ids) {
      TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, cursors_[i]->LabelsOf(id));
      visit(labels, Source{i, id});
    }
  }
  return {};
}

Result<const std::set<std::string>*> DayReader::ClassicKeys(const std::string& family) {
  if (keys_of_ == family) return &keys_;
  keys_of_.clear();
  keys_.clear();
  TICKSCOPE_RETURN_IF_ERROR(
      ForEachSeries(family + std::string(kBucket), [&](const Labels& labels, const Source&) {
        if (ParseLe(labels.Get(kBucketLabel))) keys_.emplace(Without(labels, true).packed());
      }));
  keys_of_ = family;
  return &keys_;
}

Result<std::vector<DayReader::Member>> DayReader::Members(const std::string& family) {
  std::map<Labels, Member> members;
  const bool may_be_buckets = !FamilyOf(family, kBucket).empty();
  std::string histogram;  // The one whose _sum or _count this may be.
  for (const std::string_view ending : {kSum, kCount}) {
    const std::string base = FamilyOf(family, ending);
    if (!base.empty() && HasMetric(base + std::string(kBucket))) histogram = base;
  }
  std::set<std::string> not_here;
  if (!histogram.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::set<std::string>* keys, ClassicKeys(histogram));
    not_here = *keys;
  }
  TICKSCOPE_RETURN_IF_ERROR(ForEachSeries(family, [&](const Labels& labels, const Source& source) {
    if (may_be_buckets && ParseLe(labels.Get(kBucketLabel))) return;
    Labels rest = Without(labels, false);
    if (not_here.contains(std::string(rest.packed()))) return;
    members[std::move(rest)].plain.push_back(source);
  }));
  if (HasMetric(family + std::string(kBucket))) {
    TICKSCOPE_RETURN_IF_ERROR(
        ForEachSeries(family + std::string(kBucket), [&](const Labels& labels, const Source& source) {
          const std::string_view text = labels.Get(kBucketLabel);
          const auto le = ParseLe(text);
          if (!le) return;
          std::vector<Bucket>& buckets = members[Without(labels, true)].buckets;
          const auto found = std::ranges::find(buckets, text, &Bucket::le_text);
          Bucket& bucket = found != buckets.end() ? *found : buckets.emplace_back(*le, std::string(text));
          bucket.sources.push_back(source);
        }));
    for (const bool is_sum : {true, false}) {
      const std::string name = family + std::string(is_sum ? kSum : kCount);
      if (!HasMetric(name)) continue;
      TICKSCOPE_RETURN_IF_ERROR(ForEachSeries(name, [&](const Labels& labels, const Source& source) {
        const auto found = members.find(Without(labels, false));
        if (found == members.end() || found->second.buckets.empty()) return;
        (is_sum ? found->second.sum : found->second.count).push_back(source);
      }));
    }
  }
  std::vector<Member> sorted;
  for (auto& [labels, member] : members) {
    member.labels = labels;
    std::ranges::sort(member.buckets, [](const Bucket& a, const Bucket& b) {
      return a.le != b.le ? a.le < b.le : a.le_text < b.le_text;
    });
    sorted.push_back(std::move(member));
  }
  return sorted;
}

Result<const SampleColumns*> DayReader::Read(const Sources& sources) {
  samples_.Clear();
  for (const Source& source : sources) {
    const block::BlockMeta& meta = blocks_[source.block]->meta();
    if (meta.max_time_ms < start_ms_ || meta.min_time_ms > end_ms_) continue;
    TICKSCOPE_RETURN_IF_ERROR(cursors_[source.block]->ReadSamples(source.id, start_ms_, end_ms_, samples_));
    // A block's part may lack the histograms that another's has.
    if (!samples_.histograms.empty()) samples_.histograms.resize(samples_.size());
  }
  const auto& times = samples_.times_ms;
  const bool is_sorted = std::ranges::adjacent_find(times, std::ranges::greater_equal{}) == times.end();
  if (is_sorted) return &samples_;
  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return times[i]; });
  sorted_.Clear();
  for (const std::size_t i : order) {
    if (!sorted_.times_ms.empty() && sorted_.times_ms.back() == times[i]) continue;
    sorted_.times_ms.push_back(times[i]);
    sorted_.values.push_back(samples_.values[i]);
    if (!samples_.histograms.empty()) sorted_.histograms.push_back(samples_.histograms[i]);
  }
  return &sorted_;
}

}  // namespace tickscope::cold
