// tickscope cold: the cold tier: publish days, list, verify, sweep, and describe it to other engines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "api/time_text.h"
#include "base/civil_time.h"
#include "block/block_reader.h"
#include "cold/cold_catalog.h"
#include "cold/cold_ddl.h"
#include "cold/cold_queryable.h"
#include "cold/publisher.h"
#include "io/posix_file_system.h"
#include "io/system_clock.h"
#include "plugin/columnar.h"
#include "roles/cold_keeper.h"
#include "roles/commands.h"
#include "roles/moved_blocks.h"
#include "roles/store_argument.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

using cold::Day;

struct ColdArguments {
  std::string data = "data";
  std::string store;
  std::string tenant;
  std::vector<std::string> days;
  bool all_days = false;
  std::string format = "parquet";
  std::vector<std::string> promoted = cold::DefaultPromotedLabels();
  std::string grace = "1h";
  bool show_parts = false;
  std::string location = "s3://BUCKET/PREFIX";
  std::string engine = "athena";
  std::string database = "tickscope";
  std::string table = "metrics";
  std::string first_day = "2024-01-01";
};

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope cold: %s\n", error.message.c_str());
  return 1;
}

Result<plugin::TableFormat> ParseFormat(const std::string& text) {
  if (text == "parquet") return plugin::TableFormat::kParquet;
  if (text == "orc") return plugin::TableFormat::kOrc;
  return Fail(ErrorCode::kInvalidArgument,
              "--format: got \"" + text.substr(0, 64) + "\", want parquet or orc");
}

class ColdRun {
 public:
  explicit ColdRun(const ColdArguments& arguments)
      : arguments_(arguments), fs_(io::MakePosixFileSystem()), clock_(io::MakeSystemClock()) {}

