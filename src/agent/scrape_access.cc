#include "agent/scrape_access.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

namespace tickscope::agent {
namespace {

constexpr std::uint64_t kSecretBytesMax = 64U << 10U;

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<std::string> ReadSecret(io::FileSystem& fs, const std::string& file) {
  auto secret = io::ReadWholeFile(fs, file, kSecretBytesMax);
  if (!secret)
    return Fail(ErrorCode::kFailedPrecondition, "credentials cannot be read: " + secret.error().message);
  secret->erase(secret->find_last_not_of(" \t\r\n") + 1);
  if (secret->find_first_of("\r\n") != std::string::npos)
    return Fail(ErrorCode::kFailedPrecondition, "credentials have more than one line: file=" + file);
  return secret;
}

}  // namespace

ScrapeAccessConfig ReadScrapeAccess(config::YamlMap& map) {
  ScrapeAccessConfig access;
  access.is_secure = map.OneOf("scheme", 0, {"http", "https"}) == 1;
  access.tls = tls::ReadClientConfig(map.Map("tls_config"), tls::Distrust::kOptional);
  config::YamlMap authorization = map.Map("authorization");
  access.authorization_type = authorization.String("type", access.authorization_type);
  if (access.authorization_type.empty() ||
      access.authorization_type.find_first_of(" \t\r\n") != std::string::npos)
    authorization.Complain("type", "expected one word");
  access.credentials_file = authorization.String("credentials_file", "");
  const std::string token_file = map.String("bearer_token_file", "");
  if (!token_file.empty()) {
    if (!access.credentials_file.empty())
      map.Complain("bearer_token_file", "authorization has a credentials_file already");
    access.credentials_file = token_file;
  }
  config::YamlMap basic = map.Map("basic_auth");
  access.username = basic.String("username", "");
  access.password_file = basic.String("password_file", "");
  if (access.username.find(':') != std::string::npos) basic.Complain("username", "must have no ':'");
  if (access.username.empty() && !access.password_file.empty())
    basic.Complain("password_file", "expected a username beside it");
  if (!access.username.empty() && !access.credentials_file.empty())
    map.Complain("basic_auth", "a target is shown credentials or a user name, not both");
  return access;
}

void WriteScrapeAccess(const ScrapeAccessConfig& access, config::YamlWriter& out) {
  out.Comment("http or https.");
  out.String("scheme", access.is_secure ? "https" : "http");
  out.BeginMap("tls_config");
  tls::WriteClientConfig(access.tls, "target", out, tls::Distrust::kOptional);
  out.EndMap();
  out.Comment("Who asks. Files are read at each scrape; bearer_token_file is credentials_file, too.");
  out.BeginMap("authorization");
  out.String("type", access.authorization_type);
  out.String("credentials_file", access.credentials_file);
  out.EndMap();
  out.BeginMap("basic_auth");
  out.String("username", access.username);
  out.String("password_file", access.password_file);
  out.EndMap();
}

ScrapeAccess::ScrapeAccess(ScrapeAccessConfig config, io::FileSystem& fs, const Clock& clock,
                           MetricRegistry& metrics)
    : config_(std::move(config)), fs_(fs), tls_(fs, clock, metrics, config_.tls) {}

Status ScrapeAccess::Authorize(http::Headers& headers) const {
  if (!config_.credentials_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string secret, ReadSecret(fs_, config_.credentials_file));
    headers.Set("Authorization", config_.authorization_type + " " + secret);
  } else if (!config_.username.empty()) {
    std::string both = config_.username + ":";
    if (!config_.password_file.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string secret, ReadSecret(fs_, config_.password_file));
      both += secret;
    }
    headers.Set("Authorization", "Basic " + Base64(both));
  }
  return {};
}

Result<ScrapeAccessPtr> ScrapeAccessPool::For(const ScrapeAccessConfig& config, bool is_secure) {
  if (!is_secure && config.credentials_file.empty() && config.username.empty()) return nullptr;
  if (fs_ == nullptr || metrics_ == nullptr)
    return Fail(ErrorCode::kUnsupported, "https and credentials: this agent has no file system");
  std::erase_if(known_, [](const auto& one) { return one.expired(); });
  for (const std::weak_ptr<ScrapeAccess>& one : known_) {
    if (ScrapeAccessPtr known = one.lock(); known != nullptr && known->config() == config) return known;
  }
  auto made = std::make_shared<ScrapeAccess>(config, *fs_, clock_, *metrics_);
  known_.push_back(made);
  return made;
}

}  // namespace tickscope::agent
