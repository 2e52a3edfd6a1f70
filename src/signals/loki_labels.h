// The labels of a Loki stream as its push has them: {app="game", region="eu"}.
//
// Source   grafana.com/docs/loki, "Ingest logs"; texts in quotes are those of Go: "..." with escapes, or `...` without.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/signal_records.h"
#include "signals/text_pool.h"

namespace tickscope::signals {

/// Fills `out` with the labels, sorted by name; empty values are left out, as Prometheus has it. Views into `text` or `pool`.
/// Errors: kInvalidArgument with the place, for what does not parse, a name that is none, one that is there twice, more
/// than `labels_max`, and for no labels at all.
[[nodiscard]] Status ParseStreamLabels(std::string_view text, std::size_t labels_max, TextPool& pool,
                                       std::vector<codec::SignalAttribute>& out);

/// Sorts labels and checks them as above.
[[nodiscard]] Status CheckStreamLabels(std::size_t labels_max, std::vector<codec::SignalAttribute>& labels);

}  // namespace tickscope::signals
