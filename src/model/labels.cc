#include "model/labels.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "base/check.h"

namespace tickscope {
namespace {

// Lengths are base-128 varints: one byte for all but very long values.
void AppendLength(std::size_t n, std::string& out) {
  while (n >= 0x80) {
    out += static_cast<char>(n | 0x80);
    n >>= 7;
  }
  out += static_cast<char>(n);
}

std::string_view TakeText(const char*& at) {
  std::size_t n = 0;
  unsigned shift = 0;
  while (true) {
    const auto byte = static_cast<unsigned char>(*at++);
    n |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
    shift += 7;
  }
  const std::string_view text(at, n);
  at += n;
  return text;
}

void AppendPair(std::string_view name, std::string_view value, std::string& out) {
  AppendLength(name.size(), out);
  out += name;
  AppendLength(value.size(), out);
  out += value;
}

void AppendQuoted(std::string_view value, std::string& out) {
  out += '"';
  for (const char c : value) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsNameRest(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9');
}

}  // namespace

void Labels::Iterator::Load() {
  if (at_ == end_) {
    current_ = {};
    return;
  }
  next_ = at_;
  current_.name = TakeText(next_);
  current_.value = TakeText(next_);
}

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs)
    : Labels(FromPairs({pairs.begin(), pairs.end()})) {}

Labels Labels::FromPairs(std::vector<std::pair<std::string_view, std::string_view>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Labels labels;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    if (!pairs[i].second.empty()) AppendPair(pairs[i].first, pairs[i].second, labels.packed_);
  }
  return labels;
}

Labels Labels::FromSorted(const std::vector<LabelView>& sorted) {
  Labels labels;
  std::size_t bytes = 0;
  for (const LabelView& label : sorted)
    bytes += label.name.size() + label.value.size() + 4;
  labels.packed_.reserve(bytes);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    TICKSCOPE_DCHECK(i == 0 || sorted[i - 1].name < sorted[i].name);
    TICKSCOPE_DCHECK(!sorted[i].value.empty());
    AppendPair(sorted[i].name, sorted[i].value, labels.packed_);
  }
  return labels;
}

std::size_t Labels::size() const {
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

std::string_view Labels::Get(std::string_view name) const {
  for (const LabelView& label : *this) {
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

std::uint64_t Labels::Hash() const {
  return XXH3_64bits(packed_.data(), packed_.size());
}

std::string Labels::ToString() const {
  std::string out;
  const std::string_view name = metric_name();
  const bool name_in_front = IsClassicMetricName(name);
  if (name_in_front) out += name;
  bool open = false;
  for (const LabelView& label : *this) {
    if (label.name == kMetricName && name_in_front) continue;
    out += open ? ", " : "{";
    open = true;
    if (label.name == kMetricName) {
      AppendQuoted(label.value, out);
      continue;
    }
    if (IsClassicLabelName(label.name)) {
      out += label.name;
    } else {
      AppendQuoted(label.name, out);
    }
    out += '=';
    AppendQuoted(label.value, out);
  }
  if (open) out += '}';
  if (out.empty()) out = "{}";
  return out;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  auto i = a.begin();
  auto j = b.begin();
  for (; i != a.end() && j != b.end(); ++i, ++j) {
    if (const auto order = i->name <=> j->name; order != 0) return order;
    if (const auto order = i->value <=> j->value; order != 0) return order;
  }
  if (i != a.end()) return std::strong_ordering::greater;
  if (j != b.end()) return std::strong_ordering::less;
  return std::strong_ordering::equal;
}

void LabelsBuilder::Reset(const Labels& base) {
  pairs_.clear();
  for (const LabelView& label : base)
    pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Delete(name);
  for (auto& [existing, current] : pairs_) {
    if (existing == name) {
      current = value;
      return *this;
    }
  }
  pairs_.emplace_back(name, value);
  return *this;
}

LabelsBuilder& LabelsBuilder::Delete(std::string_view name) {
  std::erase_if(pairs_, [name](const auto& pair) { return pair.first == name; });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const auto& [existing, value] : pairs_) {
    if (existing == name) return value;
  }
  return {};
}

Labels LabelsBuilder::Build() const {
  return Labels::FromPairs({pairs_.begin(), pairs_.end()});
}

bool IsClassicLabelName(std::string_view name) {
  return !name.empty() && IsNameStart(name[0]) && std::all_of(name.begin(), name.end(), IsNameRest);
}

bool IsClassicMetricName(std::string_view name) {
  const auto colon_or = [](auto&& rule) { return [rule](char c) { return c == ':' || rule(c); }; };
  return !name.empty() && colon_or(IsNameStart)(name[0]) &&
         std::all_of(name.begin(), name.end(), colon_or(IsNameRest));
}

bool IsValidUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at != end) {
    if (*at < 0x80) {
      ++at;
      continue;
    }
    // Lead byte decides the length and the range of the second byte (Unicode 15, table 3-7).
    std::ptrdiff_t length = 0;
    unsigned char second_min = 0x80;
    unsigned char second_max = 0xbf;
    if (*at >= 0xc2 && *at <= 0xdf) {
      length = 2;
    } else if (*at >= 0xe0 && *at <= 0xef) {
      length = 3;
      if (*at == 0xe0) second_min = 0xa0;
      if (*at == 0xed) second_max = 0x9f;
    } else if (*at >= 0xf0 && *at <= 0xf4) {
      length = 4;
      if (*at == 0xf0) second_min = 0x90;
      if (*at == 0xf4) second_max = 0x8f;
    } else {
      return false;
    }
    if (end - at < length || at[1] < second_min || at[1] > second_max) return false;
    for (std::ptrdiff_t i = 2; i < length; ++i) {
      if ((at[i] & 0xc0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace tickscope
