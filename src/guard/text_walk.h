// The walk over a text that finds what the detectors know, in one pass from left to right.
#pragma once

#include <string_view>
#include <vector>

#include "guard/pii_finding.h"

namespace tickscope::guard {

enum class WalkBy : std::uint8_t {
  kSieve,      ///< From one place that may begin something to the next.
  kEveryByte,  ///< Past every word: what kSieve is held to in tests.
};

/// Appends what is found of `kinds` in text in which look-alikes are already what they look like (plain_text.h).
void WalkText(std::string_view text, PiiKinds kinds, WalkBy by, std::vector<PiiFinding>& out);

}  // namespace tickscope::guard
