// tickscope block: looks into block files.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <cstdio>

#include "block/block_format.h"
#include "block/block_reader.h"
#include "io/posix_file_system.h"
#include "model/sample.h"
#include "roles/commands.h"
#include "wire/float_text.h"

namespace tickscope::roles {
namespace {

constexpr std::string_view kBlockEnding = ".block";
constexpr std::string_view kQuarantinedEnding = ".quarantined";

// Block files at or below a path, sorted; the path itself when it is a file.
void FindBlocks(io::FileSystem& fs, const std::string& path, bool with_quarantined,
                std::vector<std::string>& found) {
  const auto entries = fs.List(path);
  if (!entries) {
    found.push_back(path);
    return;
  }
  for (const io::DirectoryEntry& entry : *entries) {
    const std::string below = path + "/" + entry.name;
    if (entry.is_directory) {
      FindBlocks(fs, below, with_quarantined, found);
    } else if (entry.name.ends_with(kBlockEnding) ||
               (with_quarantined &&
                entry.name.ends_with(std::string(kBlockEnding) + std::string(kQuarantinedEnding)))) {
      found.push_back(below);
    }
  }
}

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope block: %s\n", error.message.c_str());
  return 1;
}

std::string TimeText(TimeMs time_ms) {
  return fmt::format("{}.{:03}", time_ms / 1000, time_ms % 1000);
}

int List(io::FileSystem& fs, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths)
    FindBlocks(fs, path, true, files);
  int result = 0;
  fmt::print("{:<14} {:<16} {:<16} {:>10} {:>12} {:>12} {:>8}  {}\n", "tenant", "from", "to", "series",
             "samples", "bytes", "B/sample", "file");
  for (const std::string& file : files) {
    if (file.ends_with(kQuarantinedEnding)) {
      fmt::print("{:<14} {:<16} {:<16} {:>10} {:>12} {:>12} {:>8}  {}\n", "-", "-", "-", "-", "-", "-",
                 "damaged", file);
      continue;
    }
    const auto block = block::BlockReader::Open(fs, file);
    if (!block) {
      result = Complain(block.error());
      continue;
    }
    const block::BlockMeta& meta = (*block)->meta();
    fmt::print("{:<14} {:<16} {:<16} {:>10} {:>12} {:>12} {:>8.3f}  {}\n", meta.tenant,
               TimeText(meta.min_time_ms), TimeText(meta.max_time_ms), meta.series_count, meta.sample_count,
               (*block)->file_bytes(),
               static_cast<double>((*block)->file_bytes()) /
                   static_cast<double>(std::max<std::uint64_t>(1, meta.sample_count)),
               file);
  }
  return result;
}

int Show(io::FileSystem& fs, const std::string& file) {
  const auto block = block::BlockReader::Open(fs, file);
  if (!block) return Complain(block.error());
  const block::BlockMeta& meta = (*block)->meta();
  fmt::print(
      "file        {}\ntenant      {}\ntimes       {} to {} (Unix seconds)\nmade up to  stream offset {}\n",
      file, meta.tenant, TimeText(meta.min_time_ms), TimeText(meta.max_time_ms), meta.end_offset);
  fmt::print("series      {}\nsamples     {}\nbytes       {}\n\n", meta.series_count, meta.sample_count,
             (*block)->file_bytes());
  constexpr std::array<std::pair<std::uint8_t, const char*>, 11> kSections = {
      {{block::kColumnsTag, "columns"},
       {block::kPagesTag, "page checksums"},
       {block::kSketchTag, "sketch"},
       {block::kTimesTag, "times"},
       {block::kSymbolsTag, "label texts"},
       {block::kLabelsTag, "label values"},
       {block::kPostingsTag, "postings"},
       {block::kSeriesTag, "series, column stats"},
       {block::kGroupsTag, "series groups"},
       {block::kStartsTag, "start timestamps"},
       {block::kMetaTag, "meta"}}};
  fmt::print("{:<22} {:>12} {:>10}\n", "section", "bytes", "B/sample");
  for (const auto& [tag, name] : kSections) {
    const std::size_t bytes = (*block)->SectionBytes(tag);
    fmt::print(
        "{:<22} {:>12} {:>10.4f}\n", name, bytes,
        static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(1, meta.sample_count)));
  }
  std::uint64_t folded = 0;
  std::uint64_t histograms = 0;
  block::Cursor cursor(**block);
  for (std::uint64_t id = 0; id < meta.series_count; ++id) {
    const auto entry = cursor.Entry(static_cast<block::SeriesId>(id));
    if (!entry) return Complain(entry.error());
    folded += (*entry)->refers_to_previous ? 1 : 0;
    histograms += (*entry)->holds_histograms ? 1 : 0;
  }
  fmt::print("\n{} time columns; {} series folded into the bucket before them; {} with native histograms\n",
             (*block)->times_count(), folded, histograms);
  return 0;
}

