// What others write about targets: files, a kubelet's list, an identity document. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "discovery/ec2_host.h"
#include "discovery/kubelet_pods.h"
#include "discovery/target_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::discovery;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto groups = ParseTargetGroups(text, "f.yaml");
      if (!groups) break;
      for (const TargetGroup& group : *groups)
        TICKSCOPE_CHECK(!group.labels.empty() && group.labels.back().second == "f.yaml");
      break;
    }
    case 1: {
      const auto pods = ParsePodList(text);
      if (!pods) break;
      for (const TargetGroup& group : *pods)
        TICKSCOPE_CHECK(group.targets.size() == 1 && !group.targets[0].empty());
      break;
    }
    default:
      static_cast<void>(ParseIdentityDocument(text));
  }
  return 0;
}
