// ObjectStore: whole, immutable objects under names, as S3 and its likes keep them. Blocks live here.
//
// Invariants   O1 An object is there whole or not at all, also after a crash: there are no partial objects.
//              O2 Put and Delete may be repeated; a repeated Put with the same content changes nothing, so that whoever
//                 got an unclear answer just tries again.
//              O3 A name is checked before it is used: see CheckObjectName.
// Threads      Thread-safe; two Puts of one name at a time are the caller's mistake.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::objstore {

struct ObjectInfo {
  std::string name;
  std::uint64_t size = 0;  ///< Bytes.

  friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

/// All calls also fail with kInvalidArgument for a bad name and kUnavailable when the store cannot be reached.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// Stores `content` under `name`, replacing what was there. *Durable* when it returns. After an error the object is
  /// the old or the new one. Errors: kResourceExhausted when the store is full.
  [[nodiscard]] virtual Status Put(const std::string& name, std::string_view content) = 0;
  /// The same with the content of the file `path`, of any size in bounded memory (kPutFileBytesMax). The file does not
  /// change meanwhile, nor ever after: a store on the same disk keeps a further name of it. Errors: those of Put and
  /// of reading the file.
  [[nodiscard]] virtual Status PutFile(const std::string& name, io::FileSystem& files,
                                       const std::string& path) = 0;
  /// At most `length` bytes from `offset`; fewer only at the object's end. Errors: kNotFound.
  [[nodiscard]] virtual Result<std::string> Get(const std::string& name, std::uint64_t offset,
                                                std::size_t length) = 0;
  /// The same for who knows the object's size, from a listing say; some stores then need one request less. With a size
  /// that is not the object's, what is returned past its real end is anything: for content that carries checksums.
  [[nodiscard]] virtual Result<std::string> GetWithin(const std::string& name, std::uint64_t offset,
                                                      std::size_t length, std::uint64_t size);
  /// Bytes of the object. Errors: kNotFound.
  [[nodiscard]] virtual Result<std::uint64_t> Size(const std::string& name) = 0;
  /// Objects whose names start with `prefix`, sorted by name; all of them for "". Empty when there are none.
  [[nodiscard]] virtual Result<std::vector<ObjectInfo>> List(const std::string& prefix) = 0;
  /// Removes the object; fine when it is not there. *Durable* when it returns.
  [[nodiscard]] virtual Status Delete(const std::string& name) = 0;
};

/// Memory a PutFile may take, buffers of the library below included.
inline constexpr std::size_t kPutFileBytesMax = std::size_t{64} << 20;

inline constexpr std::size_t kObjectNameBytesMax = 512;
/// A segment is the name of a file in a directory, to which a Put adds ".", ".tmp"; a file system takes 255.
inline constexpr std::size_t kObjectNameSegmentBytesMax = 240;

/// A name is segments joined by '/', each of letters, digits, '.', '_', '-', '=', '%' and none of them starting with
/// '.'. So no name leads out of its store or meets a temporary file. A '%' stands for itself: whoever has other bytes
/// in a partition's value encodes them, and no store decodes. Errors: kInvalidArgument.
[[nodiscard]] Status CheckObjectName(std::string_view name);

}  // namespace tickscope::objstore
