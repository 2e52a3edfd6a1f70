// LogIntake: the one way of log entries of every input into a batch: mended, without private data, with a severity.
//
// Invariants   I1 nothing private leaves it: each text is scanned, and what is found is a token, or the entry is refused and counted.
//              I2 times of entries ascend, so that (time, text) tells two equal lines apart and one that was sent twice is known.
//              I3 streams come of sources, which come of configuration: no input can add one.
// Threads      Not thread-safe.
// Memory       What the batches hold. A line that is ASCII and has nothing private allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/pii_scanner.h"
#include "logs/log_metrics.h"
#include "logs/push_batch.h"
#include "logs/severity.h"
#include "tokens/tokenizer.h"

namespace tickscope::logs {

/// Pairs of an entry that are sent with it at most.
inline constexpr std::size_t kMetadataMax = 16;

/// The label that has an entry's severity, unless the source says it itself.
inline constexpr std::string_view kSeverityLabel = "level";

/// Where entries come from: an item of the configuration.
struct LogSource {
  LogInput input = LogInput::kFile;
  std::array<StreamId, kSeverities> streams{};
};

struct LogEntry {
  std::string_view text;                   ///< As it came, without its end.
  std::optional<std::size_t> keep;         ///< Of the text may be kept at most; see Frame.
  std::int64_t time_ns = 0;                ///< 0: now.
  Severity severity = Severity::kUnknown;  ///< kUnknown: what the text says.
  std::span<const LabelView> metadata{};   ///< Names are ours, values are as they came.
};

struct LogIntakeOptions {
  TenantId tenant;
  std::int64_t epoch_ms = tokens::kEpochMs;
  tokens::TokenEpoch epoch_min = 0;  ///< Tokens are of this epoch while the clock's is an earlier one.
};

class LogIntake {
 public:
  /// All outlive the intake. Without keys an entry that has something private is refused.
  LogIntake(const guard::PiiScanner& scanner, tokens::KeyProvider* keys, LogIntakeOptions options,
            const Clock& clock, LogMetrics& metrics)
      : scanner_(&scanner),
        keys_(keys),
        options_(std::move(options)),
        clock_(clock),
        metrics_(metrics),
        errors_(names_),
        others_(names_) {}
  LogIntake(const LogIntake&) = delete;
  LogIntake& operator=(const LogIntake&) = delete;

  [[nodiscard]] LogSource AddSource(LogInput input, const Labels& labels);
  /// Goes on with others; what is in the batches stays as it is. All outlive the intake, or what takes their place.
  void Use(const guard::PiiScanner& scanner, tokens::KeyProvider* keys, LogIntakeOptions options);

  /// Takes an entry, or counts why not. Whether it was taken.
  bool Add(const LogSource& source, const LogEntry& entry);

  /// What waits to be sent. Errors are apart: they are worth more when there is no room for all.
  [[nodiscard]] PushBatch& errors() { return errors_; }
  [[nodiscard]] PushBatch& others() { return others_; }
  [[nodiscard]] std::size_t bytes() const { return errors_.bytes() + others_.bytes(); }
  [[nodiscard]] LogMetrics& metrics() { return metrics_; }

 private:
  bool Refuse(LogInput input, LogRefusal reason);
  // Appends the text without what is private. False when that cannot be.
  [[nodiscard]] bool AppendClean(std::string_view text, std::optional<std::size_t> keep, std::string& out);
  void OpenSession(TimeMs now_ms);
  [[nodiscard]] std::int64_t TimeOf(const LogEntry& entry);

  const guard::PiiScanner* scanner_;
  tokens::KeyProvider* keys_;
  LogIntakeOptions options_;
  const Clock& clock_;
  LogMetrics& metrics_;
  StreamNames names_;
  PushBatch errors_;
  PushBatch others_;
  std::optional<tokens::TokenSession> session_;
  std::optional<tokens::TokenEpoch> epoch_;
  std::int64_t last_ns_ = 0;
  std::vector<guard::PiiFinding> findings_;
  std::string mended_;
  std::string clean_;
  std::string clean_metadata_;
  std::vector<LabelView> metadata_;
};

}  // namespace tickscope::logs
