#include "tokens/tokenizer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "guard/addresses.h"
#include "guard/plain_text.h"
#include "guard/text_class.h"

namespace tickscope::tokens {
namespace {

using guard::PiiKind;

constexpr std::size_t kTokenBytes = 16;
constexpr std::size_t kNetworkBytes = 8;

// RFC 4648's alphabet in lower case, without padding: one word for every log query language.
void AppendBase32(std::span<const std::uint8_t> bytes, std::string& out) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<char, (kTokenBytes * 8 + 4) / 5> letters;
  std::size_t size = 0;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    count += 8;
    while (count >= 5) {
      count -= 5;
      letters[size++] = kAlphabet[(bits >> count) & 31U];
    }
  }
  if (count > 0) letters[size++] = kAlphabet[(bits << (5 - count)) & 31U];
  out.append(letters.data(), size);
}

// Whether a byte of a value belongs to its one form.
bool IsOfForm(PiiKind kind, char c) {
  switch (kind) {
    case PiiKind::kMac:
    case PiiKind::kUuid:
    case PiiKind::kIban:
    case PiiKind::kCard:
      return guard::IsOf(c, guard::kClassAlnum);
    case PiiKind::kPhone:
    case PiiKind::kDigits:
      return guard::IsDigit(c);
    default:
      return true;
  }
}

bool HasCase(PiiKind kind) {
  return kind == PiiKind::kKey || kind == PiiKind::kJwt || kind == PiiKind::kIp ||
         kind == PiiKind::kPlayerId || kind == PiiKind::kEntropy;
}

// The one form of a value that may be written in several. Wiped at the end; on the heap only when it is long.
class Canonical {
 public:
  Canonical(PiiKind kind, std::string_view value) {
    if (guard::IsAscii(value)) {
      Fill(kind, value);
      return;
    }
    const guard::PlainText plain(value);
    // A character that has no plain form is one of many: they tell values apart as they are.
    if (plain.text().find(guard::kForeign) != std::string_view::npos) {
      Reserve(value.size());
      size_ = value.copy(begin_, value.size());
    } else {
      Fill(kind, plain.text());
    }
  }
  ~Canonical() { io::Wipe(std::as_writable_bytes(std::span(begin_, size_))); }
  Canonical(const Canonical&) = delete;
  Canonical& operator=(const Canonical&) = delete;

  [[nodiscard]] std::string_view text() const { return {begin_, size_}; }

 private:
  void Reserve(std::size_t size) {
    if (size <= short_.size()) return;
    long_ = std::make_unique_for_overwrite<char[]>(size);
    begin_ = long_.get();
  }
  void Fill(PiiKind kind, std::string_view value) {
    Reserve(value.size());
    const bool has_case = HasCase(kind);
    for (const char c : value) {
      if (IsOfForm(kind, c)) begin_[size_++] = has_case ? c : guard::ToLower(c);
    }
  }

  std::array<char, 128> short_;
  std::unique_ptr<char[]> long_;
  char* begin_ = short_.data();
  std::size_t size_ = 0;
};

std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TokenEpoch EpochOf(TimeMs time_ms, std::int64_t epoch_ms) {
  return static_cast<TokenEpoch>(std::max<TimeMs>(time_ms, 0) / epoch_ms);
}

TokenSession::TokenSession(TenantKey key, TokenEpoch epoch, const guard::PiiScanner& scanner)
    : key_(std::move(key)), middle_("_" + key_.id + "_" + std::to_string(epoch) + "_"), scanner_(&scanner) {
  for (unsigned i = 0; i < 8; ++i)
    salt_.push_back(static_cast<char>(epoch >> (8 * i) & 0xffU));
}

Result<TokenSession> TokenSession::Open(KeyProvider& keys, const TenantId& tenant, TokenEpoch epoch,
                                        const guard::PiiScanner& scanner) {
  TICKSCOPE_ASSIGN_OR_RETURN(TenantKey key, keys.KeyFor(tenant, epoch));
  return TokenSession(std::move(key), epoch, scanner);
}

void TokenSession::AppendToken(PiiKind kind, std::string_view value, std::string& out) const {
  const std::string_view prefix = guard::PiiKindPrefix(kind);
  out += prefix;
  out += middle_;
  std::string head = salt_;
  head += prefix;
  head.push_back('\0');
  if (kind == PiiKind::kIp) {
    const guard::PlainText plain(value);
    if (const auto address = guard::ParseIp(plain.text())) {
      const std::span<const std::uint8_t> bytes(address->bytes.data(), address->size);
      std::string network_head = salt_ + "net";
      network_head.push_back('\0');
      const Digest network = key_.hash->Of(network_head, AsText(bytes.first(address->network_size())));
      AppendBase32(std::span(network).first(kNetworkBytes), out);
      out.push_back('_');
      const Digest whole = key_.hash->Of(head, AsText(bytes));
      AppendBase32(std::span(whole).first(kTokenBytes), out);
      return;
    }
  }
  const Canonical canonical(kind, value);
  const Digest digest = key_.hash->Of(head, canonical.text());
  AppendBase32(std::span(digest).first(kTokenBytes), out);
}

std::size_t TokenSession::Rewrite(std::string_view text, guard::PiiKinds kinds,
                                  std::vector<guard::PiiFinding>& findings, std::string& out) const {
  scanner_->Scan(text, kinds, findings);
  std::size_t at = 0;
  for (const guard::PiiFinding& finding : findings) {
    out += text.substr(at, finding.begin - at);
    AppendToken(finding.kind, text.substr(finding.begin, finding.end - finding.begin), out);
    at = finding.end;
  }
  out += text.substr(at);
  return findings.size();
}

}  // namespace tickscope::tokens
