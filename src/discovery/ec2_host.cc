#include "discovery/ec2_host.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "http/router.h"

namespace tickscope::discovery {
namespace {

constexpr std::size_t kAnswerBytesMax = 64U << 10U;
constexpr std::size_t kTokenBytesMax = 1'024;
constexpr std::size_t kTagsMax = 50;  // As many as an instance may have.
constexpr auto kTimeout = std::chrono::seconds(2);
constexpr std::string_view kTagsPath = "/latest/meta-data/tags/instance";

constexpr std::pair<std::string_view, std::string_view> kFields[] = {
    {"instanceId", "instance_id"},
    {"instanceType", "instance_type"},
    {"imageId", "ami"},
    {"architecture", "architecture"},
    {"region", "region"},
    {"availabilityZone", "availability_zone"},
    {"privateIp", "private_ip"},
    {"accountId", "owner_id"},
};

}  // namespace

Result<LabelPairs> ParseIdentityDocument(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object document;
  if (const auto error = parser.parse(json.data(), json.size()).get(document); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the identity document is no JSON object: {}", simdjson::error_message(error)));
  LabelPairs labels;
  for (const auto& [field, label] : kFields) {
    std::string_view text;
    if (document[field].get(text) == simdjson::SUCCESS && !text.empty())
      labels.emplace_back(fmt::format("__meta_ec2_{}", label), text);
  }
  if (labels.empty()) return Fail(ErrorCode::kInvalidArgument, "the identity document names no instance");
  return labels;
}

Ec2Host::Ec2Host(HostMetadataConfig config, io::Network& network)
    : config_(std::move(config)),
      client_(http::Client::Make(network, {.connect_timeout = kTimeout,
                                           .request_timeout = kTimeout,
                                           .response_bytes_max = kAnswerBytesMax,
                                           .idle_connections_max = 1})) {}

Result<http::Response> Ec2Host::Ask(const char* method, const std::string& path, const std::string& token) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(config_.ec2_url + path));
  http::Request request;
  request.method = method;
  if (token.empty()) {
    request.headers.Set("X-aws-ec2-metadata-token-ttl-seconds", "60");
  } else {
    request.headers.Set("X-aws-ec2-metadata-token", token);
  }
  return client_->Fetch(url, std::move(request));
}

Result<LabelPairs> Ec2Host::Look() {
  const auto get = [&](const std::string& path, const std::string& token) -> Result<std::string> {
    TICKSCOPE_ASSIGN_OR_RETURN(http::Response answer, Ask("GET", path, token));
    if (answer.status != 200)
      return Fail(answer.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                  fmt::format("GET {}: expected status 200, got {}", path, answer.status));
    return std::move(answer.body);
  };
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response granted, Ask("PUT", "/latest/api/token", ""));
  if (granted.status != 200 || granted.body.empty() || granted.body.size() > kTokenBytesMax)
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format("PUT /latest/api/token: expected status 200 and a token, got {}", granted.status));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string document,
                             get("/latest/dynamic/instance-identity/document", granted.body));
  TICKSCOPE_ASSIGN_OR_RETURN(LabelPairs labels, ParseIdentityDocument(document));
  const auto names = get(std::string(kTagsPath), granted.body);
  if (!names && names.error().code == ErrorCode::kNotFound) return labels;
  if (!names) return std::unexpected(names.error());
  std::string_view rest = *names;
  for (std::size_t tags = 0; !rest.empty() && tags < kTagsMax; ++tags) {
    const std::size_t end = rest.find('\n');
    const std::string_view name = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (name.empty()) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(std::string value,
                               get(fmt::format("{}/{}", kTagsPath, http::PercentEncode(name)), granted.body));
    labels.emplace_back(fmt::format("__meta_ec2_tag_{}", NamePart(name)), std::move(value));
  }
  return labels;
}

}  // namespace tickscope::discovery
