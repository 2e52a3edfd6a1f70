#include "tsdb/series_index.h"

#include <algorithm>

#include "base/check.h"
#include "index/series_hash.h"

namespace tickscope::tsdb {
namespace {

// Whether a value matches, with the expression run only where it may.
bool MatchesValue(const Matcher& matcher, std::string_view value, std::uint64_t signature) {
  if (!matcher.MayMatchSignature(signature)) return matcher.type() == MatchType::kNotRegex;
  return matcher.Matches(value);
}

std::vector<NamedCount> TakeTop(std::vector<NamedCount> counts, std::size_t limit) {
  const auto more = [](const NamedCount& a, const NamedCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  };
  limit = std::min(limit, counts.size());
  std::partial_sort(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(limit), counts.end(), more);
  counts.resize(limit);
  return counts;
}

}  // namespace

void SeriesIndex::Add(SeriesRef ref, std::span<const LabelView> labels) {
  const std::size_t index = ToIndex(ref);
  if (pairs_at_.size() <= index) pairs_at_.resize(index + 1, 0);
  TICKSCOPE_CHECK(pairs_at_[index] == 0);
  TICKSCOPE_CHECK(series_pairs_.size() + labels.size() < 0xffff'ffffULL);
  pairs_at_[index] = static_cast<std::uint32_t>(series_pairs_.size());
  series_pairs_.push_back(static_cast<PairId>(labels.size()));
  for (const LabelView& label : labels) {
    const PairId pair = InternPair(label);
    Pair& known = pairs_[pair];
    known.series.Add(ref);
    known.values->ranked.Increment(known.rank);
    ++known.values->series;
    series_pairs_.push_back(pair);
  }
  all_.Add(ref);
  sketch_.Add(index::SeriesHash(labels));
  ++series_count_;
}

bool SeriesIndex::Has(SeriesRef ref) const {
  return ToIndex(ref) < pairs_at_.size() && pairs_at_[ToIndex(ref)] != 0;
}

SeriesIndex::PairId SeriesIndex::InternPair(const LabelView& label) {
  const Symbol name = symbols_.Intern(label.name);
  const Symbol value = symbols_.Intern(label.value);
  const std::uint64_t key = static_cast<std::uint64_t>(name) << 32 | static_cast<std::uint64_t>(value);
  const auto [found, is_new] = pair_of_.try_emplace(key, static_cast<PairId>(pairs_.size()));
  if (is_new) {
    Values& values = names_[symbols_.Text(name)];
    values.by_text.emplace(symbols_.Text(value), Value{found->second, TrigramSignature(label.value)});
    values.bytes += label.value.size();
    values.pairs.push_back(found->second);
    pairs_.push_back({name, value, &values, values.ranked.Add(), Postings()});
  }
  return found->second;
}

std::span<const SeriesIndex::PairId> SeriesIndex::PairsOf(SeriesRef ref) const {
  if (!Has(ref)) return {};
  const PairId* const at = series_pairs_.data() + pairs_at_[ToIndex(ref)];
  return {at + 1, *at};
}

LabelView SeriesIndex::PairText(PairId pair) const {
  return {symbols_.Text(pairs_[pair].name), symbols_.Text(pairs_[pair].value)};
}

Labels SeriesIndex::LabelsOf(SeriesRef ref) const {
  std::vector<LabelView> views;
  for (const PairId id : PairsOf(ref)) {
    views.push_back({symbols_.Text(pairs_[id].name), symbols_.Text(pairs_[id].value)});
  }
  return Labels::FromSorted(views);
}

std::string_view SeriesIndex::ValueOf(SeriesRef ref, std::string_view name) const {
  for (const PairId id : PairsOf(ref)) {
    if (symbols_.Text(pairs_[id].name) == name) return symbols_.Text(pairs_[id].value);
  }
  return {};
}

const SeriesIndex::Values* SeriesIndex::ValuesOf(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

Postings SeriesIndex::SelectPositive(const Matcher& matcher) const {
  Postings selected;
  const Values* values = ValuesOf(matcher.name());
  if (values == nullptr) return selected;
  const auto add = [&](std::string_view value) {
    if (const auto found = values->by_text.find(value); found != values->by_text.end())
      selected.UnionWith(pairs_[found->second.pair].series);
  };
  const bool is_regex = matcher.type() == MatchType::kRegex || matcher.type() == MatchType::kNotRegex;
  if (!is_regex) {
    add(matcher.value());
  } else if (!matcher.literals().empty()) {
    for (const std::string& literal : matcher.literals())
      add(literal);
  } else {
    const bool negated = matcher.type() == MatchType::kNotRegex;
    const auto& [first, last] = matcher.value_range();
    const auto end = values->by_text.end();
    for (auto at = values->by_text.lower_bound(first); at != end && (last.empty() || at->first <= last);
         ++at) {
      if (MatchesValue(matcher, at->first, at->second.signature) != negated)
        selected.UnionWith(pairs_[at->second.pair].series);
    }
  }
  return selected;
}

Postings SeriesIndex::Select(const std::vector<Matcher>& matchers) const {
  // Conditions that refuse the empty value narrow by intersection; the others only take series away.
  std::vector<Postings> narrowing;
  std::vector<const Matcher*> removing;
  for (const Matcher& matcher : matchers) {
    const bool positive = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
    if (positive && !matcher.MatchesEmpty()) {
      narrowing.push_back(SelectPositive(matcher));
      if (narrowing.back().empty()) return {};
    } else {
      removing.push_back(&matcher);
    }
  }
  std::sort(narrowing.begin(), narrowing.end(),
            [](const Postings& a, const Postings& b) { return a.size() < b.size(); });
  Postings selected = narrowing.empty() ? Postings(all_) : std::move(narrowing.front());
  for (std::size_t i = 1; i < narrowing.size(); ++i)
    selected.IntersectWith(narrowing[i]);

  for (const Matcher* matcher : removing) {
    const Values* values = ValuesOf(matcher->name());
    const bool negative = matcher->type() == MatchType::kNotEqual || matcher->type() == MatchType::kNotRegex;
    if (negative) {
      selected.Subtract(SelectPositive(*matcher));
      // a!="" and a!~".*" also refuse series without the label.
      if (!matcher->MatchesEmpty()) {
        Postings with_label;
        if (values != nullptr) {
          for (const auto& [text, value] : values->by_text)
            with_label.UnionWith(pairs_[value.pair].series);
        }
        selected.IntersectWith(with_label);
      }
    } else if (values != nullptr) {
      // a="" and a=~"|x" keep series without the label: take away those with a value that does not match.
      for (const auto& [text, value] : values->by_text) {
        if (!MatchesValue(*matcher, text, value.signature)) selected.Subtract(pairs_[value.pair].series);
      }
    }
  }
  return selected;
}

std::vector<std::string> SeriesIndex::LabelNames() const {
  std::vector<std::string> names;
  for (const auto& [name, values] : names_)
    names.emplace_back(name);
  return names;
}

std::vector<std::string> SeriesIndex::LabelNames(const Postings& series) const {
  std::vector<std::string> names;
  for (const auto& [name, values] : names_) {
    const auto carries = [&](PairId pair) { return pairs_[pair].series.Intersects(series); };
    if (std::ranges::any_of(values.pairs, carries)) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> SeriesIndex::LabelValues(std::string_view name) const {
  std::vector<std::string> found;
  if (const Values* values = ValuesOf(name)) {
    for (const auto& [text, value] : values->by_text)
      found.emplace_back(text);
  }
  return found;
}

std::vector<std::string> SeriesIndex::LabelValues(std::string_view name, const Postings& series) const {
  std::vector<std::string> found;
  if (const Values* values = ValuesOf(name)) {
    for (const auto& [text, value] : values->by_text) {
      if (pairs_[value.pair].series.Intersects(series)) found.emplace_back(text);
    }
  }
  return found;
}

std::size_t SeriesIndex::bytes() const {
  std::size_t bytes = symbols_.bytes() + series_pairs_.capacity() * sizeof(PairId) +
                      pairs_at_.capacity() * sizeof(std::uint32_t) + pairs_.capacity() * sizeof(Pair);
  for (const Pair& pair : pairs_)
    bytes += pair.series.bytes();
  return bytes;
}

std::vector<NamedCount> SeriesIndex::TopValues(std::string_view name, std::size_t limit) const {
  std::vector<NamedCount> counts;
  if (const Values* const values = ValuesOf(name)) {
    for (const index::RankedCounts::Item item : values->ranked.Top(limit))
      counts.push_back(
          {std::string(symbols_.Text(pairs_[values->pairs[item]].value)), values->ranked.count(item)});
  }
  return TakeTop(std::move(counts), limit);
}

std::vector<NamedCount> SeriesIndex::TopValues(std::string_view name, const Postings& series,
                                               std::size_t limit) const {
  std::vector<NamedCount> counts;
  if (const Values* const values = ValuesOf(name)) {
    for (const auto& [text, value] : values->by_text) {
      const std::uint64_t count = pairs_[value.pair].series.IntersectionSize(series);
      if (count > 0) counts.push_back({std::string(text), count});
    }
  }
  return TakeTop(std::move(counts), limit);
}

std::vector<NamedCount> SeriesIndex::TopLabelNames(std::size_t limit) const {
  std::vector<NamedCount> counts;
  for (const auto& [name, values] : names_)
    counts.push_back({std::string(name), values.pairs.size()});
  return TakeTop(std::move(counts), limit);
}

std::vector<NamedCount> SeriesIndex::TopLabelBytes(std::size_t limit) const {
  std::vector<NamedCount> counts;
  for (const auto& [name, values] : names_)
    counts.push_back({std::string(name), values.bytes});
  return TakeTop(std::move(counts), limit);
}

std::vector<NamedCount> SeriesIndex::TopPairs(std::size_t limit) const {
  // The largest of all are among the largest of each name.
  std::vector<NamedCount> counts;
  for (const auto& [name, values] : names_) {
    for (const index::RankedCounts::Item item : values.ranked.Top(limit)) {
      std::string text(name);
      text.append("=").append(symbols_.Text(pairs_[values.pairs[item]].value));
      counts.push_back({std::move(text), values.ranked.count(item)});
    }
  }
  return TakeTop(std::move(counts), limit);
}

std::uint64_t SeriesIndex::value_count(std::string_view name) const {
  const Values* const values = ValuesOf(name);
  return values == nullptr ? 0 : values->pairs.size();
}

std::uint64_t SeriesIndex::series_with(std::string_view name) const {
  const Values* const values = ValuesOf(name);
  return values == nullptr ? 0 : values->series;
}

}  // namespace tickscope::tsdb
