#include "agent/otlp_logs.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "guard/text_class.h"
#include "otlp/base64.h"
#include "otlp/signal_request.h"
#include "signals/privacy_rules.h"
#include "signals/private_text.h"
#include "signals/text_pool.h"
#include "wire/json_writer.h"

namespace tickscope::agent {
namespace {

using codec::SignalAttribute;
using codec::SignalValue;
using codec::ValueKind;
using logs::LogRefusal;
using logs::Severity;

constexpr std::size_t kLineBytesMax = 64U << 10;
// What structured metadata may have, as LogIntake keeps it.
constexpr std::size_t kMetadataValueBytesMax = 1'024;
constexpr std::size_t kNameBytesMax = 256;
// Of all attributes of a record, or of its origin.
constexpr std::size_t kAttributeBytesMax = 64U << 10;
constexpr std::int64_t kNsPerMs = 1'000'000;
// What the gateway takes.
constexpr std::int64_t kPastMsMax = 7LL * 86'400'000;
constexpr std::int64_t kFutureMsMax = 600'000;

// 1 to 4 are trace, and so on in fours.
Severity SeverityOf(const codec::LogRecord& record) {
  constexpr std::array<Severity, 6> kSeverityOfFour = {Severity::kTrace, Severity::kDebug, Severity::kInfo,
                                                       Severity::kWarn,  Severity::kError, Severity::kFatal};
  if (record.severity >= 1 && record.severity <= 24)
    return kSeverityOfFour[static_cast<std::size_t>(record.severity - 1) / 4];
  return logs::ParseSeverity(record.severity_text).value_or(Severity::kUnknown);
}

// The value as text; a view into it or into `storage`.
std::string_view TextOf(const SignalValue& value, std::string& storage) {
  switch (value.kind) {
    case ValueKind::kNone:
      return {};
    case ValueKind::kText:
    case ValueKind::kJson:
      return value.text;
    case ValueKind::kBytes:
      storage = otlp::Base64(value.text);
      break;
    case ValueKind::kFalse:
      return "false";
    case ValueKind::kTrue:
      return "true";
    case ValueKind::kInt:
      storage = std::to_string(value.number);
      break;
    case ValueKind::kDouble:
      storage = fmt::format("{}", value.real);
      break;
  }
  return storage;
}

// service.name is service_name, as receivers of structured metadata want it.
std::string_view MetadataName(std::string_view name, signals::TextPool& texts) {
  std::string& out = texts.Next();
  if (guard::IsDigit(name.front())) out += '_';
  for (const char c : name)
    out += guard::IsOf(c, guard::kClassAlnum) ? c : '_';
  return out;
}

void AppendPair(std::string_view name, std::string_view value, std::string& line) {
  if (!line.empty()) line += ' ';
  line += name;
  line += '=';
  if (!value.empty() && value.find_first_of(" \"=\n\r\t") == std::string_view::npos) {
    line += value;
  } else {
    wire::AppendJsonString(value, line);
  }
}

// Scanner and keys are others', who outlive a request.
std::shared_ptr<const signals::PrivacyRules> RulesOf(const OtlpLogs::Privacy& privacy) {
  return std::make_shared<const signals::PrivacyRules>(
      signals::PrivacyRules{.mode = guard::GuardMode::kEnforce,
                            .scanner = {std::shared_ptr<void>(), &privacy.scanner},
                            .keys = {std::shared_ptr<void>(), privacy.keys},
                            .epoch_ms = privacy.epoch_ms});
}

// Reads a request and keeps nothing of it: whether it is one.
class NoSink final : public signals::RecordSink {
 public:
  [[nodiscard]] codec::RecordKind kind() const override { return codec::RecordKind::kLogs; }
  void SetOrigin(const codec::SignalOrigin&) override {}
  void RefuseOrigin(signals::Refusal, std::string_view) override {}
  void Add(codec::LogRecord) override {}
  void Add(codec::SpanRecord) override {}
  void Refuse(signals::Refusal, std::string_view) override {}
};

}  // namespace

// Makes entries of one request's records.
class OtlpLogs::Sink final : public signals::RecordSink {
 public:
  Sink(OtlpLogs& owner, const Privacy& privacy, TimeMs now_ms)
      : intake_(owner.intake_),
        source_(owner.source_),
        now_ms_(now_ms),
        private_text_(RulesOf(privacy), privacy.tenant,
                      std::max(now_ms, static_cast<TimeMs>(privacy.epoch_min) * privacy.epoch_ms)) {}

