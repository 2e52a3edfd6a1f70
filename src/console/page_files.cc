#include "console/page_files.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <deque>
#include <vector>

#include "http/gzip.h"

namespace tickscope::console {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::size_t kDirectoryDepthMax = 8;

std::string TagOf(std::string_view content) {
  return fmt::format("{:016x}", XXH3_64bits(content.data(), content.size()));
}

}  // namespace

struct PageFiles::Loaded {
  struct File {
    std::string name;
    std::string content;
    std::string gzip;
    std::string tag;
  };
  std::deque<File> files;  // They stay where they are.
  std::uint64_t bytes = 0;

  Status Read(io::FileSystem& fs, const std::string& directory, const std::string& prefix,
              std::size_t depth) {
    if (depth > kDirectoryDepthMax)
      return Fail(ErrorCode::kOutOfRange, "pages lie too deep: directory=" + directory);
    TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, fs.List(directory));
    for (const io::DirectoryEntry& entry : entries) {
      const std::string path = directory + "/" + entry.name;
      if (entry.is_directory) {
        TICKSCOPE_RETURN_IF_ERROR(Read(fs, path, prefix + entry.name + "/", depth + 1));
        continue;
      }
      TICKSCOPE_ASSIGN_OR_RETURN(std::string content, io::ReadWholeFile(fs, path, kPageBytesMax - bytes));
      bytes += content.size();
      std::string packed = http::Gzip(content);
      if (packed.size() >= content.size()) packed.clear();
      std::string tag = TagOf(content);
      files.push_back({prefix + entry.name, std::move(content), std::move(packed), std::move(tag)});
    }
    return {};
  }
};

PageFiles::PageFiles(std::span<const EmbeddedFile> files) {
  for (const EmbeddedFile& file : files)
    files_.emplace(file.name, file);
}

Result<PageFiles> PageFiles::Load(io::FileSystem& fs, const std::string& directory) {
  auto loaded = std::make_shared<Loaded>();
  TICKSCOPE_RETURN_IF_ERROR(loaded->Read(fs, directory, "", 0));
  PageFiles pages;
  for (const Loaded::File& file : loaded->files)
    pages.files_.emplace(file.name, EmbeddedFile{file.name, file.content, file.gzip, file.tag});
  pages.loaded_ = std::move(loaded);
  if (!pages.files_.contains(kIndex))
    return Fail(ErrorCode::kNotFound, "no pages: want an index.html: directory=" + directory);
  return pages;
}

const EmbeddedFile* PageFiles::Find(std::string_view path) const {
  const std::string_view name = path.starts_with('/') ? path.substr(1) : path;
  if (const auto found = files_.find(name); found != files_.end()) return &found->second;
  const std::string_view last = name.substr(name.rfind('/') + 1);
  // A name of a dashboard may have a dot, /d/eu.west; a file of the pages never lies there.
  const bool is_file = name.starts_with("assets/") || (last.contains('.') && !name.contains('/'));
  const auto index = files_.find(kIndex);
  return is_file || index == files_.end() ? nullptr : &index->second;
}

std::string PageFiles::revision() const {
  if (files_.empty()) return {};
  std::string tags;
  for (const auto& [name, file] : files_)
    tags.append(name).append("=").append(file.tag).append("\n");
  return TagOf(tags);
}

}  // namespace tickscope::console
