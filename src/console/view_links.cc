#include "console/view_links.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/duration.h"
#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

constexpr std::size_t kVariablesOfLinkMax = 20;
constexpr std::size_t kValuesMax = 100;
constexpr std::size_t kValueBytesMax = 200;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kStreamsMax = 500;
constexpr std::string_view kNotGood = "this link is not valid: it is over, was revoked, or never was";

VariableValues ReadVariables(JsonFields& fields, const JsonValue* object) {
  VariableValues variables;
  if (object == nullptr) return variables;
  if (object->members.size() > kVariablesOfLinkMax)
    fields.Complain(*object, fmt::format("variables: expected at most {}", kVariablesOfLinkMax));
  for (const auto& [name, value] : object->members) {
    std::vector<std::string> texts;
    if (value.kind == JsonKind::kString) texts.push_back(value.text);
    for (const JsonValue& item : value.items)
      texts.push_back(item.text);
    const bool is_good =
        (value.kind == JsonKind::kString ||
         (value.kind == JsonKind::kArray && !value.items.empty() && value.items.size() <= kValuesMax &&
          std::ranges::all_of(value.items,
                              [](const JsonValue& item) { return item.kind == JsonKind::kString; }))) &&
        std::ranges::all_of(texts, [](const std::string& text) { return text.size() <= kValueBytesMax; });
    if (!is_good) {
      fields.Complain(value,
                      fmt::format("variables: expected a text or a list of 1 to {}, each of at most {} bytes",
                                  kValuesMax, kValueBytesMax));
    }
    variables.insert_or_assign(name, std::move(texts));
  }
  return variables;
}

std::string Kept(const ViewLink& link) {
  std::string text;
  wire::JsonWriter json(text, 1U << 20);
  WriteViewLink(link, json);
  return text;
}

std::string KeyOf(const ViewLink& link) {
  return fmt::format("{}/{}", link.tenant, link.id);
}

// The reverse of WriteViewLink, of what was kept.
Result<ViewLink> ReadKept(std::string_view tenant, std::string_view text) {
  TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(text));
  JsonFields fields(text, root);
  ViewLink link;
  link.tenant = tenant;
  link.id = fields.Text("id", "", kIdBytes);
  static_cast<void>(fields.Text("page", "", kValueBytesMax));
  link.dashboard = fields.Text("dashboard", "", kDashboardNameBytesMax);
  link.variables = ReadVariables(fields, fields.Value("variables", JsonKind::kObject));
  link.created_ms = static_cast<TimeMs>(fields.Number("created", 0));
  link.expires_ms = static_cast<TimeMs>(fields.Number("expires", 0));
  link.author = fields.Text("author", "", kValueBytesMax);
  TICKSCOPE_RETURN_IF_ERROR(fields.Finish());
  return link;
}

}  // namespace

std::string Base64Url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out += kDigits[(bits >> count) & 63U];
    }
  }
  if (count > 0) out += kDigits[(bits << (6 - count)) & 63U];
  return out;
}

Result<NewViewLink> ReadNewViewLink(std::string_view json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(json));
  JsonFields fields(json, root);
  NewViewLink wanted;
  fields.Require("page");
  const std::string page = fields.Text("page", "", kValueBytesMax);
  if (fields.Has("page") && page != "overview" && page != "dashboard")
    fields.Complain(*root.Find("page"), "page: expected overview or dashboard");
  wanted.dashboard = fields.Text("dashboard", "", kDashboardNameBytesMax);
  if ((page == "dashboard") != IsDashboardName(wanted.dashboard) && !page.empty())
    fields.Complain(root, "dashboard: expected the name of one, for the page dashboard and no other");
  wanted.variables = ReadVariables(fields, fields.Value("variables", JsonKind::kObject));
  fields.Require("ttl");
  const std::string ttl = fields.Text("ttl", "", kValueBytesMax);
  const auto ttl_ms = ParseDurationMs(ttl);
  if (fields.Has("ttl") && (!ttl_ms || *ttl_ms < kViewTtlMinMs || *ttl_ms > kViewTtlMaxMs))
    fields.Complain(*root.Find("ttl"), "ttl: expected a duration from 1m to 90d");
  wanted.ttl_ms = ttl_ms.value_or(0);
  TICKSCOPE_RETURN_IF_ERROR(fields.Finish());
  return wanted;
}

