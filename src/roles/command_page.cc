// tickscope page: the page of a game server's SDK, as the agent reads it, for people.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/posix_file_system.h"
#include "roles/commands.h"
#include "sdkpage/page_reader.h"
#include "wire/float_text.h"

namespace tickscope::roles {
namespace {

// `name_suffix{a="x",le="1"} value`; `le` may be empty.
void PrintSample(const sdkpage::PageFamily& family, std::uint32_t series, std::string_view suffix,
                 std::string_view le, double value) {
  std::string labels;
  for (std::size_t i = 0; i < family.labels.size(); ++i)
    labels +=
        fmt::format("{}{}={:?}", labels.empty() ? "" : ",", family.labels[i].name, family.ValueOf(series, i));
  if (!le.empty()) labels += fmt::format("{}le=\"{}\"", labels.empty() ? "" : ",", le);
  std::string text;
  wire::AppendFloat(value, text);
  fmt::print("{}{}{} {}\n", family.name, suffix, labels.empty() ? "" : "{" + labels + "}", text);
}

void PrintHistogram(const sdkpage::PageReader& page, const sdkpage::PageFamily& family,
                    std::uint32_t series) {
  double count = 0;
  double shown = -1;
  const auto buckets = page.Buckets(family, series);
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    count += static_cast<double>(buckets[i]);
    const bool last = i + 1 == buckets.size();
    // Of the many buckets of an exponential histogram, those where something is.
    if (family.type == sdkpage::PageType::kExponential && count == shown && !last) continue;
    shown = count;
    std::string le = "+Inf";
    if (!last) {
      le.clear();
      wire::AppendFloat(family.bounds[i], le);
    }
    PrintSample(family, series, "_bucket", le, count);
  }
  PrintSample(family, series, "_sum", "", page.Sum(family, series));
  PrintSample(family, series, "_count", "", count);
}

Status Show(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::ReadFile> file, fs.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<sdkpage::PageReader> page,
                             sdkpage::PageReader::Open(std::move(file)));
  TICKSCOPE_RETURN_IF_ERROR(page->Refresh());
  constexpr std::string_view kStates[] = {"being made", "live", "closed"};
  const sdkpage::PageIdentity& identity = page->identity();
  fmt::print("# page of {} pid {}, {}, {} families\n", identity.name, identity.pid,
             kStates[static_cast<std::size_t>(page->state())], page->families().size());
  for (const sdkpage::PageFamily& family : page->families()) {
    for (std::uint32_t series = 0; series < family.series_count; ++series) {
      if (family.is_histogram()) {
        PrintHistogram(*page, family, series);
      } else {
        PrintSample(family, series, "", "", page->Scalar(family, series));
      }
    }
  }
  return {};
}

}  // namespace

int RunPage(int argc, char** argv) {
  CLI::App app("Look into the pages of game servers that run the SDK", "tickscope page");
  app.require_subcommand(1);
  std::vector<std::string> files;
  auto* const show = app.add_subcommand("show", "print a page's series with their values");
  show->add_option("files", files, "files ending in .tspage")->required();
  CLI11_PARSE(app, argc, argv);
  const auto fs = io::MakePosixFileSystem();
  int result = 0;
  for (const std::string& file : files) {
    if (const Status shown = Show(*fs, file); !shown) {
      std::fprintf(stderr, "tickscope page: %s: %s\n", file.c_str(), shown.error().message.c_str());
      result = 1;
    }
  }
  return result;
}

}  // namespace tickscope::roles
