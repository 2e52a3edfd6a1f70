#include "console/view_endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/duration.h"
#include "console/annotation_endpoints.h"
#include "console/dashboard_endpoints.h"
#include "console/schema_endpoints.h"
#include "console/view_pages.h"
#include "promql/parser.h"
#include "wire/json_fields.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

constexpr std::string_view kViewPath = "/api/v1/view/{token}";
constexpr std::size_t kBodyBytesMax = 64U << 10;
constexpr std::size_t kQueriesMax = 64;
constexpr std::size_t kTextBytesMax = 200;
constexpr double kSecondsMax = 1e12;
constexpr std::int64_t kStepDefaultMs = 15'000;
constexpr std::int64_t kRangeDefaultMs = 3'600'000;
constexpr std::string_view kOverviewLabels[] = {"region", "mode", "build", "map"};

// A query as a viewer names it.
struct Asked {
  std::string id;
  std::string panel;
  std::size_t query = 0;
  std::string range;
  std::string step;
};

// A matcher for the values of a variable, as a filter of an SLI has it.
std::string FilterOf(const VariableValues& variables) {
  std::string filter;
  for (const auto& [name, values] : variables) {
    if (values.size() == 1 && values.front() == ".*") continue;
    const bool is_one = values.size() == 1;
    filter += fmt::format("{}{}{}\"{}\"", filter.empty() ? "" : ",", name, is_one ? "=" : "=~",
                          FillVariables(is_one ? "$v" : "${v:regex}", {{"v", values}}));
  }
  return filter;
}

std::string WindowOf(std::int64_t step_ms) {
  return IntervalVariables(step_ms, 0).find("__rate_interval")->second.front();
}

template <typename Number>
void WriteOptional(std::string_view key, const std::optional<Number>& value, JsonWriter& json) {
  json.Key(key);
  if (!value) {
    json.Null();
  } else if constexpr (std::is_integral_v<Number>) {
    json.Int(*value);
  } else {
    json.Number(*value);
  }
}

class ViewApi {
 public:
  ViewApi(const ViewDependencies& dependencies, const ConsoleConfig& config)
      : deps_(dependencies), config_(config), pages_(std::make_unique<ViewPages>(dependencies.dashboards)) {}