void WriteVariables(const VariableValues& variables, wire::JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, values] : variables) {
    json.Key(name);
    if (values.size() == 1) {
      json.String(values.front());
      continue;
    }
    json.BeginArray();
    for (const std::string& value : values)
      json.String(value);
    json.EndArray();
  }
  json.EndObject();
}

void WriteViewLink(const ViewLink& link, wire::JsonWriter& json) {
  json.BeginObject();
  WriteText("id", link.id, json);
  WriteText("page", link.dashboard.empty() ? "overview" : "dashboard", json);
  if (!link.dashboard.empty()) WriteText("dashboard", link.dashboard, json);
  json.Key("variables");
  WriteVariables(link.variables, json);
  WriteInt("created", link.created_ms, json);
  WriteInt("expires", link.expires_ms, json);
  WriteText("author", link.author, json);
  json.EndObject();
}

ViewLinks::ViewLinks(KeyedLog& log, const Clock& clock, Random& random, std::string key, Limits limits)
    : log_(log),
      clock_(clock),
      key_(std::move(key)),
      limits_(limits),
      nobodys_{.id = std::string(kIdBytes, '0')},
      random_(random.Next()) {
  TICKSCOPE_CHECK(key_.size() == kViewKeyBytes);
  const MutexLock lock(mu_);
  for (const auto& [log_key, entry] : log_.List("")) {
    const std::string_view tenant = std::string_view(log_key).substr(0, log_key.rfind('/'));
    auto kept = ReadKept(tenant, entry->value);
    if (!kept) continue;
    const auto link = std::make_shared<const ViewLink>(*std::move(kept));
    links_.emplace(link->id, link);
  }
}

std::string ViewLinks::TokenOf(const ViewLink& link) const {
  const std::string signed_text =
      fmt::format("tickscope view 1\n{}\n{}\n{}\n{}", link.id, link.tenant, link.dashboard, link.expires_ms);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  TICKSCOPE_CHECK(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
                       mac.data(), &size) != nullptr);
  return link.id + Base64Url({reinterpret_cast<const char*>(mac.data()), size});
}

ViewLinkPtr ViewLinks::Find(std::string_view id) const {
  const MutexLock lock(mu_);
  const auto found = links_.find(std::string(id));
  return found == links_.end() ? nullptr : found->second;
}

Result<ViewLinks::Made> ViewLinks::Make(const TenantId& tenant, const NewViewLink& wanted,
                                        std::string author) {
  if (List(tenant).size() >= limits_.links_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("too many links are valid: want at most {} (console.view_links_max): revoke some",
                            limits_.links_max));
  }
  ViewLink link{.id = {},
                .tenant = tenant,
                .dashboard = wanted.dashboard,
                .variables = wanted.variables,
                .created_ms = clock_.NowMs(),
                .expires_ms = clock_.NowMs() + wanted.ttl_ms,
                .author = std::move(author)};
  {
    const MutexLock lock(mu_);
    do {
      link.id = fmt::format("{:016x}", random_.Next());
    } while (links_.contains(link.id));
  }
  TICKSCOPE_RETURN_IF_ERROR(log_.Put(KeyOf(link), link.created_ms, Kept(link)));
  std::string token = TokenOf(link);
  {
    const MutexLock lock(mu_);
    links_.emplace(link.id, std::make_shared<const ViewLink>(link));
  }
  return Made{std::move(link), std::move(token)};
}

std::vector<ViewLinkPtr> ViewLinks::List(const TenantId& tenant) const {
  std::vector<ViewLinkPtr> links;
  {
    const MutexLock lock(mu_);
    for (const auto& [id, link] : links_) {
      if (link->tenant == tenant && link->expires_ms > clock_.NowMs()) links.push_back(link);
    }
  }
  std::ranges::sort(links, [](const ViewLinkPtr& a, const ViewLinkPtr& b) {
    return std::tie(b->created_ms, b->id) < std::tie(a->created_ms, a->id);
  });
  return links;
}

