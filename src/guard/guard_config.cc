#include "guard/guard_config.h"

#include "schema/schema_reader.h"

namespace tickscope::guard {

Result<GuardOptions> MakeGuardOptions(const GuardConfig& config, std::string_view schema_text) {
  GuardOptions options{.mode = config.mode, .schema = {}, .pii = {.player_patterns = config.player_patterns}};
  if (!config.schema_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(options.schema, schema::ReadSchema(schema_text, config.schema_file));
  }
  return options;
}

}  // namespace tickscope::guard
