// SQL: what DuckDB answers is read right, type by type; a tenant sees its parts and nothing else; limits hold; mistakes
// are told with their place. The parts are made as the publisher makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "codec/crc32c.h"
#include "cold/cold_manifest.h"
#include "cold/cold_schema.h"
#include "cold/row_batch.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "io/system_clock.h"
#include "objstore/directory_object_store.h"
#include "objstore/memory_object_store.h"
#include "plugin/columnar.h"
#include "sql/duckdb_api.h"
#include "sql/sql_endpoint.h"
#include "sql/sql_engine.h"

namespace tickscope::sql {
namespace {

using testing::HasSubstr;

constexpr cold::Day kDay = static_cast<cold::Day>(20'000);  // 2024-10-04
constexpr TimeMs kStart = 20'000 * cold::kDayMs;

class Sql : public testing::Test {
 protected:
  void SetUp() override {
    fs_ = io::MakePosixFileSystem();
    root_ = testing::TempDir() + "/sql_test." + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    store_ = *objstore::OpenDirectoryObjectStore(*fs_, root_);
    files_ = MakeDirectoryPartFiles(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A part of one series of `windows` windows that hold value 1, 2, 3...
  static cold::ColdPart Put(objstore::ObjectStore& store, const TenantId& tenant, const std::string& metric,
                            int windows) {
    const auto schema = cold::ColdSchema::Make(cold::DefaultPromotedLabels());
    cold::RowBatch rows(*schema);
    rows.BeginSeries(Labels({{"region", "eu"}, {"queue", "a'b"}}), 7);
    for (int i = 1; i <= windows; ++i)
      rows.Add(cold::FloatWindow{
          .end_ms = kStart + i * cold::kWindowMs, .count = 1, .sum = 1.0 * i, .last = 1.0 * i});
    const auto columnar = plugin::LoadColumnar();
    auto writer = (*columnar)->MakeTableWriter(plugin::TableFormat::kParquet, schema->columns());
    EXPECT_TRUE((*writer)->Append(rows.batch()));
    const std::string content = *(*writer)->Finish();
    cold::ColdPart part{.name = *cold::PartName(tenant, metric, kDay, cold::ContentHash(content),
                                                plugin::TableFormat::kParquet),
                        .metric = metric,
                        .bytes = content.size(),
                        .crc32c = codec::Crc32c(AsBytes(content)),
                        .rows = static_cast<std::uint64_t>(windows),
                        .series = 1,
                        .min_ts_ms = kStart + cold::kWindowMs,
                        .max_ts_ms = kStart + windows * cold::kWindowMs,
                        .has_floats = true};
    EXPECT_TRUE(store.Put(part.name, content));
    return part;
  }

  static void Publish(objstore::ObjectStore& store, const TenantId& tenant,
                      std::vector<cold::ColdPart> parts) {
    const std::string text = WriteManifest(cold::ColdManifest{.tenant = tenant,
                                                              .day = kDay,
                                                              .sources = {"x"},
                                                              .promoted = cold::DefaultPromotedLabels(),
                                                              .parts = std::move(parts)});
    EXPECT_TRUE(store.Put(cold::ManifestName(tenant, kDay, 1, cold::ContentHash(text)), text));
  }

  Result<SqlResult> Run(const std::string& sql, SqlOptions options = {}) {
    return Run(SqlRequest{.tenant = "studio", .sql = sql}, options);
  }
  Result<SqlResult> Run(const SqlRequest& request, SqlOptions options = {}) {
    const QueryContext context;
    return SqlEngine(*store_, *files_, SystemThreads(), options).Run(request, context);
  }
  // All values of the only row, or the error.
  std::string Row(const std::string& sql) {
    const auto result = Run(sql);
    if (!result) return "error: " + result.error().message;
    if (result->rows.size() != 1) return "rows: " + std::to_string(result->rows.size());
    std::string line;
    for (const SqlValue& value : result->rows[0]) {
      if (!line.empty()) line += " | ";
      line += value.kind == SqlValue::Kind::kNull ? "NULL" : value.text;
    }
    return line;
  }

  std::unique_ptr<io::FileSystem> fs_;
  std::string root_;
  std::unique_ptr<objstore::ObjectStore> store_;
  std::unique_ptr<PartFiles> files_;
};

TEST_F(Sql, TheLibraryIsTheOneDeclared) {
  const auto api = LoadDuckdb();
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(std::string_view((*api)->library_version()), kDuckdbVersion);
}

TEST_F(Sql, EveryTypeIsRead) {
  struct Case {
    const char* sql;
    const char* type;
    const char* text;
  };
  const Case cases[] = {
      {"NULL", "integer", "NULL"},
      {"true", "boolean", "true"},
      {"(-128)::TINYINT", "integer", "-128"},
      {"(-32768)::SMALLINT", "integer", "-32768"},
      {"(-2147483648)::INTEGER", "integer", "-2147483648"},
      {"(-9223372036854775808)::BIGINT", "integer", "-9223372036854775808"},
      {"255::UTINYINT", "integer", "255"},
      {"65535::USMALLINT", "integer", "65535"},
      {"4294967295::UINTEGER", "integer", "4294967295"},
      {"18446744073709551615::UBIGINT", "integer", "18446744073709551615"},
      {"170141183460469231731687303715884105727::HUGEINT", "integer",
       "170141183460469231731687303715884105727"},
      {"(-5)::HUGEINT", "integer", "-5"},
      {"0.1::DOUBLE", "float", "0.1"},
      {"0.5::FLOAT", "float", "0.5"},
      {"'nan'::DOUBLE", "float", "NaN"},
      {"'-inf'::DOUBLE", "float", "-Inf"},
      {"1.05::DECIMAL(4,2)", "decimal", "1.05"},
      {"(-0.05)::DECIMAL(9,2)", "decimal", "-0.05"},
      {"12345678901.5::DECIMAL(18,1)", "decimal", "12345678901.5"},
      {"12345678901234567890.123::DECIMAL(38,3)", "decimal", "12345678901234567890.123"},
      {"'short'", "text", "short"},
      {"'thirteen long'", "text", "thirteen long"},
      {"''", "text", ""},
      {"TIMESTAMP '2024-10-04 01:02:03.004'", "time", "2024-10-04T01:02:03.004Z"},
      {"TIMESTAMP '2024-10-04 01:02:03.000005'", "time", "2024-10-04T01:02:03.000005Z"},
      {"TIMESTAMP '1969-12-31 23:59:59.9999'", "time", "1969-12-31T23:59:59.999900Z"},
      {"'2024-10-04 01:02:03'::TIMESTAMP_S", "time", "2024-10-04T01:02:03.000Z"},
      {"'2024-10-04 01:02:03.004'::TIMESTAMP_MS", "time", "2024-10-04T01:02:03.004Z"},
      {"'2024-10-04 01:02:03.004'::TIMESTAMP_NS", "time", "2024-10-04T01:02:03.004Z"},
      {"DATE '2024-02-29'", "date", "2024-02-29"},
      {"TIME '01:02:03'", "time of day", "01:02:03.000Z"},
      {"'b'::ENUM('a','b')", "text", "b"},
      {"[1.5, NULL]::DOUBLE[]", "list", "[1.5,null]"},
      {"[]::VARCHAR[]", "list", "[]"},
      {"[['a'],['b\"']]", "list", "[[\"a\"],[\"b\\\"\"]]"},
      {"MAP {'region': 'eu'}", "map", "{\"region\":\"eu\"}"},
      {"MAP {1: [2]}", "map", "{\"1\":[2]}"},
      {"{'a': 1, 'b': 'x'}", "struct", "{\"a\":1,\"b\":\"x\"}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    const auto result = Run("SELECT " + std::string(c.sql) + " AS v");
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->rows.size(), 1U);
    EXPECT_EQ(result->columns[0].name, "v");
    EXPECT_EQ(result->columns[0].type, c.type);
    const SqlValue& value = result->rows[0][0];
    EXPECT_EQ(value.kind == SqlValue::Kind::kNull ? "NULL" : value.text, c.text);
  }
  const auto unread = Run("SELECT INTERVAL 1 DAY AS v");
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(unread.error().message, HasSubstr("cast it to VARCHAR"));
}

TEST_F(Sql, ATenantSeesItsPartsInForce) {
  Put(*store_, "studio", "depth", 9);  // In no manifest: of a publish that was cut off.
  Publish(*store_, "studio", {Put(*store_, "studio", "depth", 3), Put(*store_, "studio", "a:b", 2)});
  Publish(*store_, "other", {Put(*store_, "other", "depth", 5)});
  EXPECT_EQ(Row("SELECT count(*), sum(last), min(dt), max(ts) FROM metrics"),
            "5 | 9 | 2024-10-04 | 2024-10-04T00:15:00.000Z");
  EXPECT_EQ(Row("SELECT DISTINCT tenant, metric, region, labels['queue'], kind, bucket_le FROM metrics WHERE "
                "metric = 'a:b'"),
            "studio | a:b | eu | a'b | float | NULL");
  const auto bounded =
      Run(SqlRequest{.tenant = "studio", .sql = "SELECT count(*) FROM metrics", .metrics = {"depth"}});
  EXPECT_EQ(bounded->rows[0][0].text, "3");
  EXPECT_EQ(bounded->parts, 1U);
  EXPECT_EQ(Run(SqlRequest{.tenant = "studio", .sql = "FROM metrics", .end_ms = kStart})->parts, 0U);
  EXPECT_EQ(Run(SqlRequest{.tenant = "studio", .sql = "FROM metrics", .start_ms = kStart + cold::kDayMs + 1})
                ->parts,
            0U);
  EXPECT_EQ(
      Run(SqlRequest{.tenant = "nobody", .sql = "SELECT max(ts), count(*) FROM metrics WHERE region = 'eu'"})
          ->rows[0][1]
          .text,
      "0");
}

TEST_F(Sql, NothingElseIsWithinReach) {
  Publish(*store_, "studio", {Put(*store_, "studio", "depth", 3)});
  const cold::ColdPart foreign = Put(*store_, "other", "depth", 5);
  Publish(*store_, "other", {foreign});
  const std::string path = root_ + "/" + foreign.name;
  const std::string statements[] = {
      "SELECT * FROM read_parquet('" + path + "')",
      "SELECT * FROM '" + path + "'",
      "SELECT * FROM parquet_metadata('" + path + "')",
      "SELECT * FROM glob('" + root_ + "/*')",
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM read_csv('/dev/stdin')",
      "SELECT * FROM read_parquet('https://localhost/x.parquet')",
      "SELECT * FROM duckdb_secrets()",
      "COPY (SELECT 1) TO '" + root_ + "/out.csv'",
      "ATTACH '" + root_ + "/x.db' AS x",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET threads=8",
      "SET enable_external_access=true",
      "PRAGMA memory_limit='10GB'",
      "CREATE TABLE t AS SELECT 1",
      "DROP VIEW metrics",
      "INSERT INTO metrics SELECT * FROM metrics",
      "CALL pragma_version()",
      "EXPORT DATABASE '" + root_ + "/out'",
      "SELECT 1; SELECT 2",
  };
  for (const std::string& statement : statements) {
    SCOPED_TRACE(statement);
    const auto result = Run(statement);
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().code == ErrorCode::kPermissionDenied ||
                result.error().code == ErrorCode::kInvalidArgument)
        << ErrorCodeName(result.error().code) << " " << result.error().message;
  }
  EXPECT_FALSE(std::filesystem::exists(root_ + "/out.csv"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/x.db"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/out"));
}

TEST_F(Sql, MistakesHaveAPlace) {
  struct Case {
    const char* sql;
    const char* message;
  };
  const Case cases[] = {
      {"", "there is no statement"},
      {"SELEC 1", "line 1, column 1: "},
      {"SELECT nothing\nFROM metrics\nWHERE region == 'eu' AND", "line 3, column "},
      {"SELECT ts,\n  lasst FROM metrics", "line 2, column 3: "},
      {"SELECT * FROM metrix", "line 1, column 15: "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    const auto result = Run(c.sql);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr(c.message));
  }
}

TEST_F(Sql, LimitsHold) {
  const auto cut = Run("SELECT * FROM range(10)", {.rows_max = 10});
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->is_cut);
  const auto more = Run("SELECT * FROM range(11)", {.rows_max = 10});
  ASSERT_TRUE(more);
  EXPECT_EQ(more->rows.size(), 10U);
  EXPECT_TRUE(more->is_cut);
  const auto large = Run("SELECT repeat('x', 1000) FROM range(1000)", {.bytes_max = 100'000});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kResourceExhausted);
  const auto memory =
      Run("SELECT count(DISTINCT i::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxx') FROM range(20000000) t(i)",
          {.memory_bytes = 32U << 20});
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, ErrorCode::kResourceExhausted) << memory.error().message;
  Publish(*store_, "studio", {Put(*store_, "studio", "a", 1), Put(*store_, "studio", "b", 1)});
  EXPECT_TRUE(Run("SELECT 1", {.parts_max = 2}));
  EXPECT_EQ(Run("SELECT 1", {.parts_max = 1}).error().code, ErrorCode::kResourceExhausted);
}

TEST_F(Sql, ADeadlineInterrupts) {
  const auto clock = io::MakeSystemClock();
  const QueryContext context(*clock, clock->Monotonic() + std::chrono::milliseconds(50));
  const auto result =
      SqlEngine(*store_, *files_, SystemThreads(), {})
          .Run({.sql = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"},
               context);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
  QueryContext cancelled;
  cancelled.Cancel();
  EXPECT_EQ(
      SqlEngine(*store_, *files_, SystemThreads(), {})
          .Run({.sql = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"},
               cancelled)
          .error()
          .code,
      ErrorCode::kCancelled);
}

TEST_F(Sql, RequestsAreRead) {
  const auto call = ReadSqlCall(
      R"({"sql":"SELECT 1","metrics":["a","b"],"start":"1970-01-01T00:00:01Z","end":2.5,"rows_max":3,"format":"csv"})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->format, SqlFormat::kCsv);
  const SqlRequest* const request = &call->request;
  EXPECT_EQ(request->sql, "SELECT 1");
  EXPECT_EQ(request->metrics, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request->start_ms, 1000);
  EXPECT_EQ(request->end_ms, 2500);
  EXPECT_EQ(request->rows_max, 3U);
  for (const char* const bad :
       {"", "[]", "{}", R"({"sql":1})", R"({"sql":"x","metrics":"a"})", R"({"sql":"x","start":true})",
        R"({"sql":"x","rows_max":0})", R"({"sql":"x","rows_max":-1})", R"({"sql":"x","limit":1})",
        R"({"sql":"x","format":"xml"})"}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(ReadSqlCall(bad).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(Sql, ResultsAsText) {
  const SqlResult result{.columns = {{"region", "text"}, {"n", "integer"}},
                         .rows = {{{SqlValue::Kind::kText, "e,\"u"}, {SqlValue::Kind::kJson, "10"}},
                                  {{}, {SqlValue::Kind::kJson, "7"}}},
                         .is_cut = true,
                         .parts = 2};
  EXPECT_EQ(SqlText(result, SqlFormat::kCsv), "region,n\r\n\"e,\"\"u\",10\r\n,7\r\n");
  EXPECT_EQ(
      SqlText(result, SqlFormat::kTable),
      "region   n\ne,\"u    10\n-        7\n(2 rows; there are more: ask for fewer or raise the limit)\n");
  EXPECT_EQ(SqlText(result, SqlFormat::kJson),
            "{\"columns\":[{\"name\":\"region\",\"type\":\"text\"},{\"name\":\"n\",\"type\":\"integer\"}],"
            "\"rows\":[[\"e,\\\"u\",10],[null,7]],\"truncated\":true,\"parts\":2}\n");
}

TEST_F(Sql, PartsOfAnotherStoreAreFetchedOnceAndMakeRoom) {
  objstore::MemoryObjectStore remote;
  const cold::ColdPart a = Put(remote, "studio", "a", 3);
  const cold::ColdPart b = Put(remote, "studio", "b", 3);
  const cold::ColdPart c = Put(remote, "studio", "c", 3);
  Publish(remote, "studio", {a, b});
  const std::uint64_t room = a.bytes + b.bytes;
  {
    const auto cache = CachedPartFiles::Open(remote, *fs_, root_ + "/cache", room);
    ASSERT_TRUE(cache);
    const QueryContext context;
    const SqlEngine engine(remote, **cache, SystemThreads(), {});
    for (int i = 0; i < 2; ++i) {
      const auto result = engine.Run(
          {.tenant = "studio", .sql = "SELECT metric, sum(last) AS total FROM metrics GROUP BY 1 ORDER BY 1"},
          context);
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(SqlText(*result, SqlFormat::kCsv), "metric,total\r\na,6\r\nb,6\r\n");
      // Nothing is fetched again.
      remote.Inject({.operation = objstore::ObjectOperation::kGet, .nth = 2, .times = 9});
    }
    EXPECT_EQ((*cache)->bytes(), room);
  }
  objstore::MemoryObjectStore other;
  Put(other, "studio", "c", 3);
  const auto cache = CachedPartFiles::Open(other, *fs_, root_ + "/cache", room);
  ASSERT_TRUE(cache);
  EXPECT_EQ((*cache)->bytes(), room) << "taken over";
  {
    const auto held_a = (*cache)->Acquire(a);
    const auto held_b = (*cache)->Acquire(b);
    ASSERT_TRUE(held_a && held_b);
    EXPECT_EQ((*cache)->Acquire(c).error().code, ErrorCode::kResourceExhausted);
  }
  const auto held_c = (*cache)->Acquire(c);
  ASSERT_TRUE(held_c) << held_c.error().message;
  EXPECT_LE((*cache)->bytes(), room);
  EXPECT_TRUE(std::filesystem::exists((*held_c)->path()));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/cache/" + a.name)) << "the one unused for longest went";
  cold::ColdPart damaged = Put(other, "studio", "d", 2);
  other.FlipBits(damaged.name, 10, 1);
  EXPECT_EQ((*cache)->Acquire(damaged).error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace tickscope::sql
