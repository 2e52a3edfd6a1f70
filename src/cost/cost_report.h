// CostReport: bytes by tenant, tier, owner and metric, and what they cost.
//
// Of a block, a metric's bytes are those of its series' columns; what the block has beside (labels, index, times) is
// shared out by series. Of the cold tier, a metric's bytes are its files'.
//
// Invariant   R1 the bytes of a block's metrics add up to the file's size.
//
// Threads   Externally locked.
// Memory    A row each tenant, tier, owner and metric.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "block/block_reader.h"
#include "cold/cold_manifest.h"
#include "cost/price_table.h"
#include "model/tenant.h"

namespace tickscope::cost {

struct CostRow {
  TenantId tenant;
  std::string tier;
  std::string owner;
  std::string metric;
  std::uint64_t bytes = 0;
  std::uint64_t series = 0;   ///< In all files: a series counts once a file.
  std::uint64_t samples = 0;  ///< Of cold, rows; of blocks that hold many metrics, 0.
  double dollars_month = 0;   ///< In the price table's currency.
};

enum class CostFormat : std::uint8_t { kTable, kCsv, kJson };

/// Errors: kInvalidArgument.
[[nodiscard]] Result<CostFormat> ParseCostFormat(std::string_view text);

/// By what rows are added up; those left out are "*".
struct CostGrouping {
  bool tenant = true;
  bool tier = true;
  bool owner = true;
  bool metric = true;
};
/// "tenant,tier,owner,metric", any of them. Errors: kInvalidArgument naming the word.
[[nodiscard]] Result<CostGrouping> ParseCostGrouping(const std::vector<std::string>& words);

class CostReport {
 public:
  /// `prices` outlives the report.
  explicit CostReport(const PriceTable& prices) : prices_(prices) {}

  /// Errors: kCorruption.
  [[nodiscard]] Status AddBlock(const block::BlockReader& block, const std::string& tier);
  void AddColdDay(const cold::ColdManifest& manifest);

  /// Most expensive first, then largest.
  [[nodiscard]] std::vector<CostRow> Rows(const CostGrouping& grouping) const;
  /// Tiers that hold something and have no price.
  [[nodiscard]] std::vector<std::string> TiersWithoutPrice() const;
  /// Rows as text, with a line of the sum in a table.
  [[nodiscard]] std::string Text(const CostGrouping& grouping, CostFormat format, std::size_t rows_max) const;

 private:
  struct Amount {
    std::uint64_t bytes = 0;
    std::uint64_t series = 0;
    std::uint64_t samples = 0;
    double objects = 0;  ///< Shares of objects, by bytes.
  };
  using Key = std::tuple<TenantId, std::string, std::string, std::string>;

  const PriceTable& prices_;
  std::map<Key, Amount> amounts_;
};

}  // namespace tickscope::cost
