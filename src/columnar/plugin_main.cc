// The entry point of libtickscope_columnar.so; in no other binary.
#include "columnar/columnar_library.h"

extern "C" __attribute__((visibility("default"))) tickscope::plugin::Columnar& tickscope_columnar_3() {
  static tickscope::columnar::ColumnarLibrary library;
  return library;
}
