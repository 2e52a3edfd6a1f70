// RecordLines: records of the stream as lines for people, or as JSON, one object a line.
//
//   12:00:00.000Z metrics eu offset=7 samples=300 histograms=0 new_series=3 bytes=712
//   12:00:00.123Z log eu {app="game"} INFO joined match=m1 trace=5b8e...
//   12:00:00.123Z span eu join 2.1ms error {service.name="match"} trace=5b8e... span=eee1... parent=...
//
// Control characters are shown as \xNN: what is in a log cannot drive a terminal.
//
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/record_kind.h"
#include "codec/signal_batch.h"
#include "model/tenant.h"
#include "stream/stream.h"

namespace tickscope::signals {

struct LineFilter {
  std::optional<TenantId> tenant;
  bool metrics = true;
  bool logs = true;
  bool spans = true;

  [[nodiscard]] bool Wants(codec::RecordKind kind) const;
};

/// A filter of kinds: "metrics", "logs", "spans", joined by commas; empty for all.
/// Errors: kInvalidArgument naming what is none.
[[nodiscard]] Status ParseKinds(std::string_view text, LineFilter& filter);

enum class LineForm : std::uint8_t { kText, kJson };

/// Gets a line, without its end.
using LineSink = std::function<void(std::string_view)>;

class RecordLines {
 public:
  RecordLines(LineFilter filter, LineForm form) : filter_(std::move(filter)), form_(form) {}

  /// Gives the lines of a record; none when the filter does not want it.
  /// Errors: those of decoding it; lines before the fault were given.
  [[nodiscard]] Status Render(const stream::Record& record, const LineSink& sink);

 private:
  void RenderSamples(const stream::Record& record, const LineSink& sink, Status& status);
  void AppendLog(std::uint64_t offset);
  void AppendSpan(std::uint64_t offset);
  void AppendLogJson(std::uint64_t offset);
  void AppendSpanJson(std::uint64_t offset);

  LineFilter filter_;
  LineForm form_;
  codec::SignalBatchReader reader_;
  std::string line_;
};

}  // namespace tickscope::signals
