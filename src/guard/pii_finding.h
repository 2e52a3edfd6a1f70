// PiiFinding: where in a text which kind of private data is.
#pragma once

#include <cstddef>

#include "guard/pii_kind.h"

namespace tickscope::guard {

/// Bytes [begin, end) of the text.
struct PiiFinding {
  PiiKind kind = PiiKind::kKey;
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(const PiiFinding&, const PiiFinding&) = default;
};

}  // namespace tickscope::guard
