// OtlpLogs: log records of OpenTelemetry SDKs, as entries of the agent's logs.
//
//   body                                the line; a list or map as JSON
//   severity                            the stream's level
//   service.*, trace and span id        structured metadata, with the attributes of record and resource, as long as there is room
//   what has no place there             name=value behind the line
//
// Attributes are cleaned of what is private by their names, too, as the gateway does; everything is scanned again with the line. No
// record can add a stream.
//
// A request is taken whole, but for records that are refused one by one, or not at all.
//
// Threads   The loop's.
// Bounds    Those of the request's bytes; kLineBytesMax a line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/log_listeners.h"
#include "base/clock.h"
#include "guard/pii_scanner.h"
#include "logs/log_intake.h"
#include "otlp/export_door.h"
#include "tokens/key_provider.h"
#include "tokens/tokenizer.h"

namespace tickscope::agent {

class OtlpLogs {
 public:
  struct Privacy {
    const guard::PiiScanner& scanner;
    tokens::KeyProvider* keys = nullptr;  ///< Null: private values in attributes become "[email]" and so on.
    TenantId tenant;
    std::int64_t epoch_ms = tokens::kEpochMs;
    tokens::TokenEpoch epoch_min = 0;  ///< As of logs::LogIntakeOptions.
  };
  /// What is in force, asked for with each request.
  using PrivacyNow = std::function<Privacy()>;

  /// All outlive it. `labels` are of every stream.
  OtlpLogs(const Labels& labels, PrivacyNow privacy, logs::LogIntake& intake, const Clock& clock,
           LogListeners::MakeRoom make_room);
  OtlpLogs(const OtlpLogs&) = delete;
  OtlpLogs& operator=(const OtlpLogs&) = delete;

  /// Takes an ExportLogsServiceRequest; `done` hears what became of it once its records are durable.
  void Take(std::string_view message, otlp::ExportCallback done);
  /// Everything in the intake was made durable: answers who waits for that.
  void OnWritten();

 private:
  class Sink;

  const PrivacyNow privacy_;
  logs::LogIntake& intake_;
  const Clock& clock_;
  const LogListeners::MakeRoom make_room_;
  const logs::LogSource source_;
  std::vector<std::pair<otlp::ExportCallback, otlp::ExportOutcome>> waiting_;
};

}  // namespace tickscope::agent
