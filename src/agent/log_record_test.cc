// Records of the log spool: bytes are pinned, damage is refused.
#include "agent/log_record.h"

#include <gtest/gtest.h>

namespace tickscope::agent {
namespace {

using namespace std::string_literals;

TEST(LogRecord, BytesAreStable) {
  std::string payload = "left from before";
  EncodeLogRecord({.batch = 258, .marks = "/a 1\n", .body = "body"}, payload);
  EXPECT_EQ(payload, "TSL1\x02\x01\0\0\0\0\0\0\x05\0\0\0/a 1\nbody"s);
  const LogRecord record = DecodeLogRecord(payload).value();
  EXPECT_EQ(record.batch, 258U);
  EXPECT_EQ(record.marks, "/a 1\n");
  EXPECT_EQ(record.body, "body");
  EncodeLogRecord({.batch = 1, .marks = {}, .body = {}}, payload);
  EXPECT_EQ(DecodeLogRecord(payload).value().body, "");
}

TEST(LogRecord, RefusesDamage) {
  std::string payload;
  EncodeLogRecord({.batch = 258, .marks = "/a 1\n", .body = {}}, payload);
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(DecodeLogRecord(payload.substr(0, size))) << size;
  payload[0] = 'X';
  EXPECT_FALSE(DecodeLogRecord(payload));
}

}  // namespace
}  // namespace tickscope::agent
