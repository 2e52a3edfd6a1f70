#include "roles/stream_endpoint.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "signals/record_lines.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

constexpr stream::PartitionId kPartition{0};
constexpr std::uint64_t kLinesDefault = 1'000;
constexpr std::uint64_t kLinesMax = 10'000;
constexpr std::size_t kReadBytes = 1U << 20;
constexpr std::size_t kScanBytesMax = 64U << 20;
constexpr std::size_t kAnswerBytesMax = 16U << 20;
// The last lines are looked for in so many records, then in twice as many, until there are enough.
constexpr std::uint64_t kLookBackRecords = 256;

struct TailQuery {
  std::optional<stream::Offset> from;
  std::uint64_t limit = kLinesDefault;
  signals::LineFilter filter;
  signals::LineForm form = signals::LineForm::kText;
};

Result<std::uint64_t> ParseNumber(std::string_view name, std::string_view text, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > max) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string(name) + ": want a number of at most " + std::to_string(max));
  }
  return number;
}

Result<TailQuery> ParseQuery(const http::Request& request) {
  TailQuery query;
  TICKSCOPE_ASSIGN_OR_RETURN(query.filter.tenant,
                             wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
  for (const auto& [name, value] : http::ParseForm(request.query())) {
    if (name == "from") {
      TICKSCOPE_ASSIGN_OR_RETURN(query.from, ParseNumber(name, value, ~std::uint64_t{0}));
    } else if (name == "limit") {
      TICKSCOPE_ASSIGN_OR_RETURN(query.limit, ParseNumber(name, value, kLinesMax));
    } else if (name == "kind") {
      TICKSCOPE_RETURN_IF_ERROR(ParseKinds(value, query.filter));
    } else if (name == "format") {
      if (value != "text" && value != "json")
        return Fail(ErrorCode::kInvalidArgument, "format: want text or json");
      query.form = value == "json" ? signals::LineForm::kJson : signals::LineForm::kText;
    }
  }
  return query;
}

// Lines of records, the newest `limit` of them, or the oldest.
class Tail {
 public:
  Tail(stream::Stream& stream, const TailQuery& query)
      : stream_(stream), query_(query), lines_(query.filter, query.form) {}

  // The lines of records [from, end), the last `limit` where `keeps_last`, else the first. Whole records.
  [[nodiscard]] Status Read(stream::Offset from, stream::Offset end, bool keeps_last) {
    found_.clear();
    bytes_ = 0;
    next_ = from;
    std::size_t scanned = 0;
    while (next_ < end && scanned < kScanBytesMax) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<stream::Record> records,
                                 stream_.Read(kPartition, next_, kReadBytes));
      if (records.empty()) break;
      for (const stream::Record& record : records) {
        if (record.offset >= end) return {};
        if (!keeps_last && (found_.size() >= query_.limit || bytes_ >= kAnswerBytesMax)) return {};
        // A record that does not decode is told by the store; here it has no lines.
        static_cast<void>(lines_.Render(record, [&](std::string_view line) {
          bytes_ += line.size() + 1;
          found_.emplace_back(line);
          while (keeps_last && (found_.size() > query_.limit || bytes_ > kAnswerBytesMax)) {
            bytes_ -= found_.front().size() + 1;
            found_.pop_front();
          }
        }));
        next_ = record.offset + 1;
        scanned += record.payload.size();
      }
    }
    return {};
  }

  // The last lines there are.
  [[nodiscard]] Status ReadLast() {
    const stream::Offset start = stream_.StartOffset(kPartition);
    const stream::Offset end = stream_.EndOffset(kPartition);
    for (std::uint64_t back = kLookBackRecords;; back *= 4) {
      const stream::Offset from = end - start > back ? end - back : start;
      TICKSCOPE_RETURN_IF_ERROR(Read(from, end, true));
      if (found_.size() >= query_.limit || from == start || next_ < end || back >= (1U << 16)) return {};
    }
  }

  [[nodiscard]] http::Response Answer() const {
    std::string text;
    text.reserve(bytes_);
    for (const std::string& line : found_) {
      text += line;
      text += '\n';
    }
    http::Response response = api::TextAnswer(
        200, query_.form == signals::LineForm::kJson ? "application/x-ndjson" : "text/plain; charset=utf-8",
        std::move(text));
    response.headers.Set(kNextOffsetHeader, std::to_string(next_));
    return response;
  }

 private:
  stream::Stream& stream_;
  const TailQuery& query_;
  signals::RecordLines lines_;
  std::deque<std::string> found_;
  std::size_t bytes_ = 0;
  stream::Offset next_ = 0;
};

http::Response Handle(stream::Stream& stream, const http::Request& request) {
  const auto query = ParseQuery(request);
  if (!query) return api::ErrorAnswer(query.error());
  Tail tail(stream, *query);
  const Status done = query->from ? tail.Read(std::max(*query->from, stream.StartOffset(kPartition)),
                                              stream.EndOffset(kPartition), false)
                                  : tail.ReadLast();
  if (!done) return api::ErrorAnswer(done.error());
  http::Response response = tail.Answer();
  api::CompressAnswer(request, response);
  return response;
}

}  // namespace

void RegisterStreamTail(http::Router& router, stream::Stream& stream, WorkerPool& pool) {
  router.Add("GET", "/api/v1/stream/tail",
             [&stream, &pool](http::Request request, const http::PathParameters&, http::Respond respond) {
               // Shared, so that the answer can still be given when the queue does not take the task.
               auto reply = std::make_shared<http::Respond>(std::move(respond));
               const bool taken = pool.Submit([&stream, reply, request = std::move(request)]() mutable {
                 (*reply)(Handle(stream, request));
               });
               if (!taken)
                 (*reply)(api::ErrorAnswer(Error{ErrorCode::kUnavailable, "the query queue is full"}));
             });
}

}  // namespace tickscope::roles
