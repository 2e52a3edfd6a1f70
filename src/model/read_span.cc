#include "model/read_span.h"

#include <algorithm>

namespace tickscope {

std::vector<ReadSpan> JoinSpans(const std::vector<ReadSpan>& spans) {
  std::vector<ReadSpan> joined;
  for (const ReadSpan& span : spans) {
    const auto before = std::find_if(joined.rbegin(), joined.rend(),
                                     [&](const ReadSpan& known) { return known.source == span.source; });
    if (before != joined.rend() &&
        span.start_ms <= before->end_ms + std::max<std::int64_t>(span.resolution_ms, 1)) {
      before->end_ms = std::max(before->end_ms, span.end_ms);
      before->files += span.files;
    } else {
      joined.push_back(span);
    }
  }
  return joined;
}

}  // namespace tickscope
