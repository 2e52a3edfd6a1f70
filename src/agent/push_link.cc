#include "agent/push_link.h"

#include <algorithm>
#include <iterator>

namespace tickscope::agent {
namespace {

constexpr std::uint64_t kTokenBytesMax = 4096;

Status ReadSecrets(io::FileSystem& fs, PushLink& link) {
  const auto read = [&](const std::string& file, std::string& into) -> Status {
    if (file.empty()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(into, io::ReadWholeFile(fs, file, kTokenBytesMax));
    into.erase(into.find_last_not_of(" \t\r\n") + 1);
    return {};
  };
  const SigV4Config& sigv4 = link.settings.sigv4;
  TICKSCOPE_RETURN_IF_ERROR(read(link.settings.to.delivery.bearer_token_file, link.token));
  link.credentials.access_key = sigv4.access_key;
  TICKSCOPE_RETURN_IF_ERROR(read(sigv4.secret_key_file, link.credentials.secret_key));
  return read(sigv4.session_token_file, link.credentials.session_token);
}

}  // namespace

Result<PushLinkPtr> MakePushLink(PushSettings settings, const PushContext& context) {
  auto link = std::make_shared<PushLink>();
  std::vector<std::string> texts = {settings.to.url};
  std::ranges::copy(settings.to.delivery.failover_urls, std::back_inserter(texts));
  bool is_secure = false;
  for (const std::string& text : texts) {
    TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(text));
    is_secure = is_secure || url.is_secure;
    link->urls.push_back(std::move(url));
  }
  link->settings = std::move(settings);
  if ((is_secure || link->HasSecrets()) && (context.fs == nullptr || context.registry == nullptr))
    return Fail(ErrorCode::kUnsupported, "https, tokens and keys: this agent has no file system");
  if (is_secure) {
    TICKSCOPE_ASSIGN_OR_RETURN(link->tls,
                               tls::ClientContext::Load(*context.fs, context.clock, *context.registry,
                                                        link->settings.to.tls.client));
  }
  if (link->HasSecrets()) TICKSCOPE_RETURN_IF_ERROR(ReadSecrets(*context.fs, *link));
  return link;
}

Result<PushLinkPtr> WithSecretsOfNow(const PushLinkPtr& link, io::FileSystem& fs) {
  auto now = std::make_shared<PushLink>(*link);
  TICKSCOPE_RETURN_IF_ERROR(ReadSecrets(fs, *now));
  if (now->token == link->token && now->credentials == link->credentials) return link;
  return now;
}

}  // namespace tickscope::agent