  [[nodiscard]] Result<http::Response> Make(const ConsoleCall& call) const {
    TICKSCOPE_RETURN_IF_ERROR(MayChange(config_));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, JsonBody(call.request));
    TICKSCOPE_ASSIGN_OR_RETURN(const NewViewLink wanted, ReadNewViewLink(body));
    if (!wanted.dashboard.empty()) {
      TICKSCOPE_RETURN_IF_ERROR(deps_.dashboards.Find(call.tenant, wanted.dashboard));
    } else {
      TICKSCOPE_RETURN_IF_ERROR(CheckFilter(wanted.variables));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const ViewLinks::Made made,
                               deps_.links.Make(call.tenant, wanted, AuthorOf(call.request, "")));
    return Created([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteText("id", made.link.id, json);
      WriteText("url", "/view/" + made.token, json);
      WriteInt("expires", made.link.expires_ms, json);
      json.EndObject();
      return {};
    });
  }

  [[nodiscard]] Result<http::Response> List(const ConsoleCall& call) const {
    return Success([&](JsonWriter& json) -> Status {
      json.BeginArray();
      for (const ViewLinkPtr& link : deps_.links.List(call.tenant))
        WriteViewLink(*link, json);
      json.EndArray();
      return {};
    });
  }

  [[nodiscard]] Result<http::Response> Revoke(const ConsoleCall& call) const {
    TICKSCOPE_RETURN_IF_ERROR(MayChange(config_));
    const std::string& id = call.path.find("id")->second;
    TICKSCOPE_RETURN_IF_ERROR(deps_.links.Revoke(call.tenant, id));
    return Removed(id);
  }

  [[nodiscard]] Result<http::Response> Show(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const ViewLinkPtr link, deps_.links.Open(call.path.find("token")->second));
    std::shared_ptr<const ViewPage> page;
    if (!link->dashboard.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(page, pages_->Of(*link));
    }
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteText("page", page != nullptr ? "dashboard" : "overview", json);
      WriteInt("expires", link->expires_ms, json);
      WriteInt("now", deps_.clock.NowMs(), json);
      json.Key("variables");
      WriteVariables(link->variables, json);
      if (page != nullptr) {
        json.Key("dashboard");
        WriteFilled(*page, json);
      } else {
        json.Key("slis");
        WriteSlis(json);
      }
      json.EndObject();
      return {};
    });
  }

  // What a page's badge says: as whoever is logged in sees it.
  [[nodiscard]] Result<http::Response> Freshness(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const ViewLinkPtr link,
                               deps_.links.Open(call.path.find("token")->second, ViewLinks::Weight::kTenth));
    const DataFreshness freshness = deps_.process.Freshness(link->tenant);
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteInt("now", deps_.clock.NowMs(), json);
      WriteOptional("newest", freshness.newest_ms, json);
      WriteOptional("lag_seconds", freshness.lag_seconds, json);
      json.EndObject();
      return {};
    });
  }

  // The request that asks one query of the page, of the API's own path.
  [[nodiscard]] Result<http::Request> OneQuery(const http::Request& request, const http::PathParameters& path,
                                               bool is_range) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const ViewLinkPtr link, deps_.links.Open(path.find("token")->second));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, BodyOf(request));
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(body));
    JsonFields fields(body, root);
    const Asked asked = ReadAsked(fields, root, Form::kOne);
    const auto seconds = [&](std::string_view key, double fallback) {
      if (is_range) fields.Require(key);
      const double value = fields.Number(key, fallback);
      if (std::abs(value) > kSecondsMax)
        fields.Complain(*root.Find(key), fmt::format("{}: expected seconds", key));
      return std::clamp(value, -kSecondsMax, kSecondsMax);
    };
    std::string form;
    double step = 0;
    double range = 0;
    if (is_range) {
      const double start = seconds("start", 0);
      const double end = seconds("end", 0);
      step = seconds("step", 0);
      range = end - start;
      form = fmt::format("start={:.3f}&end={:.3f}&step={:.3f}&", start, end, step);
    } else {
      const double time = seconds("time", static_cast<double>(deps_.clock.NowMs()) / 1000);
      step = fields.Number("step", static_cast<double>(kStepDefaultMs) / 1000);
      form = fmt::format("time={:.3f}&", time);
    }
    TICKSCOPE_RETURN_IF_ERROR(fields.Finish());
    const auto ms = [](double value) {
      return static_cast<std::int64_t>(std::clamp(value, 0.0, kSecondsMax) * 1000);
    };
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string query, TextOf(*link, asked, ms(step), ms(range)));
    http::Request asking = RequestOf(request, *link, is_range ? "/api/v1/query_range" : "/api/v1/query");
    asking.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    asking.body = form + "query=" + http::PercentEncode(query);
    return asking;
  }

  struct Following {
    ViewLinkPtr link;
    http::Request request;
  };
  [[nodiscard]] Result<Following> Stream(const http::Request& request,
                                         const http::PathParameters& path) const {
    TICKSCOPE_ASSIGN_OR_RETURN(ViewLinkPtr link, deps_.links.Open(path.find("token")->second));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, BodyOf(request));
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(body));
    JsonFields fields(body, root);
    fields.Require("queries");
    const JsonValue* const queries = fields.Value("queries", JsonKind::kArray);
    TICKSCOPE_RETURN_IF_ERROR(fields.Finish());
    if (queries->items.empty() || queries->items.size() > kQueriesMax)
      return MistakeAt(body, queries->offset, fmt::format("queries: expected 1 to {}", kQueriesMax));
    http::Request asking = RequestOf(request, *link, "/api/v1/stream");
    asking.headers.Set("Content-Type", "application/json");
    JsonWriter json(asking.body, 16U << 20);
    json.BeginObject();
    json.Key("queries");
    json.BeginArray();
    for (const JsonValue& item : queries->items) {
      JsonFields one(body, item);
      const Asked asked = ReadAsked(one, item, Form::kFollowed);
      TICKSCOPE_RETURN_IF_ERROR(one.Finish());
      const auto ms = [](const std::string& text, std::int64_t fallback) {
        const auto parsed = ParseDuration(text);
        return parsed && *parsed > 0 ? *parsed : fallback;
      };
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string query, TextOf(*link, asked, ms(asked.step, kStepDefaultMs),
                                                                 ms(asked.range, kRangeDefaultMs)));
      // Who follows is known here only: the live tail evaluates once for all.
      if (const auto expr = promql::ParseExpr(query, {}))
        deps_.usage.NoteAll(link->tenant, **expr, Reader::kViewer);
      json.BeginObject();
      if (!asked.id.empty()) WriteText("id", asked.id, json);
      WriteText("query", query, json);
      if (!asked.range.empty()) WriteText("range", asked.range, json);
      if (!asked.step.empty()) WriteText("step", asked.step, json);
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
    return Following{std::move(link), std::move(asking)};
  }

  [[nodiscard]] const ViewDependencies& deps() const { return deps_; }

 private:
  enum class Form { kOne, kFollowed };

  static Result<std::int64_t> ParseDuration(const std::string& text) {
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (!text.empty() && end == text.c_str() + text.size()) return static_cast<std::int64_t>(seconds * 1000);
    return ParseDurationMs(text);
  }

  static Result<std::string_view> BodyOf(const http::Request& request) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view body, JsonBody(request));
    if (body.size() > kBodyBytesMax)
      return Fail(ErrorCode::kOutOfRange,
                  fmt::format("the body is too large: want at most {} bytes", kBodyBytesMax));
    return body;
  }

  // A duration as text, or seconds.
  static std::string ReadDuration(JsonFields& fields, const JsonValue& root, std::string_view key) {
    const JsonValue* const value = root.Find(key);
    if (value != nullptr && value->kind == JsonKind::kNumber)
      return fmt::format("{:.3f}", fields.Number(key, 0));
    return fields.Text(key, "", kTextBytesMax);
  }

  static Asked ReadAsked(JsonFields& fields, const JsonValue& root, Form form) {
    Asked asked;
    fields.Require("panel");
    asked.panel = fields.Text("panel", "", kTextBytesMax);
    fields.Require("query");
    const double query = fields.Number("query", 0);
    if (query < 0 || query > 1'000 || query != std::floor(query)) {
      fields.Complain(*root.Find("query"), "query: expected the place of one among the panel's, from 0");
    } else {
      asked.query = static_cast<std::size_t>(query);
    }
    if (form == Form::kFollowed) {
      asked.id = fields.Text("id", "", kTextBytesMax);
      asked.range = ReadDuration(fields, root, "range");
      asked.step = ReadDuration(fields, root, "step");
    }
    return asked;
  }

  static http::Request RequestOf(const http::Request& from, const ViewLink& link, std::string_view target) {
    http::Request asking{.method = "POST", .target = std::string(target)};
    asking.headers.Set(wire::kTenantHeader, link.tenant);
    asking.headers.Set("X-Tickscope-Class", "dashboard");
    asking.headers.Set("X-Tickscope-User", std::string(kViewUserPrefix) + link.id);
    for (const std::string_view header : {"Accept-Encoding", "Last-Event-ID"}) {
      if (from.headers.Has(header)) asking.headers.Set(header, from.headers.Get(header));
    }
    asking.remote_address = from.remote_address;
    asking.abandonment = from.abandonment;
    return asking;
  }

  [[nodiscard]] Status CheckFilter(const VariableValues& variables) const {
    for (const auto& [name, values] : variables) {
      if (deps_.schema == nullptr || schema::FindLabel(deps_.schema->target_labels, name) == nullptr)
        return Fail(ErrorCode::kInvalidArgument,
                    "variables: expected target labels of the schema: got " + name);
    }
    return {};
  }

  [[nodiscard]] Result<std::string> TextOf(const ViewLink& link, const Asked& asked, std::int64_t step_ms,
                                           std::int64_t range_ms) const {
    const auto unknown = [&] {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("the page of this link has no such query: panel {}, query {}", asked.panel,
                              asked.query));
    };
    if (link.dashboard.empty()) {
      if (deps_.schema == nullptr) return unknown();
      const auto sli = std::ranges::find(deps_.schema->slis, asked.panel, &schema::Sli::name);
      const std::vector<std::string> parts = OverviewParts(*deps_.schema);
      if (sli == deps_.schema->slis.end() || asked.query >= parts.size()) return unknown();
      return schema::SliQuery(
          *sli, {.filter = FilterOf(link.variables), .window = WindowOf(step_ms), .by = parts[asked.query]});
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<const ViewPage> page, pages_->Of(link));
    const std::string* const text = page->Find(asked.panel, asked.query);
    if (text == nullptr) return unknown();
    VariableValues values = page->values;
    values.merge(IntervalVariables(step_ms, range_ms));
    return FillVariables(*text, values);
  }

  // The document with values in its variables' places and without variables.
  static void WriteFilled(const ViewPage& page, JsonWriter& json) {
    JsonValue root = page.document->root();
    for (lint::JsonMember& member : root.members) {
      if (member.key != "spec") continue;
      std::erase_if(member.value.members,
                    [](const lint::JsonMember& inner) { return inner.key == "variables"; });
    }
    WriteTree(root, json, [&](std::string_view text) { return FillVariables(text, page.values); });
  }

  void WriteSlis(JsonWriter& json) const {
    json.BeginArray();
    if (deps_.schema != nullptr) {
      const std::vector<std::string> parts = OverviewParts(*deps_.schema);
      for (const schema::Sli& sli : deps_.schema->slis) {
        json.BeginObject();
        json.Key("sli");
        WriteSli(sli, json);
        json.Key("queries");
        json.BeginArray();
        for (const std::string& part : parts) {
          json.BeginObject();
          json.Key("by");
          json.BeginArray();
          if (!part.empty()) json.String(part);
          json.EndArray();
          json.EndObject();
        }
        json.EndArray();
        json.EndObject();
      }
    }
    json.EndArray();
  }

  const ViewDependencies deps_;
  const ConsoleConfig config_;
  const std::unique_ptr<ViewPages> pages_;
};

