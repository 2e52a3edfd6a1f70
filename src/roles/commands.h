// The sub-commands of the tickscope binary. Each parses its own arguments (argv[0] is the sub-command's name)
// and returns the process's exit code: 0 done, 1 failed, 2 wrong usage.
#pragma once

namespace tickscope::roles {

int RunServe(int argc, char** argv);
int RunConfig(int argc, char** argv);
int RunAgent(int argc, char** argv);
int RunBlock(int argc, char** argv);
int RunPage(int argc, char** argv);
int RunDelete(int argc, char** argv);
int RunCold(int argc, char** argv);
int RunCost(int argc, char** argv);
int RunDashboards(int argc, char** argv);
int RunGuard(int argc, char** argv);
int RunFleet(int argc, char** argv);
int RunExport(int argc, char** argv);
int RunImport(int argc, char** argv);
int RunIncident(int argc, char** argv);
int RunInventory(int argc, char** argv);
int RunLint(int argc, char** argv);
int RunObjects(int argc, char** argv);
int RunQueries(int argc, char** argv);
int RunQuery(int argc, char** argv);
int RunRestore(int argc, char** argv);
int RunSchema(int argc, char** argv);
int RunSnapshot(int argc, char** argv);
int RunSql(int argc, char** argv);
int RunStream(int argc, char** argv);
int RunTest(int argc, char** argv);
int RunTiers(int argc, char** argv);
int RunViewers(int argc, char** argv);
int RunVersion(int argc, char** argv);

}  // namespace tickscope::roles
