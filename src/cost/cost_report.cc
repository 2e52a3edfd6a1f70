#include "cost/cost_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "wire/float_text.h"
#include "wire/json_writer.h"

namespace tickscope::cost {
namespace {

constexpr double kGb = 1e9;

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

Result<CostFormat> ParseCostFormat(std::string_view text) {
  if (text == "table") return CostFormat::kTable;
  if (text == "csv") return CostFormat::kCsv;
  if (text == "json") return CostFormat::kJson;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown format: got \"{}\", want table, csv or json", text.substr(0, 64)));
}

Result<CostGrouping> ParseCostGrouping(const std::vector<std::string>& words) {
  CostGrouping grouping{.tenant = false, .tier = false, .owner = false, .metric = false};
  for (const std::string& word : words) {
    if (word == "tenant") {
      grouping.tenant = true;
    } else if (word == "tier") {
      grouping.tier = true;
    } else if (word == "owner") {
      grouping.owner = true;
    } else if (word == "metric") {
      grouping.metric = true;
    } else {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format("cannot group by \"{}\", want tenant, tier, owner, metric", word.substr(0, 64)));
    }
  }
  return grouping;
}

Status CostReport::AddBlock(const block::BlockReader& block, const std::string& tier) {
  const block::BlockMeta& meta = block.meta();
  std::map<std::pair<std::string, std::string>, Amount> shares;  // By owner and metric.
  std::uint64_t column_bytes = 0;
  block::Cursor cursor(block);
  for (std::uint64_t id = 0; id < meta.series_count; ++id) {
    TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, cursor.LabelsOf(static_cast<block::SeriesId>(id)));
    TICKSCOPE_ASSIGN_OR_RETURN(const block::SeriesEntry* entry,
                               cursor.Entry(static_cast<block::SeriesId>(id)));
    const std::string metric(labels.metric_name());
    std::string owner(labels.Get(prices_.owner_label));
    if (owner.empty()) owner = prices_.OwnerOf(metric);
    Amount& share = shares[{std::move(owner), metric}];
    const std::uint64_t bytes =
        std::accumulate(entry->column_bytes.begin(), entry->column_bytes.end(), std::uint64_t{0});
    share.bytes += bytes;
    ++share.series;
    column_bytes += bytes;
  }
  if (shares.empty()) return {};
  // What is beside columns, by series; what division leaves goes to the last.
  std::uint64_t rest = block.file_bytes() - std::min(block.file_bytes(), column_bytes);
  std::uint64_t series_left = meta.series_count;
  for (auto& [key, share] : shares) {
    const std::uint64_t part = rest * share.series / series_left;
    rest -= part;
    series_left -= share.series;
    share.bytes += part;
    Amount& amount = amounts_[{meta.tenant, tier, key.first, key.second}];
    amount.bytes += share.bytes;
    amount.series += share.series;
    amount.samples += shares.size() == 1 ? meta.sample_count : 0;
    amount.objects += static_cast<double>(share.bytes) / static_cast<double>(block.file_bytes());
  }
  return {};
}

void CostReport::AddColdDay(const cold::ColdManifest& manifest) {
  for (const cold::ColdPart& part : manifest.parts) {
    Amount& amount = amounts_[{manifest.tenant, "cold", prices_.OwnerOf(part.metric), part.metric}];
    amount.bytes += part.bytes;
    amount.series += part.series;
    amount.samples += part.rows;
    amount.objects += 1;
  }
}

std::vector<CostRow> CostReport::Rows(const CostGrouping& grouping) const {
  std::map<Key, CostRow> rows;
  for (const auto& [key, amount] : amounts_) {
    const auto& [tenant, tier, owner, metric] = key;
    const Key group = {grouping.tenant ? tenant : "*", grouping.tier ? tier : "*",
                       grouping.owner ? owner : "*", grouping.metric ? metric : "*"};
    CostRow& row = rows[group];
    std::tie(row.tenant, row.tier, row.owner, row.metric) = group;
    row.bytes += amount.bytes;
    row.series += amount.series;
    row.samples += amount.samples;
    if (const auto price = prices_.PriceOf(tier)) {
      row.dollars_month += static_cast<double>(amount.bytes) / kGb * price->per_gb_month +
                           amount.objects / 1000 * price->per_1000_writes;
    }
  }
  std::vector<CostRow> sorted;
  for (auto& [key, row] : rows)
    sorted.push_back(std::move(row));
  std::ranges::stable_sort(sorted, [](const CostRow& a, const CostRow& b) {
    return std::tie(a.dollars_month, a.bytes) > std::tie(b.dollars_month, b.bytes);
  });
  return sorted;
}

std::vector<std::string> CostReport::TiersWithoutPrice() const {
  std::set<std::string> tiers;
  for (const auto& [key, amount] : amounts_) {
    if (!prices_.PriceOf(std::get<1>(key))) tiers.insert(std::get<1>(key));
  }
  return {tiers.begin(), tiers.end()};
}

std::string CostReport::Text(const CostGrouping& grouping, CostFormat format, std::size_t rows_max) const {
  const std::vector<CostRow> rows = Rows(grouping);
  std::string out;
  if (format == CostFormat::kJson) {
    out += fmt::format("{{\"currency\":\"{}\",\"rows\":[", prices_.currency);
    for (std::size_t i = 0; i < std::min(rows.size(), rows_max); ++i) {
      const CostRow& row = rows[i];
      if (i > 0) out += ',';
      for (const auto& [name, value] :
           {std::pair("{\"tenant\":", &row.tenant), std::pair(",\"tier\":", &row.tier),
            std::pair(",\"owner\":", &row.owner), std::pair(",\"metric\":", &row.metric)}) {
        out += name;
        wire::AppendJsonString(*value, out);
      }
      out += fmt::format(",\"bytes\":{},\"series\":{},\"per_month\":", row.bytes, row.series);
      wire::AppendFloat(row.dollars_month, out);
      out += '}';
    }
    return out + "]}\n";
  }
  if (format == CostFormat::kCsv) {
    out = "tenant,tier,owner,metric,bytes,series,per_month\r\n";
    for (std::size_t i = 0; i < std::min(rows.size(), rows_max); ++i) {
      const CostRow& row = rows[i];
      out += fmt::format("{},{},{},{},{},{},", CsvCell(row.tenant), CsvCell(row.tier), CsvCell(row.owner),
                         CsvCell(row.metric), row.bytes, row.series);
      wire::AppendFloat(row.dollars_month, out);
      out += "\r\n";
    }
    return out;
  }
  out = fmt::format("{:<14} {:<6} {:<14} {:<44} {:>14} {:>10} {:>14}\n", "tenant", "tier", "owner", "metric",
                    "bytes", "series", prices_.currency + "/month");
  CostRow total;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CostRow& row = rows[i];
    total.bytes += row.bytes;
    total.dollars_month += row.dollars_month;
    if (i < rows_max)
      out += fmt::format("{:<14} {:<6} {:<14} {:<44} {:>14} {:>10} {:>14.6f}\n", row.tenant, row.tier,
                         row.owner, row.metric, row.bytes, row.series, row.dollars_month);
  }
  if (rows.size() > rows_max) out += fmt::format("({} more rows: see --rows)\n", rows.size() - rows_max);
  out += fmt::format("{:<14} {:<6} {:<14} {:<44} {:>14} {:>10} {:>14.6f}\n", "all", "", "", "", total.bytes,
                     "", total.dollars_month);
  return out;
}

}  // namespace tickscope::cost
