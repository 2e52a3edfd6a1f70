#include "relabel/relabeler.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"

namespace tickscope::relabel {
namespace {

using Groups = std::span<const re2::StringPiece>;

// A program of this size and more is no label's pattern.
constexpr std::int64_t kRegexMemoryMax = 1 << 20;

re2::StringPiece Piece(std::string_view text) {
  return {text.data(), text.size()};
}

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The name behind a $ at the beginning of `text`, and how much of it that takes; 0 for none.
std::size_t TakeName(std::string_view text, std::string_view& name) {
  if (text.starts_with('{')) {
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos || end == 1) return 0;
    name = text.substr(1, end - 1);
    return std::ranges::all_of(name, IsWordByte) ? end + 1 : 0;
  }
  std::size_t size = 0;
  while (size < text.size() && IsWordByte(text[size]))
    ++size;
  name = text.substr(0, size);
  return size;
}

void AppendGroup(const re2::RE2& regex, Groups groups, std::string_view name, std::string& out) {
  std::size_t number = groups.size();
  if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
    number = 0;
    for (const char c : name)
      number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(c - '0'), groups.size());
  } else if (const auto found = regex.NamedCapturingGroups().find(std::string(name));
             found != regex.NamedCapturingGroups().end()) {
    number = static_cast<std::size_t>(found->second);
  }
  if (number < groups.size() && groups[number].data() != nullptr)
    out.append(groups[number].data(), groups[number].size());
}

// Go's regexp.Expand: what names no group is empty, a $ that names nothing is one.
std::string Expand(std::string_view pattern, const re2::RE2& regex, Groups groups) {
  std::string out;
  while (true) {
    const std::size_t mark = pattern.find('$');
    out += pattern.substr(0, mark);
    if (mark == std::string_view::npos) return out;
    pattern.remove_prefix(mark + 1);
    if (pattern.starts_with('$')) {
      out.push_back('$');
      pattern.remove_prefix(1);
      continue;
    }
    std::string_view name;
    const std::size_t taken = TakeName(pattern, name);
    if (taken == 0) {
      out.push_back('$');
    } else {
      AppendGroup(regex, groups, name, out);
      pattern.remove_prefix(taken);
    }
  }
}

// Of the whole text, or nothing.
class Match {
 public:
  Match(const re2::RE2& regex, std::string_view text)
      : groups_(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1) {
    matches_ = regex.Match(Piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, groups_.data(),
                           static_cast<int>(groups_.size()));
  }
  explicit operator bool() const { return matches_; }
  [[nodiscard]] Groups groups() const { return groups_; }

 private:
  std::vector<re2::StringPiece> groups_;
  bool matches_ = false;
};

bool IsLabelName(std::string_view name) {
  return !name.empty() && IsValidUtf8(name);
}

// The last eight bytes of MD5, as Prometheus takes them, so that shards come out the same.
std::uint64_t HashOf(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  TICKSCOPE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) == 1);
  std::uint64_t hash = 0;
  for (unsigned i = 8; i < 16; ++i)
    hash = hash << 8U | digest[i];
  return hash;
}

std::string InCase(std::string_view text, Action action) {
  std::string out(text);
  for (char& c : out) {
    if (action == Action::kLowercase && c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (action == Action::kUppercase && c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  }
  return out;
}

bool NeedsTarget(Action action) {
  switch (action) {
    case Action::kReplace:
    case Action::kKeepEqual:
    case Action::kDropEqual:
    case Action::kHashMod:
    case Action::kLowercase:
    case Action::kUppercase:
      return true;
    default:
      return false;
  }
}

std::unique_ptr<re2::RE2> Compile(const std::string& text) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  options.set_max_mem(kRegexMemoryMax);
  return std::make_unique<re2::RE2>(text, options);
}

}  // namespace

