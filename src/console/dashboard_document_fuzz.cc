// Any bytes as a dashboard: refused with places in the text, or read; what is stored of it is read as the same one, and its
// queries are found and filled in without growing past what their variables explain.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "console/dashboard_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;           // NOLINT(google-build-using-namespace): one small program.
  using namespace tickscope::console;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = ReadJson(text);
  if (tree) {
    for (const DashboardMistake& mistake : CheckDashboard(*tree))
      TICKSCOPE_CHECK(mistake.offset < size && !mistake.text.empty());
  }
  const auto document = DashboardDocument::Read(text);
  if (!document) {
    TICKSCOPE_CHECK(document.error().message.starts_with("line "));
    return 0;
  }
  TICKSCOPE_CHECK(IsDashboardName(document->name()) && !document->title().empty());
  // A line feed in what is stored would be the end of a record's head (keyed_log.h).
  TICKSCOPE_CHECK(!document->text().contains('\n'));
  const auto again = DashboardDocument::Read(document->text());
  TICKSCOPE_CHECK(again.has_value() && again->revision() == document->revision() &&
                  again->name() == document->name());
  VariableValues values = document->Defaults();
  values.merge(IntervalVariables(15'000, 3'600'000));
  std::size_t value_bytes = 16;
  for (const auto& [name, texts] : values) {
    for (const std::string& value : texts)
      value_bytes += 4 * (value.size() + 4);
  }
  const auto queries = document->Queries();
  TICKSCOPE_CHECK(queries.size() <= size);
  for (const PanelQuery& query : queries)
    TICKSCOPE_CHECK(FillVariables(query.text, values).size() <= (query.text.size() + 1) * value_bytes);
  return 0;
}
