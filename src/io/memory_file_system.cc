#include "io/memory_file_system.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "base/random.h"

namespace tickscope::io {
namespace {

struct Node;
using Names = std::map<std::string, std::shared_ptr<Node>, std::less<>>;

// A file or a directory, as the running system sees it and as it would be found after a power cut.
struct Node {
  bool is_directory = false;
  Bytes content;
  Bytes durable_content;
  std::uint64_t sparse_bytes = 0;  // Written to a SparseFile, which has them.
  std::size_t common_prefix = 0;   // content and durable_content agree up to here.
  Names names;
  Names durable_names;

  void SyncContent() {
    durable_content.resize(common_prefix);
    AppendBytes(ByteView(content).subspan(common_prefix), durable_content);
    common_prefix = content.size();
  }
  void Resize(std::size_t size) {
    content.resize(size);
    common_prefix = std::min(common_prefix, size);
  }
};

// A file of several names counts once.
std::uint64_t TotalBytes(const Node& node, std::set<const Node*>& counted) {
  if (!counted.insert(&node).second) return 0;
  std::uint64_t bytes = node.content.size() + node.sparse_bytes;
  for (const auto& [name, child] : node.names)
    bytes += TotalBytes(*child, counted);
  return bytes;
}

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

std::unexpected<Error> FailPath(ErrorCode code, std::string_view what, std::string_view path) {
  return Fail(code, std::string(what).append(": path=").append(path));
}

bool Changes(FileOperation operation) {
  return operation != FileOperation::kOpenRead && operation != FileOperation::kRead &&
         operation != FileOperation::kList;
}

// Gives `node` and all below it the state found after a power cut.
void Settle(Node& node, const CrashPolicy& policy, Random& random) {
  const bool torn = policy.unsynced == CrashPolicy::Unsynced::kTorn;
  if (node.is_directory) {
    if (!torn || random.Below(2) == 0) node.names = node.durable_names;
    node.durable_names = node.names;
    for (const auto& [name, child] : node.names)
      Settle(*child, policy, random);
    return;
  }
  if (torn && random.Below(2) == 0) {
    const std::size_t unsynced = node.content.size() - node.common_prefix;
    const std::size_t kept = random.Below(unsynced + 1);
    node.content.resize(node.common_prefix + kept);
    // A file system may have made room for the tail without having written it.
    const std::size_t zeroed = random.Below(3) == 0 ? random.Below(kept + 1) : 0;
    std::fill_n(node.content.rbegin(), zeroed, std::byte{0});
  } else {
    node.content = node.durable_content;
  }
  node.durable_content = node.content;
  node.common_prefix = node.content.size();
  node.sparse_bytes = 0;
}

}  // namespace

class MemoryFileSystem::State {
 public:
  struct Located {
    std::shared_ptr<Node> parent;  // Null for the root.
    std::string name;
    std::shared_ptr<Node> node;  // Null when the name is free.
  };

  // Counts an operation; returns the fault that strikes it.
  std::optional<FileFault> TakeFault(FileOperation operation, const std::string& path)
      TICKSCOPE_REQUIRES(mu) {
    ++counts[static_cast<std::size_t>(operation)];
    const bool is_cut = Changes(operation) && changes_left == 0;
    if (is_cut) {
      power_is_on = false;
      changes_left = kNever;
    } else if (Changes(operation)) {
      --changes_left;
    }
    if (!power_is_on) {
      return FileFault{.operation = operation,
                       .error = {ErrorCode::kUnavailable, "power is off: path=" + path},
                       .bytes_kept = is_cut ? FileFault::kForever : 0};
    }
    std::optional<FileFault> struck;
    for (FileFault& fault : faults) {
      if (fault.operation != operation || !path.contains(fault.path_contains) || fault.times == 0) continue;
      if (fault.nth > 1) {
        --fault.nth;
        continue;
      }
      if (!struck) struck = fault;
      if (fault.times != FileFault::kForever) --fault.times;
    }
    return struck;
  }

