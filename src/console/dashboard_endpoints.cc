#include "console/dashboard_endpoints.h"

#include <fmt/format.h>

#include <utility>

#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

std::string EtagOf(std::string_view revision) {
  return fmt::format("\"{}\"", revision);
}

// The revision of an If-Match, without its quotes; nothing when any will do.
std::optional<std::string> RevisionOf(std::string_view if_match) {
  if (if_match.empty() || if_match == "*") return std::nullopt;
  if (if_match.starts_with("W/")) if_match.remove_prefix(2);
  if (if_match.size() >= 2 && if_match.starts_with('"') && if_match.ends_with('"'))
    if_match = if_match.substr(1, if_match.size() - 2);
  // As a packed answer's.
  if (if_match.ends_with("-gzip")) if_match.remove_suffix(5);
  return std::string(if_match);
}

DashboardCondition ConditionOf(const http::Request& request) {
  return {.revision = RevisionOf(request.headers.Get("If-Match")),
          .must_be_new = request.headers.Get("If-None-Match") == "*",
          .must_exist = request.headers.Get("If-Match") == "*"};
}

// Whose condition it was that a change did not meet: that of the request's headers is answered with 412 (RFC 9110 sections
// 13.1.1 and 13.1.2), that of the method with what it says.
enum class Conditions { kOfHeaders, kOfMethod };

http::Response AnswerTo(const DashboardRefusal& refusal, Conditions conditions) {
  http::Response response = refusal.is_stale && conditions == Conditions::kOfHeaders
                                ? Refusal(412, "precondition_failed", refusal.error.message)
                                : api::ErrorAnswer(refusal.error);
  if (refusal.is_stale && refusal.revision) response.headers.Set("ETag", EtagOf(*refusal.revision));
  return response;
}

Status WriteDashboard(const Dashboard& dashboard, JsonWriter& json) {
  json.BeginObject();
  json.Key("dashboard");
  WriteTree(dashboard.document->root(), json);
  WriteText("revision", dashboard.document->revision(), json);
  WriteText("source", DashboardSourceName(dashboard.source), json);
  WriteFlag("readOnly", dashboard.is_read_only(), json);
  WriteInt("updated", dashboard.updated_ms, json);
  json.EndObject();
  return {};
}

Result<http::Response> Answer(const Dashboard& dashboard, int status) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Response response,
                             Success([&](JsonWriter& json) { return WriteDashboard(dashboard, json); }));
  response.status = status;
  response.headers.Set("ETag", EtagOf(dashboard.document->revision()));
  return response;
}

void WriteEntry(const Dashboard& dashboard, bool is_read_only, JsonWriter& json) {
  const DashboardDocument& document = *dashboard.document;
  json.BeginObject();
  WriteText("name", document.name(), json);
  WriteText("title", document.title(), json);
  WriteText("folder", dashboard.folder, json);
  json.Key("tags");
  json.BeginArray();
  for (const std::string& tag : document.tags())
    json.String(tag);
  json.EndArray();
  WriteText("description", document.description(), json);
  WriteText("source", DashboardSourceName(dashboard.source), json);
  WriteFlag("readOnly", is_read_only || dashboard.is_read_only(), json);
  WriteText("revision", document.revision(), json);
  WriteInt("updated", dashboard.updated_ms, json);
  json.EndObject();
}

class DashboardApi {
 public:
  DashboardApi(Dashboards& dashboards, const ConsoleConfig& config)
      : dashboards_(dashboards), config_(config) {}

  [[nodiscard]] Result<http::Response> List(const ConsoleCall& call) const {
    return api::SuccessAnswer(
        [&](JsonWriter& json) -> Result<api::Notes> {
          json.BeginArray();
          for (const Dashboard& dashboard : dashboards_.List(call.tenant))
            WriteEntry(dashboard, config_.read_only, json);
          json.EndArray();
          return api::Notes{.warnings = dashboards_.Problems(), .infos = {}};
        },
        kListBytesMax);
  }

  [[nodiscard]] Result<http::Response> Get(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const Dashboard dashboard, dashboards_.Find(call.tenant, NameOf(call)));
    return Answer(dashboard, 200);
  }

  [[nodiscard]] Result<http::Response> Create(const ConsoleCall& call) const {
    return Store(call, {.revision = {}, .must_be_new = true, .must_exist = false}, Conditions::kOfMethod,
                 nullptr, 201);
  }

  [[nodiscard]] Result<http::Response> Save(const ConsoleCall& call) const {
    return Store(call, ConditionOf(call.request), Conditions::kOfHeaders, &NameOf(call), 200);
  }

  [[nodiscard]] Result<http::Response> Remove(const ConsoleCall& call) const {
    TICKSCOPE_RETURN_IF_ERROR(MayChange(config_));
    const std::string& name = NameOf(call);
    if (const auto removed = dashboards_.Remove(call.tenant, name, ConditionOf(call.request)); !removed)
      return AnswerTo(removed.error(), Conditions::kOfHeaders);
    return Removed(name);
  }

 private:
  static constexpr std::size_t kListBytesMax = 16U << 20;

  static const std::string& NameOf(const ConsoleCall& call) { return call.path.find("name")->second; }

  [[nodiscard]] Result<http::Response> Store(const ConsoleCall& call, const DashboardCondition& condition,
                                             Conditions conditions, const std::string* name,
                                             int status) const {
    TICKSCOPE_RETURN_IF_ERROR(MayChange(config_));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, JsonBody(call.request));
    if (body.size() > config_.dashboard_bytes_max) {
      return Refusal(413, "bad_data",
                     fmt::format("the dashboard is too large: got {} bytes, want at most {}", body.size(),
                                 config_.dashboard_bytes_max));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const DashboardDocument document, DashboardDocument::Read(body));
    if (name != nullptr && document.name() != *name) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("metadata.name is not the address's: got {}, want {}", document.name(),
                              name->substr(0, kDashboardNameBytesMax)));
    }
    const auto stored = dashboards_.Put(call.tenant, document, condition);
    return stored ? Answer(*stored, status) : Result<http::Response>(AnswerTo(stored.error(), conditions));
  }

  Dashboards& dashboards_;
  const ConsoleConfig config_;
};

}  // namespace

Status MayChange(const ConsoleConfig& config) {
  if (!config.read_only) return {};
  return Fail(ErrorCode::kPermissionDenied, "this server stores nothing for pages: console.read_only");
}

void AddDashboardEndpoints(ConsoleRoutes& routes, Dashboards& dashboards, const ConsoleConfig& config) {
  const auto api = std::make_shared<const DashboardApi>(dashboards, config);
  constexpr std::string_view kAll = "/api/v1/dashboards";
  constexpr std::string_view kOne = "/api/v1/dashboards/{name}";
  routes.Add("GET", kAll, "dashboards", [api](const ConsoleCall& call) { return api->List(call); });
  routes.Add("POST", kAll, "dashboards", [api](const ConsoleCall& call) { return api->Create(call); });
  routes.Add("GET", kOne, "dashboards", [api](const ConsoleCall& call) { return api->Get(call); });
  routes.Add("PUT", kOne, "dashboards", [api](const ConsoleCall& call) { return api->Save(call); });
  routes.Add("DELETE", kOne, "dashboards", [api](const ConsoleCall& call) { return api->Remove(call); });
}

}  // namespace tickscope::console
