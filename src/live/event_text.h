// Events as text: server-sent events (WHATWG HTML, section 9.2) with JSON data.
//
//   id: 5f2c-3.17
//   event: snapshot
//   data: {"query":"left","from":1700000000,"to":1700003600,"step":10,"series":[
//          {"n":0,"metric":{"job":"api"},"values":[[1700000000,"1"],...]}]}           (one line)
//
//   event: points
//   data: {"query":"left","to":1700003610,"series":[{"n":0,"values":[[1700003610,"2"]]},
//          {"n":7,"metric":{"job":"new"},"values":[...]},{"n":3,"gone":[1700003600]}],"vanished":[3],"forgotten":[2]}
//
// Of an event the head, up to the query's name, is a client's own; the rest is the same for all and shared by them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "live/series_window.h"

namespace tickscope::live {

/// What every client of one window gets: the rest of a `snapshot` event, from after the query's name to its end. Points
/// before `from_ms` are left out, their series are not: later events may name them.
/// Errors: kResourceExhausted when it would exceed `bytes_max`.
[[nodiscard]] Result<std::string> SnapshotRest(const SeriesWindow& window, TimeMs from_ms, TimeMs to_ms,
                                               std::int64_t step_ms, const std::vector<std::string>& warnings,
                                               std::size_t bytes_max);

/// The rest of a `points` event.
[[nodiscard]] Result<std::string> PointsRest(const Change& change, TimeMs to_ms,
                                             const std::vector<std::string>& warnings, std::size_t bytes_max);

/// The rest of a `failure` event: evaluation failed, and is tried again at the next step.
[[nodiscard]] std::string FailureRest(const Error& error);

/// `"query":"left",` for EventHead.
[[nodiscard]] std::string QueryMember(std::string_view id);

/// The beginning of an event's text; no id line when `id` is empty.
[[nodiscard]] std::string EventHead(std::string_view id, std::string_view event,
                                    std::string_view query_member);

}  // namespace tickscope::live
