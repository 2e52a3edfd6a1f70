#include "objstore/retrying_object_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tickscope::objstore {
namespace {

constexpr std::array<const char*, 5> kOperationNames = {"put", "get", "size", "list", "delete"};
constexpr const char* kBytesHelp = "Bytes of object contents sent to and received from the object store.";

bool MayPass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded ||
         code == ErrorCode::kResourceExhausted;
}

std::unexpected<Error> CameShort(const std::string& name, std::uint64_t offset, std::size_t got,
                                 std::uint64_t size) {
  return Fail(ErrorCode::kUnavailable, "object came short: object=" + name +
                                           " offset=" + std::to_string(offset) +
                                           " got=" + std::to_string(got) + " size=" + std::to_string(size));
}

}  // namespace

RetryingObjectStore::RetryingObjectStore(std::unique_ptr<ObjectStore> below, const RetryOptions& options,
                                         World world)
    : below_(std::move(below)),
      options_(options),
      clock_(world.clock),
      pause_(world.pause),
      random_(world.random),
      bytes_sent_(
          world.metrics.AddCounter("tickscope_objstore_bytes_total", kBytesHelp, {{"direction", "sent"}})),
      bytes_received_(world.metrics.AddCounter("tickscope_objstore_bytes_total", kBytesHelp,
                                               {{"direction", "received"}})) {
  TICKSCOPE_CHECK(options_.attempts_max > 0);
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    const std::string operation = kOperationNames[i];
    const auto calls = [&](const char* result) {
      return world.metrics.AddCounter(
          "tickscope_objstore_calls_total",
          "Calls of the object store by operation and how they ended, retries not counted.",
          {{"op", operation}, {"result", result}});
    };
    metrics_[i] = {
        .done = calls("ok"),
        .missing = calls("not_found"),
        .failed = calls("error"),
        .retries = world.metrics.AddCounter("tickscope_objstore_retries_total",
                                            "Attempts after the first one of a call.", {{"op", operation}}),
        .seconds = world.metrics.AddHistogram("tickscope_objstore_seconds",
                                              "Seconds a call took with all its attempts.",
                                              {{"op", operation}}, kLatencyBucketsSeconds)};
  }
}

std::chrono::milliseconds RetryingObjectStore::Backoff(unsigned attempt) {
  std::chrono::milliseconds bound = options_.backoff_first;
  for (unsigned i = 2; i < attempt && bound < options_.backoff_max; ++i)
    bound *= 2;
  bound = std::min(bound, options_.backoff_max);
  const MutexLock lock(random_mu_);
  return std::chrono::milliseconds(random_.Below(static_cast<std::uint64_t>(bound.count()) + 1));
}

template <typename T>
Result<T> RetryingObjectStore::Repeat(Operation operation, const std::function<Result<T>()>& attempt) {
  const OperationMetrics& metrics = metrics_[static_cast<std::size_t>(operation)];
  const std::chrono::nanoseconds began = clock_.Monotonic();
  unsigned attempts = 1;
  Result<T> result = attempt();
  while (!result && MayPass(result.error().code) && attempts < options_.attempts_max) {
    const std::chrono::milliseconds wait = Backoff(attempts + 1);
    if (clock_.Monotonic() - began + wait >= options_.deadline || !pause_.For(wait)) break;
    ++attempts;
    metrics.retries->Add();
    result = attempt();
  }
  metrics.seconds->Observe(std::chrono::duration<double>(clock_.Monotonic() - began).count());
  if (result) {
    metrics.done->Add();
  } else {
    (result.error().code == ErrorCode::kNotFound ? metrics.missing : metrics.failed)->Add();
    if (attempts > 1)
      return FailWith("after " + std::to_string(attempts) + " attempts", std::move(result.error()));
  }
  return result;
}

Status RetryingObjectStore::Put(const std::string& name, std::string_view content) {
  TICKSCOPE_RETURN_IF_ERROR(Repeat<void>(Operation::kPut, [&] { return below_->Put(name, content); }));
  bytes_sent_->Add(content.size());
  return {};
}

Status RetryingObjectStore::PutFile(const std::string& name, io::FileSystem& files, const std::string& path) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> file, files.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  TICKSCOPE_RETURN_IF_ERROR(
      Repeat<void>(Operation::kPut, [&] { return below_->PutFile(name, files, path); }));
  bytes_sent_->Add(size);
  return {};
}

Result<std::string> RetryingObjectStore::Get(const std::string& name, std::uint64_t offset,
                                             std::size_t length) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::string content,
                             Repeat<std::string>(Operation::kGet, [&]() -> Result<std::string> {
                               TICKSCOPE_ASSIGN_OR_RETURN(std::string got, below_->Get(name, offset, length));
                               if (got.size() == length) return got;
                               TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, below_->Size(name));
                               if (offset + got.size() < size) {
                                 return CameShort(name, offset, got.size(), size);
                               }
                               return got;
                             }));
  bytes_received_->Add(content.size());
  return content;
}

Result<std::string> RetryingObjectStore::GetWithin(const std::string& name, std::uint64_t offset,
                                                   std::size_t length, std::uint64_t size) {
  const std::uint64_t expected = std::min<std::uint64_t>(length, size - std::min(size, offset));
  TICKSCOPE_ASSIGN_OR_RETURN(
      std::string content, Repeat<std::string>(Operation::kGet, [&]() -> Result<std::string> {
        TICKSCOPE_ASSIGN_OR_RETURN(std::string got, below_->GetWithin(name, offset, length, size));
        if (got.size() >= expected) return got;
        return CameShort(name, offset, got.size(), size);
      }));
  bytes_received_->Add(content.size());
  return content;
}

Result<std::uint64_t> RetryingObjectStore::Size(const std::string& name) {
  return Repeat<std::uint64_t>(Operation::kSize, [&] { return below_->Size(name); });
}

Result<std::vector<ObjectInfo>> RetryingObjectStore::List(const std::string& prefix) {
  return Repeat<std::vector<ObjectInfo>>(Operation::kList, [&] { return below_->List(prefix); });
}

Status RetryingObjectStore::Delete(const std::string& name) {
  return Repeat<void>(Operation::kDelete, [&] { return below_->Delete(name); });
}

}  // namespace tickscope::objstore
