// tickscope cost: what is kept, by tenant, tier, owner and metric, and what it costs.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "block/block_reader.h"
#include "cold/cold_catalog.h"
#include "cost/cost_report.h"
#include "io/posix_file_system.h"
#include "roles/commands.h"
#include "roles/moved_blocks.h"
#include "roles/store_argument.h"

namespace tickscope::roles {
namespace {

constexpr std::uint64_t kPricesBytesMax = 1U << 20;

struct CostArguments {
  std::string data = "data";
  std::string store;
  std::string prices;
  std::string format = "table";
  std::vector<std::string> by = {"tenant", "tier", "owner", "metric"};
  std::size_t rows_max = 50;
};

// Adds the blocks at and below a directory; one that is not there has none.
Status AddBlocks(io::FileSystem& fs, const std::string& directory, const std::string& tier,
                 cost::CostReport& report) {
  const auto entries = fs.List(directory);
  if (!entries) {
    if (entries.error().code == ErrorCode::kNotFound) return {};
    return std::unexpected(entries.error());
  }
  for (const io::DirectoryEntry& entry : *entries) {
    const std::string path = directory + "/" + entry.name;
    if (entry.is_directory) {
      TICKSCOPE_RETURN_IF_ERROR(AddBlocks(fs, path, tier, report));
    } else if (entry.name.ends_with(".block")) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto block, block::BlockReader::Open(fs, path));
      TICKSCOPE_RETURN_IF_ERROR(report.AddBlock(*block, tier));
    }
  }
  return {};
}

Result<std::string> MakeReport(const CostArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const cost::CostFormat format, cost::ParseCostFormat(arguments.format));
  TICKSCOPE_ASSIGN_OR_RETURN(const cost::CostGrouping grouping, cost::ParseCostGrouping(arguments.by));
  cost::PriceTable prices;
  if (!arguments.prices.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string yaml,
                               io::ReadWholeFile(*fs, arguments.prices, kPricesBytesMax));
    TICKSCOPE_ASSIGN_OR_RETURN(prices, cost::ReadPriceTable(yaml, arguments.prices));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(
      const OpenedStore opened,
      OpenStoreArgument(*fs, arguments.store.empty() ? arguments.data + "/objects" : arguments.store));
  cost::CostReport report(prices);
  TICKSCOPE_RETURN_IF_ERROR(AddBlocks(*fs, arguments.data + "/store", "local", report));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto moved, MovedBlocks::Open(*fs, opened, arguments.data + "/tier/cost"));
  for (const tier::Tier tier : tier::kTiers) {
    TICKSCOPE_RETURN_IF_ERROR(
        moved->ForEach(tier, {}, [&](const TenantId&, const tier::ListedBlock&, const tier::BlockPtr& block) {
          return report.AddBlock(*block, std::string(tier::TierName(tier)));
        }));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto days, cold::ListManifests(*opened.store, ""));
  for (const cold::ManifestEntry& day : days) {
    TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdManifest manifest, cold::LoadManifest(*opened.store, day));
    report.AddColdDay(manifest);
  }
  for (const std::string& tier : report.TiersWithoutPrice()) {
    std::fprintf(stderr, "tickscope cost: no price of tier %s%s\n", tier.c_str(),
                 arguments.prices.empty() ? ": give --prices FILE (docs/prices-example.yaml)" : "");
  }
  return report.Text(grouping, format, arguments.rows_max);
}

}  // namespace

int RunCost(int argc, char** argv) {
  CLI::App app(
      "What is kept and what it costs: bytes by tenant, tier (local, raw, 1m, 5m, 1h, cold), owner and "
      "metric, "
      "the most "
      "expensive first.",
      "tickscope cost");
  app.footer(
      "  tickscope cost --data /var/lib/tickscope --prices prices.yaml --by owner,tier\n"
      "  tickscope cost --format csv --rows 1000000 > cost.csv\n"
      "\n"
      "docs/prices-example.yaml is a price table to begin with.");
  CostArguments arguments;
  app.add_option("--data", arguments.data, "the server's directory")->capture_default_str();
  app.add_option("--store", arguments.store,
                 "object store: a path, file:///PATH or s3://BUCKET/PREFIX (DATA/objects)");
  app.add_option("--prices", arguments.prices, "YAML file of prices and owners");
  app.add_option("--by", arguments.by, "what to add up by: tenant, tier, owner, metric")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--format", arguments.format, "table, csv or json")->capture_default_str();
  app.add_option("--rows", arguments.rows_max, "most rows to print")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto report = MakeReport(arguments);
  if (!report) {
    std::fprintf(stderr, "tickscope cost: %s\n", report.error().message.c_str());
    return 1;
  }
  std::fwrite(report->data(), 1, report->size(), stdout);
  return 0;
}

}  // namespace tickscope::roles
