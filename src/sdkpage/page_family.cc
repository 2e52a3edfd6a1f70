#include "sdkpage/page_family.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "codec/fixed.h"
#include "model/labels.h"

namespace tickscope::sdkpage {
namespace {

using codec::LoadFixed;

constexpr std::size_t kLabelsMax = 4;
constexpr std::uint32_t kSeriesMax = 1024;
constexpr std::uint32_t kBoundsMax = 1025;  // exponential; 256 of the others
constexpr std::size_t kTextBytesMax = 512;
constexpr std::int32_t kScaleMax = 8;

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorCode::kCorruption, fmt::format("record of a family: {}", what));
}

// Takes a record's variable part apart, never past its end.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : left_(bytes) {}

  Result<std::uint16_t> Count() {
    if (left_.size() < 2) return Bad("cut short");
    const auto count = LoadFixed<std::uint16_t>(left_.data());
    left_ = left_.subspan(2);
    return count;
  }

  Result<std::string> Text() {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint16_t size, Count());
    if (size > kTextBytesMax) return Bad("a text is too long");
    if (left_.size() < size) return Bad("cut short");
    std::string text(AsText(left_.first(size)));
    left_ = left_.subspan(size);
    if (!IsValidUtf8(text)) return Bad("a text is not UTF-8");
    return text;
  }

  Result<std::vector<double>> Doubles(std::uint32_t count) {
    if (left_.size() / sizeof(double) < count) return Bad("cut short");
    std::vector<double> values(count);
    for (std::uint32_t i = 0; i < count; ++i)
      values[i] = LoadFixed<double>(left_.data() + i * sizeof(double));
    left_ = left_.subspan(count * sizeof(double));
    return values;
  }

 private:
  ByteView left_;
};

bool IsName(std::string_view name, bool colons) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::ranges::all_of(name, [colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == ':' && colons);
  });
}

Result<PageLabel> TakeLabel(Cursor& cursor) {
  PageLabel label;
  TICKSCOPE_ASSIGN_OR_RETURN(label.name, cursor.Text());
  if (!IsName(label.name, false) || label.name.starts_with("__")) return Bad("a label's name");
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint16_t count, cursor.Count());
  if (count == 0 || count > kSeriesMax) return Bad("a label's number of values");
  for (std::uint16_t i = 0; i < count; ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::string value, cursor.Text());
    if (value.empty()) return Bad("a label's value is empty");
    label.values.push_back(std::move(value));
  }
  return label;
}

// Bound `k` of an exponential histogram: the nearest double to 2^((first_index - 1 + k) / 2^scale).
std::vector<double> ExponentialBounds(const PageFamily& family, std::uint32_t count) {
  const std::int32_t parts = 1 << family.scale;
  std::vector<double> bounds(count);
  for (std::uint32_t k = 0; k < count; ++k) {
    const std::int32_t index = family.first_index - 1 + static_cast<std::int32_t>(k);
    const std::int32_t octave = (index >= 0 ? index : index - parts + 1) / parts;
    bounds[k] = std::ldexp(std::exp2(static_cast<double>(index - octave * parts) / parts), octave);
  }
  return bounds;
}

Status TakeBounds(Cursor& cursor, std::uint32_t count, PageFamily& family) {
  if (!family.is_histogram()) return count == 0 ? Status() : Bad("bounds of what is no histogram");
  if (count == 0 || count > kBoundsMax) return Bad("number of bounds");
  if (family.type == PageType::kExponential) {
    if (family.scale < 0 || family.scale > kScaleMax) return Bad("scale");
    if (std::abs(static_cast<double>(family.first_index)) > 1000.0 * (1 << family.scale))
      return Bad("first index");
    family.bounds = ExponentialBounds(family, count);
    return {};
  }
  TICKSCOPE_ASSIGN_OR_RETURN(family.bounds, cursor.Doubles(count));
  for (std::size_t i = 0; i < family.bounds.size(); ++i)
    if (!std::isfinite(family.bounds[i]) || (i > 0 && family.bounds[i] <= family.bounds[i - 1]))
      return Bad("bounds");
  return {};
}

Status CheckPlace(const PageFamily& family, PageRoom room) {
  std::uint64_t combinations = 1;
  for (const PageLabel& label : family.labels)
    combinations = std::min<std::uint64_t>(combinations * label.values.size(), kSeriesMax + 1);
  if (family.series_count != combinations || combinations > kSeriesMax) return Bad("number of series");
  const std::uint64_t wanted = family.is_histogram() ? family.bounds.size() + 2 : 1;
  if (family.cells_per_series != wanted) return Bad("cells a series");
  if (family.first_cell == 0 || family.first_cell + wanted * family.series_count > room.cells)
    return Bad("cells");
  if (family.first_exemplar != 0 &&
      std::uint64_t{family.first_exemplar} - 1 + family.series_count > room.exemplars)
    return Bad("exemplars");
  return {};
}

}  // namespace

const std::string& PageFamily::ValueOf(std::uint32_t series, std::size_t label) const {
  std::size_t below = 1;
  for (std::size_t i = label + 1; i < labels.size(); ++i)
    below *= labels[i].values.size();
  return labels[label].values[series / below % labels[label].values.size()];
}

Result<PageFamily> DecodeFamily(ByteView record, PageRoom room) {
  if (record.size() < kRecordHeadBytes) return Bad("cut short");
  const std::byte* const at = record.data();
  const auto type = LoadFixed<std::uint8_t>(at + 9);
  const auto label_count = LoadFixed<std::uint8_t>(at + 10);
  if (type < 1 || type > 6) return Bad("type");
  if (label_count > kLabelsMax) return Bad("number of labels");
  PageFamily family{.type = static_cast<PageType>(type),
                    .scale = LoadFixed<std::int8_t>(at + 11),
                    .first_index = LoadFixed<std::int32_t>(at + 32),
                    .first_cell = LoadFixed<std::uint32_t>(at + 12),
                    .cells_per_series = LoadFixed<std::uint32_t>(at + 16),
                    .series_count = LoadFixed<std::uint32_t>(at + 20),
                    .first_exemplar = LoadFixed<std::uint32_t>(at + 24)};
  Cursor cursor(record.subspan(kRecordHeadBytes));
  TICKSCOPE_RETURN_IF_ERROR(TakeBounds(cursor, LoadFixed<std::uint32_t>(at + 28), family));
  TICKSCOPE_ASSIGN_OR_RETURN(family.name, cursor.Text());
  TICKSCOPE_ASSIGN_OR_RETURN(family.unit, cursor.Text());
  TICKSCOPE_ASSIGN_OR_RETURN(family.help, cursor.Text());
  if (!IsName(family.name, true)) return Bad("name");
  for (std::uint8_t i = 0; i < label_count; ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(PageLabel label, TakeLabel(cursor));
    family.labels.push_back(std::move(label));
  }
  TICKSCOPE_RETURN_IF_ERROR(CheckPlace(family, room));
  return family;
}

}  // namespace tickscope::sdkpage