// Ends a stream with its link.
http::Respond Held(const std::shared_ptr<const ViewApi>& api, ViewLinkPtr link, http::Respond respond) {
  return [api, link = std::move(link), respond = std::move(respond)](http::Response response) mutable {
    if (response.stream != nullptr) {
      if (const Status held = api->deps().links.Hold(*link, response.stream); !held) {
        response.stream->Abort();
        response = api::ErrorAnswer(held.error());
      }
    }
    respond(std::move(response));
  };
}

// A viewer's request on its way through the pool: its page is read there, not on the server's loop.
struct Lookup {
  http::Request request;
  http::PathParameters path;
  http::Respond respond;
};
using DoLookup = std::function<void(const std::shared_ptr<const ViewApi>& api, Lookup& lookup)>;

void AddLookup(http::Router& router, const std::shared_ptr<const ViewApi>& api, std::string_view below,
               const DoLookup& run) {
  router.Add(
      "POST", std::string(kViewPath).append(below),
      [api, run](http::Request request, http::PathParameters path, http::Respond respond) {
        const auto lookup =
            std::make_shared<Lookup>(Lookup{std::move(request), std::move(path), std::move(respond)});
        if (!api->deps().pool.Submit([api, run, lookup] { run(api, *lookup); }))
          lookup->respond(api::ErrorAnswer({ErrorCode::kUnavailable, "too many requests are waiting"}));
      });
}

}  // namespace

