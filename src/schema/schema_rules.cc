#include "schema/schema_rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace tickscope::schema {
namespace {

// A pattern's automaton; one that needs more would be slow on every first sight of a series.
constexpr std::int64_t kPatternMemoryMax = 1 << 20;
// More series than this of one metric on one target are told about: at 5,000 targets it is 5 million.
constexpr std::uint64_t kSeriesPerTargetMany = 1'000;

constexpr std::array<std::string_view, 14> kBaseUnits = {
    "seconds", "bytes",  "ratio", "hertz",   "meters",  "celsius",          "volts",
    "amperes", "joules", "grams", "kelvins", "radians", "bytes_per_second", "watts"};

struct OtherUnit {
  std::string_view suffix;
  std::string_view base;
};
constexpr OtherUnit kOtherUnits[] = {
    {"ms", "seconds"},        {"milliseconds", "seconds"},
    {"us", "seconds"},        {"microseconds", "seconds"},
    {"ns", "seconds"},        {"nanoseconds", "seconds"},
    {"minutes", "seconds"},   {"hours", "seconds"},
    {"days", "seconds"},      {"kb", "bytes"},
    {"kilobytes", "bytes"},   {"mb", "bytes"},
    {"megabytes", "bytes"},   {"gigabytes", "bytes"},
    {"bits", "bytes"},        {"percent", "ratio"},
    {"kilometers", "meters"},
};

// Words that make a label's name personal on their own, and words that do before "id", "name", "token" and the like.
constexpr std::string_view kPersonalWords[] = {
    "email",    "mail",      "phone",    "msisdn",    "ip",       "ipv4",     "ipv6",
    "username", "userid",    "nickname", "nick",      "gamertag", "playerid", "accountid",
    "steamid",  "deviceid",  "uuid",     "guid",      "password", "passwd",   "secret",
    "token",    "jwt",       "cookie",   "ssn",       "iban",     "birthday", "latitude",
    "surname",  "sessionid", "matchid",  "firstname", "lastname", "imei",     "mac"};
constexpr std::string_view kPersons[] = {"player", "user", "account", "friend", "customer", "client"};
constexpr std::string_view kNamesOfPersons[] = {"id", "name", "key", "address", "addr", "handle", "number"};
constexpr std::string_view kOneOfMany[] = {"session", "match", "device", "steam", "psn",
                                           "xbox",    "epic",  "trace",  "span",  "request",
                                           "event",   "party", "guild",  "lobby", "ticket"};
constexpr std::string_view kNamesOfThings[] = {"id", "key"};

constexpr std::array<std::string_view, 3> kSliPlaceholders = {"$filter", "$by", "$window"};

// Words that may also be a kind of thing, when the kinds are listed: ip: [v4, v6].
constexpr std::string_view kKindsWhenListed[] = {"ip", "mail", "phone", "token", "cookie", "mac"};

bool Contains(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && !IsDigit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

// Splits at underscores and where a capital follows a small letter, in small letters: clientIp is client, ip.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool is_capital = c >= 'A' && c <= 'Z';
    const bool after_small = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (c == '_' || c == '-' || c == '.' || (is_capital && after_small)) words.emplace_back();
    if (IsLetter(c) || IsDigit(c)) words.back() += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

bool EndsWithWord(std::string_view name, std::string_view word) {
  return name.size() > word.size() && name.ends_with(word) && name[name.size() - word.size() - 1] == '_';
}

class Checker {
 public:
  Checker(const Schema& schema, std::span<const Label> shared, std::vector<Problem>& problems)
      : schema_(schema), shared_(shared), problems_(problems) {}

  void Check() {
    if (schema_.metrics.empty() && problems_.empty())
      Tell({}, Severity::kError, "no-metrics", "no metrics: list at least one under metrics");
    for (const Label& label : schema_.target_labels)
      CheckLabel(label);
    for (const Label& label : shared_)
      CheckLabel(label);
    for (const Metric& metric : schema_.metrics) {
      CheckName(metric);
      CheckUnit(metric);
      CheckMetricLabels(metric);
      CheckAggregation(metric);
      CheckSeriesNames(metric);
      CheckSize(metric);
    }
    std::set<std::string_view> slis;
    for (const Sli& sli : schema_.slis) {
      if (!slis.insert(sli.name).second) Error(sli, "sli-twice", "an SLI of that name stands above");
      CheckSli(sli);
    }
  }

 private:
  void Tell(config::YamlPosition position, Severity severity, std::string_view rule, std::string text) {
    problems_.push_back({position, severity, std::string(rule), std::move(text)});
  }
  void Error(const Metric& metric, std::string_view rule, std::string_view text) {
    Tell(metric.position, Severity::kError, rule, fmt::format("{}: {}", metric.name, text));
  }
  void Warn(const Metric& metric, std::string_view rule, std::string_view text) {
    Tell(metric.position, Severity::kWarning, rule, fmt::format("{}: {}", metric.name, text));
  }

  void Error(const Sli& sli, std::string_view rule, std::string_view text) {
    Tell(sli.position, Severity::kError, rule, fmt::format("{}: {}", sli.name, text));
  }

  void CheckSli(const Sli& sli) {
    if (!IsPlainName(sli.name))
      Error(sli, "sli-name", "expected letters, digits and underscores, not beginning with a digit");
    for (std::size_t at = sli.expr.find('$'); at != std::string::npos; at = sli.expr.find('$', at + 1)) {
      const std::string_view rest = std::string_view(sli.expr).substr(at);
      if (std::ranges::none_of(kSliPlaceholders,
                               [&](std::string_view placeholder) { return rest.starts_with(placeholder); })) {
        Error(sli, "sli-placeholder",
              fmt::format("expected $filter, $window or $by, got {:?}", rest.substr(0, 16)));
      }
    }
    for (const std::string_view placeholder : {kSliPlaceholders[0], kSliPlaceholders[1]}) {
      if (!sli.expr.contains(placeholder))
        Error(sli, "sli-placeholder",
              fmt::format("it cannot be looked at in parts: expected {} in expr", placeholder));
    }
    if (sli.warn.has_value() != sli.bad.has_value()) {
      Error(sli, "sli-threshold", "expected both of warn and bad, or neither");
    } else if (sli.warn && (sli.good == SliGood::kHigh ? *sli.warn < *sli.bad : *sli.warn > *sli.bad)) {
      Error(sli, "sli-threshold",
            fmt::format("bad comes before warn: got warn {} and bad {} where {} is good", *sli.warn, *sli.bad,
                        kSliGoodNames[static_cast<std::size_t>(sli.good)]));
    }
    if (sli.owner.empty()) Error(sli, "owner", "expected an owner, here or under defaults");
  }

  void CheckName(const Metric& metric) {
    const std::string_view name = metric.name;
    if (!IsPlainName(name)) {
      Error(metric, "metric-name",
            name.contains(':') ? "a colon is for the names of recording rules: use underscores"
                               : "expected letters, digits and underscores, not beginning with a digit");
      return;
    }
    const bool is_counter = metric.kind == MetricKind::kCounter;
    if (is_counter && !EndsWithWord(name, "total"))
      Error(metric, "counter-suffix", fmt::format("a counter's name ends in _total: call it {}_total", name));
    if (!is_counter && metric.kind != MetricKind::kUnknown && EndsWithWord(name, "total")) {
      Error(metric, "counter-suffix",
            fmt::format("only a counter's name ends in _total, not a {}'s: rename it, or make it a counter",
                        MetricKindName(metric.kind)));
    }
    if (metric.kind == MetricKind::kInfo && !EndsWithWord(name, "info"))
      Error(metric, "info-suffix", fmt::format("the name of an info ends in _info: call it {}_info", name));
    for (const std::string_view part : {"bucket", "sum", "count", "created"}) {
      if (metric.kind != MetricKind::kUnknown && EndsWithWord(name, part))
        Warn(metric, "histogram-suffix",
             fmt::format("_{} reads as a part of a histogram: choose another ending", part));
    }
    if (metric.owner.empty()) Error(metric, "owner", "nobody owns it: give an owner here or under defaults");
    if (metric.help == metric.name)
      Warn(metric, "help", "the help text repeats the name: say what is measured");
  }

  void CheckUnit(const Metric& metric) {
    std::string_view name = metric.name;
    if (EndsWithWord(name, "total")) name.remove_suffix(std::string_view("_total").size());
    if (!metric.unit.empty()) {
      if (!IsPlainName(metric.unit)) {
        Error(metric, "unit", fmt::format("expected a unit such as seconds or bytes, got {:?}", metric.unit));
      } else if (metric.kind == MetricKind::kInfo || metric.kind == MetricKind::kStateSet) {
        Error(metric, "unit", fmt::format("a {} has no unit: leave it out", MetricKindName(metric.kind)));
      } else if (!EndsWithWord(name, metric.unit) && metric.kind != MetricKind::kUnknown) {
        Error(metric, "unit-suffix",
              fmt::format("the name of a metric in {0} ends in _{0}{1}", metric.unit,
                          metric.kind == MetricKind::kCounter ? "_total" : ""));
      }
      return;
    }
    for (const std::string_view unit : kBaseUnits) {
      if (EndsWithWord(name, unit)) {
        Warn(metric, "unit-missing", fmt::format("its name ends in a unit: add \"unit: {}\"", unit));
        return;
      }
    }
    for (const OtherUnit& other : kOtherUnits) {
      if (!EndsWithWord(name, other.suffix)) continue;
      Warn(metric, "base-unit",
           fmt::format("measure in {}, the base unit; or say \"unit: {}\" when it has to be", other.base,
                       other.suffix));
      return;
    }
  }

  void CheckMetricLabels(const Metric& metric) {
    for (const Label& label : metric.labels) {
      const Label* const shared = FindLabel(shared_, label.name);
      if (shared == nullptr || shared->position.line != label.position.line) CheckLabel(label);
      const Label* const of_target = FindLabel(schema_.target_labels, label.name);
      if (of_target != nullptr && !of_target->optional) {
        Error(metric, "label-twice",
              fmt::format("label {:?} is a target label already: leave it out or rename it", label.name));
      }
      if (metric.kind == MetricKind::kStateSet && label.name == metric.name) {
        Error(metric, "label-reserved",
              fmt::format("label {:?} holds the state's name: give its states in the label's place",
                          label.name));
      }
    }
  }

  void CheckLabel(const Label& label) {
    const auto tell = [&](Severity severity, std::string_view rule, std::string_view text) {
      Tell(label.position, severity, rule, fmt::format("label {:?}: {}", label.name, text));
    };
    const std::string_view name = label.name;
    if (!IsPlainName(name)) {
      tell(Severity::kError, "label-name",
           "expected letters, digits and underscores, not beginning with a digit");
    } else if (name.starts_with("__")) {
      tell(Severity::kError, "label-reserved", "names that begin with __ are the system's: choose another");
    } else if (name == "le" || name == "quantile") {
      tell(Severity::kError, "label-reserved",
           "it belongs to histograms and summaries and comes with their type: leave it out");
    } else if (NamesAPerson(name) && (label.values.empty() || !Contains(kKindsWhenListed, name))) {
      tell(Severity::kError, "label-personal",
           "its name speaks of one person, session or address: no such value belongs in a metric; use a "
           "bounded "
           "class (platform, isp_class, region), or a log line with a token");
    }
    std::set<std::string_view> seen;
    for (const std::string& value : label.values) {
      if (value.empty()) {
        tell(Severity::kError, "label-value",
             "an empty value means no label: leave it out and say \"optional: true\"");
      } else if (value.size() > kTextBytesMax) {
        tell(Severity::kError, "label-value",
             fmt::format("expected values of at most {} bytes", kTextBytesMax));
      } else if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
        tell(Severity::kError, "label-value", "expected values without control characters");
      } else if (!seen.insert(value).second) {
        tell(Severity::kError, "label-value", fmt::format("value {:?} is listed twice", value));
      }
    }
    CheckPattern(label);
  }

  void CheckPattern(const Label& label) {
    if (label.pattern.empty()) return;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemoryMax);
    const RE2 pattern(label.pattern, options);
    if (pattern.ok()) return;
    Tell(label.position, Severity::kError, "label-pattern",
         fmt::format("label {:?}: expected a regular expression (RE2), got {:?}: {}", label.name,
                     label.pattern, pattern.error()));
  }

