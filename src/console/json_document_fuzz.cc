// Any bytes as JSON of a client: refused with a place in the text, or read, and what is written of it says the same again; the
// bodies of annotations and links likewise.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "console/annotations.h"
#include "console/json_diff.h"
#include "console/view_links.h"

namespace {

using namespace tickscope;           // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::console;  // NOLINT(google-build-using-namespace)

void CheckPlace(const Error& error) {
  TICKSCOPE_CHECK(error.code == ErrorCode::kInvalidArgument && error.message.starts_with("line "));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto wanted = ReadNewViewLink(text); !wanted) CheckPlace(wanted.error());
  if (const auto annotation = ReadAnnotation(text, 1'700'000'000'000)) {
    std::string written;
    wire::JsonWriter json(written, 1U << 20);
    WriteAnnotation(*annotation, json);
    TICKSCOPE_CHECK(ReadJson(written).has_value());
  } else {
    CheckPlace(annotation.error());
  }
  const auto tree = ReadJson(text);
  if (!tree) {
    CheckPlace(tree.error());
    return 0;
  }
  // A number that no double holds becomes null, once; from then on nothing changes.
  const std::string compact = CompactJson(*tree);
  const auto again = ReadJson(compact);
  TICKSCOPE_CHECK(again.has_value() && CompactJson(*again) == compact);
  const auto pretty = ReadJson(PrettyJson(*tree));
  TICKSCOPE_CHECK(pretty.has_value() && CompactJson(*pretty) == compact);
  TICKSCOPE_CHECK(DiffJson(*again, *pretty, 10).empty());
  const std::string canonical = CanonicalJson(*tree);
  const auto sorted = ReadJson(canonical);
  TICKSCOPE_CHECK(sorted.has_value() && CanonicalJson(*sorted) == canonical);
  return 0;
}
