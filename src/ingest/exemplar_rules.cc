#include "ingest/exemplar_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace tickscope::ingest {
namespace {

// Code points of valid UTF-8: every byte but those that continue one.
std::size_t CharacterCount(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::unexpected<Error> Refused(const char* what) {
  return Fail(ErrorCode::kInvalidArgument, what);
}

}  // namespace

Result<Labels> MakeExemplarLabels(std::vector<LabelView>& labels) {
  std::size_t characters = 0;
  for (const LabelView& label : labels) {
    if (label.name.empty()) return Refused("exemplar label with an empty name");
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value))
      return Refused("exemplar label is not valid UTF-8");
    characters += CharacterCount(label.name) + CharacterCount(label.value);
  }
  if (characters > kExemplarCharactersMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("exemplar labels are too long: got {} characters, want at most {}", characters,
                            kExemplarCharactersMax));
  }
  std::ranges::sort(labels, {}, &LabelView::name);
  if (std::ranges::adjacent_find(labels, {}, &LabelView::name) != labels.end())
    return Refused("exemplar label name that is there twice");
  std::erase_if(labels, [](const LabelView& label) { return label.value.empty(); });
  return Labels::FromSorted(labels);
}

}  // namespace tickscope::ingest
