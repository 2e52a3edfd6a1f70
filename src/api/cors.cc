#include "api/cors.h"

namespace tickscope::api {

Result<CorsPolicy> CorsPolicy::Make(std::string_view origins) {
  TICKSCOPE_ASSIGN_OR_RETURN(Matcher matcher, Matcher::Make(MatchType::kRegex, "origin", origins));
  return CorsPolicy(std::move(matcher));
}

void CorsPolicy::Apply(const http::Request& request, http::Response& response) const {
  // Whoever keeps answers must keep one an origin.
  const std::string vary(response.headers.Get("Vary"));
  response.headers.Set("Vary", vary.empty() ? "Origin" : vary + ", Origin");
  const std::string_view origin = request.headers.Get("Origin");
  if (origin.empty()) return;
  response.headers.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
  response.headers.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.Set("Access-Control-Expose-Headers", "Date");
  if (origins_.Matches(origin)) response.headers.Set("Access-Control-Allow-Origin", origin);
}

}  // namespace tickscope::api
