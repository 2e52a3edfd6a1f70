// MemoryObjectStore: the ObjectStore of tests, with the failures of a remote one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {

/// PutFile counts as kPut.
enum class ObjectOperation : std::uint8_t { kPut, kGet, kSize, kList, kDelete };

/// Makes one operation (or a run of them) fail.
struct ObjectFault {
  enum class Effect : std::uint8_t {
    kNotDone,          ///< Nothing happened.
    kDoneAndDisowned,  ///< It was done, but the caller is told that it failed: an answer lost on its way.
  };
  ObjectOperation operation = ObjectOperation::kPut;
  std::uint64_t nth = 1;    ///< Which such operation from now on; 1 is the next.
  std::uint64_t times = 1;  ///< How many in a row fail from there.
  Effect effect = Effect::kNotDone;
  Error error = {ErrorCode::kUnavailable, "injected fault"};
};

/// Thread-safe.
class MemoryObjectStore final : public ObjectStore {
 public:
  [[nodiscard]] Status Put(const std::string& name, std::string_view content) override;
  [[nodiscard]] Status PutFile(const std::string& name, io::FileSystem& files,
                               const std::string& path) override;
  [[nodiscard]] Result<std::string> Get(const std::string& name, std::uint64_t offset,
                                        std::size_t length) override;
  [[nodiscard]] Result<std::uint64_t> Size(const std::string& name) override;
  [[nodiscard]] Result<std::vector<ObjectInfo>> List(const std::string& prefix) override;
  [[nodiscard]] Status Delete(const std::string& name) override;

  void Inject(ObjectFault fault) TICKSCOPE_EXCLUDES(mu_);
  /// XORs one stored byte. The object is there and long enough.
  void FlipBits(const std::string& name, std::uint64_t offset, std::uint8_t mask) TICKSCOPE_EXCLUDES(mu_);

 private:
  /// The fault that strikes this operation, which counts as attempted.
  [[nodiscard]] std::optional<ObjectFault> TakeFault(ObjectOperation operation) TICKSCOPE_REQUIRES(mu_);
  /// The object's content, or why it cannot be read.
  [[nodiscard]] Result<const std::string*> Find(ObjectOperation operation, const std::string& name)
      TICKSCOPE_REQUIRES(mu_);

  Mutex mu_;
  std::map<std::string, std::string> objects_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<ObjectFault> faults_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::objstore