  Status Begin(FileOperation operation, const std::string& path) TICKSCOPE_REQUIRES(mu) {
    if (auto fault = TakeFault(operation, path)) return std::unexpected(std::move(fault->error));
    return {};
  }

  // Finds `path`; the parent must be there, the last name need not.
  Result<Located> Locate(std::string_view path) TICKSCOPE_REQUIRES(mu) {
    Located at{nullptr, "", root};
    for (const std::string_view part : SplitPath(path)) {
      if (!at.node) return FailPath(ErrorCode::kNotFound, "no such directory", path);
      if (!at.node->is_directory) return FailPath(ErrorCode::kUnavailable, "not a directory", path);
      const auto found = at.node->names.find(part);
      const bool known = found != at.node->names.end();
      at = {at.node, std::string(part), known ? found->second : nullptr};
    }
    return at;
  }

  Result<std::shared_ptr<Node>> Find(std::string_view path) TICKSCOPE_REQUIRES(mu) {
    TICKSCOPE_ASSIGN_OR_RETURN(Located at, Locate(path));
    if (!at.node) return FailPath(ErrorCode::kNotFound, "no such file or directory", path);
    return std::move(at.node);
  }

  Result<std::shared_ptr<Node>> FindDirectory(std::string_view path) TICKSCOPE_REQUIRES(mu) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::shared_ptr<Node> node, Find(path));
    if (!node->is_directory) return FailPath(ErrorCode::kUnavailable, "not a directory", path);
    return node;
  }

  std::uint64_t FreeBytes() TICKSCOPE_REQUIRES(mu) {
    std::set<const Node*> counted;
    return capacity - std::min(capacity, TotalBytes(*root, counted));
  }

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::uint64_t kCapacityDefault = std::uint64_t{1} << 40;

  Mutex mu;
  std::shared_ptr<Node> root TICKSCOPE_GUARDED_BY(mu) = MakeDirectory();
  std::vector<FileFault> faults TICKSCOPE_GUARDED_BY(mu);
  std::array<std::uint64_t, kFileOperationCount> counts TICKSCOPE_GUARDED_BY(mu){};
  std::uint64_t capacity TICKSCOPE_GUARDED_BY(mu) = kCapacityDefault;
  std::uint64_t changes_left TICKSCOPE_GUARDED_BY(mu) = kNever;
  bool power_is_on TICKSCOPE_GUARDED_BY(mu) = true;
  std::uint64_t boot TICKSCOPE_GUARDED_BY(mu) = 0;  // Crashes so far; a handle of an earlier boot is dead.
  std::set<const Node*> locked TICKSCOPE_GUARDED_BY(mu);

  static std::shared_ptr<Node> MakeDirectory() {
    auto node = std::make_shared<Node>();
    node->is_directory = true;
    return node;
  }
};

class MemoryFileSystem::MemoryAppendFile final : public AppendFile {
 public:
  MemoryAppendFile(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::string path,
                   std::uint64_t boot)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)), boot_(boot) {}

  Status Append(std::span<const ByteView> pieces) override {
    const MutexLock lock(state_->mu);
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    const std::optional<FileFault> fault = state_->TakeFault(FileOperation::kAppend, path_);
    std::uint64_t room = fault ? fault->bytes_kept : FileFault::kForever;
    const bool disk_is_small = state_->capacity != State::kCapacityDefault;
    if (disk_is_small) room = std::min(room, state_->FreeBytes());
    for (const ByteView piece : pieces) {
      const ByteView fits = piece.first(std::min<std::uint64_t>(room, piece.size()));
      AppendBytes(fits, node_->content);
      room -= fits.size();
      if (fits.size() < piece.size() && !fault)
        return FailPath(ErrorCode::kResourceExhausted, "disk is full", path_);
    }
    if (fault) return std::unexpected(fault->error);
    return {};
  }

  Status Sync() override {
    const MutexLock lock(state_->mu);
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    if (Status begun = state_->Begin(FileOperation::kSync, path_); !begun) {
      sync_failed_ = true;
      return begun;
    }
    node_->SyncContent();
    return {};
  }

  Status Truncate(std::uint64_t size) override {
    const MutexLock lock(state_->mu);
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kTruncate, path_));
    node_->Resize(size);
    return {};
  }

  std::uint64_t size() const override {
    const MutexLock lock(state_->mu);
    return node_->content.size();
  }

 private:
  Status CheckUsable() const TICKSCOPE_REQUIRES(state_->mu) {
    if (boot_ != state_->boot) return FailPath(ErrorCode::kUnavailable, "opened before a crash", path_);
    if (sync_failed_) return FailPath(ErrorCode::kUnavailable, "file unusable after a failed sync", path_);
    return {};
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const std::uint64_t boot_;
  bool sync_failed_ = false;
};

