#include "agent/push_config.h"

#include "http/client.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kTimeoutMaxMs = 600'000;
constexpr std::int64_t kHourMs = 3'600'000;

}  // namespace

PushConfig ReadPush(config::YamlMap& map, std::string url) {
  PushConfig push;
  push.url = std::move(url);
  if (!push.url.empty()) {
    if (const auto parsed = http::ParseUrl(push.url); !parsed) map.Complain("url", parsed.error().message);
  }
  push.headers = map.StringMap("headers");
  push.timeout_ms = map.DurationMs("timeout", push.timeout_ms, {.min = 1, .max = kTimeoutMaxMs});
  push.backoff_min_ms = map.DurationMs("backoff_min", push.backoff_min_ms, {.min = 1, .max = kHourMs});
  push.backoff_max_ms = map.DurationMs("backoff_max", push.backoff_max_ms, {.min = 1, .max = kHourMs});
  if (push.backoff_max_ms < push.backoff_min_ms)
    map.Complain("backoff_max", "backoff_max is below backoff_min");
  push.delivery = ReadDelivery(map);
  push.tls = ReadTlsClient(map.Map("tls_config"));
  return push;
}

void WritePush(const PushConfig& push, config::YamlWriter& out) {
  out.Comment("Sent with each request, for example X-Scope-OrgID: the tenant.");
  out.StringMap("headers", push.headers);
  out.DurationMs("timeout", push.timeout_ms);
  out.Comment(
      "A failed request is sent again after a random time, up to a bound that doubles from min to max.");
  out.DurationMs("backoff_min", push.backoff_min_ms);
  out.DurationMs("backoff_max", push.backoff_max_ms);
  WriteDelivery(push.delivery, out);
  out.BeginMap("tls_config");
  WriteTlsClient(push.tls, out);
  out.EndMap();
}

}  // namespace tickscope::agent
