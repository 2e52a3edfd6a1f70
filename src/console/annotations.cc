#include "console/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "console/json_document.h"
#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

constexpr std::size_t kKindBytesMax = 40;
constexpr std::size_t kTitleBytesMax = 200;
constexpr std::size_t kTextBytesMax = 4'000;
constexpr std::size_t kAuthorBytesMax = 200;
constexpr std::size_t kLabelsMax = 20;
constexpr std::size_t kLabelBytesMax = 200;
// The year 2262, as samples' times.
constexpr double kTimeMsMax = 9.2e15;

bool IsWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

TimeMs ReadTime(JsonFields& fields, const JsonValue& root, std::string_view key, TimeMs fallback) {
  const double time_ms = fields.Number(key, static_cast<double>(fallback));
  if (!(time_ms >= 0 && time_ms <= kTimeMsMax) || time_ms != std::floor(time_ms)) {
    fields.Complain(*root.Find(key), fmt::format("{}: expected whole milliseconds since 1970", key));
    return 0;
  }
  return static_cast<TimeMs>(time_ms);
}

bool Matches(const Annotation& annotation, const std::vector<Matcher>& matchers) {
  return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
    const auto label = annotation.labels.find(matcher.name());
    return label == annotation.labels.end() || matcher.Matches(label->second);
  });
}

std::string KeyOf(const TenantId& tenant, std::string_view id) {
  return fmt::format("{}/{}", tenant, id);
}

}  // namespace

Result<Annotation> ReadAnnotation(std::string_view json, TimeMs now_ms) {
  TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(json));
  JsonFields fields(json, root);
  Annotation annotation;
  annotation.time_ms = ReadTime(fields, root, "time", now_ms);
  if (fields.Has("timeEnd")) {
    annotation.end_ms = ReadTime(fields, root, "timeEnd", now_ms);
    if (*annotation.end_ms < annotation.time_ms)
      fields.Complain(*root.Find("timeEnd"), "timeEnd: expected no earlier than time");
  } else {
    static_cast<void>(fields.Number("timeEnd", 0));
  }
  fields.Require("kind");
  annotation.kind = fields.Text("kind", "", kKindBytesMax);
  if (fields.Has("kind") && !IsWord(annotation.kind))
    fields.Complain(*root.Find("kind"), "kind: expected a word such as deploy, incident, note");
  fields.Require("title");
  annotation.title = fields.Text("title", "", kTitleBytesMax);
  if (fields.Has("title") && annotation.title.empty())
    fields.Complain(*root.Find("title"), "title: expected some words");
  annotation.text = fields.Text("text", "", kTextBytesMax);
  annotation.author = fields.Text("author", "", kAuthorBytesMax);
  if (const JsonValue* const labels = fields.Value("labels", JsonKind::kObject)) {
    if (labels->members.size() > kLabelsMax)
      fields.Complain(*labels, fmt::format("labels: expected at most {}", kLabelsMax));
    for (const auto& [name, value] : labels->members) {
      if (value.kind != JsonKind::kString || name.size() > kLabelBytesMax ||
          value.text.size() > kLabelBytesMax) {
        fields.Complain(value, fmt::format("labels: expected texts of at most {} bytes", kLabelBytesMax));
        continue;
      }
      annotation.labels.insert_or_assign(name, value.text);
    }
  }
  TICKSCOPE_RETURN_IF_ERROR(fields.Finish());
  return annotation;
}

void WriteAnnotation(const Annotation& annotation, wire::JsonWriter& json) {
  json.BeginObject();
  if (!annotation.id.empty()) WriteText("id", annotation.id, json);
  WriteInt("time", annotation.time_ms, json);
  if (annotation.end_ms) WriteInt("timeEnd", *annotation.end_ms, json);
  WriteText("kind", annotation.kind, json);
  WriteText("title", annotation.title, json);
  WriteText("text", annotation.text, json);
  json.Key("labels");
  json.BeginObject();
  for (const auto& [name, value] : annotation.labels)
    WriteText(name, value, json);
  json.EndObject();
  WriteText("author", annotation.author, json);
  json.EndObject();
}

Annotations::Annotations(KeyedLog& log, const Clock& clock, Random& random, Limits limits)
    : log_(log), clock_(clock), limits_(limits), random_(random.Next()) {
  for (const auto& [key, entry] : log_.List("")) {
    const std::size_t slash = key.find('/');
    auto annotation = ReadAnnotation(entry->value, 0);
    if (!annotation || slash == std::string::npos) continue;  // It was read before it was kept.
    annotation->id = key.substr(slash + 1);
    const TimeMs time_ms = annotation->time_ms;
    tenants_[key.substr(0, slash)].emplace(time_ms,
                                           std::make_shared<const Annotation>(*std::move(annotation)));
  }
}

AnnotationList Annotations::List(const TenantId& tenant, const AnnotationQuery& query) const {
  AnnotationList list;
  const MutexLock lock(mu_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return list;
  // From the last that begins in time, back: one that began long before may last until now.
  for (auto at = found->second.upper_bound(query.end_ms); at != found->second.begin();) {
    --at;
    const Annotation& annotation = *at->second;
    if (annotation.end_ms.value_or(annotation.time_ms) < query.start_ms) continue;
    if (!query.kinds.empty() && !query.kinds.contains(annotation.kind)) continue;
    if (!query.selectors.empty() && std::ranges::none_of(query.selectors, [&](const auto& matchers) {
          return Matches(annotation, matchers);
        }))
      continue;
    if (list.annotations.size() == query.limit) {
      list.is_cut = true;
      break;
    }
    list.annotations.push_back(at->second);
  }
  return list;
}

Result<std::shared_ptr<const Annotation>> Annotations::Add(const TenantId& tenant, Annotation annotation) {
  std::string kept;
  {
    wire::JsonWriter json(kept, 1U << 20);
    annotation.id.clear();
    WriteAnnotation(annotation, json);
  }
  {
    const MutexLock lock(mu_);
    annotation.id = fmt::format("{:016x}", random_.Next());
  }
  TICKSCOPE_RETURN_IF_ERROR(log_.Put(KeyOf(tenant, annotation.id), clock_.NowMs(), std::move(kept)));
  auto shared = std::make_shared<const Annotation>(std::move(annotation));
  std::string furthest;
  {
    const MutexLock lock(mu_);
    OfTenant& all = tenants_[tenant];
    all.emplace(shared->time_ms, shared);
    if (all.size() > limits_.annotations_max) furthest = all.begin()->second->id;
  }
  // One too many is no harm when this fails.
  if (!furthest.empty()) static_cast<void>(Remove(tenant, furthest));
  return shared;
}

Status Annotations::Remove(const TenantId& tenant, std::string_view id) {
  const Status removed = log_.Update(
      KeyOf(tenant, id), clock_.NowMs(), [&](const KeyedEntry* present) -> Result<KeyedLog::Change> {
        if (present == nullptr)
          return Fail(ErrorCode::kNotFound, fmt::format("no annotation of that id: {}", id.substr(0, 64)));
        return std::nullopt;
      });
  TICKSCOPE_RETURN_IF_ERROR(removed);
  const MutexLock lock(mu_);
  std::erase_if(tenants_[tenant], [&](const auto& one) { return one.second->id == id; });
  return {};
}

}  // namespace tickscope::console
