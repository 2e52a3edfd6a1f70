// The bytes of a push request are a contract with receivers: pinned.
#include "logs/push_batch.h"

#include <gtest/gtest.h>

#include <array>

namespace tickscope::logs {
namespace {

using namespace std::string_literals;

TEST(PushBatch, BytesAreStable) {
  StreamNames names;
  const StreamId game = names.Add({{"app", "game"}});
  const StreamId edge = names.Add({{"app", "edge"}});
  EXPECT_EQ(names.Add({{"app", "game"}}), game);
  PushBatch batch(names);
  const std::array<LabelView, 1> metadata = {{{"pid", "7"}}};
  batch.Add(edge, 1'000'000'001, "x", {});
  batch.Add(game, 2'000'000'300, "hi", metadata);
  std::string message;
  batch.Encode(message);
  EXPECT_EQ(message,
            "\x0a\x25"                         // A stream of 37 bytes,
            "\x0a\x0c{app=\"game\"}"           // its labels,
            "\x12\x15"                         // an entry of 21:
            "\x0a\x05\x08\x02\x10\xac\x02"     // 2 s, 300 ns,
            "\x12\x02hi"                       // the line,
            "\x1a\x08\x0a\x03pid\x12\x01\x37"  // what is known besides.
            "\x0a\x19\x0a\x0c{app=\"edge\"}\x12\x09\x0a\x04\x08\x01\x10\x01\x12\x01x"s);
  EXPECT_EQ(batch.entries(), 2U);
  batch.Clear();
  batch.Encode(message);
  EXPECT_EQ(message, "");
  EXPECT_EQ(batch.bytes(), 0U);
}

TEST(StreamNames, AreWhatLokiTakes) {
  EXPECT_EQ(StreamLabelText(Labels{{"a", "b"}, {"c", "d"}}), "{a=\"b\",c=\"d\"}");
  EXPECT_EQ(StreamLabelText(Labels{{"k8s.pod", "x\"y\\z\n"}}), "{k8s_pod=\"x\\\"y\\\\z\\n\"}");
  EXPECT_EQ(StreamLabelText(Labels{{"1st", "v"}}), "{_1st=\"v\"}");
  EXPECT_EQ(StreamLabelText(Labels()), "{}");
}

}  // namespace
}  // namespace tickscope::logs
