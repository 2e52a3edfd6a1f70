#include "discovery/target_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/glob.h"
#include "base/log.h"
#include "config/yaml_tree.h"

namespace tickscope::discovery {
namespace {

using config::YamlKind;
using config::YamlNode;

std::unexpected<Error> Wrong(const std::string& file, const YamlNode& node, std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{}:{}:{}: {}, got {}", file, node.position.line, node.position.column, what,
                          config::YamlKindName(node.kind)));
}

Result<TargetGroup> GroupOf(const YamlNode& node, const std::string& file) {
  if (node.kind != YamlKind::kMap) return Wrong(file, node, "expected a map of targets and labels");
  TargetGroup group;
  for (const config::YamlEntry& entry : node.entries) {
    if (entry.key == "targets") {
      if (entry.value.kind != YamlKind::kList) return Wrong(file, entry.value, "targets: expected a list");
      for (const YamlNode& item : entry.value.items) {
        if (item.kind != YamlKind::kScalar) return Wrong(file, item, "targets: expected host:port");
        group.targets.push_back(item.scalar);
      }
    } else if (entry.key == "labels") {
      if (entry.value.kind == YamlKind::kNull) continue;
      if (entry.value.kind != YamlKind::kMap) return Wrong(file, entry.value, "labels: expected a map");
      for (const config::YamlEntry& label : entry.value.entries) {
        if (label.value.kind != YamlKind::kScalar && label.value.kind != YamlKind::kNull)
          return Wrong(file, label.value, "labels: expected a value");
        if (label.key.empty()) return Wrong(file, label.value, "labels: expected a name");
        group.labels.emplace_back(label.key, label.value.scalar);
      }
    } else {
      return Wrong(file, entry.value, fmt::format("expected targets or labels, not \"{:.40}\"", entry.key));
    }
  }
  return group;
}

}  // namespace

Result<std::vector<TargetGroup>> ParseTargetGroups(std::string_view text, const std::string& file) {
  TICKSCOPE_ASSIGN_OR_RETURN(const YamlNode root, config::ParseYaml(text, file));
  std::vector<TargetGroup> groups;
  if (root.kind == YamlKind::kNull) return groups;
  if (root.kind != YamlKind::kList) return Wrong(file, root, "expected a list of target groups");
  for (const YamlNode& node : root.items) {
    TICKSCOPE_ASSIGN_OR_RETURN(TargetGroup group, GroupOf(node, file));
    group.labels.emplace_back("__meta_filepath", file);
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string TargetFiles::name() const {
  return fmt::format("files {}", fmt::join(config_.files, ", "));
}

Result<std::vector<std::string>> TargetFiles::Paths() const {
  std::vector<std::string> paths;
  for (const std::string& pattern : config_.files) {
    const std::size_t slash = pattern.rfind('/');
    const std::string directory = pattern.substr(0, std::max<std::size_t>(slash, 1));
    const auto entries = fs_.List(directory);
    if (!entries && entries.error().code == ErrorCode::kNotFound) continue;
    if (!entries) return std::unexpected(entries.error());
    for (const io::DirectoryEntry& entry : *entries) {
      if (GlobMatches(std::string_view(pattern).substr(slash + 1), entry.name, HiddenNames::kLikeOthers))
        paths.push_back(pattern.substr(0, slash + 1) + entry.name);
    }
  }
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
  return paths;
}

Result<std::vector<TargetGroup>> TargetFiles::Look() {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Paths());
  std::erase_if(known_, [&](const auto& item) { return !std::ranges::binary_search(paths, item.first); });
  std::vector<TargetGroup> all;
  for (const std::string& path : paths) {
    auto groups = [&]() -> Result<std::vector<TargetGroup>> {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string text, io::ReadWholeFile(fs_, path, config::kYamlBytesMax));
      return ParseTargetGroups(text, path);
    }();
    if (groups) {
      known_[path] = *std::move(groups);
    } else {
      Log(LogLevel::kWarn, "a file of targets is not read, what it said before stays",
          {{"file", path}, {"error", groups.error().message}});
    }
    std::ranges::copy(known_[path], std::back_inserter(all));
  }
  return all;
}

}  // namespace tickscope::discovery
