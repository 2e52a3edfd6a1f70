// Any bytes as a schema: refused or read; what was read keeps its invariants, and what is made of it is made of whole lines.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "schema/catalogue.h"
#include "schema/handles.h"
#include "schema/schema_diff.h"
#include "schema/schema_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::
      schema;  // NOLINT(google-build-using-namespace): a fuzz target of this namespace alone.
  const SchemaReading reading = InspectSchema({reinterpret_cast<const char*>(data), size});
  TICKSCOPE_CHECK(reading.problems.size() <= kProblemsMax);
  if (!reading.ok()) return 0;
  const Schema& schema = reading.schema;
  std::set<std::string> names;
  for (const Metric& metric : schema.metrics) {
    for (const std::string& name : SeriesNames(metric))
      TICKSCOPE_CHECK(names.insert(name).second);  // S1
    for (const Label& label : metric.labels)
      TICKSCOPE_CHECK(label.budget > 0);  // S2
  }
  TICKSCOPE_CHECK(DiffSchemas(schema, schema).changes.empty());
  TICKSCOPE_CHECK(!CatalogueMarkdown(schema, "fuzz.yaml").empty());
  if (const auto handles = PlanHandles(schema, "")) {
    TICKSCOPE_CHECK(HandlesC(*handles, schema, "fuzz.yaml").ends_with("#endif\n"));
    TICKSCOPE_CHECK(!HandlesCpp(*handles, schema, "fuzz.yaml").empty());
  }
  return 0;
}
