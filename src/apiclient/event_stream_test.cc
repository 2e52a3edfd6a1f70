// Server-sent events: the same events whatever pieces the text comes in; the standard's odd cases.
#include "apiclient/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tickscope::apiclient {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Read(std::string_view text, std::size_t piece) {
  std::vector<std::string> events;
  EventStream stream([&](const ServerEvent& event) { events.push_back(event.type + "=" + event.data); });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    stream.Feed(text.substr(0, piece));
  return events;
}

TEST(EventStream, TheSameInWhateverPieces) {
  struct Case {
    const char* name;
    std::string_view text;
    std::vector<std::string> want;
  };
  const Case cases[] = {
      {"typed", "event: points\ndata: {}\n\n", {"points={}"}},
      {"untyped", "data: a\n\n", {"message=a"}},
      {"two lines", "data: a\ndata:b\n\n", {"message=a\nb"}},
      {"no blank, two blanks", "data:a\n\ndata:  b\n\n", {"message=a", "message= b"}},
      {"no data is no event", "event: x\n\nid: 7\n\ndata: a\n\n", {"message=a"}},
      {"comments", ":\n\n: beat\ndata: a\n:\n\n", {"message=a"}},
      {"line ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", {"message=a", "message=b", "message=c"}},
      {"unknown field", "data: a\nfoo: b\nbar\n\n", {"message=a"}},
      {"empty data", "data\n\n", {"message="}},
      {"not ended", "data: a\n\ndata: b\n", {"message=a"}},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : {1U, 2U, 3U, 1000U}) {
      SCOPED_TRACE(c.name);
      SCOPED_TRACE(piece);
      EXPECT_EQ(Read(c.text, piece), c.want);
    }
  }
}

TEST(EventStream, KeepsTheLastIdAndTheRetryTime) {
  std::vector<std::string> events;
  EventStream stream([&](const ServerEvent& event) { events.push_back(event.data); });
  stream.Feed("retry: 1500\nid: a-1\ndata: x\n\nid: b\nda");
  EXPECT_EQ(stream.last_id(), "a-1") << "an event that is not whole does not count";
  EXPECT_EQ(stream.retry_ms(), 1500);
  stream.Restart();
  stream.Feed("retry: soon\ndata: y\n\n");
  EXPECT_EQ(stream.last_id(), "a-1");
  EXPECT_EQ(stream.retry_ms(), 1500);
  stream.Feed("retry: 99999999999\nid\ndata: z\n\n");
  EXPECT_EQ(stream.last_id(), "");
  EXPECT_EQ(stream.retry_ms(), 3'600'000);
  EXPECT_THAT(events, ElementsAre("x", "y", "z"));
}

}  // namespace
}  // namespace tickscope::apiclient
