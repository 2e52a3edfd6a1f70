#include "console/dashboard_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tickscope::console {
namespace {

constexpr std::chrono::seconds kLookEvery{2};
constexpr std::size_t kDepthMax = 4;
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kProblemsMax = 50;

// One line of a mistake, which may have several.
std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

DashboardFolder::DashboardFolder(io::FileSystem& fs, const Clock& clock, std::string directory, Bounds bounds)
    : fs_(fs),
      clock_(clock),
      directory_(std::move(directory)),
      bounds_(bounds),
      state_(std::make_shared<const FolderState>()) {}

std::shared_ptr<const FolderState> DashboardFolder::Look() {
  const MutexLock lock(mu_);
  const std::chrono::nanoseconds now = clock_.Monotonic();
  if (directory_.empty() || (looked_ && now - *looked_ < kLookEvery)) return state_;
  looked_ = now;
  auto state = Read(*state_);
  for (const std::string& problem : state->problems) {
    if (std::ranges::find(state_->problems, problem) == state_->problems.end())
      Log(LogLevel::kWarn, "a dashboard's file is left as it was", {{"problem", problem}});
  }
  state_ = std::move(state);
  return state_;
}

void DashboardFolder::ReadFiles(const std::string& below, std::size_t depth, std::vector<Found>& found,
                                FolderState& state) const {
  const auto entries = fs_.List(directory_ + below);
  if (!entries) {
    state.problems.push_back(
        fmt::format("{}: {}", below.empty() ? "." : below.substr(1), entries.error().message));
    return;
  }
  for (const io::DirectoryEntry& entry : *entries) {
    if (entry.name.starts_with('.')) continue;  // A version control's, an editor's.
    const std::string path = below + "/" + entry.name;
    if (entry.is_directory) {
      if (depth < kDepthMax) ReadFiles(path, depth + 1, found, state);
      continue;
    }
    if (!entry.name.ends_with(kSuffix)) continue;
    if (found.size() == bounds_.files_max) {
      state.problems.push_back(
          fmt::format("{}: left out: want at most {} files", path.substr(1), bounds_.files_max));
      return;
    }
    auto text = io::ReadWholeFile(fs_, directory_ + path, bounds_.file_bytes_max);
    if (!text) {
      if (state.problems.size() < kProblemsMax)
        state.problems.push_back(fmt::format("{}: {}", path.substr(1), text.error().message));
      text = std::string();
    }
    found.push_back({path.substr(1), below.empty() ? "" : below.substr(1), *std::move(text)});
  }
}

std::shared_ptr<const FolderState> DashboardFolder::Read(const FolderState& before) const {
  auto state = std::make_shared<FolderState>();
  std::vector<Found> found;
  ReadFiles("", 0, found, *state);
  const auto by_file = [&](const std::string& file) {
    return std::ranges::find_if(before.dashboards, [&](const auto& one) { return one.second.file == file; });
  };
  for (Found& one : found) {
    const auto old = by_file(one.file);
    FolderDashboard dashboard{nullptr, std::move(one.folder), one.file, clock_.NowMs()};
    auto document = DashboardDocument::Read(one.text);
    if (document) {
      dashboard.document = std::make_shared<const DashboardDocument>(*std::move(document));
      const bool is_same = old != before.dashboards.end() &&
                           old->second.document->revision() == dashboard.document->revision();
      if (is_same) dashboard = old->second;
    } else {
      if (!one.text.empty() && state->problems.size() < kProblemsMax)
        state->problems.push_back(fmt::format("{}: {}", one.file, FirstLine(document.error().message)));
      if (old == before.dashboards.end()) continue;
      dashboard = old->second;
    }
    const std::string& name = dashboard.document->name();
    const auto [at, is_new] = state->dashboards.emplace(name, dashboard);
    if (!is_new && state->problems.size() < kProblemsMax) {
      state->problems.push_back(fmt::format("{}: left out: {} has a dashboard of that name too: {}", one.file,
                                            at->second.file, name));
    }
  }
  return state;
}

}  // namespace tickscope::console