class MemoryFileSystem::MemoryReadFile final : public ReadFile {
 public:
  MemoryReadFile(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::string path,
                 std::uint64_t boot)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)), boot_(boot) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    const MutexLock lock(state_->mu);
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kRead, path_));
    const ByteView rest =
        ByteView(node_->content).subspan(std::min<std::uint64_t>(offset, node_->content.size()));
    const ByteView found = rest.first(std::min(rest.size(), out.size()));
    std::ranges::copy(found, out.begin());
    return found.size();
  }

  Result<std::uint64_t> Size() const override {
    const MutexLock lock(state_->mu);
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    return node_->content.size();
  }

 private:
  Status CheckUsable() const TICKSCOPE_REQUIRES(state_->mu) {
    if (boot_ != state_->boot) return FailPath(ErrorCode::kUnavailable, "opened before a crash", path_);
    return {};
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const std::uint64_t boot_;
};

class MemoryFileSystem::MemorySparseFile final : public SparseFile {
 public:
  MemorySparseFile(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::string path,
                   std::uint64_t size, std::uint64_t boot)
      : state_(std::move(state)),
        node_(std::move(node)),
        path_(std::move(path)),
        boot_(boot),
        content_(size) {}

  Status WriteAt(std::uint64_t offset, ByteView bytes) override {
    if (offset > content_.size() || bytes.size() > content_.size() - offset) {
      return FailPath(ErrorCode::kOutOfRange, "write past the end", path_);
    }
    const MutexLock lock(state_->mu);
    if (boot_ != state_->boot) return FailPath(ErrorCode::kUnavailable, "opened before a crash", path_);
    if (auto fault = state_->TakeFault(FileOperation::kAppend, path_)) {
      return std::unexpected(std::move(fault->error));
    }
    if (bytes.size() > state_->FreeBytes())
      return FailPath(ErrorCode::kResourceExhausted, "disk is full", path_);
    node_->sparse_bytes += bytes.size();
    std::ranges::copy(bytes, content_.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }

  ByteView bytes() const override { return content_; }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const std::uint64_t boot_;
  Bytes content_;  // Not resized, so that its address stays.
};

class MemoryFileSystem::MemoryDirectoryLock final : public DirectoryLock {
 public:
  MemoryDirectoryLock(std::shared_ptr<State> state, std::shared_ptr<Node> node, std::uint64_t boot)
      : state_(std::move(state)), node_(std::move(node)), boot_(boot) {}
  ~MemoryDirectoryLock() override {
    const MutexLock lock(state_->mu);
    if (boot_ == state_->boot) state_->locked.erase(node_.get());
  }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<Node> node_;
  const std::uint64_t boot_;
};

MemoryFileSystem::MemoryFileSystem() : state_(std::make_shared<State>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<AppendFile>> MemoryFileSystem::OpenAppend(const std::string& path, OpenMode mode) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kOpenAppend, path));
  TICKSCOPE_ASSIGN_OR_RETURN(State::Located at, state_->Locate(path));
  if (at.node) {
    if (mode == OpenMode::kCreateNew) return FailPath(ErrorCode::kAlreadyExists, "file exists", path);
    if (at.node->is_directory) return FailPath(ErrorCode::kUnavailable, "is a directory", path);
    if (mode == OpenMode::kTruncate) at.node->Resize(0);
  } else {
    if (mode == OpenMode::kOpenExisting) return FailPath(ErrorCode::kNotFound, "no such file", path);
    at.node = at.parent->names[at.name] = std::make_shared<Node>();
  }
  return std::make_unique<MemoryAppendFile>(state_, std::move(at.node), path, state_->boot);
}

