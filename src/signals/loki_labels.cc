#include "signals/loki_labels.h"

#include <algorithm>
#include <optional>

namespace tickscope::signals {
namespace {

using codec::SignalAttribute;

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsNameChar(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9');
}

bool IsName(std::string_view name) {
  return !name.empty() && IsNameStart(name.front()) && std::ranges::all_of(name, IsNameChar);
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6U);
    put(0x80 | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12U);
    put(0x80 | (code >> 6U & 0x3fU));
    put(0x80 | (code & 0x3fU));
  } else {
    put(0xf0 | code >> 18U);
    put(0x80 | (code >> 12U & 0x3fU));
    put(0x80 | (code >> 6U & 0x3fU));
    put(0x80 | (code & 0x3fU));
  }
}

class LabelReader {
 public:
  LabelReader(std::string_view text, TextPool& pool) : text_(text), pool_(pool) {}

  [[nodiscard]] std::unexpected<Error> Complain(const char* want) const {
    return Fail(ErrorCode::kInvalidArgument,
                "stream labels: at byte " + std::to_string(at_) + ": want " + want);
  }
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
  }
  [[nodiscard]] bool Take(char c) {
    SkipBlanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] std::string_view Name() {
    SkipBlanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_]))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // The text in quotes; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> Quoted() {
    SkipBlanks();
    if (at_ == text_.size()) return std::nullopt;
    const char quote = text_[at_];
    if (quote != '"' && quote != '`') return std::nullopt;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != quote && (quote == '`' || text_[at_] != '\\'))
      ++at_;
    if (at_ == text_.size()) return std::nullopt;
    if (text_[at_] == quote) return text_.substr(begin, at_++ - begin);
    std::string& out = pool_.Next();
    out = text_.substr(begin, at_ - begin);
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] != '\\') {
        out.push_back(text_[at_++]);
      } else if (!Escape(out)) {
        return std::nullopt;
      }
    }
    if (at_ == text_.size()) return std::nullopt;
    ++at_;
    return out;
  }
  [[nodiscard]] bool is_at_end() {
    SkipBlanks();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] std::optional<std::uint32_t> Digits(std::size_t count, unsigned base) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      if (at_ == text_.size()) return std::nullopt;
      const char c = text_[at_];
      unsigned digit = 16;
      if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
      if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
      if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
      if (digit >= base) return std::nullopt;
      value = value * base + digit;
    }
    return value;
  }
  [[nodiscard]] bool Escape(std::string& out) {
    ++at_;
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kLetters = "abfnrtv\\\"'";
    constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\\"'";
    if (const std::size_t found = kLetters.find(c); found != std::string_view::npos) {
      out.push_back(kMeant[found]);
      return true;
    }
    std::optional<std::uint32_t> code;
    if (c == 'x') code = Digits(2, 16);
    if (c == 'u') code = Digits(4, 16);
    if (c == 'U') code = Digits(8, 16);
    if (c >= '0' && c <= '7') {
      --at_;
      code = Digits(3, 8);
    }
    if (!code || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) return false;
    // \x and octal are bytes, the others characters.
    if (c == 'u' || c == 'U') {
      AppendUtf8(*code, out);
      return true;
    }
    if (*code > 0xff) return false;
    out.push_back(static_cast<char>(*code));
    return true;
  }

  std::string_view text_;
  TextPool& pool_;
  std::size_t at_ = 0;
};

}  // namespace

Status ParseStreamLabels(std::string_view text, std::size_t labels_max, TextPool& pool,
                         std::vector<SignalAttribute>& out) {
  out.clear();
  LabelReader reader(text, pool);
  if (!reader.Take('{')) return reader.Complain("'{'");
  while (!reader.Take('}')) {
    const std::string_view name = reader.Name();
    if (!IsName(name)) return reader.Complain("a label's name");
    if (!reader.Take('=')) return reader.Complain("'='");
    const auto value = reader.Quoted();
    if (!value) return reader.Complain("a text in quotes");
    // One past the limit is told by the check below; more are not gathered.
    if (out.size() > labels_max) break;
    if (!value->empty()) out.push_back({name, codec::SignalValue::Text(*value)});
    if (reader.Take('}')) break;
    if (!reader.Take(',')) return reader.Complain("',' or '}'");
  }
  if (out.size() <= labels_max && !reader.is_at_end()) return reader.Complain("the end");
  return CheckStreamLabels(labels_max, out);
}

Status CheckStreamLabels(std::size_t labels_max, std::vector<SignalAttribute>& labels) {
  if (labels.empty()) return Fail(ErrorCode::kInvalidArgument, "stream labels: at least one is required");
  if (labels.size() > labels_max)
    return Fail(ErrorCode::kInvalidArgument, "stream labels: more than " + std::to_string(labels_max));
  std::ranges::sort(labels, {}, &SignalAttribute::name);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!IsName(labels[i].name))
      return Fail(ErrorCode::kInvalidArgument, "stream labels: a name that is none");
    if (i > 0 && labels[i].name == labels[i - 1].name)
      return Fail(ErrorCode::kInvalidArgument, "stream labels: a name that is there twice");
  }
  return {};
}

}  // namespace tickscope::signals
