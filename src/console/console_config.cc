#include "console/console_config.h"

#include <fmt/format.h>

#include <algorithm>

namespace tickscope::console {
namespace {

constexpr std::int64_t kCountMax = 1'000'000;

// What may stand in frame-ancestors without ending the directive or the header.
bool IsOrigin(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/*-_[]'";
  return !text.empty() && text.size() <= 256 && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

void Read(config::YamlMap map, ConsoleConfig& console) {
  const auto number = [&](const char* key, std::uint64_t fallback, std::int64_t min) {
    return static_cast<std::uint64_t>(
        map.Int(key, static_cast<std::int64_t>(fallback), {.min = min, .max = kCountMax}));
  };
  console.enabled = map.Bool("enabled", console.enabled);
  console.read_only = map.Bool("read_only", console.read_only);
  console.pages_dir = map.String("pages_dir", console.pages_dir);
  console.schema_file = map.String("schema", console.schema_file);
  console.dashboards_dir = map.String("dashboards_dir", console.dashboards_dir);
  if (map.Has("frame_ancestors")) console.frame_ancestors = map.Strings("frame_ancestors");
  const auto bad = std::ranges::find_if_not(console.frame_ancestors, IsOrigin);
  if (bad != console.frame_ancestors.end())
    map.Complain("frame_ancestors",
                 fmt::format("want origins such as https://wall.example, got \"{}\"", *bad));
  console.dashboards_max = number("dashboards_max", console.dashboards_max, 0);
  console.dashboard_bytes_max =
      map.Bytes("dashboard_bytes_max", console.dashboard_bytes_max, {.min = 1024, .max = 8U << 20});
  console.annotations_max = number("annotations_max", console.annotations_max, 0);
  console.view_links_max = number("view_links_max", console.view_links_max, 0);
  console.view_requests_per_second = number("view_requests_per_second", console.view_requests_per_second, 1);
  Read(map.Map("costs"), console.costs);
}

void Write(const ConsoleConfig& console, config::YamlWriter& out) {
  out.Comment("Pages at /, and what they ask beside queries.");
  out.Bool("enabled", console.enabled);
  out.Comment("Whether dashboards, annotations and viewer links can only be read.");
  out.Bool("read_only", console.read_only);
  out.Comment("A directory of built pages in the place of those in the binary; empty for those.");
  out.String("pages_dir", console.pages_dir);
  out.Comment(
      "The schema whose SLIs, metrics and owners are shown; empty for the guard's, without one the shipped "
      "schema.");
  out.String("schema", console.schema_file);
  out.Comment(
      "A directory of Perses dashboards, read again when files change; its folders are theirs. Empty for "
      "none.");
  out.String("dashboards_dir", console.dashboards_dir);
  out.Comment("Origins whose pages may hold the console in a frame; empty for none.");
  out.Strings("frame_ancestors", console.frame_ancestors);
  out.Comment("Stored dashboards of a tenant; more are refused.");
  out.Int("dashboards_max", static_cast<std::int64_t>(console.dashboards_max));
  out.Comment("Size of a dashboard; more is 413.");
  out.Bytes("dashboard_bytes_max", console.dashboard_bytes_max);
  out.Comment("Annotations of a tenant; a new one takes the oldest one's place.");
  out.Int("annotations_max", static_cast<std::int64_t>(console.annotations_max));
  out.Comment("Viewer links of a tenant that are valid; more are refused.");
  out.Int("view_links_max", static_cast<std::int64_t>(console.view_links_max));
  out.Comment("Requests a second that all viewers of a link may make together; more are 429.");
  out.Int("view_requests_per_second", static_cast<std::int64_t>(console.view_requests_per_second));
  out.BeginMap("costs");
  Write(console.costs, out);
  out.EndMap();
}

}  // namespace tickscope::console