std::vector<std::string> OverviewParts(const schema::Schema& schema) {
  std::vector<std::string> parts = {""};
  for (const std::string_view label : kOverviewLabels) {
    if (schema::FindLabel(schema.target_labels, label) != nullptr) parts.emplace_back(label);
  }
  return parts;
}

void AddViewEndpoints(ConsoleRoutes& routes, http::Router& router, const ViewDependencies& dependencies,
                      const ConsoleConfig& config) {
  const auto api = std::make_shared<const ViewApi>(dependencies, config);
  routes.Add("GET", "/api/v1/view_links", "view_links",
             [api](const ConsoleCall& call) { return api->List(call); });
  routes.Add("POST", "/api/v1/view_links", "view_links",
             [api](const ConsoleCall& call) { return api->Make(call); });
  routes.Add("DELETE", "/api/v1/view_links/{id}", "view_links",
             [api](const ConsoleCall& call) { return api->Revoke(call); });
  routes.Add("GET", kViewPath, "view", [api](const ConsoleCall& call) { return api->Show(call); });
  routes.Add("GET", std::string(kViewPath) + "/freshness", "view",
             [api](const ConsoleCall& call) { return api->Freshness(call); });
  // These go on to the API's own routes, which have workers of their own.
  for (const bool is_range : {false, true}) {
    AddLookup(router, api, is_range ? "/query_range" : "/query",
              [is_range](const std::shared_ptr<const ViewApi>& view, Lookup& lookup) {
                auto asking = view->OneQuery(lookup.request, lookup.path, is_range);
                if (!asking) return lookup.respond(api::ErrorAnswer(asking.error()));
                view->deps().router.Handle(*std::move(asking), std::move(lookup.respond));
              });
  }
  AddLookup(router, api, "/stream", [](const std::shared_ptr<const ViewApi>& view, Lookup& lookup) {
    auto following = view->Stream(lookup.request, lookup.path);
    if (!following) return lookup.respond(api::ErrorAnswer(following.error()));
    view->deps().router.Handle(std::move(following->request),
                               Held(view, std::move(following->link), std::move(lookup.respond)));
  });
}

}  // namespace tickscope::console
