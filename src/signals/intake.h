// Intake: the logs or spans of one request on their way to the stream. Each is judged, cleaned of what is private and
// written at once, so that a decoder walks the request's bytes and keeps no tree of it.
//
// Invariants   I1 what is refused costs only itself, and is counted with a reason.
//              I2 no value is in a message; names are in it only once they are known to give nobody away.
// Bounds       A payload is finished at kPayloadBytes, or kWholeBytes: then what came before is one, complete in itself.
// Threads      Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/signal_batch.h"
#include "model/tenant.h"
#include "signals/private_text.h"
#include "signals/record_sink.h"
#include "signals/refusal.h"
#include "signals/signal_options.h"
#include "signals/text_pool.h"

namespace tickscope::signals {

class Intake final : public RecordSink {
 public:
  /// What is kept whole may take: half of what a reader of the stream makes room for.
  static constexpr std::size_t kWholeBytes = codec::kSignalBodyBytesMax / 2;

  /// `options` outlives the intake. Requires: kLogs or kSpans.
  Intake(const SignalOptions& options, std::shared_ptr<const PrivacyRules> rules, codec::RecordKind kind,
         TenantId tenant, TimeMs now_ms);

  /// Has all of the request be one payload, up to kWholeBytes. Before the first record.
  void KeepWhole() { payload_bytes_ = kWholeBytes; }

  /// What the records from now on share. When it is refused so are they, one by one.
  void SetOrigin(const codec::SignalOrigin& origin) override;
  /// Has the records up to the next origin refused.
  void RefuseOrigin(Refusal refusal, std::string_view why) override;

  /// A time of 0 is the time it was observed, and without that, now. A trace or span id of a wrong length is none.
  void Add(codec::LogRecord record) override;
  void Add(codec::SpanRecord record) override;
  /// Counts a record that its decoder could not make one of.
  void Refuse(Refusal refusal, std::string_view why) override;

  [[nodiscard]] codec::RecordKind kind() const override { return kind_; }
  [[nodiscard]] const TenantId& tenant() const { return tenant_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_total_; }
  [[nodiscard]] const std::array<std::uint64_t, kRefusals>& refused_by_reason() const { return refused_; }
  [[nodiscard]] const std::array<std::uint64_t, guard::kPiiKinds>& replaced() const {
    return private_text_.replaced();
  }
  /// What was replaced and refused for privacy, without anything private.
  [[nodiscard]] const std::vector<GuardNote>& guard_notes() { return private_text_.notes().notes(); }
  /// Of the first few that were refused, why. Empty when none was.
  [[nodiscard]] std::string Explanation() const;

  /// The stream's records; the intake is not used after it.
  [[nodiscard]] std::vector<Bytes> TakePayloads();

 private:
  static constexpr std::size_t kPayloadBytes = 4U << 20;
  static constexpr std::size_t kMessagesMax = 5;

  using Attributes = std::vector<codec::SignalAttribute>;

  // Why not, when not. Cleaned attributes are appended to `out`, their bytes to `bytes`.
  [[nodiscard]] std::optional<Refusal> Clean(codec::SignalAttributes attributes, ValueOf of, TextPool& pool,
                                             Attributes& out, std::size_t& bytes);
  [[nodiscard]] std::string_view CleanText(std::string_view text, TextPool& pool);
  [[nodiscard]] codec::SignalValue CleanBody(const codec::SignalValue& body, TextPool& pool);
  [[nodiscard]] std::optional<Refusal> CheckTime(std::int64_t time_ns) const;
  // Before a record is written: refuses with its origin, begins a payload. True when it may be written.
  [[nodiscard]] bool Prepare();
  void Written();

  const SignalOptions& options_;
  const codec::RecordKind kind_;
  const TenantId tenant_;
  const TimeMs now_ms_;
  std::size_t payload_bytes_ = kPayloadBytes;
  PrivateText private_text_;
  codec::SignalBatchWriter writer_;
  std::vector<Bytes> payloads_;

  codec::SignalOrigin origin_;
  Attributes origin_attributes_;
  Attributes scope_attributes_;
  TextPool origin_texts_;
  std::optional<Refusal> origin_refusal_;
  std::string origin_why_;
  bool is_origin_written_ = false;

  Attributes attributes_;
  std::vector<codec::SpanEvent> events_;
  std::vector<codec::SpanLink> links_;
  TextPool texts_;

  std::uint64_t accepted_ = 0;
  std::uint64_t refused_total_ = 0;
  std::array<std::uint64_t, kRefusals> refused_{};
  std::vector<std::string> messages_;
};

}  // namespace tickscope::signals
