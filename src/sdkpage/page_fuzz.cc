// A page is another process's bytes: whatever they say, reading ends, within memory, in values or an error. Checksums are
// mended first, for no fuzzer finds them by chance.
#include <cstddef>
#include <cstdint>

#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "sdkpage/page_bytes_file.h"
#include "sdkpage/page_reader.h"

namespace {

using tickscope::ByteView;
using tickscope::codec::LoadFixed;

void MendChecksums(tickscope::Bytes& page) {
  if (page.size() < 4096) return;
  tickscope::codec::StoreFixed(tickscope::codec::Crc32c(ByteView(page).subspan(16, 112)), page.data() + 12);
  std::uint64_t at = LoadFixed<std::uint32_t>(page.data() + 24);
  while (at + 40 <= page.size()) {
    const auto size = LoadFixed<std::uint32_t>(page.data() + at);
    if (size < 40 || size > page.size() - at) return;
    tickscope::codec::StoreFixed(tickscope::codec::Crc32c(ByteView(page).subspan(at + 8, size - 8)),
                                 page.data() + at + 4);
    at += size;
  }
}

void ReadAll(const tickscope::sdkpage::PageReader& page) {
  for (const auto& family : page.families()) {
    for (std::uint32_t i = 0; i < family.series_count; ++i) {
      for (std::size_t label = 0; label < family.labels.size(); ++label)
        (void)family.ValueOf(i, label).size();
      if (family.is_histogram()) {
        (void)page.Sum(family, i);
        if (family.type == tickscope::sdkpage::PageType::kExponential) (void)page.Native(family, i);
      } else {
        (void)page.Scalar(family, i);
      }
      (void)page.Exemplar(family, i);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const begin = reinterpret_cast<const std::byte*>(data);
  tickscope::Bytes bytes(begin, begin + size);
  MendChecksums(bytes);
  const auto page =
      tickscope::sdkpage::PageReader::Open(std::make_unique<tickscope::sdkpage::PageBytesFile>(bytes));
  if (!page) return 0;
  for (int i = 0; i < 2; ++i)
    if ((*page)->Refresh()) ReadAll(**page);
  return 0;
}
