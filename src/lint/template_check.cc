#include "lint/template_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "config/closest_name.h"

namespace tickscope::lint {
namespace {

constexpr std::array<std::string_view, 19> kLanguageFunctions = {
    "and",   "or",    "not",    "eq",      "ne",   "lt", "le",       "gt",    "ge",  "len",
    "index", "print", "printf", "println", "html", "js", "urlquery", "slice", "call"};
constexpr std::array<std::string_view, 30> kPrometheusFunctions = {"query",
                                                                   "first",
                                                                   "label",
                                                                   "value",
                                                                   "sortByLabel",
                                                                   "strvalue",
                                                                   "safeHtml",
                                                                   "externalURL",
                                                                   "pathPrefix",
                                                                   "args",
                                                                   "reReplaceAll",
                                                                   "match",
                                                                   "title",
                                                                   "toUpper",
                                                                   "toLower",
                                                                   "stripPort",
                                                                   "stripDomain",
                                                                   "humanize",
                                                                   "humanize1024",
                                                                   "humanizeDuration",
                                                                   "humanizePercentage",
                                                                   "humanizeTimestamp",
                                                                   "toTime",
                                                                   "toDuration",
                                                                   "now",
                                                                   "parseDuration",
                                                                   "tableLink",
                                                                   "graphLink",
                                                                   "tmpl",
                                                                   "urlQueryEscape"};
constexpr std::array<std::string_view, 5> kGivenVariables = {"$", "$labels", "$externalLabels",
                                                             "$externalURL", "$value"};
constexpr std::array<std::string_view, 3> kWords = {"true", "false", "nil"};

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  TemplateReading Read() {
    while (reading_.problems.empty()) {
      const std::size_t open = text_.find("{{", at_);
      if (open == std::string_view::npos) break;
      at_ = open + 2;
      if (!Action(open)) break;
    }
    if (reading_.problems.empty() && !blocks_.empty())
      Wrong(blocks_.back().offset, fmt::format("{{{{ {} }}}} without an {{{{ end }}}}", blocks_.back().word));
    return std::move(reading_);
  }

 private:
  struct Block {
    std::string word;
    std::size_t offset;
    bool has_else = false;
  };

