#include "io/shared_library.h"
#include "plugin/columnar.h"

namespace tickscope::plugin {

Result<Columnar*> LoadColumnar() {
  const std::string path = io::LibraryDirectory() + "/libtickscope_columnar.so";
  const auto symbol = io::LoadSymbol(path, kColumnarEntryName);
  if (!symbol) {
    return FailWith("S3, Parquet and ORC need a library beside the binary (./dev build makes it)",
                    symbol.error());
  }
  return &reinterpret_cast<ColumnarEntry>(*symbol)();
}

}  // namespace tickscope::plugin
