// tickscope stream tail: shows what goes through the stream: batches of samples, logs, spans.
//
//   tickscope stream tail -f --kind logs --to http://127.0.0.1:9280
//   tickscope stream tail --data /var/lib/tickscope --limit 100 --json
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "http/client.h"
#include "http/router.h"
#include "io/posix_file_system.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/stream_endpoint.h"
#include "signals/record_lines.h"
#include "stream/log_follower.h"
#include "wire/remote_write_headers.h"

namespace tickscope::roles {
namespace {

constexpr const char* kFooter = R"(What it shows, one line each:
  metrics   a batch of samples: how many samples, histograms, new series
  log       {labels or resource} severity body attributes, and the ids of its trace
  span      name, duration, status, {resource}, attributes, ids, +events

Everything is as it is kept: what was private is a token (eml_k1_689_..., see docs/guard.md).

Examples:
  tickscope stream tail -f --kind logs              follow the logs of the default tenant
  tickscope stream tail --tenant eu --limit 5       the last five records of a tenant, of any kind
  tickscope stream tail --kind spans --json | jq -c 'select(.status == "error")'
  tickscope stream tail --data /var/lib/tickscope   read the files, also while no server runs; all tenants
  tickscope stream tail --data D --from 0           from the oldest record that is kept)";

constexpr std::chrono::milliseconds kPollEvery{300};
constexpr std::uint64_t kAskMax = 10'000;

struct Arguments {
  std::string url = "http://127.0.0.1:9280";
  std::string data;
  std::string tenant;
  std::string kinds;
  std::optional<std::uint64_t> from;
  std::uint64_t limit = 20;
  bool follow = false;
  bool json = false;
  ConnectFlags connect;
};

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope stream: %s\n", error.message.c_str());
  return 1;
}

// False when whoever reads has gone.
bool Print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

// The last lines of the files: the newest segment first, then those before it until there are enough.
Status CollectLast(io::FileSystem& fs, const std::string& directory, const Arguments& arguments,
                   const signals::LineFilter& filter, std::deque<std::string>& lines, stream::Offset& next) {
  const auto form = arguments.json ? signals::LineForm::kJson : signals::LineForm::kText;
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<stream::SegmentName> segments,
                             stream::LogFollower(fs, directory).Segments());
  // A new segment is empty until its first record.
  next = segments.empty() ? 0 : segments.back().first_offset;
  std::optional<stream::Offset> end;
  for (std::size_t i = segments.size(); i-- > 0 && lines.size() < arguments.limit;) {
    std::deque<std::string> found;
    stream::LogFollower follower(fs, directory);
    follower.Seek(segments[i].first_offset);
    signals::RecordLines renderer(filter, form);
    stream::Record record;
    while (true) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, follower.Next(record));
      if (!more || (end && record.offset >= *end)) break;
      if (!end) next = record.offset + 1;
      static_cast<void>(renderer.Render(record, [&](std::string_view line) {
        found.emplace_back(line);
        if (found.size() > arguments.limit) found.pop_front();
      }));
    }
    while (!found.empty() && lines.size() < arguments.limit) {
      lines.push_front(std::move(found.back()));
      found.pop_back();
    }
    end = segments[i].first_offset;
  }
  return {};
}

// Shows the files' records, a step at a time.
class FileTail {
 public:
  FileTail(io::FileSystem& fs, const Arguments& arguments, const signals::LineFilter& filter)
      : fs_(fs),
        arguments_(arguments),
        filter_(filter),
        directory_(arguments.data + "/stream/p0000"),
        follower_(fs, directory_),
        renderer_(filter, arguments.json ? signals::LineForm::kJson : signals::LineForm::kText),
        left_(arguments.limit) {}

  // Where to begin; without a place to, the last lines there are.
  [[nodiscard]] Status Begin() {
    stream::Offset next = arguments_.from.value_or(0);
    if (!arguments_.from) {
      std::deque<std::string> lines;
      TICKSCOPE_RETURN_IF_ERROR(CollectLast(fs_, directory_, arguments_, filter_, lines, next));
      for (const std::string& line : lines)
        is_heard_ = is_heard_ && Print(line + "\n");
      left_ = 0;
    }
    follower_.Seek(next);
    return {};
  }

  [[nodiscard]] Turn Step() {
    if (!is_heard_ || (!arguments_.follow && left_ == 0)) return Turn::Done();
    const auto more = follower_.Next(record_);
    if (!more) {
      code_ = Complain(more.error());
      return Turn::Done();
    }
    if (!*more) return arguments_.follow ? Turn::Wait(kPollEvery) : Turn::Done();
    const Status rendered = renderer_.Render(record_, [&](std::string_view line) {
      if (!arguments_.follow && left_ == 0) return;
      if (left_ > 0) --left_;
      is_heard_ = is_heard_ && Print(std::string(line) + "\n");
    });
    if (!rendered) {
      std::fprintf(stderr, "tickscope stream: offset %llu: %s\n",
                   static_cast<unsigned long long>(record_.offset), rendered.error().message.c_str());
    }
    return Turn::Again();
  }