Result<std::unique_ptr<ReadFile>> MemoryFileSystem::OpenRead(const std::string& path) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kOpenRead, path));
  TICKSCOPE_ASSIGN_OR_RETURN(std::shared_ptr<Node> node, state_->Find(path));
  if (node->is_directory) return FailPath(ErrorCode::kUnavailable, "is a directory", path);
  return std::make_unique<MemoryReadFile>(state_, std::move(node), path, state_->boot);
}

Result<std::unique_ptr<MappedFile>> MemoryFileSystem::Map(const std::string& path) {
  class Copy final : public MappedFile {
   public:
    explicit Copy(Bytes bytes) : bytes_(std::move(bytes)) {}
    ByteView bytes() const override { return bytes_; }

   private:
    const Bytes bytes_;
  };
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kOpenRead, path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, state_->Find(path));
  if (node->is_directory) return FailPath(ErrorCode::kUnavailable, "is a directory", path);
  return std::make_unique<Copy>(node->content);
}

Result<std::unique_ptr<SparseFile>> MemoryFileSystem::CreateSparse(const std::string& path,
                                                                   std::uint64_t size) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kOpenAppend, path));
  TICKSCOPE_ASSIGN_OR_RETURN(State::Located at, state_->Locate(path));
  if (at.node && at.node->is_directory) return FailPath(ErrorCode::kUnavailable, "is a directory", path);
  if (size > State::kCapacityDefault) {
    return FailPath(ErrorCode::kResourceExhausted, "file is too large to map", path);
  }
  at.node = at.parent->names[at.name] = std::make_shared<Node>();
  return std::make_unique<MemorySparseFile>(state_, std::move(at.node), path, size, state_->boot);
}

Status MemoryFileSystem::CreateDirectories(const std::string& path) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kCreateDirectories, path));
  std::shared_ptr<Node> at = state_->root;
  for (const std::string_view part : SplitPath(path)) {
    const auto found = at->names.find(part);
    if (found != at->names.end()) {
      if (!found->second->is_directory) return FailPath(ErrorCode::kAlreadyExists, "is a file", path);
      at = found->second;
      continue;
    }
    std::shared_ptr<Node> child = State::MakeDirectory();
    at->names.emplace(part, child);
    at->durable_names = at->names;
    at = std::move(child);
  }
  return {};
}

Result<std::vector<DirectoryEntry>> MemoryFileSystem::List(const std::string& directory) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kList, directory));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, state_->FindDirectory(directory));
  std::vector<DirectoryEntry> entries;
  entries.reserve(node->names.size());
  for (const auto& [name, child] : node->names) {
    entries.push_back({name, child->is_directory, child->content.size()});
  }
  return entries;
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kRename, from));
  TICKSCOPE_ASSIGN_OR_RETURN(const State::Located source, state_->Locate(from));
  if (!source.node) return FailPath(ErrorCode::kNotFound, "no such file or directory", from);
  TICKSCOPE_ASSIGN_OR_RETURN(const State::Located target, state_->Locate(to));
  if (!source.parent || !target.parent)
    return FailPath(ErrorCode::kUnavailable, "cannot rename the root", from);
  if (source.node == target.node) return {};
  if (target.node) {
    if (target.node->is_directory != source.node->is_directory) {
      return FailPath(ErrorCode::kUnavailable, "a file cannot replace a directory or the reverse", to);
    }
    if (!target.node->names.empty()) return FailPath(ErrorCode::kUnavailable, "directory not empty", to);
  }
  source.parent->names.erase(source.name);
  target.parent->names[target.name] = source.node;
  return {};
}