int Verify(io::FileSystem& fs, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths)
    FindBlocks(fs, path, false, files);
  int result = 0;
  for (const std::string& file : files) {
    const auto block = block::BlockReader::Open(fs, file);
    const Status sound = block ? (*block)->Verify({}) : Status(std::unexpected(block.error()));
    if (sound) {
      fmt::print("sound    {}\n", file);
    } else {
      fmt::print("damaged  {}: {}\n", file, sound.error().message);
      result = 1;
    }
  }
  fmt::print("{} blocks, {}\n", files.size(), result == 0 ? "all sound" : "some damaged");
  return result;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// One OpenMetrics sample line a sample. Families are not known here, so all are unknown by type.
int Dump(io::FileSystem& fs, const std::string& file, const std::vector<std::string>& selectors) {
  const auto block = block::BlockReader::Open(fs, file);
  if (!block) return Complain(block.error());
  std::vector<Matcher> matchers;
  for (const std::string& selector : selectors) {
    const std::size_t equals = selector.find('=');
    if (equals == std::string::npos) {
      return Complain({ErrorCode::kInvalidArgument, "match: got \"" + selector + "\", want LABEL=VALUE"});
    }
    matchers.push_back(Matcher::Equal(selector.substr(0, equals), selector.substr(equals + 1)));
  }
  const auto ids = (*block)->Select(matchers);
  if (!ids) return Complain(ids.error());
  block::Cursor cursor(**block);
  SampleColumns samples;
  std::uint64_t left_out = 0;
  for (const block::SeriesId id : *ids) {
    const auto labels = cursor.LabelsOf(id);
    if (!labels) return Complain(labels.error());
    samples.Clear();
    if (const Status read = cursor.ReadSamples(id, INT64_MIN, INT64_MAX, samples); !read)
      return Complain(read.error());
    std::string name;
    std::string pairs;
    for (const LabelView& label : *labels) {
      if (label.name == kMetricName) {
        name = label.value;
        continue;
      }
      if (!pairs.empty()) pairs += ',';
      pairs.append(label.name).append("=\"").append(Escaped(label.value)).append("\"");
    }
    if (!pairs.empty()) pairs = "{" + pairs + "}";
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (i < samples.histograms.size() && samples.histograms[i] != nullptr) {
        ++left_out;
        continue;
      }
      std::string value;
      wire::AppendFloat(samples.values[i], value);
      fmt::print("{}{} {} {}\n", name, pairs, value, TimeText(samples.times_ms[i]));
    }
  }
  fmt::print("# EOF\n");
  if (left_out > 0)
    std::fprintf(stderr, "tickscope block: %llu native histograms left out: the text format has none\n",
                 static_cast<unsigned long long>(left_out));
  return 0;
}

}  // namespace

int RunBlock(int argc, char** argv) {
  CLI::App app("Looks into block files: two hours of a tenant's samples each, below DATA/store/TENANT.",
               "tickscope block");
  app.require_subcommand(1);
  std::vector<std::string> paths = {"data/store"};
  std::string file;
  std::vector<std::string> selectors;
  CLI::App* const list =
      app.add_subcommand("list", "one line a block: tenant, times, series, samples, bytes");
  list->add_option("path", paths, "block files or directories to search")->capture_default_str();
  CLI::App* const show = app.add_subcommand("show", "what a block holds, section by section");
  show->add_option("file", file, "block file")->required();
  CLI::App* const verify =
      app.add_subcommand("verify", "check every checksum and decode everything; exit 1 on damage");
  verify->add_option("path", paths, "block files or directories to search")->capture_default_str();
  CLI::App* const dump = app.add_subcommand("dump", "print samples in OpenMetrics text, times in seconds");
  dump->add_option("file", file, "block file")->required();
  dump->add_option("--match", selectors, "only series with LABEL=VALUE; may be given several times");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto fs = io::MakePosixFileSystem();
  if (list->parsed()) return List(*fs, paths);
  if (show->parsed()) return Show(*fs, file);
  if (verify->parsed()) return Verify(*fs, paths);
  return Dump(*fs, file, selectors);
}

}  // namespace tickscope::roles
