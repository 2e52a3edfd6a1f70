// Tenant header: names become keys, paths and metric labels, so what is refused matters most.
#include "wire/tenant_header.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::wire {
namespace {

TEST(TenantHeader, AcceptsTheDocumentedNames) {
  EXPECT_EQ(ParseTenantHeader("").value(), "default");
  EXPECT_EQ(ParseTenantHeader("Studio_7-eu").value(), "Studio_7-eu");
  EXPECT_EQ(ParseTenantHeader(std::string(150, 'a')).value().size(), 150U);
}

TEST(TenantHeader, RefusesTheRest) {
  for (const std::string& value :
       {std::string(151, 'a'), std::string("a/b"), std::string(".."), std::string("a|b"), std::string("a b"),
        std::string("caf\xc3\xa9"), std::string("a\0b", 3)}) {
    const auto tenant = ParseTenantHeader(value);
    ASSERT_FALSE(tenant.has_value()) << value;
    EXPECT_EQ(tenant.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(ParseTenantHeader("ab/c").error().message,
            "tenant in X-Scope-OrgID has a character outside a-z, A-Z, 0-9, _ and - at byte 3");
}

}  // namespace
}  // namespace tickscope::wire
