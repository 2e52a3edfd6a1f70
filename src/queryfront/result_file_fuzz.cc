// Any bytes as the body of a cached result or a journal: refused, or read and written again to the same.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/check.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "queryfront/result_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;              // NOLINT(google-build-using-namespace): one small program.
  using namespace tickscope::queryfront;  // NOLINT(google-build-using-namespace)
  const ByteView body{reinterpret_cast<const std::byte*>(data), size};
  const auto file_of = [&](std::string_view magic) {
    Bytes file;
    AppendBytes(AsBytes(magic), file);
    codec::PutFixed(codec::Crc32c(body), file);
    AppendBytes(body, file);
    return file;
  };
  if (auto entry = DecodeEntry(file_of("TKSQRE01"))) {
    std::vector<ExtentPtr> extents;
    for (Extent& extent : entry->extents) {
      TICKSCOPE_CHECK(extent.series.size() <= size);
      extents.push_back(std::make_shared<const Extent>(std::move(extent)));
    }
    static_cast<void>(UnpackExtents(extents));
    const Bytes written = EncodeEntry(entry->key, extents);
    const auto again = DecodeEntry(written);
    TICKSCOPE_CHECK(again.has_value() && again->extents.size() == extents.size());
  }
  if (const auto journal = DecodeJournal(file_of("TKSQRJ01"))) {
    const auto again = DecodeJournal(EncodeJournal(*journal));
    TICKSCOPE_CHECK(again.has_value() && again->log == journal->log);
  }
  return 0;
}