Status ViewLinks::Revoke(const TenantId& tenant, std::string_view id) {
  const ViewLinkPtr link = Find(id);
  if (link == nullptr || link->tenant != tenant)
    return Fail(ErrorCode::kNotFound, fmt::format("no link of that id: {}", id.substr(0, 64)));
  TICKSCOPE_RETURN_IF_ERROR(Forget(*link));
  KeepHouse();
  return {};
}

Status ViewLinks::Forget(const ViewLink& link) {
  TICKSCOPE_RETURN_IF_ERROR(
      log_.Update(KeyOf(link), clock_.NowMs(),
                  [](const KeyedEntry*) -> Result<KeyedLog::Change> { return std::nullopt; }));
  const MutexLock lock(mu_);
  links_.erase(link.id);
  return {};
}

Result<ViewLinkPtr> ViewLinks::Open(std::string_view token, Weight weight) {
  ViewLinkPtr link = Find(token.substr(0, kIdBytes));
  const std::string want = TokenOf(link == nullptr ? nobodys_ : *link);
  const bool is_right =
      want.size() == token.size() && CRYPTO_memcmp(want.data(), token.data(), want.size()) == 0;
  if (!is_right || link == nullptr || link->expires_ms <= clock_.NowMs())
    return Fail(ErrorCode::kNotFound, std::string(kNotGood));
  TICKSCOPE_RETURN_IF_ERROR(Take(*link, weight));
  return link;
}

Status ViewLinks::Take(const ViewLink& link, Weight weight) {
  const double needed = weight == Weight::kWhole ? 1 : 0.1;
  const auto rate = static_cast<double>(limits_.requests_per_second);
  const std::chrono::nanoseconds now = clock_.Monotonic();
  const MutexLock lock(mu_);
  const auto [at, is_new] = uses_.try_emplace(link.id, Use{.tokens = rate, .filled = now, .streams = {}});
  Use& use = at->second;
  use.tokens = std::min(rate, use.tokens + std::chrono::duration<double>(now - use.filled).count() * rate);
  use.filled = now;
  if (use.tokens < needed) {
    return Fail(
        ErrorCode::kRateLimited,
        fmt::format("too many requests by this link: want at most {} a second", limits_.requests_per_second));
  }
  use.tokens -= needed;
  return {};
}

Status ViewLinks::Hold(const ViewLink& link, std::shared_ptr<http::StreamBody> body) {
  const MutexLock lock(mu_);
  auto& streams = uses_[link.id].streams;
  std::erase_if(streams, [](const auto& stream) {
    const auto held = stream.lock();
    return held == nullptr || held->closed();
  });
  if (streams.size() >= kStreamsMax)
    return Fail(ErrorCode::kRateLimited,
                fmt::format("too many viewers of this link: want at most {}", kStreamsMax));
  streams.push_back(std::move(body));
  return {};
}

void ViewLinks::KeepHouse() {
  std::vector<std::shared_ptr<http::StreamBody>> ended;
  std::vector<ViewLinkPtr> over;
  {
    const MutexLock lock(mu_);
    const TimeMs now_ms = clock_.NowMs();
    for (const auto& [id, link] : links_) {
      if (link->expires_ms <= now_ms) over.push_back(link);
    }
    for (auto at = uses_.begin(); at != uses_.end();) {
      const auto link = links_.find(at->first);
      if (link != links_.end() && link->second->expires_ms > now_ms) {
        ++at;
        continue;
      }
      for (const auto& stream : at->second.streams) {
        if (auto body = stream.lock()) ended.push_back(std::move(body));
      }
      at = uses_.erase(at);
    }
  }
  for (const auto& body : ended)
    body->Abort();
  // What stays for want of room is tried again.
  for (const ViewLinkPtr& link : over)
    static_cast<void>(Forget(*link));
}

}  // namespace tickscope::console
