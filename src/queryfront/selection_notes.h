// SelectionNotes: is told what every query selects, whoever answers it: the engine, the cache, or an equal query in flight.
#pragma once

#include <span>

#include "model/matcher.h"
#include "queryfront/query_request.h"

namespace tickscope::queryfront {

/// Thread-safe.
class SelectionNotes {
 public:
  virtual ~SelectionNotes() = default;
  /// Once for each selector of a query that parses, before it is known whether it may run. Cheap: queries wait for it.
  virtual void Note(const QueryIdentity& who, std::span<const Matcher> matchers) = 0;
};

}  // namespace tickscope::queryfront
