// Addresses: what is read, what is refused, and that printing reads back.
#include "io/host_port.h"

#include <gtest/gtest.h>

namespace tickscope::io {
namespace {

TEST(HostPort, Parses) {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  const Case cases[] = {{"localhost:9280", "localhost", 9280},
                        {"127.0.0.1:0", "127.0.0.1", 0},
                        {"[::1]:65535", "::1", 65535},
                        {":80", "", 80}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto address = ParseHostPort(c.text);
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    EXPECT_EQ(address->ToString(), c.text);
  }
}

TEST(HostPort, Refuses) {
  for (const char* text :
       {"", "localhost", "localhost:", "localhost:x", "localhost:80x", "localhost:65536", "h:-1", "::1:80",
        "[::1:80", "[]:80", "[host]:80", "a b:80", "a/b:80", "u@h:80", "h\n:80", "h: 80"}) {
    SCOPED_TRACE(text);
    const auto address = ParseHostPort(text);
    ASSERT_FALSE(address.has_value());
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tickscope::io
