// PriceTable: what keeping a byte costs, by tier, and who owns a metric. docs/prices-example.yaml shows the file.
//
// Threads   Immutable once read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tickscope::cost {

struct TierPrice {
  double per_gb_month = 0;     ///< GB is 10^9 bytes.
  double per_1000_writes = 0;  ///< Each object is written once.
};

struct PriceTable {
  std::string currency = "USD";
  std::map<std::string, TierPrice> tiers;
  std::string owner_label = "owner";  ///< A series' owner, when it has this label,
  std::vector<std::pair<std::string, std::string>>
      owners;  ///< else its metric's by the longest of these beginnings.

  /// The owner by the metric's name; "unknown" when no beginning fits.
  [[nodiscard]] std::string OwnerOf(std::string_view metric) const;
  [[nodiscard]] std::optional<TierPrice> PriceOf(const std::string& tier) const;
};

/// Errors: kInvalidArgument listing every mistake with file, line and column.
[[nodiscard]] Result<PriceTable> ReadPriceTable(std::string_view yaml, const std::string& file);

}  // namespace tickscope::cost
