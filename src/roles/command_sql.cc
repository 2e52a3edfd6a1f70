// tickscope sql: SQL over the cold tier, here or on a server.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "api/time_text.h"
#include "base/byte_size.h"
#include "io/posix_file_system.h"
#include "io/system_clock.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/store_argument.h"
#include "roles/time_argument.h"
#include "sql/sql_client.h"
#include "sql/sql_engine.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

// Local files of parts that are in a bucket.
constexpr std::uint64_t kPartBytesMax = 16ULL << 30;

struct SqlArguments {
  std::string statement;
  std::string data = "data";
  std::string store;
  std::string to;
  std::string tenant;
  std::string format = "table";
  std::vector<std::string> metrics;
  std::string start;
  std::string end;
  std::string timeout = "60s";
  std::string memory = "1GiB";
  std::uint64_t threads = 2;
  std::uint64_t rows_max = 0;
  ConnectFlags connect;
};

Result<std::string> Answer(const SqlArguments& arguments) {
  const auto clock = io::MakeSystemClock();
  TICKSCOPE_ASSIGN_OR_RETURN(const sql::SqlFormat format, sql::ParseSqlFormat(arguments.format));
  sql::SqlRequest request{
      .sql = arguments.statement, .metrics = arguments.metrics, .rows_max = arguments.rows_max};
  TICKSCOPE_ASSIGN_OR_RETURN(request.tenant, wire::ParseTenantHeader(arguments.tenant));
  if (!arguments.start.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(request.start_ms, ParseTimeArgument(arguments.start, clock->NowMs()));
  }
  if (!arguments.end.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(request.end_ms, ParseTimeArgument(arguments.end, clock->NowMs()));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t timeout_ms, api::ParseDuration(arguments.timeout));
  const std::chrono::milliseconds timeout(timeout_ms);
  if (!arguments.to.empty()) {
    Outbound out;
    sql::SqlServer server{.url = arguments.to, .tenant = arguments.tenant, .timeout = timeout};
    TICKSCOPE_ASSIGN_OR_RETURN(server.client, out.Options(arguments.connect));
    return sql::AskServer(out.network(), server, request, format);
  }
  sql::SqlOptions options{.threads = arguments.threads};
  TICKSCOPE_ASSIGN_OR_RETURN(options.memory_bytes, ParseByteSize(arguments.memory));
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(
      const OpenedStore opened,
      OpenStoreArgument(*fs, arguments.store.empty() ? arguments.data + "/objects" : arguments.store));
  std::unique_ptr<sql::PartFiles> files;
  if (opened.directory.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        files, sql::CachedPartFiles::Open(*opened.store, *fs, arguments.data + "/tier/sql", kPartBytesMax));
  } else {
    files = sql::MakeDirectoryPartFiles(opened.directory);
  }
  const sql::SqlEngine engine(*opened.store, *files, SystemThreads(), options);
  const QueryContext context(*clock, clock->Monotonic() + timeout);
  TICKSCOPE_ASSIGN_OR_RETURN(const sql::SqlResult result, engine.Run(request, context));
  return sql::SqlText(result, format);
}

}  // namespace

int RunSql(int argc, char** argv) {
  CLI::App app(
      "Asks the cold tier in SQL (DuckDB's): one view, metrics, of the tenant's published days. docs/sql.md "
      "has the "
      "columns and examples.",
      "tickscope sql");
  app.footer(
      "  tickscope sql \"SELECT dt, count(DISTINCT series_id) FROM metrics WHERE metric = 'up' GROUP BY 1\"\n"
      "  tickscope sql --to http://127.0.0.1:9280 --format csv 'SELECT DISTINCT metric FROM metrics'\n"
      "  tickscope sql 'DESCRIBE metrics'\n"
      "\n"
      "--metric, --start and --end bound which files are opened: faster on many days than a WHERE.");
  SqlArguments arguments;
  app.add_option("STATEMENT", arguments.statement, "one statement that reads")->required();
  CLI::Option* const to =
      app.add_option("--to", arguments.to, "ask this server instead of reading files here");
  app.add_option("--data", arguments.data, "the server's directory")->capture_default_str()->excludes(to);
  app.add_option("--store", arguments.store, "object store: a path or file:///PATH (DATA/objects)")
      ->excludes(to);
  app.add_option("--tenant", arguments.tenant, "whose data (default)");
  app.add_option("--format", arguments.format, "table, csv or json")->capture_default_str();
  app.add_option("--metric", arguments.metrics, "only files of this metric; may be given several times");
  app.add_option("--start", arguments.start,
                 "only files with rows from here on: Unix seconds, RFC 3339 or now-6h");
  app.add_option("--end", arguments.end, "only files with rows up to here");
  app.add_option("--timeout", arguments.timeout, "longest a query may take")->capture_default_str();
  app.add_option("--memory", arguments.memory, "most memory a query may take")
      ->capture_default_str()
      ->excludes(to);
  app.add_option("--threads", arguments.threads, "threads of a query")
      ->capture_default_str()
      ->excludes(to)
      ->check(CLI::Range(1, 256));
  AddConnectFlags(app, arguments.connect);
  app.add_option("--rows", arguments.rows_max, "most rows of the answer (100000)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto answer = Answer(arguments);
  if (!answer) {
    std::fprintf(stderr, "tickscope sql: %s\n", answer.error().message.c_str());
    return 1;
  }
  std::fwrite(answer->data(), 1, answer->size(), stdout);
  return 0;
}

}  // namespace tickscope::roles
