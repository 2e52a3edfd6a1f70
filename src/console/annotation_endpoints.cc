#include "console/annotation_endpoints.h"

#include <algorithm>
#include <utility>

#include "api/time_text.h"
#include "console/dashboard_endpoints.h"
#include "promql/engine.h"
#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

constexpr std::size_t kLimitDefault = 1'000;
constexpr std::size_t kLimitMax = 20'000;
constexpr std::size_t kSelectorsMax = 100;
constexpr std::size_t kAnswerBytesMax = 64U << 20;
constexpr std::size_t kAuthorBytesMax = 200;

Result<AnnotationQuery> ReadQuery(const api::Parameters& parameters) {
  AnnotationQuery query;
  TICKSCOPE_ASSIGN_OR_RETURN(query.start_ms, parameters.TimeOr("start", api::kEarliestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(query.end_ms, parameters.TimeOr("end", api::kLatestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(query.limit, parameters.Limit());
  query.limit = query.limit == 0 ? kLimitDefault : std::min(query.limit, kLimitMax);
  for (const std::string_view kind : parameters.All("kind[]"))
    query.kinds.emplace(kind);
  const auto selectors = parameters.All("match[]");
  if (selectors.size() > kSelectorsMax)
    return Fail(ErrorCode::kInvalidArgument, "too many match[]: want at most 100");
  for (const std::string_view selector : selectors) {
    auto matchers = promql::ParseSeriesSelector(selector, promql::EngineOptions{});
    if (!matchers) return FailWith("match[]", std::move(matchers).error());
    query.selectors.push_back(*std::move(matchers));
  }
  return query;
}

}  // namespace

std::string AuthorOf(const http::Request& request, std::string_view said) {
  if (!request.sender.empty()) return request.sender;
  std::string_view author = said;
  if (author.empty()) author = request.headers.Get("X-Tickscope-User");
  if (author.empty()) author = request.headers.Get("X-Grafana-User");
  return std::string(author.substr(0, kAuthorBytesMax));
}

void AddAnnotationEndpoints(ConsoleRoutes& routes, Annotations& annotations, const Clock& clock,
                            const ConsoleConfig& config) {
  constexpr std::string_view kAll = "/api/v1/annotations";
  routes.Add("GET", kAll, "annotations", [&annotations](const ConsoleCall& call) -> Result<http::Response> {
    TICKSCOPE_ASSIGN_OR_RETURN(const AnnotationQuery query, ReadQuery(call.parameters));
    const AnnotationList list = annotations.List(call.tenant, query);
    return api::SuccessAnswer(
        [&](JsonWriter& json) -> Result<api::Notes> {
          json.BeginArray();
          for (const auto& annotation : list.annotations)
            WriteAnnotation(*annotation, json);
          json.EndArray();
          api::Notes notes;
          if (list.is_cut) notes.warnings.emplace_back("there are more: these are the newest");
          return notes;
        },
        kAnswerBytesMax);
  });
  routes.Add("POST", kAll, "annotations",
             [&annotations, &clock, config](const ConsoleCall& call) -> Result<http::Response> {
               TICKSCOPE_RETURN_IF_ERROR(MayChange(config));
               TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, JsonBody(call.request));
               TICKSCOPE_ASSIGN_OR_RETURN(Annotation annotation, ReadAnnotation(body, clock.NowMs()));
               annotation.author = AuthorOf(call.request, annotation.author);
               TICKSCOPE_ASSIGN_OR_RETURN(const auto added,
                                          annotations.Add(call.tenant, std::move(annotation)));
               return Created([&](JsonWriter& json) -> Status {
                 WriteAnnotation(*added, json);
                 return {};
               });
             });
  routes.Add("DELETE", "/api/v1/annotations/{id}", "annotations",
             [&annotations, config](const ConsoleCall& call) -> Result<http::Response> {
               TICKSCOPE_RETURN_IF_ERROR(MayChange(config));
               const std::string& id = call.path.find("id")->second;
               TICKSCOPE_RETURN_IF_ERROR(annotations.Remove(call.tenant, id));
               return Removed(id);
             });
}

}  // namespace tickscope::console