  void CheckAggregation(const Metric& metric) {
    if (!metric.aggregate) return;
    for (const std::string& label : metric.aggregate->labels) {
      // Whoever scrapes adds these two.
      if (label == "job" || label == "instance") continue;
      if (FindLabel(metric.labels, label) == nullptr && FindLabel(schema_.target_labels, label) == nullptr)
        Error(metric, "aggregate-label", fmt::format("aggregate: no series of it has a label {:?}", label));
    }
    if (metric.aggregate->every_ms < metric.cadence_ms)
      Warn(metric, "aggregate-window",
           "aggregate: windows shorter than the cadence repeat themselves: make every as long or longer");
  }

  // S1, also for two types under one name.
  void CheckSeriesNames(const Metric& metric) {
    const auto [same, is_new] = names_.try_emplace(metric.name, &metric);
    if (!is_new) {
      const Metric& first = *same->second;
      Error(metric, "metric-twice",
            first.kind == metric.kind
                ? fmt::format("defined before, in line {}: keep one of them", first.position.line)
                : fmt::format("defined before as a {}, in line {}: a name has one type",
                              MetricKindName(first.kind), first.position.line));
      return;
    }
    for (const std::string& name : SeriesNames(metric)) {
      const auto [taken, is_free] = series_names_.try_emplace(name, &metric);
      if (is_free || taken->second == &metric) continue;
      Error(metric, "series-name-twice",
            fmt::format("its series {} is one of {} too, in line {}: rename one of them", name,
                        taken->second->name, taken->second->position.line));
    }
  }

