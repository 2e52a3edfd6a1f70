// The sub-command dashboards; as those of roles/commands.h.
#pragma once

namespace tickscope::roles {

int RunDashboards(int argc, char** argv);

}  // namespace tickscope::roles
