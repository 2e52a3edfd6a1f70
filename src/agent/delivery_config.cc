#include "agent/delivery_config.h"

#include "http/client.h"
#include "wire/delivery_headers.h"

namespace tickscope::agent {
namespace {

constexpr std::size_t kUrlsMax = 16;
constexpr std::int64_t kHourMs = 3'600'000;

}  // namespace

DeliveryConfig ReadDelivery(config::YamlMap& map) {
  DeliveryConfig delivery;
  delivery.sender = map.String("sender", "");
  if (!delivery.sender.empty() && !wire::IsSenderName(delivery.sender))
    map.Complain("sender", "expected at most 200 letters, digits and . _ - : @ /");
  delivery.bearer_token_file = map.String("bearer_token_file", "");
  delivery.compression = map.OneOf("compression", 0, {"snappy", "zstd"}) == 0 ? PushCompression::kSnappy
                                                                              : PushCompression::kZstd;
  delivery.failover_urls = map.Strings("failover_urls");
  if (delivery.failover_urls.size() > kUrlsMax) map.Complain("failover_urls", "expected at most 16");
  for (const std::string& url : delivery.failover_urls) {
    if (const auto parsed = http::ParseUrl(url); !parsed)
      map.Complain("failover_urls", parsed.error().message);
  }
  FailoverOptions& failover = delivery.failover;
  failover.failures_min = static_cast<std::size_t>(map.Int(
      "failover_failures", static_cast<std::int64_t>(failover.failures_min), {.min = 1, .max = 1'000}));
  failover.fail_after_ms =
      map.DurationMs("failover_after", failover.fail_after_ms, {.min = 0, .max = kHourMs});
  failover.fail_back_ms =
      map.DurationMs("failback_after", failover.fail_back_ms, {.min = 100, .max = 24 * kHourMs});
  delivery.throttle_ratio = map.Double("throttle_ratio", delivery.throttle_ratio, {.min = 0, .max = 1'000});
  if (delivery.throttle_ratio > 0 && delivery.throttle_ratio < 1)
    map.Complain("throttle_ratio", "expected 0, or 1 and more");
  return delivery;
}

void WriteDelivery(const DeliveryConfig& delivery, config::YamlWriter& out) {
  out.Comment(
      "Under which name pushes are counted, so that the gateway takes each once; the host's when empty. A "
      "certificate or token that names another wins.");
  out.String("sender", delivery.sender);
  out.Comment("File with a bearer token, for gateways that ask for one. Read again when it changes.");
  out.String("bearer_token_file", delivery.bearer_token_file);
  out.Comment(
      "snappy, or zstd: about a third smaller, for Tickscope's gateway, and VictoriaMetrics with rw1. Falls "
      "back.");
  out.String("compression", delivery.compression == PushCompression::kZstd ? "zstd" : "snappy");
  out.Comment("Where to send while url fails, in this order. Not for receivers that keep data apart.");
  out.Strings("failover_urls", delivery.failover_urls);
  out.Comment("A gateway is left after so many failures in a row,");
  out.Int("failover_failures", static_cast<std::int64_t>(delivery.failover.failures_min));
  out.Comment("over so long.");
  out.DurationMs("failover_after", delivery.failover.fail_after_ms);
  out.Comment("When the first is tried again, with one push; twice as long after each failure.");
  out.DurationMs("failback_after", delivery.failover.fail_back_ms);
  out.Comment(
      "A receiver that takes less than one request of so many is sent fewer, by chance; 0 sends all.");
  out.Double("throttle_ratio", delivery.throttle_ratio);
}

}  // namespace tickscope::agent
