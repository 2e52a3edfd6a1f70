#include "roles/admin_endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "api/answer.h"
#include "base/civil_time.h"
#include "base/log.h"
#include "base/mutex.h"
#include "roles/judge_import.h"
#include "roles/snapshot.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kIdBytesMax = 32;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kAnswerBytesMax = 1U << 20;
constexpr std::size_t kFilesMax = 100'000;

bool IsPlain(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [more](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || more.find(c) != std::string_view::npos;
  });
}

Status CheckId(std::string_view id) {
  if (!id.empty() && id.size() <= kIdBytesMax && IsPlain(id, "")) return {};
  return Fail(ErrorCode::kInvalidArgument, fmt::format("import id: want 1 to {} of [0-9a-z]", kIdBytesMax));
}

Status CheckName(std::string_view name) {
  if (name.size() <= kNameBytesMax && name.ends_with(".block") && name.front() != '.' &&
      IsPlain(name, "-.") && name.find("..") == std::string_view::npos) {
    return {};
  }
  return Fail(ErrorCode::kInvalidArgument, "file: want the name of a block, START-END-ID.block");
}

class AdminEndpoints {
 public:
  explicit AdminEndpoints(AdminDependencies deps) : deps_(std::move(deps)) {}

  using Action = Result<http::Response> (AdminEndpoints::*)(const http::Request&, const http::PathParameters&,
                                                            const TenantId&);

  [[nodiscard]] http::Response Run(Action action, const http::Request& request,
                                   const http::PathParameters& path) {
    const auto answer = [&]() -> Result<http::Response> {
      if (!deps_.is_enabled) {
        return Fail(ErrorCode::kPermissionDenied,
                    "the admin API is off: start the server with --admin-api, or set admin_api: true");
      }
      TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                                 wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
      return (this->*action)(request, path, tenant);
    }();
    return answer ? *answer : api::ErrorAnswer(answer.error());
  }

  [[nodiscard]] WorkerPool& pool() const { return deps_.pool; }

  Result<http::Response> Put(const http::Request& request, const http::PathParameters& path,
                             const TenantId& tenant) {
    const std::string& id = path.at("id");
    const std::string& name = path.at("name");
    TICKSCOPE_RETURN_IF_ERROR(CheckId(id));
    TICKSCOPE_RETURN_IF_ERROR(CheckName(name));
    std::uint64_t offset = 0;
    for (const auto& [key, value] : http::ParseForm(request.query())) {
      if (key != "offset") continue;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), offset);
      if (error != std::errc() || end != value.data() + value.size())
        return Fail(ErrorCode::kInvalidArgument, "offset: want a number");
    }
    const MutexLock lock(import_mu_);
    const std::string directory = ImportDirectory(deps_.data_directory, tenant, id);
    TICKSCOPE_RETURN_IF_ERROR(deps_.fs.CreateDirectories(directory));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t free, deps_.fs.FreeBytes(directory));
    if (free < deps_.disk_free_bytes_min + request.body.size())
      return Fail(ErrorCode::kResourceExhausted, "the disk has no room for an import");
    TICKSCOPE_ASSIGN_OR_RETURN(
        const auto file,
        deps_.fs.OpenAppend(directory + "/" + name,
                            offset == 0 ? io::OpenMode::kTruncate : io::OpenMode::kOpenExisting));
    if (file->size() != offset) {
      return Fail(ErrorCode::kFailedPrecondition,
                  fmt::format("offset: got {}, the file has {} bytes", offset, file->size()));
    }
    const ByteView body = AsBytes(request.body);
    TICKSCOPE_RETURN_IF_ERROR(file->Append({&body, 1}));
    TICKSCOPE_RETURN_IF_ERROR(file->Sync());
    return Success([&](wire::JsonWriter& json) {
      json.Key("bytes");
      json.Uint(file->size());
    });
  }

  Result<http::Response> Register(const http::Request&, const http::PathParameters& path,
                                  const TenantId& tenant) {
    const std::string& id = path.at("id");
    TICKSCOPE_RETURN_IF_ERROR(CheckId(id));
    const MutexLock lock(import_mu_);
    const std::string directory = ImportDirectory(deps_.data_directory, tenant, id);
    const auto entries = deps_.fs.List(directory);
    if (!entries) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("no import {} of tenant {}: put its files first", id, tenant));
    }
    if (entries->size() > kFilesMax)
      return Fail(ErrorCode::kOutOfRange, fmt::format("more than {} files in one import", kFilesMax));
    std::vector<std::string> names;
    for (const io::DirectoryEntry& entry : *entries) {
      if (entry.name.ends_with(".block")) names.push_back(entry.name);
    }
    if (deps_.guard != nullptr)
      TICKSCOPE_RETURN_IF_ERROR(JudgeImport(deps_.fs, directory, names, tenant, *deps_.guard));
    TICKSCOPE_ASSIGN_OR_RETURN(const tsdb::AdoptedBlocks adopted,
                               deps_.store.AdoptBlocks(tenant, directory, names));
    Log(LogLevel::kInfo, "blocks imported",
        {{"tenant", tenant}, {"import", id}, {"blocks", adopted.blocks}, {"samples", adopted.samples}});
    // They have names in the store now.
    if (const Status removed = RemoveFlatDirectory(deps_.fs, directory); !removed) {
      Log(LogLevel::kWarn, "files of an import cannot be removed",
          {{"directory", directory}, {"error", removed.error().message}});
    }
    return Success([&](wire::JsonWriter& json) {
      json.Key("blocks");
      json.Uint(adopted.blocks);
      json.Key("known");
      json.Uint(adopted.known);
      json.Key("samples");
      json.Uint(adopted.samples);
      json.Key("bytes");
      json.Uint(adopted.bytes);
      json.Key("retentionMs");
      json.Int(deps_.store.retention_ms());
    });
  }

  Result<http::Response> Forget(const http::Request&, const http::PathParameters& path,
                                const TenantId& tenant) {
    TICKSCOPE_RETURN_IF_ERROR(CheckId(path.at("id")));
    const MutexLock lock(import_mu_);
    const Status removed =
        RemoveFlatDirectory(deps_.fs, ImportDirectory(deps_.data_directory, tenant, path.at("id")));
    if (!removed && removed.error().code != ErrorCode::kNotFound) return std::unexpected(removed.error());
    return Success([](wire::JsonWriter&) {});
  }

  Result<http::Response> Snapshot(const http::Request&, const http::PathParameters&, const TenantId&) {
    const MutexLock lock(snapshot_mu_);
    const CivilTime now = ToCivilTime(deps_.clock.NowMs() / 1000);
    const std::string name =
        fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z-{:08x}", now.year, now.month, now.day, now.hour,
                    now.minute, now.second, static_cast<std::uint32_t>(deps_.random.Next()));
    TICKSCOPE_ASSIGN_OR_RETURN(const SnapshotSummary snapshot,
                               TakeSnapshot(deps_.fs, deps_.store, deps_.data_directory,
                                            deps_.data_directory + "/snapshots/" + name));
    Log(LogLevel::kInfo, "snapshot taken",
        {{"name", name}, {"files", snapshot.files.size()}, {"bytes", snapshot.bytes()}});
    return Success([&](wire::JsonWriter& json) {
      json.Key("name");
      json.String(name);
    });
  }

 private:
  template <typename Write>
  [[nodiscard]] static Result<http::Response> Success(const Write& write) {
    return api::SuccessAnswer(
        [&write](wire::JsonWriter& json) -> Result<api::Notes> {
          json.BeginObject();
          write(json);
          json.EndObject();
          return api::Notes{};
        },
        kAnswerBytesMax);
  }

  const AdminDependencies deps_;
  Mutex import_mu_;
  Mutex snapshot_mu_;
};

}  // namespace

