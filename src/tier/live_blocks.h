// Live blocks: which of the blocks in a listing count.
//
// A merged block names what it replaces (BlockMeta::sources, those of its sources included). Whoever sees it leaves them
// out; whoever does not see it yet reads them instead. So any listing, however old, gives every sample once, and nobody has to
// agree with anybody.
#pragma once

#include <string>
#include <vector>

#include "tier/block_name.h"

namespace tickscope::tier {

/// A block in a listing, with what its meta says.
struct ListedBlock {
  BlockName name;
  std::uint64_t bytes = 0;
  std::vector<std::string> sources;  ///< File names it replaces, and ids of deletes it has applied.
  std::string file;                  ///< name.FileName().
};

/// Splits blocks of one tenant and tier into those that count, by start and name, and those that are replaced.
struct LiveBlocks {
  std::vector<ListedBlock> live;
  std::vector<ListedBlock> replaced;
};
[[nodiscard]] LiveBlocks Resolve(std::vector<ListedBlock> blocks);

/// What a block's sources call a delete that was applied when it was made.
[[nodiscard]] std::string AppliedDelete(const std::string& delete_id);

}  // namespace tickscope::tier
