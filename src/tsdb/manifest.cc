#include "tsdb/manifest.h"

#include <fmt/format.h>

#include <charconv>

#include "codec/crc32c.h"

namespace tickscope::tsdb {
namespace {

constexpr std::string_view kFirstLine = "tickscope-store 1";

// Words of a line, split at single spaces.
std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

template <typename T>
bool Parse(std::string_view word, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  return error == std::errc() && end == word.data() + word.size();
}

// A name that stays in its directory.
bool IsFileName(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos && name[0] != '.';
}

bool ParseLine(const std::vector<std::string_view>& words, Manifest& manifest) {
  if (words.empty()) return false;
  if (words[0] == "offset" && words.size() == 6) {
    return Parse(words[1], manifest.offset) && words[2] == "cut" && Parse(words[3], manifest.cut) &&
           words[4] == "due" && Parse(words[5], manifest.cut_due_ms);
  }
  if (words[0] == "tenant" && words.size() == 8) {
    ManifestTenant& tenant = manifest.tenants.emplace_back();
    tenant.tenant = TenantId(words[1]);
    return words[2] == "blocked-until" && Parse(words[3], tenant.blocked_until_ms) &&
           words[4] == "blocked-cut" && Parse(words[5], tenant.blocked_cut) && words[6] == "next-ref" &&
           Parse(words[7], tenant.next_ref);
  }
  if (words.size() != 4 || manifest.tenants.empty() || !IsFileName(words[2])) return false;
  ManifestTenant& tenant = manifest.tenants.back();
  ManifestTenant::File file{.name = std::string(words[2])};
  if (!Parse(words[1], file.cut) || !Parse(words[3], file.offset)) return false;
  if (words[0] == "catalog") {
    tenant.catalogs.push_back(std::move(file));
  } else if (words[0] == "segment") {
    tenant.segments.push_back(std::move(file));
  } else if (words[0] == "block") {
    tenant.blocks.push_back(std::move(file));
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string WriteManifest(const Manifest& manifest) {
  std::string text = fmt::format("{}\noffset {} cut {} due {}\n", kFirstLine, manifest.offset, manifest.cut,
                                 manifest.cut_due_ms);
  const auto put_files = [&text](std::string_view kind, const std::vector<ManifestTenant::File>& files) {
    for (const ManifestTenant::File& file : files)
      text += fmt::format("{} {} {} {}\n", kind, file.cut, file.name, file.offset);
  };
  for (const ManifestTenant& tenant : manifest.tenants) {
    text += fmt::format("tenant {} blocked-until {} blocked-cut {} next-ref {}\n", tenant.tenant,
                        tenant.blocked_until_ms, tenant.blocked_cut, tenant.next_ref);
    put_files("catalog", tenant.catalogs);
    put_files("segment", tenant.segments);
    put_files("block", tenant.blocks);
  }
  text += fmt::format("crc {:08x}\n", codec::Crc32c(AsBytes(text)));
  return text;
}

Result<Manifest> ParseManifest(std::string_view text) {
  Manifest manifest;
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    ++line_number;
    const auto damage = [&](std::string_view what) {
      return Fail(ErrorCode::kCorruption, fmt::format("manifest line {}: {}", line_number, what));
    };
    if (end == std::string_view::npos) return damage("cut short");
    const std::string_view line = text.substr(at, end - at);
    const std::vector<std::string_view> words = Words(line);
    if (words.size() == 2 && words[0] == "crc") {
      std::uint32_t crc = 0;
      if (!Parse(words[1], crc, 16) || crc != codec::Crc32c(AsBytes(text.substr(0, at)))) {
        return damage("checksum mismatch");
      }
      if (end + 1 != text.size()) return damage("bytes after the checksum");
      return manifest;
    }
    if (line_number == 1 ? line != kFirstLine : !ParseLine(words, manifest)) return damage("not understood");
    at = end + 1;
  }
  return Fail(ErrorCode::kCorruption, "manifest without a checksum");
}

}  // namespace tickscope::tsdb
