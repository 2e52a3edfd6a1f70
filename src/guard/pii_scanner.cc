#include "guard/pii_scanner.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "guard/plain_text.h"
#include "guard/secret_forms.h"
#include "guard/text_walk.h"

namespace tickscope::guard {
namespace {

// Findings of two passes as one: the first pass keeps what it has where they overlap.
void Merge(std::vector<PiiFinding>& findings, const std::vector<PiiFinding>& more) {
  const std::size_t first = findings.size();
  for (const PiiFinding& finding : more) {
    const auto begin = findings.begin();
    const auto middle = begin + static_cast<std::ptrdiff_t>(first);
    const auto behind = std::ranges::upper_bound(begin, middle, finding.begin, {}, &PiiFinding::end);
    if (behind == middle || behind->begin >= finding.end) findings.push_back(finding);
  }
  std::ranges::inplace_merge(findings, findings.begin() + static_cast<std::ptrdiff_t>(first), {},
                             &PiiFinding::begin);
}

}  // namespace

struct PiiScanner::Patterns {
  Patterns() : set(RE2::Options(RE2::Quiet), RE2::UNANCHORED) {}
  RE2::Set set;
  std::vector<std::unique_ptr<RE2>> patterns;
};

PiiScanner::PiiScanner(std::unique_ptr<const Patterns> patterns) : patterns_(std::move(patterns)) {}
PiiScanner::~PiiScanner() = default;

Result<std::unique_ptr<const PiiScanner>> PiiScanner::Make(const PiiScannerOptions& options) {
  if (options.player_patterns.size() > kPlayerPatternsMax) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("too many player patterns: got {}, want at most {}",
                                                         options.player_patterns.size(), kPlayerPatternsMax));
  }
  auto patterns = std::make_unique<Patterns>();
  for (const std::string& text : options.player_patterns) {
    auto pattern = std::make_unique<RE2>(text, RE2::Options(RE2::Quiet));
    if (!pattern->ok()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern does not compile: {}: {}", pattern->error(), text));
    }
    if (RE2::PartialMatch("", *pattern))
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern matches the empty text: {}", text));
    std::string error;
    if (patterns->set.Add(text, &error) < 0)
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("player pattern does not compile: {}: {}", error, text));
    patterns->patterns.push_back(std::move(pattern));
  }
  if (!patterns->patterns.empty() && !patterns->set.Compile())
    return Fail(ErrorCode::kInvalidArgument, "player patterns are too large together");
  return std::unique_ptr<const PiiScanner>(new PiiScanner(std::move(patterns)));
}

void PiiScanner::Scan(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const {
  out.clear();
  if (IsAscii(text)) return ScanPlain(text, kinds, out);
  const PlainText plain(text);
  ScanPlain(plain.text(), kinds, out);
  for (PiiFinding& finding : out) {
    const std::size_t end = plain.OriginalEndOf(finding.end);
    finding.begin = plain.OriginalOf(finding.begin);
    finding.end = end;
  }
}

void PiiScanner::ScanPlain(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const {
  WalkText(text, kinds, WalkBy::kSieve, out);
  if (!patterns_->patterns.empty() && kinds.Has(PiiKind::kPlayerId)) {
    std::vector<int> matching;
    const re2::StringPiece piece(text.data(), text.size());
    if (patterns_->set.Match(piece, &matching)) {
      for (const int index : matching) {
        const RE2& pattern = *patterns_->patterns[static_cast<std::size_t>(index)];
        std::vector<PiiFinding> found;
        re2::StringPiece match;
        for (std::size_t at = 0;
             at < text.size() && pattern.Match(piece, at, text.size(), RE2::UNANCHORED, &match, 1);) {
          const auto begin = static_cast<std::size_t>(match.data() - text.data());
          if (!match.empty()) found.push_back({PiiKind::kPlayerId, begin, begin + match.size()});
          at = begin + std::max<std::size_t>(match.size(), 1);
        }
        Merge(out, found);
      }
    }
  }
  if (kinds.Has(PiiKind::kEntropy)) {
    std::vector<PiiFinding> more;
    FindRandomWords(text, more);
    if (!more.empty()) Merge(out, more);
  }
}

bool PiiScanner::Finds(std::string_view text, PiiKinds kinds, PiiFinding& first) const {
  std::vector<PiiFinding> findings;
  Scan(text, kinds, findings);
  if (findings.empty()) return false;
  first = findings.front();
  return true;
}

std::string Redact(std::string_view text, const std::vector<PiiFinding>& findings, std::size_t bytes_max) {
  std::string out;
  const auto append = [&](std::string_view piece) {
    std::size_t size = std::min(piece.size(), bytes_max - out.size());
    while (size > 0 && size < piece.size() && (static_cast<unsigned char>(piece[size]) & 0xc0U) == 0x80)
      --size;
    out += piece.substr(0, size);
  };
  std::size_t at = 0;
  for (const PiiFinding& finding : findings) {
    append(text.substr(at, finding.begin - at));
    append("[");
    append(PiiKindName(finding.kind));
    append("]");
    at = finding.end;
  }
  append(text.substr(at));
  return out;
}

}  // namespace tickscope::guard
