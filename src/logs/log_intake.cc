#include "logs/log_intake.h"

#include <algorithm>

#include "base/log.h"
#include "logs/line_text.h"

namespace tickscope::logs {
namespace {

constexpr std::int64_t kNanosOfMilli = 1'000'000;
constexpr std::size_t kMetadataBytesMax = 1'024;

}  // namespace

LogSource LogIntake::AddSource(LogInput input, const Labels& labels) {
  LogSource source{.input = input};
  for (std::size_t i = 0; i < kSeverities; ++i) {
    LabelsBuilder with(labels);
    if (!labels.Has(kSeverityLabel)) with.Set(kSeverityLabel, SeverityName(static_cast<Severity>(i)));
    source.streams[i] = names_.Add(with.Build());
  }
  return source;
}

void LogIntake::Use(const guard::PiiScanner& scanner, tokens::KeyProvider* keys, LogIntakeOptions options) {
  scanner_ = &scanner;
  keys_ = keys;
  options_ = std::move(options);
  session_.reset();
  epoch_.reset();
}

bool LogIntake::Refuse(LogInput input, LogRefusal reason) {
  metrics_.refused(input, reason).Add();
  return false;
}

void LogIntake::OpenSession(TimeMs now_ms) {
  const tokens::TokenEpoch epoch = std::max(tokens::EpochOf(now_ms, options_.epoch_ms), options_.epoch_min);
  if (keys_ == nullptr || epoch_ == epoch) return;
  epoch_ = epoch;
  session_.reset();
  Result<tokens::TokenSession> opened = tokens::TokenSession::Open(*keys_, options_.tenant, epoch, *scanner_);
  if (opened) {
    session_.emplace(*std::move(opened));
  } else {
    Log(LogLevel::kError, "no key for tokens, log lines with private data are refused",
        {{"error", opened.error().message}});
  }
}

bool LogIntake::AppendClean(std::string_view text, std::optional<std::size_t> keep, std::string& out) {
  scanner_->Scan(text, guard::kLogKinds, findings_);
  std::size_t end = text.size();
  if (keep && *keep < end) {
    end = CutText(text, *keep).size();
    for (const guard::PiiFinding& finding : findings_) {
      // A value that the cut goes through would not be known as one any more.
      if (finding.begin < end && finding.end > end) end = finding.begin;
    }
    std::erase_if(findings_, [&](const guard::PiiFinding& finding) { return finding.begin >= end; });
  }
  if (!findings_.empty() && !session_) return false;
  std::size_t at = 0;
  for (const guard::PiiFinding& finding : findings_) {
    out += text.substr(at, finding.begin - at);
    session_->AppendToken(finding.kind, text.substr(finding.begin, finding.end - finding.begin), out);
    at = finding.end;
  }
  out += text.substr(at, end - at);
  metrics_.tokens->Add(findings_.size());
  return true;
}

std::int64_t LogIntake::TimeOf(const LogEntry& entry) {
  if (entry.time_ns > 0) return entry.time_ns;
  last_ns_ = std::max(last_ns_ + 1, clock_.NowMs() * kNanosOfMilli);
  return last_ns_;
}

bool LogIntake::Add(const LogSource& source, const LogEntry& entry) {
  const LineText line = MendLine(entry.text, mended_);
  if (line.verdict == TextVerdict::kBlank) return Refuse(source.input, LogRefusal::kBlank);
  if (line.verdict == TextVerdict::kBinary) return Refuse(source.input, LogRefusal::kBinary);
  if (line.verdict == TextVerdict::kMended) metrics_.mended(source.input).Add();
  OpenSession(clock_.NowMs());
  clean_.clear();
  if (!AppendClean(line.text, entry.keep, clean_)) return Refuse(source.input, LogRefusal::kPrivate);

  clean_metadata_.clear();
  metadata_.clear();
  // Views into one buffer, made when it has its final place.
  std::array<std::size_t, kMetadataMax + 1> ends{};
  std::size_t pairs = 0;
  for (const LabelView& pair : entry.metadata.first(std::min(entry.metadata.size(), kMetadataMax))) {
    const LineText value = MendLine(pair.value, mended_);
    if (!AppendClean(value.text, kMetadataBytesMax, clean_metadata_))
      return Refuse(source.input, LogRefusal::kPrivate);
    ends[++pairs] = clean_metadata_.size();
  }
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::string_view value = std::string_view(clean_metadata_).substr(ends[i], ends[i + 1] - ends[i]);
    if (!value.empty()) metadata_.push_back({entry.metadata[i].name, value});
  }

  const Severity severity = entry.severity != Severity::kUnknown ? entry.severity : DetectSeverity(clean_);
  PushBatch& batch = IsError(severity) ? errors_ : others_;
  batch.Add(source.streams[static_cast<std::size_t>(severity)], TimeOf(entry), clean_, metadata_);
  metrics_.lines(source.input).Add();
  metrics_.bytes(source.input).Add(entry.text.size());
  if (entry.keep && *entry.keep < line.text.size()) metrics_.cut(source.input).Add();
  return true;
}

}  // namespace tickscope::logs
