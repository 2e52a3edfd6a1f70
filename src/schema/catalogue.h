// Catalogue: a schema as a Markdown page for people: every metric with its meaning, unit, owner, labels and how many series it
// can have.
#pragma once

#include <string>
#include <string_view>

#include "schema/schema.h"

namespace tickscope::schema {

/// `source` is the file that the page says it is made from.
[[nodiscard]] std::string CatalogueMarkdown(const Schema& schema, std::string_view source);

}  // namespace tickscope::schema
