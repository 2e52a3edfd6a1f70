// SchemaRules: what a schema must keep beyond its form (S1 to S5 of schema.h), and what it should.
//
// Names follow OpenMetrics and Prometheus' conventions, so that whoever knows those can read ours: a counter ends in
// _total, a name ends in its unit, units are base units. Label names that speak of a person (player_id, email, ip) are
// refused outright: such values have no bound and no place in a metric.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "schema/schema.h"
#include "schema/schema_reader.h"

namespace tickscope::schema {

/// Appends what is wrong with `schema`, in no order. `shared` are the labels defined for several metrics; each is told about
/// once.
void CheckSchema(const Schema& schema, std::span<const Label> shared, std::vector<Problem>& problems);

/// True for a name that says its values are personal or name one player, session or event: player_id, e_mail,
/// clientIp, session_token.
[[nodiscard]] bool NamesAPerson(std::string_view label_name);

}  // namespace tickscope::schema