  [[nodiscard]] codec::RecordKind kind() const override { return codec::RecordKind::kLogs; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  void SetOrigin(const codec::SignalOrigin& origin) override {
    origin_texts_.Reset();
    services_.clear();
    resource_.clear();
    origin_refusal_.reset();
    std::size_t bytes = 0;
    for (const SignalAttribute& attribute : origin.attributes) {
      std::vector<LabelView>& place = attribute.name.starts_with("service.") ? services_ : resource_;
      if (const auto refusal = Clean(attribute, origin_texts_, place, bytes)) {
        origin_refusal_ = refusal;
        return;
      }
    }
    if (!origin.scope_name.empty())
      resource_.push_back({"scope_name", private_text_.CleanLine(origin.scope_name, origin_texts_)});
  }

  void RefuseOrigin(signals::Refusal, std::string_view) override { origin_refusal_ = LogRefusal::kTooLarge; }

  void Refuse(signals::Refusal, std::string_view) override { Refuse(LogRefusal::kTooLarge); }

  void Add(codec::LogRecord record) override {
    if (origin_refusal_) return Refuse(*origin_refusal_);
    const std::int64_t time_ns = record.time_ns != 0 ? record.time_ns : record.observed_ns;
    const std::int64_t time_ms = time_ns / kNsPerMs;
    if (time_ns != 0 && (time_ms < now_ms_ - kPastMsMax || time_ms > now_ms_ + kFutureMsMax))
      return Refuse(LogRefusal::kTime);
    texts_.Reset();
    metadata_.clear();
    attributes_.clear();
    std::size_t bytes = 0;
    for (const SignalAttribute& attribute : record.attributes) {
      if (const auto refusal = Clean(attribute, texts_, attributes_, bytes)) return Refuse(*refusal);
    }
    line_ = TextOf(record.body, storage_);
    std::string_view event;
    if (!record.event_name.empty()) event = private_text_.CleanLine(record.event_name, texts_);
    // An event's text is its name, or what it has besides.
    const bool has_body = !line_.empty();
    if (!has_body) line_ = event;
    const bool is_of_attributes = line_.empty();
    PlaceAll(services_);
    PlaceId("trace_id", record.trace_id);
    PlaceId("span_id", record.span_id);
    if (has_body && !event.empty()) Place({"event_name", event});
    if (is_of_attributes) {
      for (const LabelView& pair : attributes_)
        AppendPair(pair.name, pair.value, line_);
    } else {
      PlaceAll(attributes_);
    }
    // What all records of a process share is no text of one.
    if (!line_.empty()) PlaceAll(resource_);
    const std::optional<std::size_t> keep =
        line_.size() > kLineBytesMax ? std::optional(kLineBytesMax) : std::nullopt;
    const bool taken = intake_.Add(source_, {.text = line_,
                                             .keep = keep,
                                             .time_ns = time_ns,
                                             .severity = SeverityOf(record),
                                             .metadata = metadata_});
    if (!taken) ++refused_;
  }
  void Add(codec::SpanRecord) override {}

 private:
  void Refuse(LogRefusal refusal) {
    ++refused_;
    intake_.metrics().refused(logs::LogInput::kOtlp, refusal).Add();
  }

  // Why not, when not.
  [[nodiscard]] std::optional<LogRefusal> Clean(const SignalAttribute& attribute, signals::TextPool& texts,
                                                std::vector<LabelView>& out, std::size_t& bytes) {
    const std::string_view name = attribute.name;
    if (name.empty() || name.size() > kNameBytesMax || !IsValidUtf8(name)) return LogRefusal::kMalformed;
    if (private_text_.IsPrivateName(name)) return LogRefusal::kPrivate;
    std::string_view value = TextOf(attribute.value, texts.Next());
    // Bytes that are no text become U+FFFD with the line.
    value = attribute.value.kind == ValueKind::kJson
                ? private_text_.CleanJson(name, value, texts)
                : private_text_.CleanValue(name, value, signals::ValueOf::kAttribute, texts);
    bytes += name.size() + value.size();
    if (bytes > kAttributeBytesMax) return LogRefusal::kTooLarge;
    if (!value.empty()) out.push_back({MetadataName(name, texts), value});
    return std::nullopt;
  }

  void Place(const LabelView& pair) {
    if (metadata_.size() < logs::kMetadataMax && pair.value.size() <= kMetadataValueBytesMax) {
      metadata_.push_back(pair);
    } else {
      AppendPair(pair.name, pair.value, line_);
    }
  }
  void PlaceAll(const std::vector<LabelView>& pairs) {
    for (const LabelView& pair : pairs)
      Place(pair);
  }
  void PlaceId(std::string_view name, std::string_view id) {
    if (id.find_first_not_of('\0') == std::string_view::npos) return;
    std::string& hex = texts_.Next();
    otlp::AppendHex(id.substr(0, codec::kTraceIdBytes), hex);
    Place({name, hex});
  }

  logs::LogIntake& intake_;
  const logs::LogSource& source_;
  const TimeMs now_ms_;
  signals::PrivateText private_text_;
  std::uint64_t refused_ = 0;
  signals::TextPool origin_texts_;
  std::vector<LabelView> services_;
  std::vector<LabelView> resource_;  // The rest of it.
  std::optional<LogRefusal> origin_refusal_;
  signals::TextPool texts_;
  std::vector<LabelView> attributes_;
  std::vector<LabelView> metadata_;
  std::string storage_;
  std::string line_;
};

OtlpLogs::OtlpLogs(const Labels& labels, PrivacyNow privacy, logs::LogIntake& intake, const Clock& clock,
                   LogListeners::MakeRoom make_room)
    : privacy_(std::move(privacy)),
      intake_(intake),
      clock_(clock),
      make_room_(std::move(make_room)),
      source_(intake.AddSource(logs::LogInput::kOtlp, labels)) {}

void OtlpLogs::Take(std::string_view message, otlp::ExportCallback done) {
  logs::LogMetrics& metrics = intake_.metrics();
  const auto refused_by_now = [&] {
    std::array<std::uint64_t, logs::kLogRefusals> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] = metrics.refused(logs::LogInput::kOtlp, static_cast<LogRefusal>(i)).value();
    return counts;
  };
  if (!make_room_()) {
    metrics.refused(logs::LogInput::kOtlp, LogRefusal::kFull).Add();
    return done({.error = Error{ErrorCode::kUnavailable, "the disk takes nothing now"}});
  }
  NoSink no_sink;
  if (Status decodes = otlp::DecodeSignals(message, no_sink); !decodes) {
    metrics.refused(logs::LogInput::kOtlp, LogRefusal::kMalformed).Add();
    return done({.error = std::move(decodes).error()});
  }
  const auto before = refused_by_now();
  Sink sink(*this, privacy_(), clock_.NowMs());
  // The same bytes as before.
  (void)otlp::DecodeSignals(message, sink);
  otlp::ExportOutcome outcome{.refused = sink.refused()};
  if (outcome.refused > 0) {
    const auto after = refused_by_now();
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (after[i] == before[i]) continue;
      reasons.push_back(
          fmt::format("{} {}", after[i] - before[i], logs::LogRefusalName(static_cast<LogRefusal>(i))));
    }
    outcome.message = fmt::format("{} log records refused: {}", outcome.refused, fmt::join(reasons, ", "));
  }
  waiting_.emplace_back(std::move(done), std::move(outcome));
}

void OtlpLogs::OnWritten() {
  for (auto& [done, outcome] : std::exchange(waiting_, {}))
    done(std::move(outcome));
}

}  // namespace tickscope::agent
