#include "api/remote_read_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "api/http_error.h"
#include "base/memory_meter.h"
#include "wire/remote_read.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::api {
namespace {

constexpr std::size_t kRequestBytesMax = 1U << 20;

class RemoteReadEndpoint {
 public:
  RemoteReadEndpoint(const PrometheusApiDependencies& deps, const PrometheusApiOptions& options)
      : storage_(deps.storage),
        clock_(deps.clock),
        timeout_(options.query_timeout),
        bytes_max_(options.response_bytes_max),
        memory_max_(deps.engine.options().memory_bytes_max),
        read_(deps.metrics.AddCounter("tickscope_api_remote_read_samples_total",
                                      "Samples answered to remote read requests.", {})),
        failed_(deps.metrics.AddCounter("tickscope_api_remote_read_failures_total",
                                        "Remote read requests answered with an error.", {})) {}

  [[nodiscard]] http::Response Answer(const http::Request& request, std::chrono::nanoseconds arrived) const {
    auto answer = Read(request, arrived);
    if (answer) return *std::move(answer);
    failed_->Add();
    http::Response response =
        http::TextResponse(HttpErrorFor(answer.error().code).status, answer.error().message);
    if (response.status == 503) response.headers.Set("Retry-After", "1");
    return response;
  }

 private:
  [[nodiscard]] Result<http::Response> Read(const http::Request& request,
                                            std::chrono::nanoseconds arrived) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                               wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
    auto decoded = wire::DecodeReadRequest(request.body, kRequestBytesMax);
    if (!decoded) {
      // Bytes that do not decode are the client's fault here, not damage of ours.
      const bool is_damaged = decoded.error().code == ErrorCode::kCorruption;
      return Fail(is_damaged ? ErrorCode::kInvalidArgument : decoded.error().code, decoded.error().message);
    }
    const wire::RemoteReadRequest& read = *decoded;
    const QueryContext context(clock_, arrived + timeout_);
    const MemoryMeter meter(memory_max_);
    const MeteredThread metered(&meter);
    std::string body;
    std::string result;
    for (std::size_t i = 0; i < read.queries.size(); ++i) {
      const wire::RemoteReadQuery& query = read.queries[i];
      if (std::ranges::all_of(query.matchers,
                              [](const Matcher& matcher) { return matcher.MatchesEmpty(); })) {
        return Fail(
            ErrorCode::kInvalidArgument,
            "remote read: a query needs a matcher that refuses the empty value, such as __name__=~\".+\"");
      }
      TICKSCOPE_ASSIGN_OR_RETURN(const auto set, storage_.Select({.tenant = tenant,
                                                                  .start_ms = query.start_ms,
                                                                  .end_ms = query.end_ms,
                                                                  .matchers = query.matchers},
                                                                 context));
      result.clear();
      SampleColumns samples;
      while (set->Next()) {
        TICKSCOPE_RETURN_IF_ERROR(set->ReadSamples(samples));
        if (samples.size() == 0) continue;
        read_->Add(samples.size());
        if (read.wants_stream) {
          wire::AppendReadFrames(set->labels(), samples, i, body);
        } else {
          wire::AppendReadSeries(set->labels(), samples, result);
        }
        if (body.size() + result.size() > bytes_max_) {
          return Fail(
              ErrorCode::kResourceExhausted,
              fmt::format("remote read: the answer exceeds {} bytes: ask for a shorter range or fewer series",
                          bytes_max_));
        }
      }
      if (!read.wants_stream) wire::AppendQueryResult(result, body);
    }
    http::Response response;
    if (read.wants_stream) {
      response.headers.Set("Content-Type", wire::kRemoteReadStreamMediaType);
      response.body = std::move(body);
    } else {
      response.headers.Set("Content-Type", wire::kRemoteReadMediaType);
      response.headers.Set("Content-Encoding", "snappy");
      response.body = wire::CompressRead(body);
    }
    return response;
  }

  const Queryable& storage_;
  const Clock& clock_;
  const std::chrono::nanoseconds timeout_;
  const std::size_t bytes_max_;
  const std::uint64_t memory_max_;  // Of all that one request allocates.
  Counter* const read_;
  Counter* const failed_;
};

}  // namespace

void RegisterRemoteRead(http::Router& router, const PrometheusApiDependencies& dependencies,
                        const PrometheusApiOptions& options) {
  const auto endpoint = std::make_shared<const RemoteReadEndpoint>(dependencies, options);
  const Clock& clock = dependencies.clock;
  WorkerPool& pool = dependencies.pool;
  router.Add(
      "POST", "/api/v1/read",
      [endpoint, &clock, &pool](http::Request request, const http::PathParameters&, http::Respond respond) {
        // Shared, so that the answer can still be given when the queue does not take the task.
        const auto reply = std::make_shared<http::Respond>(std::move(respond));
        const auto arrived = clock.Monotonic();
        const bool taken = pool.Submit([endpoint, reply, arrived, request = std::move(request)] {
          (*reply)(endpoint->Answer(request, arrived));
        });
        if (taken) return;
        http::Response response = http::TextResponse(503, "too many requests are waiting for a query worker");
        response.headers.Set("Retry-After", "1");
        (*reply)(std::move(response));
      });
}

}  // namespace tickscope::api