  [[nodiscard]] int code() const { return is_heard_ ? code_ : 1; }

 private:
  io::FileSystem& fs_;
  const Arguments& arguments_;
  const signals::LineFilter& filter_;
  const std::string directory_;
  stream::LogFollower follower_;
  signals::RecordLines renderer_;
  stream::Record record_;
  std::uint64_t left_;
  bool is_heard_ = true;
  int code_ = 0;
};

// Asks a server, a step at a time.
class ServerTail {
 public:
  ServerTail(io::Network& network, http::ClientOptions options, const Arguments& arguments)
      : client_(http::Client::Make(network, std::move(options))),
        arguments_(arguments),
        from_(arguments.from),
        left_(arguments.limit) {}

  [[nodiscard]] Turn Step() {
    const auto turn = Ask();
    if (turn) return *turn;
    code_ = Complain(turn.error());
    return Turn::Done();
  }

  [[nodiscard]] int code() const { return code_; }

 private:
  [[nodiscard]] Result<Turn> Ask() {
    const bool is_following = arguments_.follow && left_ == 0;
    std::string target = arguments_.url + "/api/v1/stream/tail?format=";
    target += arguments_.json ? "json" : "text";
    target += "&kind=";
    target += http::PercentEncode(arguments_.kinds);
    target += "&limit=";
    target += std::to_string(is_following ? kAskMax : std::min(left_, kAskMax));
    if (from_) {
      target += "&from=";
      target += std::to_string(*from_);
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(target));
    http::Request request;
    if (!arguments_.tenant.empty()) request.headers.Set(wire::kTenantHeader, arguments_.tenant);
    TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, client_->Fetch(url, std::move(request)));
    if (response.status != 200) {
      return Fail(ErrorCode::kUnavailable,
                  fmt::format("the server answered {}: {}", response.status, response.body));
    }
    if (!Print(response.body)) return Fail(ErrorCode::kUnavailable, "cannot write to standard output");
    std::uint64_t next = 0;
    const std::string_view header = response.headers.Get(kNextOffsetHeader);
    if (std::from_chars(header.data(), header.data() + header.size(), next).ec != std::errc())
      return Fail(ErrorCode::kCorruption, "answer without an offset");
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(response.body, '\n'));
    const bool is_at_end = from_ && next == *from_;
    // Without a place to begin, one answer has the last lines there are.
    left_ = from_ ? left_ - std::min(left_, lines) : 0;
    from_ = next;
    if (!arguments_.follow && (left_ == 0 || is_at_end)) return Turn::Done();
    return lines == 0 ? Turn::Wait(kPollEvery) : Turn::Again();
  }

  std::unique_ptr<http::Client> client_;
  const Arguments& arguments_;
  std::optional<std::uint64_t> from_;
  std::uint64_t left_;
  int code_ = 0;
};

int TailFiles(const Arguments& arguments, const signals::LineFilter& filter) {
  const auto fs = io::MakePosixFileSystem();
  FileTail tail(*fs, arguments, filter);
  if (const Status begun = tail.Begin(); !begun) return Complain(begun.error());
  SystemThreads().Start("tail", [&tail] { return tail.Step(); })->Join();
  return tail.code();
}

int TailServer(const Arguments& arguments) {
  Outbound out;
  auto options = out.Options(arguments.connect);
  if (!options) return Complain(options.error());
  ServerTail tail(out.network(), *std::move(options), arguments);
  SystemThreads().Start("tail", [&tail] { return tail.Step(); })->Join();
  return tail.code();
}

}  // namespace

int RunStream(int argc, char** argv) {
  CLI::App app("Look into the stream, where everything goes that was acknowledged.", "tickscope stream");
  app.require_subcommand(1);
  CLI::App& tail = *app.add_subcommand("tail", "show the newest records, and with -f what comes");
  Arguments arguments;
  tail.add_option("--to", arguments.url, "The server's URL")->capture_default_str();
  tail.add_option("--data", arguments.data, "Read a server's data directory instead; changes nothing in it");
  tail.add_option("--tenant", arguments.tenant,
                  "Only this tenant's; of a server, the default one unless told");
  tail.add_option("--kind", arguments.kinds, "metrics, logs, spans, joined by commas; all unless told");
  tail.add_option("--from", arguments.from, "Begin at this offset instead of near the end");
  tail.add_option("--limit", arguments.limit, "Lines to show before it ends, or follows")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}));
  tail.add_flag("-f,--follow", arguments.follow, "Go on with what comes, until interrupted");
  tail.add_flag("--json", arguments.json, "An object a line");
  AddConnectFlags(tail, arguments.connect);
  tail.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  signals::LineFilter filter;
  if (!arguments.tenant.empty()) filter.tenant = arguments.tenant;
  if (const Status parsed = signals::ParseKinds(arguments.kinds, filter); !parsed) {
    static_cast<void>(Complain(parsed.error()));
    return 2;
  }
  return arguments.data.empty() ? TailServer(arguments) : TailFiles(arguments, filter);
}

}  // namespace tickscope::roles