Status MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kLink, from));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, state_->Find(from));
  if (node->is_directory) return FailPath(ErrorCode::kPermissionDenied, "cannot link a directory", from);
  TICKSCOPE_ASSIGN_OR_RETURN(const State::Located target, state_->Locate(to));
  if (target.node) return FailPath(ErrorCode::kAlreadyExists, "file exists", to);
  target.parent->names[target.name] = node;
  return {};
}

Status MemoryFileSystem::Remove(const std::string& path) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kRemove, path));
  TICKSCOPE_ASSIGN_OR_RETURN(const State::Located at, state_->Locate(path));
  if (!at.node) return FailPath(ErrorCode::kNotFound, "no such file or directory", path);
  if (!at.parent) return FailPath(ErrorCode::kUnavailable, "cannot remove the root", path);
  if (!at.node->names.empty()) return FailPath(ErrorCode::kUnavailable, "directory not empty", path);
  at.parent->names.erase(at.name);
  return {};
}

Status MemoryFileSystem::SyncDirectory(const std::string& directory) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_RETURN_IF_ERROR(state_->Begin(FileOperation::kSyncDirectory, directory));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, state_->FindDirectory(directory));
  node->durable_names = node->names;
  return {};
}

Result<std::unique_ptr<DirectoryLock>> MemoryFileSystem::LockDirectory(const std::string& directory) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_ASSIGN_OR_RETURN(std::shared_ptr<Node> node, state_->FindDirectory(directory));
  if (!state_->locked.insert(node.get()).second) {
    return FailPath(ErrorCode::kUnavailable, "directory is in use by another process", directory);
  }
  return std::make_unique<MemoryDirectoryLock>(state_, std::move(node), state_->boot);
}

Result<std::uint64_t> MemoryFileSystem::FreeBytes(const std::string& directory) {
  const MutexLock lock(state_->mu);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, state_->Find(directory));
  return state_->FreeBytes();
}

void MemoryFileSystem::Inject(FileFault fault) {
  TICKSCOPE_CHECK(fault.nth > 0);
  const MutexLock lock(state_->mu);
  state_->faults.push_back(std::move(fault));
}

void MemoryFileSystem::ClearFaults() {
  const MutexLock lock(state_->mu);
  state_->faults.clear();
}

void MemoryFileSystem::SetCapacity(std::uint64_t bytes) {
  const MutexLock lock(state_->mu);
  state_->capacity = bytes;
}

void MemoryFileSystem::CutPowerAfter(std::uint64_t changes) {
  const MutexLock lock(state_->mu);
  state_->changes_left = changes;
}

void MemoryFileSystem::Crash(const CrashPolicy& policy) {
  SeededRandom random(policy.seed);
  const MutexLock lock(state_->mu);
  Settle(*state_->root, policy, random);
  ++state_->boot;
  state_->locked.clear();
  state_->faults.clear();
  state_->changes_left = State::kNever;
  state_->power_is_on = true;
}

void MemoryFileSystem::FlipBits(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  const MutexLock lock(state_->mu);
  const auto node = state_->Find(path);
  TICKSCOPE_CHECK(node.has_value() && offset < (*node)->content.size());
  (*node)->content[offset] ^= std::byte{mask};
  if (offset < (*node)->common_prefix) (*node)->durable_content[offset] ^= std::byte{mask};
}

std::uint64_t MemoryFileSystem::operation_count(FileOperation operation) const {
  const MutexLock lock(state_->mu);
  return state_->counts[static_cast<std::size_t>(operation)];
}

std::uint64_t MemoryFileSystem::change_count() const {
  const MutexLock lock(state_->mu);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kFileOperationCount; ++i) {
    if (Changes(static_cast<FileOperation>(i))) total += state_->counts[i];
  }
  return total;
}

}  // namespace tickscope::io
