// The columnar library is loaded as the server does it: found beside the binary, by its entry point.
#include <gtest/gtest.h>

#include "io/shared_library.h"
#include "plugin/columnar.h"

namespace tickscope::columnar {
namespace {

TEST(ColumnarLibrary, IsFoundBesideTheBinary) {
  const auto library = plugin::LoadColumnar();
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_EQ((*library)->Version(), "arrow 26.0.1");
  EXPECT_EQ(*plugin::LoadColumnar(), *library);
}

TEST(ColumnarLibrary, AMissingOneIsNamed) {
  const auto symbol = io::LoadSymbol("/nowhere/libnothing.so", "entry");
  ASSERT_FALSE(symbol);
  EXPECT_EQ(symbol.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(symbol.error().message.find("/nowhere/libnothing.so"), std::string::npos);
}

}  // namespace
}  // namespace tickscope::columnar