  bool Wrong(std::size_t offset, std::string message) {
    if (reading_.problems.empty()) reading_.problems.push_back({offset, std::move(message)});
    return false;
  }

  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_]))
      ++at_;
  }

  // Takes "}}" or " -}}".
  bool TakeEnd() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("}}")) {
      at_ += 2;
      return true;
    }
    const bool trims = rest.starts_with("-}}") && at_ > 0 && IsBlank(text_[at_ - 1]);
    if (trims) at_ += 3;
    return trims;
  }

  bool Action(std::size_t open) {
    if (text_.substr(at_).starts_with("- ") || text_.substr(at_).starts_with("-\n")) ++at_;
    SkipBlanks();
    if (text_.substr(at_).starts_with("/*")) {
      const std::size_t close = text_.find("*/", at_);
      if (close == std::string_view::npos) return Wrong(open, "a comment without its end: close it by */}}");
      at_ = close + 2;
      SkipBlanks();
      return TakeEnd() || Wrong(open, "expected }} after a comment");
    }
    const std::string word = KeywordAhead();
    if (word == "end") return End(open);
    if (word == "else") return Else(open);
    if (word == "if" || word == "range" || word == "with" || word == "block" || word == "define") {
      at_ += word.size();
      blocks_.push_back({word, open});
      return Pipeline(open, /*required=*/true);
    }
    if (word == "template" || word == "break" || word == "continue") {
      at_ += word.size();
      return Pipeline(open, /*required=*/word == "template");
    }
    return Pipeline(open, /*required=*/true);
  }

  [[nodiscard]] std::string KeywordAhead() const {
    std::size_t end = at_;
    while (end < text_.size() && (IsNameStart(text_[end]) || IsDigit(text_[end])))
      ++end;
    return std::string(text_.substr(at_, end - at_));
  }

  bool End(std::size_t open) {
    at_ += 3;
    SkipBlanks();
    if (!TakeEnd()) return Wrong(open, "expected }} after end");
    if (blocks_.empty()) return Wrong(open, "{{ end }} without an {{ if }}, {{ range }} or {{ with }}");
    blocks_.pop_back();
    return true;
  }

  bool Else(std::size_t open) {
    at_ += 4;
    if (blocks_.empty() || blocks_.back().word == "define" || blocks_.back().word == "block")
      return Wrong(open, "{{ else }} without an {{ if }}, {{ range }} or {{ with }}");
    if (blocks_.back().has_else) return Wrong(open, "a second {{ else }}: close the block by {{ end }}");
    SkipBlanks();
    if (TakeEnd()) {
      blocks_.back().has_else = true;
      return true;
    }
    const std::string word = KeywordAhead();
    if (word != "if" && word != "with") return Wrong(at_, "expected }}, if or with after else");
    at_ += word.size();
    return Pipeline(open, true);
  }

  // Everything up to the end of the action.
  bool Pipeline(std::size_t open, bool required) {
    std::vector<std::size_t> parentheses;
    bool empty = true;  // Nothing since the start, a bar or a parenthesis.
    while (true) {
      SkipBlanks();
      if (at_ >= text_.size()) return Wrong(open, "{{ without }}");
      const std::size_t start = at_;
      if (TakeEnd()) {
        if (!parentheses.empty()) return Wrong(parentheses.back(), "( without )");
        if (empty && required) return Wrong(open, "expected a value, got }}");
        return true;
      }
      const char c = text_[at_];
      if (c == '(') {
        parentheses.push_back(at_++);
        empty = true;
        required = true;
      } else if (c == ')') {
        if (parentheses.empty()) return Wrong(at_, ") without (");
        if (empty) return Wrong(at_, "expected a value, got )");
        parentheses.pop_back();
        ++at_;
        if (!Fields()) return false;
      } else if (c == '|') {
        if (empty) return Wrong(at_, "expected a value before |");
        ++at_;
        empty = true;
        required = true;
      } else if (c == ',' || c == '=' || text_.substr(at_).starts_with(":=")) {
        // Of a declaration, whose variables Variable has taken down.
        at_ += c == ':' ? 2 : 1;
        empty = true;
        required = true;
      } else {
        if (!Operand()) return false;
        empty = false;
      }
      if (at_ == start) return Wrong(start, fmt::format("unexpected {:?}", text_.substr(start, 1)));
    }
  }

  bool Operand() {
    const char c = text_[at_];
    if (c == '"') return String('"');
    if (c == '`') return String('`');
    if (c == '\'') return String('\'');
    if (c == '$') return Variable();
    if (c == '.') return Fields(true);
    if (IsDigit(c) || ((c == '-' || c == '+') && at_ + 1 < text_.size() &&
                       (IsDigit(text_[at_ + 1]) || text_[at_ + 1] == '.')))
      return Number();
    if (IsNameStart(c)) return Function();
    return Wrong(at_, fmt::format("unexpected {:?}", text_.substr(at_, 1)));
  }

  bool String(char quote) {
    const std::size_t start = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote != '`' && text_[at_] == '\n') break;
      at_ += quote != '`' && text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size() || text_[at_] != quote) return Wrong(start, "a string without its closing quote");
    ++at_;
    return true;
  }

  bool Number() {
    ++at_;
    while (at_ < text_.size() &&
           (IsDigit(text_[at_]) || IsNameStart(text_[at_]) || text_[at_] == '.' ||
            ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 0x20) == 'e')))
      ++at_;
    return true;
  }

  std::string_view Name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || IsDigit(text_[at_])))
      ++at_;
    return text_.substr(start, at_ - start);
  }

  bool Function() {
    const std::size_t start = at_;
    const std::string name(Name());
    if (Contains(kLanguageFunctions, name) || Contains(kPrometheusFunctions, name) || Contains(kWords, name))
      return true;
    std::vector<std::string> candidates(kPrometheusFunctions.begin(), kPrometheusFunctions.end());
    candidates.insert(candidates.end(), kLanguageFunctions.begin(), kLanguageFunctions.end());
    const std::string closest = config::ClosestName(name, candidates);
    return Wrong(start, fmt::format("function {:?} is not defined{}", name,
                                    closest.empty() ? "" : fmt::format(": did you mean {}?", closest)));
  }

  bool Variable() {
    const std::size_t start = at_++;
    std::string name = "$";
    name.append(Name());
    std::size_t after = at_;
    while (after < text_.size() && IsBlank(text_[after]))
      ++after;
    // Declared here, or the first of two that a range declares.
    const std::string_view rest = text_.substr(after);
    if (rest.starts_with(":=") ||
        (rest.starts_with(",") && !blocks_.empty() && blocks_.back().word == "range"))
      declared_.insert(name);
    if (!Contains(kGivenVariables, name) && !declared_.contains(name))
      return Wrong(
          start,
          fmt::format("variable {:?} is not defined: Prometheus gives $labels, $value, $externalLabels and "
                      "$externalURL",
                      name));
    return Fields(false, name == "$labels");
  }

  // .Labels.region and the like; `alone` for a dot that may stand by itself.
  bool Fields(bool alone = false, bool of_labels = false) {
    bool first = true;
    while (at_ < text_.size() && text_[at_] == '.') {
      const std::size_t dot = at_++;
      const std::string_view name = Name();
      if (name.empty()) {
        if (alone && first) return true;
        return Wrong(dot, "expected a field's name after the dot");
      }
      if (of_labels) reading_.labels.push_back({dot + 1, std::string(name)});
      of_labels = first && alone && name == "Labels" && blocks_.empty();
      first = false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Block> blocks_;
  std::set<std::string> declared_;
  TemplateReading reading_;
};

}  // namespace

TemplateReading ReadTemplate(std::string_view text) {
  return Reader(text).Read();
}

}  // namespace tickscope::lint
