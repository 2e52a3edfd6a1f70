#include <cstdio>

#include "roles/commands.h"

namespace tickscope::roles {

int RunVersion(int, char**) {
  std::puts("tickscope " TICKSCOPE_VERSION);
  return 0;
}

}  // namespace tickscope::roles
