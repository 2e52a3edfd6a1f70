// Blocks that come into the store from outside, and copies of the store that go out.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

constexpr std::string_view kBlockEnding = ".block";
constexpr std::size_t kNameBytesMax = 128;

// "START-END-...": letters, digits and dashes, so that no name leads out of a directory.
tickscope::Status CheckBlockName(const std::string& name) {
  const auto is_plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; };
  if (name.size() > kNameBytesMax || !name.ends_with(kBlockEnding) || name.size() == kBlockEnding.size() ||
      !std::all_of(name.begin(), name.end() - kBlockEnding.size(), is_plain)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("no name of a block: got \"{}\", want START-END-ID{}",
                            name.substr(0, kNameBytesMax), kBlockEnding));
  }
  return {};
}

}  // namespace

Result<AdoptedBlocks> Store::AdoptBlocks(const TenantId& tenant_id, const std::string& directory,
                                         const std::vector<std::string>& names) {
  if (fs_ == nullptr) return Fail(ErrorCode::kUnsupported, "a store in memory takes no blocks");
  // All of a block is decoded here, before sealing is held up.
  for (std::size_t i = 0; i < names.size(); ++i) {
    TICKSCOPE_RETURN_IF_ERROR(CheckBlockName(names[i]));
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("block named twice: {}", names[i]));
    }
    const std::string path = directory + "/" + names[i];
    auto block = block::BlockReader::Open(*fs_, path);
    if (!block) return FailWith(path, std::move(block).error());
    const block::BlockMeta& meta = (*block)->meta();
    if (meta.tenant != tenant_id) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: block of tenant \"{}\", want \"{}\"", path, meta.tenant, tenant_id));
    }
    if (meta.resolution_ms != 0)
      return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: a rollup, want samples as they came", path));
    if (auto sound = (*block)->Verify({}); !sound) return FailWith(path, std::move(sound).error());
  }
  AdoptedBlocks adopted;
  if (names.empty()) return adopted;
  TenantData& tenant = TenantFor(tenant_id);
  const MutexLock work(work_mu_);
  TICKSCOPE_RETURN_IF_ERROR(fs_->CreateDirectories(tenant.directory()));
  std::vector<BlockEntry> entries;
  std::vector<std::string> linked;
  const auto take = [&]() -> tickscope::Status {
    for (const std::string& name : names) {
      if (tenant.HasBlock(name)) {
        ++adopted.known;
        continue;
      }
      const std::string path = tenant.directory() + "/" + name;
      tickscope::Status link = fs_->Link(directory + "/" + name, path);
      // Of an adoption that a crash interrupted.
      if (!link && link.error().code == ErrorCode::kAlreadyExists) {
        TICKSCOPE_RETURN_IF_ERROR(fs_->Remove(path));
        link = fs_->Link(directory + "/" + name, path);
      }
      TICKSCOPE_RETURN_IF_ERROR(link);
      linked.push_back(path);
      TICKSCOPE_ASSIGN_OR_RETURN(auto reader, block::BlockReader::Open(*fs_, path));
      ++adopted.blocks;
      adopted.samples += reader->meta().sample_count;
      adopted.bytes += reader->file_bytes();
      entries.push_back({saved_cut_, name, std::move(reader)});
    }
    return {};
  };
  if (const tickscope::Status taken = take(); !taken) {
    for (const std::string& path : linked)
      static_cast<void>(fs_->Remove(path));
    return std::unexpected(taken.error());
  }
  const std::size_t count = entries.size();
  TimeMs min_ms = INT64_MAX;
  TimeMs max_ms = INT64_MIN;
  for (const BlockEntry& entry : entries) {
    min_ms = std::min(min_ms, entry.reader->meta().min_time_ms);
    max_ms = std::max(max_ms, entry.reader->meta().max_time_ms);
  }
  tenant.Adopt(std::move(entries));
  const tickscope::Status saved = SaveManifest(sealed_offset_, saved_cut_, saved_due_ms_);
  if (!saved) {
    // One of the two copies may be written. Then it names the blocks, and they stay.
    const auto manifest = LoadManifest();
    const auto is_named = [&] {
      if (!manifest) return false;
      return std::ranges::any_of(manifest->tenants, [&](const ManifestTenant& entry) {
        return entry.tenant == tenant_id &&
               std::ranges::any_of(entry.blocks, [&](const ManifestTenant::File& file) {
                 return std::ranges::find(linked, tenant.directory() + "/" + file.name) != linked.end();
               });
      });
    };
    if (!is_named()) {
      tenant.Disown(*fs_, count);
      return std::unexpected(saved.error());
    }
  }
  tenant.Publish(0);
  if (options_.mutations != nullptr) options_.mutations->Changed(tenant_id, min_ms, max_ms);
  metrics_.blocks->Add(adopted.blocks);
  metrics_.block_bytes->Add(adopted.bytes);
  metrics_.block_samples->Add(adopted.samples);
  return adopted;
}

Result<std::uint64_t> Store::Snapshot(const std::string& directory,
                                      const std::function<tickscope::Status()>& also) {
  if (fs_ == nullptr) return Fail(ErrorCode::kUnsupported, "a store in memory has no files to copy");
  const MutexLock work(work_mu_);
  const Manifest manifest = MakeManifest(sealed_offset_, saved_cut_, saved_due_ms_);
  TICKSCOPE_RETURN_IF_ERROR(fs_->CreateDirectories(directory));
  for (const ManifestTenant& entry : manifest.tenants) {
    const std::string from = options_.directory + "/" + entry.tenant;
    const std::string to = directory + "/" + entry.tenant;
    TICKSCOPE_RETURN_IF_ERROR(fs_->CreateDirectories(to));
    for (const auto* files : {&entry.catalogs, &entry.segments, &entry.blocks}) {
      for (const ManifestTenant::File& file : *files)
        TICKSCOPE_RETURN_IF_ERROR(fs_->Link(from + "/" + file.name, to + "/" + file.name));
    }
    TICKSCOPE_RETURN_IF_ERROR(fs_->SyncDirectory(to));
  }
  TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(*fs_, directory + "/manifest", WriteManifest(manifest)));
  if (also) TICKSCOPE_RETURN_IF_ERROR(also());
  return manifest.offset;
}

}  // namespace tickscope::tsdb
