// Holds the blocks of an import to the guard before the store takes them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "guard/guard.h"
#include "io/file_system.h"
#include "model/tenant.h"

namespace tickscope::roles {

/// Judges every series of the block files `names` in `directory`; a series that is in several is counted in each. Blocks are
/// taken whole or not at all: one series that may not exist refuses them all.
/// Errors: kInvalidArgument saying how many series are refused, and why the first is, without a value; what reading a block
/// says.
[[nodiscard]] Status JudgeImport(io::FileSystem& fs, const std::string& directory,
                                 const std::vector<std::string>& names, const TenantId& tenant,
                                 guard::Guard& guard);

}  // namespace tickscope::roles
