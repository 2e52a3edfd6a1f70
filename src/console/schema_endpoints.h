// schema/metrics and schema/slis: what the loaded schema says, for completion, hover texts and the first page.
#pragma once

#include <memory>

#include "console/console_route.h"
#include "schema/schema.h"

namespace tickscope::console {

/// `schema` may be null: the lists are empty then.
void AddSchemaEndpoints(ConsoleRoutes& routes, std::shared_ptr<const schema::Schema> schema);

/// {"name":...,"version":...}, or null without a schema.
void WriteSchemaName(const schema::Schema* schema, wire::JsonWriter& json);

/// An SLI as schema/slis has it.
void WriteSli(const schema::Sli& sli, wire::JsonWriter& json);

}  // namespace tickscope::console
