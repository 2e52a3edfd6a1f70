// Selector key: a tenant's question about series, as one text that no other question has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/queryable.h"

namespace tickscope::queryfront {

/// Longest key that is kept.
inline constexpr std::size_t kSelectorKeyBytesMax = 16 << 10;

/// `what` is asked of the series, in a `state` of labels (model/label_state.h). Nothing when it would be too long.
[[nodiscard]] std::optional<std::string> SelectorKey(std::string_view what, const SelectRequest& request,
                                                     std::string_view state);

}  // namespace tickscope::queryfront
