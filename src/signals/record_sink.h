// RecordSink: where a decoder of logs or spans puts what it reads, record by record.
#pragma once

#include <string_view>

#include "codec/record_kind.h"
#include "codec/signal_records.h"
#include "signals/refusal.h"

namespace tickscope::signals {

/// Threads: one.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  /// What is read: kLogs or kSpans.
  [[nodiscard]] virtual codec::RecordKind kind() const = 0;
  /// What the records from now on share. Views are valid until the next origin.
  virtual void SetOrigin(const codec::SignalOrigin& origin) = 0;
  /// Has the records up to the next origin refused.
  virtual void RefuseOrigin(Refusal refusal, std::string_view why) = 0;
  /// Views are valid during the call. A time of 0 was not told.
  virtual void Add(codec::LogRecord record) = 0;
  virtual void Add(codec::SpanRecord record) = 0;
  /// Counts a record that its decoder could not make one of.
  virtual void Refuse(Refusal refusal, std::string_view why) = 0;
};

}  // namespace tickscope::signals
