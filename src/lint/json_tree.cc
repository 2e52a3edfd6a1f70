#include "lint/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/labels.h"

namespace tickscope::lint {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

void AppendUtf8(unsigned code, std::string& out) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | (code >> 6U));
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3fU));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

// A recursive descent; what is wrong first stays in `mistake_`, and every function then returns false.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::expected<JsonValue, JsonMistake> Parse() {
    if (text_.size() > kJsonBytesMax) {
      return std::unexpected(
          JsonMistake{0, fmt::format("too large: got {} bytes, want <= {}", text_.size(), kJsonBytesMax)});
    }
    JsonValue root;
    if (Value(root, 0)) {
      SkipBlanks();
      if (at_ < text_.size()) Wrong("expected the end of the text");
    }
    if (mistake_) return std::unexpected(*std::move(mistake_));
    return root;
  }

 private:
  bool Wrong(std::string_view what) {
    if (!mistake_) mistake_ = JsonMistake{at_, std::string(what)};
    return false;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Value(JsonValue& value, std::size_t depth) {
    SkipBlanks();
    value.offset = at_;
    if (++values_ > kJsonValuesMax)
      return Wrong(fmt::format("too many values: the limit is {}", kJsonValuesMax));
    if (depth > kJsonDepthMax) return Wrong(fmt::format("nested too deep: the limit is {}", kJsonDepthMax));
    if (at_ >= text_.size()) return Wrong("expected a value, got the end of the text");
    switch (text_[at_]) {
      case '{':
        return Object(value, depth);
      case '[':
        return Array(value, depth);
      case '"':
        value.kind = JsonKind::kString;
        return String(value.text);
      default:
        return Word(value);
    }
  }

  bool Word(JsonValue& value) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      value.kind = word == "null" ? JsonKind::kNull : JsonKind::kBool;
      value.text = word;
      return true;
    }
    return Number(value);
  }

  bool Digits() {
    if (at_ >= text_.size() || !IsDigit(text_[at_])) return Wrong("expected a value");
    while (at_ < text_.size() && IsDigit(text_[at_]))
      ++at_;
    return true;
  }

  bool Number(JsonValue& value) {
    const std::size_t start = at_;
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    value.kind = JsonKind::kNumber;
    value.text = text_.substr(start, at_ - start);
    return true;
  }

  bool Hex(unsigned& code) {
    code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!IsDigit(c) && !letter) return Wrong("expected four hexadecimal digits after \\u");
      code = code * 16 +
             (IsDigit(c) ? static_cast<unsigned>(c - '0') : (static_cast<unsigned>(c) | 0x20U) - 'a' + 10);
    }
    return true;
  }

  bool Escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (const std::size_t found = kNames.find(c); c != '\0' && found != std::string_view::npos) {
      out += kMeanings[found];
      ++at_;
      return true;
    }
    if (!Take('u')) return Wrong("expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    unsigned code = 0;
    if (!Hex(code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      unsigned low = 0;
      if (!Take('\\') || !Take('u')) return Wrong("expected the second half of a surrogate pair");
      if (!Hex(low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return Wrong("expected the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return Wrong("half of a surrogate pair");
    }
    AppendUtf8(code, out);
    return true;
  }

  bool String(std::string& out) {
    if (!Take('"')) return Wrong("expected a string in double quotes");
    while (true) {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20)
        ++at_;
      out += text_.substr(start, at_ - start);
      if (at_ >= text_.size()) return Wrong("expected '\"' at the end of a string");
      if (Take('"')) return IsValidUtf8(out) || Wrong("expected valid UTF-8 in a string");
      if (!Take('\\')) return Wrong("expected control characters as escapes");
      if (!Escape(out)) return false;
    }
  }

  bool Array(JsonValue& value, std::size_t depth) {
    value.kind = JsonKind::kArray;
    ++at_;
    SkipBlanks();
    if (Take(']')) return true;
    while (true) {
      if (!Value(value.items.emplace_back(), depth + 1)) return false;
      SkipBlanks();
      if (Take(']')) return true;
      if (!Take(',')) return Wrong("expected ',' or ']'");
    }
  }

  bool Object(JsonValue& value, std::size_t depth) {
    value.kind = JsonKind::kObject;
    ++at_;
    SkipBlanks();
    if (Take('}')) return true;
    while (true) {
      SkipBlanks();
      auto& [key, member] = value.members.emplace_back();
      if (!String(key)) return false;
      SkipBlanks();
      if (!Take(':')) return Wrong("expected ':' after a key");
      if (!Value(member, depth + 1)) return false;
      SkipBlanks();
      if (Take('}')) return true;
      if (!Take(',')) return Wrong("expected ',' or '}'");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::optional<JsonMistake> mistake_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view key) const {
  const auto found =
      std::ranges::find(members, key, [](const auto& member) -> std::string_view { return member.key; });
  return found == members.end() ? nullptr : &found->value;
}

std::string_view JsonValue::TextOf(std::string_view key) const {
  const JsonValue* const found = Find(key);
  return found != nullptr && found->kind == JsonKind::kString ? std::string_view(found->text)
                                                              : std::string_view();
}

std::expected<JsonValue, JsonMistake> ParseJson(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace tickscope::lint
