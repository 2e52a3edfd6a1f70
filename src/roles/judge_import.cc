#include "roles/judge_import.h"

#include <fmt/format.h>

#include <cstdint>

#include "block/block_reader.h"
#include "model/labels.h"

namespace tickscope::roles {

Status JudgeImport(io::FileSystem& fs, const std::string& directory, const std::vector<std::string>& names,
                   const TenantId& tenant, guard::Guard& guard) {
  std::uint64_t judged = 0;
  std::uint64_t refused = 0;
  std::string first;
  std::vector<LabelView> views;
  for (const std::string& name : names) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto block, block::BlockReader::Open(fs, directory + "/" + name));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<block::SeriesId> all, block->Select({}));
    for (const block::SeriesId id : all) {
      TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, block->LabelsOf(id));
      views.assign(labels.begin(), labels.end());
      ++judged;
      // Blocks do not say what type a metric has.
      auto rejection = guard.Judge(tenant, {.labels = views, .type = {}, .type_before = {}});
      if (!rejection) continue;
      if (++refused == 1) first = std::move(rejection->message);
    }
  }
  if (refused == 0) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the guard refuses {} of {} series of the import, and blocks are taken whole or not "
                  "at all; the first: {}; GET /api/v1/guard/rejects shows them by kind",
                  refused, judged, first));
}

}  // namespace tickscope::roles