  void CheckSize(const Metric& metric) {
    const std::uint64_t series = SeriesPerTarget(metric);
    if (series <= kSeriesPerTargetMany) return;
    Warn(metric, "many-series",
         fmt::format("a target may have {} series of it: list fewer values, or give series_max", series));
  }

  const Schema& schema_;
  std::span<const Label> shared_;
  std::vector<Problem>& problems_;
  std::unordered_map<std::string_view, const Metric*> names_;
  std::unordered_map<std::string, const Metric*> series_names_;
};

}  // namespace

bool NamesAPerson(std::string_view label_name) {
  const std::vector<std::string> words = WordsOf(label_name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (Contains(kPersonalWords, words[i])) return true;
    if (i == 0) continue;
    if (Contains(kNamesOfPersons, words[i]) && Contains(kPersons, words[i - 1])) return true;
    if (Contains(kNamesOfThings, words[i]) && Contains(kOneOfMany, words[i - 1])) return true;
    if (words[i - 1] == "e" && words[i] == "mail") return true;
  }
  // The thing itself, where its values can only be names of it.
  return words.size() == 1 && (words[0] == "player" || words[0] == "user" || words[0] == "account");
}

void CheckSchema(const Schema& schema, std::span<const Label> shared, std::vector<Problem>& problems) {
  Checker(schema, shared, problems).Check();
}

}  // namespace tickscope::schema