  Status Publish() {
    TICKSCOPE_RETURN_IF_ERROR(OpenStore());
    cold::PublishOptions options{.promoted = arguments_.promoted};
    TICKSCOPE_ASSIGN_OR_RETURN(options.format, ParseFormat(arguments_.format));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t grace_ms, api::ParseDuration(arguments_.grace));
    TICKSCOPE_ASSIGN_OR_RETURN(const plugin::Columnar* columnar, plugin::LoadColumnar());
    TICKSCOPE_ASSIGN_OR_RETURN(const auto blocks_by_tenant, OpenBlocks());
    std::uint64_t published = 0;
    for (const auto& [tenant, blocks] : blocks_by_tenant) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::set<Day> days, DaysToPublish(blocks));
      options.deletes = ColdDeletes(moved_->Deletes(tenant));
      for (const Day day : days) {
        TICKSCOPE_ASSIGN_OR_RETURN(
            const cold::PublishReport report,
            cold::PublishDay(*opened_.store, *columnar, blocks, tenant, day, clock_->NowMs(), options));
        Tell(tenant, day, report);
        ++published;
      }
      TICKSCOPE_ASSIGN_OR_RETURN(const cold::SweepReport swept,
                                 cold::SweepTenant(*opened_.store, tenant, clock_->NowMs(), grace_ms));
      if (swept.deleted > 0) fmt::print("{}: {} replaced objects deleted\n", tenant, swept.deleted);
    }
    if (published == 0) {
      return Fail(ErrorCode::kNotFound,
                  "there are no blocks of that tenant and day below " + arguments_.data +
                      "/store: blocks appear when their two hours are over (tickscope block list)");
    }
    return {};
  }

  Status List() {
    TICKSCOPE_RETURN_IF_ERROR(OpenStore());
    TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, cold::ListManifests(*opened_.store, arguments_.tenant));
    if (arguments_.show_parts) {
      fmt::print("{:>10} {:>9} {:>8}  {:<20} {}\n", "bytes", "rows", "series", "kinds", "part");
    } else {
      fmt::print("{:<14} {:<10} {:>8} {:<24} {:>7} {:>10} {:>10} {:>12}\n", "tenant", "day", "revision",
                 "published", "metrics", "series", "rows", "bytes");
    }
    for (const cold::ManifestEntry& entry : entries) {
      TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdManifest manifest,
                                 cold::LoadManifest(*opened_.store, entry));
      std::set<std::string_view> metrics;
      cold::ColdPart total;
      for (const cold::ColdPart& part : manifest.parts) {
        metrics.insert(part.metric);
        total.series += part.series;
        total.rows += part.rows;
        total.bytes += part.bytes;
        if (!arguments_.show_parts) continue;
        std::string kinds;
        for (const auto& [has, name] :
             {std::pair(part.has_floats, "float"), std::pair(part.has_classic, "classic"),
              std::pair(part.has_native, "native")}) {
          if (!has) continue;
          if (!kinds.empty()) kinds += ',';
          kinds += name;
        }
        fmt::print("{:>10} {:>9} {:>8}  {:<20} {}\n", part.bytes, part.rows, part.series, kinds, part.name);
      }
      if (arguments_.show_parts) continue;
      fmt::print("{:<14} {:<10} {:>8} {:<24} {:>7} {:>10} {:>10} {:>12}\n", manifest.tenant,
                 cold::DayText(manifest.day), manifest.revision, FormatUtcTime(manifest.published_ms),
                 metrics.size(), total.series, total.rows, total.bytes);
    }
    return {};
  }

  // Reads every part whole; the result is told part by part, so that one damaged part does not hide another.
  Status Verify() {
    TICKSCOPE_RETURN_IF_ERROR(OpenStore());
    TICKSCOPE_ASSIGN_OR_RETURN(const plugin::Columnar* columnar, plugin::LoadColumnar());
    TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, cold::ListManifests(*opened_.store, arguments_.tenant));
    std::uint64_t sound = 0;
    std::uint64_t damaged = 0;
    const auto tell = [&](const std::string& name, const Status& status) {
      ++(status ? sound : damaged);
      if (!status) fmt::print("damaged  {}: {}\n", name, status.error().message);
    };
    for (const cold::ManifestEntry& entry : entries) {
      const auto manifest = cold::LoadManifest(*opened_.store, entry);
      if (!manifest) {
        tell(entry.name, std::unexpected(manifest.error()));
        continue;
      }
      for (const cold::ColdPart& part : manifest->parts)
        tell(part.name, VerifyPart(*columnar, *manifest, part));
    }
    fmt::print("{} days, {} parts sound, {} damaged\n", entries.size(), sound, damaged);
    if (damaged > 0) return Fail(ErrorCode::kCorruption, "delete what is damaged and publish its days again");
    return {};
  }

  Status Sweep() {
    TICKSCOPE_RETURN_IF_ERROR(OpenStore());
    TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t grace_ms, api::ParseDuration(arguments_.grace));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, cold::ListManifests(*opened_.store, arguments_.tenant));
    std::set<TenantId> tenants;
    for (const cold::ManifestEntry& entry : entries)
      tenants.insert(entry.place.tenant);
    for (const TenantId& tenant : tenants) {
      TICKSCOPE_ASSIGN_OR_RETURN(const cold::SweepReport swept,
                                 cold::SweepTenant(*opened_.store, tenant, clock_->NowMs(), grace_ms));
      fmt::print("{}: {} objects deleted, {} kept for {}\n", tenant, swept.deleted, swept.kept_for_grace,
                 arguments_.grace);
    }
    return {};
  }

  Status Ddl() {
    TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdSchema schema, cold::ColdSchema::Make(arguments_.promoted));
    cold::DdlOptions options{.location = arguments_.location,
                             .database = arguments_.database,
                             .table = arguments_.table,
                             .first_day = arguments_.first_day};
    TICKSCOPE_ASSIGN_OR_RETURN(options.format, ParseFormat(arguments_.format));
    TICKSCOPE_RETURN_IF_ERROR(cold::ParseDay(options.first_day));
    if (arguments_.engine == "athena") {
      std::fputs(cold::AthenaDdl(schema, options).c_str(), stdout);
    } else if (arguments_.engine == "glue") {
      std::fputs(cold::GlueTableInput(schema, options).c_str(), stdout);
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  "--for: got \"" + arguments_.engine + "\", want athena or glue");
    }
    return {};
  }

 private:
  Status OpenStore() {
    if (!arguments_.tenant.empty()) TICKSCOPE_RETURN_IF_ERROR(wire::ParseTenantHeader(arguments_.tenant));
    TICKSCOPE_ASSIGN_OR_RETURN(
        opened_,
        OpenStoreArgument(*fs_, arguments_.store.empty() ? arguments_.data + "/objects" : arguments_.store));
    return {};
  }

  // Blocks of the store on this machine, and those that have moved to the object store.
  Result<std::map<TenantId, cold::DayReader::Blocks>> OpenBlocks() {
    const std::string root = arguments_.data + "/store";
    auto tenants = fs_->List(root);
    std::map<TenantId, cold::DayReader::Blocks> blocks;
    std::set<std::string> names;
    TICKSCOPE_RETURN_IF_ERROR(OpenMovedBlocks(blocks, names));
    if (!tenants && blocks.empty()) return FailWith("no store to publish from", tenants.error());
    if (!tenants) return blocks;
    for (const io::DirectoryEntry& tenant : *tenants) {
      if (!tenant.is_directory || (!arguments_.tenant.empty() && tenant.name != arguments_.tenant)) continue;
      TICKSCOPE_ASSIGN_OR_RETURN(const auto files, fs_->List(root + "/" + tenant.name));
      for (const io::DirectoryEntry& file : files) {
        if (!file.name.ends_with(".block") || names.contains(tenant.name + "/" + file.name)) continue;
        auto block = block::BlockReader::Open(*fs_, root + "/" + tenant.name + "/" + file.name);
        // A server that runs may just have replaced it.
        if (!block && block.error().code == ErrorCode::kNotFound) continue;
        if (!block) return std::unexpected(block.error());
        blocks[(*block)->meta().tenant].push_back(*std::move(block));
      }
    }
    return blocks;
  }

  Status OpenMovedBlocks(std::map<TenantId, cold::DayReader::Blocks>& blocks, std::set<std::string>& names) {
    TICKSCOPE_ASSIGN_OR_RETURN(moved_, MovedBlocks::Open(*fs_, opened_, arguments_.data + "/tier/publish"));
    return moved_->ForEach(
        tier::Tier::kRaw, arguments_.tenant,
        [&](const TenantId& tenant, const tier::ListedBlock& listed, const tier::BlockPtr& block) -> Status {
          blocks[tenant].push_back(block);
          names.insert(tenant + "/" + listed.file);
          // What it was merged from may still be on this machine.
          for (const std::string& source : listed.sources)
            names.insert(tenant + "/" + source);
          return {};
        });
  }

  Result<std::set<Day>> DaysToPublish(const cold::DayReader::Blocks& blocks) const {
    std::set<Day> with_samples;
    for (const auto& block : blocks) {
      const Day last = cold::DayOf(block->meta().max_time_ms);
      for (Day day = cold::DayOf(block->meta().min_time_ms); day <= last; day = cold::NextDay(day))
        with_samples.insert(day);
    }
    if (arguments_.all_days) return with_samples;
    std::set<Day> days;
    for (const std::string& text : arguments_.days) {
      TICKSCOPE_ASSIGN_OR_RETURN(const Day day, cold::ParseDay(text));
      if (with_samples.contains(day)) days.insert(day);
    }
    return days;
  }

  static void Tell(const TenantId& tenant, Day day, const cold::PublishReport& report) {
    using Outcome = cold::PublishReport::Outcome;
    const char* outcome = "unchanged";
    if (report.outcome == Outcome::kPublished) outcome = "published";
    if (report.outcome == Outcome::kReplaced) outcome = "replaced";
    if (report.outcome == Outcome::kEmpty) outcome = "empty";
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    for (const cold::ColdPart& part : report.manifest.parts) {
      rows += part.rows;
      bytes += part.bytes;
    }
    fmt::print("{} {} {}: revision {}, {} parts ({} written), {} rows, {} bytes\n", tenant,
               cold::DayText(day), outcome, report.manifest.revision, report.manifest.parts.size(),
               report.parts_written, rows, bytes);
    for (const std::string& metric : report.left_out)
      std::fprintf(stderr, "tickscope cold: left out, its name is too long for a partition: %s\n",
                   metric.c_str());
  }

  Status VerifyPart(const plugin::Columnar& columnar, const cold::ColdManifest& manifest,
                    const cold::ColdPart& part) {
    TICKSCOPE_RETURN_IF_ERROR(cold::LoadPart(*opened_.store, part));
    TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdSchema schema, cold::ColdSchema::Make(manifest.promoted));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto reader, columnar.OpenTable(cold::FormatOf(part.name),
                                                                     cold::PartSource(*opened_.store, part),
                                                                     {.columns = schema.columns()}));
    std::uint64_t rows = 0;
    plugin::TableBatch batch;
    while (true) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, reader->Next(batch));
      if (!more) break;
      rows += batch.rows;
    }
    if (rows != part.rows) {
      return Fail(ErrorCode::kCorruption, fmt::format("{} rows, its manifest says {}", rows, part.rows));
    }
    return {};
  }

  const ColdArguments& arguments_;
  const std::unique_ptr<io::FileSystem> fs_;
  const std::unique_ptr<Clock> clock_;
  OpenedStore opened_;
  std::unique_ptr<MovedBlocks> moved_;
};