std::string ImportDirectory(const std::string& data_directory, const TenantId& tenant,
                            const std::string& id) {
  return fmt::format("{}/import/{}/{}", data_directory, tenant, id);
}

Status RemoveFlatDirectory(io::FileSystem& fs, const std::string& directory) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, fs.List(directory));
  for (const io::DirectoryEntry& entry : entries)
    TICKSCOPE_RETURN_IF_ERROR(fs.Remove(directory + "/" + entry.name));
  return fs.Remove(directory);
}

void RegisterAdminEndpoints(http::Router& router, AdminDependencies dependencies) {
  const auto endpoints = std::make_shared<AdminEndpoints>(std::move(dependencies));
  const auto add = [&](std::string_view method, std::string_view pattern, AdminEndpoints::Action action) {
    router.Add(method, pattern,
               [endpoints, action](http::Request request, http::PathParameters path, http::Respond respond) {
                 // Shared, so that the answer can still be given when the queue does not take the task.
                 const auto reply = std::make_shared<http::Respond>(std::move(respond));
                 const bool taken = endpoints->pool().Submit(
                     [endpoints, action, reply, request = std::move(request), path = std::move(path)] {
                       (*reply)(endpoints->Run(action, request, path));
                     });
                 if (!taken) {
                   (*reply)(api::ErrorAnswer(
                       {ErrorCode::kUnavailable, "too many requests are waiting for a worker"}));
                 }
               });
  };
  add("PUT", "/api/v1/admin/tsdb/import/{id}/{name}", &AdminEndpoints::Put);
  add("POST", "/api/v1/admin/tsdb/import/{id}", &AdminEndpoints::Register);
  add("DELETE", "/api/v1/admin/tsdb/import/{id}", &AdminEndpoints::Forget);
  add("POST", "/api/v1/admin/tsdb/snapshot", &AdminEndpoints::Snapshot);
  add("PUT", "/api/v1/admin/tsdb/snapshot", &AdminEndpoints::Snapshot);
}

}  // namespace tickscope::roles
