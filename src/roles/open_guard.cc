#include "roles/open_guard.h"

namespace tickscope::roles {

Result<std::unique_ptr<guard::Guard>> OpenGuard(io::FileSystem& fs, const guard::GuardConfig& config,
                                                const Clock& clock, MetricRegistry& metrics) {
  std::string text;
  if (!config.schema_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(text, io::ReadWholeFile(fs, config.schema_file, guard::kSchemaBytesMax));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(guard::GuardOptions options, guard::MakeGuardOptions(config, text));
  return guard::Guard::Make(std::move(options), clock, metrics);
}

}  // namespace tickscope::roles