void AddStoreOptions(CLI::App& command, ColdArguments& arguments) {
  command.add_option("--data", arguments.data, "the server's directory")->capture_default_str();
  command.add_option("--store", arguments.store,
                     "object store: a path, file:///PATH or s3://BUCKET/PREFIX (DATA/objects)");
  command.add_option("--tenant", arguments.tenant, "only this tenant (all)");
}

void AddPromoted(CLI::App& command, ColdArguments& arguments) {
  command
      .add_option("--promote", arguments.promoted, "labels that are columns of their own, comma-separated")
      ->delimiter(',')
      ->capture_default_str();
}

}  // namespace

int RunCold(int argc, char** argv) {
  CLI::App app(
      "The cold tier: days of five-minute windows as Parquet or ORC files that SQL engines read. "
      "docs/formats/cold.md "
      "describes them.",
      "tickscope cold");
  app.footer(
      "  tickscope cold publish --data /var/lib/tickscope --day 2026-03-01\n"
      "  tickscope cold ls --data /var/lib/tickscope\n"
      "  tickscope sql --data /var/lib/tickscope 'SELECT metric, count(*) FROM metrics GROUP BY 1'\n"
      "  tickscope cold ddl --location s3://bucket/prefix | aws athena start-query-execution ...");
  app.require_subcommand(1);
  ColdArguments arguments;
  CLI::App& publish = *app.add_subcommand(
      "publish", "write days of the store's blocks; may be repeated, replaces a day that has late data");
  AddStoreOptions(publish, arguments);
  CLI::Option* const day =
      publish.add_option("--day", arguments.days, "YYYY-MM-DD in UTC; may be given several times");
  publish.add_flag("--all", arguments.all_days, "every day the blocks have samples of")->excludes(day);
  publish.add_option("--format", arguments.format, "parquet or orc; tickscope sql reads parquet")
      ->capture_default_str();
  AddPromoted(publish, arguments);
  publish
      .add_option("--grace", arguments.grace, "how long replaced files stay for readers that began before")
      ->capture_default_str();
  CLI::App& list = *app.add_subcommand("ls", "one line a tenant and day");
  AddStoreOptions(list, arguments);
  list.add_flag("--parts", arguments.show_parts, "one line a file instead");
  CLI::App& verify = *app.add_subcommand("verify", "read every file and check it; exit 1 on damage");
  AddStoreOptions(verify, arguments);
  CLI::App& sweep = *app.add_subcommand("sweep", "delete replaced files and what cut-off publishes left");
  AddStoreOptions(sweep, arguments);
  sweep.add_option("--grace", arguments.grace, "keep what was replaced less than this ago")
      ->capture_default_str();
  CLI::App& ddl = *app.add_subcommand("ddl", "print a table definition for Athena or Glue");
  ddl.add_option("--location", arguments.location, "where the object store is")->capture_default_str();
  ddl.add_option("--for", arguments.engine,
                 "athena: a statement; glue: the --table-input of aws glue create-table")
      ->capture_default_str();
  ddl.add_option("--database", arguments.database, "of the table")->capture_default_str();
  ddl.add_option("--table", arguments.table, "its name")->capture_default_str();
  ddl.add_option("--first-day", arguments.first_day, "where projection of dt begins")->capture_default_str();
  ddl.add_option("--format", arguments.format, "parquet or orc")->capture_default_str();
  AddPromoted(ddl, arguments);
  try {
    app.parse(argc, argv);
    if (publish.parsed() && arguments.days.empty() && !arguments.all_days)
      throw CLI::RequiredError("--day YYYY-MM-DD or --all");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  ColdRun run(arguments);
  Status status;
  if (publish.parsed()) status = run.Publish();
  if (list.parsed()) status = run.List();
  if (verify.parsed()) status = run.Verify();
  if (sweep.parsed()) status = run.Sweep();
  if (ddl.parsed()) status = run.Ddl();
  return status ? 0 : Complain(status.error());
}

}  // namespace tickscope::roles