Status CheckRule(const RelabelRule& rule) {
  const std::string_view action = kActionNames[static_cast<std::size_t>(rule.action)];
  const auto fail = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("action {}: {}", action, what));
  };
  if (NeedsTarget(rule.action) && rule.target_label.empty()) return fail("needs a target_label");
  if (rule.action == Action::kHashMod && rule.modulus == 0) return fail("needs a modulus above 0");
  // A replacement may make the name of a label.
  const bool is_pattern = rule.action == Action::kReplace && rule.target_label.find('$') != std::string::npos;
  if (!rule.target_label.empty() && !is_pattern && !IsLabelName(rule.target_label))
    return fail("target_label is not UTF-8");
  const RelabelRule none;
  if (rule.action == Action::kKeepEqual || rule.action == Action::kDropEqual) {
    if (rule.regex != none.regex || rule.modulus != 0 || rule.separator != none.separator ||
        rule.replacement != none.replacement)
      return fail("takes source_labels and target_label only");
  }
  if (rule.action == Action::kLabelDrop || rule.action == Action::kLabelKeep) {
    if (!rule.source_labels.empty() || !rule.target_label.empty() || rule.modulus != 0 ||
        rule.separator != none.separator || rule.replacement != none.replacement)
      return fail("takes a regex only");
  }
  if (const auto regex = Compile(rule.regex); !regex->ok())
    return fail(fmt::format("regex does not compile: {}", regex->error()));
  return {};
}

Result<Relabeler> Relabeler::Make(std::vector<RelabelRule> rules) {
  Relabeler relabeler;
  for (RelabelRule& rule : rules) {
    if (Status right = CheckRule(rule); !right)
      return FailWith(fmt::format("rule {}", relabeler.steps_.size() + 1), std::move(right).error());
    std::shared_ptr<const re2::RE2> regex = Compile(rule.regex);
    relabeler.steps_.push_back({std::move(rule), std::move(regex)});
  }
  return relabeler;
}

std::vector<RelabelRule> Relabeler::rules() const {
  std::vector<RelabelRule> rules;
  for (const Step& step : steps_)
    rules.push_back(step.rule);
  return rules;
}

bool Relabeler::Apply(LabelsBuilder& labels) const {
  return std::ranges::all_of(steps_, [&](const Step& step) { return ApplyStep(step, labels); });
}

bool Relabeler::ApplyStep(const Step& step, LabelsBuilder& labels) {
  const RelabelRule& rule = step.rule;
  std::string value;
  for (const std::string& name : rule.source_labels) {
    if (&name != rule.source_labels.data()) value += rule.separator;
    value += labels.Get(name);
  }
  switch (rule.action) {
    case Action::kReplace: {
      const Match match(*step.regex, value);
      if (!match) return true;
      const std::string target = Expand(rule.target_label, *step.regex, match.groups());
      if (IsLabelName(target)) labels.Set(target, Expand(rule.replacement, *step.regex, match.groups()));
      return true;
    }
    case Action::kKeep:
      return static_cast<bool>(Match(*step.regex, value));
    case Action::kDrop:
      return !Match(*step.regex, value);
    case Action::kKeepEqual:
      return labels.Get(rule.target_label) == value;
    case Action::kDropEqual:
      return labels.Get(rule.target_label) != value;
    case Action::kHashMod:
      labels.Set(rule.target_label, std::to_string(HashOf(value) % rule.modulus));
      return true;
    case Action::kLowercase:
    case Action::kUppercase:
      labels.Set(rule.target_label, InCase(value, rule.action));
      return true;
    case Action::kLabelMap:
    case Action::kLabelDrop:
    case Action::kLabelKeep:
      break;
  }
  // Over the labels as they are now, whatever is changed meanwhile.
  const Labels before = labels.Build();
  for (const LabelView& label : before) {
    const Match match(*step.regex, label.name);
    if (rule.action == Action::kLabelMap) {
      if (!match) continue;
      const std::string name = Expand(rule.replacement, *step.regex, match.groups());
      if (IsLabelName(name)) labels.Set(name, label.value);
    } else if (static_cast<bool>(match) == (rule.action == Action::kLabelDrop)) {
      labels.Delete(label.name);
    }
  }
  return true;
}

}  // namespace tickscope::relabel
