#include "api/tier_api.h"

#include <fmt/format.h>

#include <memory>

#include "api/answer.h"
#include "api/parameters.h"
#include "api/time_text.h"
#include "wire/json_fields.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

constexpr std::size_t kSelectorsMax = 100;
constexpr std::size_t kReportBytesMax = 1U << 20;

void WriteReport(const TierReport& report, JsonWriter& json) {
  json.BeginObject();
  json.Key("store");
  json.String(report.store);
  json.Key("listed");
  json.Bool(report.is_known);
  json.Key("tiers");
  json.BeginArray();
  for (const TierReport::Tier& tier : report.tiers) {
    json.BeginObject();
    json.Key("tier");
    json.String(tier.name);
    WriteCount("blocks", tier.blocks, json);
    WriteCount("bytes", tier.bytes, json);
    WriteSeconds("from", tier.from_ms, json);
    WriteSeconds("until", tier.until_ms, json);
    WriteSeconds("keep_seconds", tier.keep_ms, json);
    json.EndObject();
  }
  json.EndArray();
  WriteCount("blocks_to_upload", report.blocks_to_upload, json);
  WriteSeconds("upload_lag_seconds", report.upload_lag_ms, json);
  WriteCount("merges_pending", report.merges_pending, json);
  WriteSeconds("merge_lag_seconds", report.merge_lag_ms, json);
  WriteCount("replaced_objects", report.replaced_objects, json);
  WriteCount("deletes_pending", report.deletes_pending, json);
  json.Key("last_error");
  json.String(report.last_error);
  json.EndObject();
}

Result<DeleteRequest> ReadDelete(const TierApiDependencies& deps, const Parameters& parameters,
                                 TenantId tenant) {
  DeleteRequest request{.tenant = std::move(tenant)};
  for (const std::string_view selector : parameters.All("match[]")) {
    if (request.selectors.size() == kSelectorsMax) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("too many match[]: want at most {}", kSelectorsMax));
    }
    auto matchers = deps.parse_selector(selector);
    if (!matchers) return FailWith("match[]", std::move(matchers).error());
    std::string canonical = "{";
    for (const Matcher& matcher : *matchers) {
      if (canonical.size() > 1) canonical += ',';
      canonical += matcher.ToString();
    }
    request.selectors.push_back(canonical + "}");
    request.matchers.push_back(*std::move(matchers));
  }
  if (request.selectors.empty())
    return Fail(ErrorCode::kInvalidArgument, "no match[] parameter provided: say which series to delete");
  TICKSCOPE_ASSIGN_OR_RETURN(request.start_ms, parameters.TimeOr("start", kEarliestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(request.end_ms, parameters.TimeOr("end", kLatestTimeMs));
  if (request.end_ms < request.start_ms)
    return Fail(ErrorCode::kInvalidArgument, "end timestamp must not be before start time");
  return request;
}

// Deletes, or with dry_run=true tells what would be.
Result<http::Response> Delete(const TierApiDependencies& deps, const http::Request& http_request) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                             wire::ParseTenantHeader(http_request.headers.Get(wire::kTenantHeader)));
  TICKSCOPE_ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(http_request));
  TICKSCOPE_ASSIGN_OR_RETURN(const DeleteRequest request, ReadDelete(deps, parameters, tenant));
  const std::string_view dry_run = parameters.Get("dry_run");
  if (dry_run != "true" && dry_run != "false" && !dry_run.empty())
    return Fail(ErrorCode::kInvalidArgument, "dry_run: want true or false");
  if (dry_run == "true") {
    const QueryContext context(deps.clock, deps.clock.Monotonic() + deps.query_timeout);
    TICKSCOPE_ASSIGN_OR_RETURN(const DeleteCount count, deps.tiers.CountDelete(request, context));
    return SuccessAnswer(
        [&](JsonWriter& json) -> Result<Notes> {
          json.BeginObject();
          WriteCount("series", count.series, json);
          WriteCount("samples", count.samples, json);
          json.EndObject();
          return Notes{};
        },
        kReportBytesMax);
  }
  TICKSCOPE_RETURN_IF_ERROR(deps.tiers.Delete(request));
  return http::Response{.status = 204, .headers = {}, .body = {}};
}

Result<http::Response> Report(const TierApiDependencies& deps, const http::Request& request) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                             wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
  return SuccessAnswer(
      [&](JsonWriter& json) -> Result<Notes> {
        WriteReport(deps.tiers.Report(tenant), json);
        return Notes{};
      },
      kReportBytesMax);
}

Result<http::Response> Clean(const TierApiDependencies& deps, const http::Request&) {
  deps.tiers.Hurry();
  return http::Response{.status = 204, .headers = {}, .body = {}};
}

using Handler = Result<http::Response> (*)(const TierApiDependencies&, const http::Request&);

// Runs on the pool: a delete waits for the object store, a dry run reads.
void Serve(const TierApiDependencies& deps, Handler handler, http::Request request, http::Respond respond) {
  struct Pending {
    http::Request request;
    http::Respond respond;
  };
  auto pending = std::make_shared<Pending>(std::move(request), std::move(respond));
  const bool is_taken = deps.pool.Submit([deps, handler, pending] {
    auto response = handler(deps, pending->request);
    pending->respond(response ? *std::move(response) : ErrorAnswer(response.error()));
  });
  if (!is_taken)
    pending->respond(
        ErrorAnswer({ErrorCode::kUnavailable, "too many requests are waiting for a query worker"}));
}

}  // namespace

void RegisterTierApi(http::Router& router, const TierApiDependencies& dependencies) {
  const auto add = [&](std::string_view method, std::string_view path, Handler handler) {
    router.Add(
        method, path,
        [dependencies, handler](http::Request request, const http::PathParameters&, http::Respond respond) {
          Serve(dependencies, handler, std::move(request), std::move(respond));
        });
  };
  const auto add_admin = [&](std::string_view path, Handler handler) {
    const Handler served = dependencies.admin_api ? handler
                                                  : [](const TierApiDependencies&,
                                                       const http::Request&) -> Result<http::Response> {
      return Fail(ErrorCode::kPermissionDenied, "admin API is off: set admin_api: true in the configuration");
    };
    for (const std::string_view method : {"POST", "PUT"})
      add(method, path, served);
  };
  add("GET", "/api/v1/status/tiers", Report);
  add_admin("/api/v1/admin/tsdb/delete_series", Delete);
  add_admin("/api/v1/admin/tsdb/clean_tombstones", Clean);
}

}  // namespace tickscope::api
