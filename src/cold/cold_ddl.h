// ColdDdl: the cold tier as a table of AWS Glue and Athena.
//
// Partitions are not listed anywhere: Athena computes their places from a query's conditions (partition projection), so
// nothing has to be registered when a day is published. `tenant` and `metric` are of type injected: a query names them
// with =, percent-encoded as in the object's name; `dt` may be a range.
#pragma once

#include <string>

#include "cold/cold_schema.h"
#include "plugin/cold_table.h"

namespace tickscope::cold {

struct DdlOptions {
  std::string location;  ///< Of the object store: s3://BUCKET/PREFIX
  std::string database = "tickscope";
  std::string table = "metrics";
  std::string first_day = "2024-01-01";  ///< Where projection of dt begins.
  plugin::TableFormat format = plugin::TableFormat::kParquet;
};

/// A CREATE EXTERNAL TABLE statement for Athena.
[[nodiscard]] std::string AthenaDdl(const ColdSchema& schema, const DdlOptions& options);
/// The TableInput of `aws glue create-table --database-name D --table-input`.
[[nodiscard]] std::string GlueTableInput(const ColdSchema& schema, const DdlOptions& options);

}  // namespace tickscope::cold
