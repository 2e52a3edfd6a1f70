// RemoteWriteEncoder: the bytes are a foreign contract, so small requests are pinned byte by byte as a
// protobuf reference encoder writes them; then the promise that label references stay put (E1, E2) is
// checked.
#include "wire/remote_write_encode.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <snappy.h>

#include "model/sample.h"

namespace tickscope::wire {
namespace {

std::string Hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string Uncompressed(const std::string& body) {
  std::string message;
  EXPECT_TRUE(snappy::Uncompress(body.data(), body.size(), &message));
  return message;
}

TEST(RemoteWriteEncode, V1BytesAreStable) {
  const Labels labels{{"__name__", "up"}, {"a", "b"}};
  const WriteSample sample{.time_ms = 1000, .value = 1, .start_time_ms = 5};
  const WriteMetadata metadata{.family = "up", .type = MetricType::kGauge, .help = "h", .unit = ""};
  const WriteSeries series{.labels = &labels, .samples = {&sample, 1}, .metadata = &metadata};
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV1);
  std::string body;
  encoder.Encode({&series, 1}, body);
  EXPECT_EQ(Hex(Uncompressed(body)),
            "0a26"                              // timeseries, 38 bytes
            "0a0e0a085f5f6e616d655f5f12027570"  // __name__=up
            "0a060a016112"
            "0162"                          // a=b
            "120c09000000000000f03f10e807"  // 1 @ 1000; 1.0 has no start time
            "1a09"
            "0802"
            "12027570"
            "220168");  // metadata: gauge, up, help h
}

TEST(RemoteWriteEncode, V2BytesAreStable) {
  const Labels labels{{"__name__", "up"}, {"a", "b"}};
  const WriteSample sample{.time_ms = 1000, .value = 0, .start_time_ms = 5};
  const Exemplar exemplar{.labels = Labels{{"t", "9"}}, .value = 1, .time_ms = 0};
  const WriteMetadata metadata{.family = "up", .type = MetricType::kGauge, .help = "h", .unit = ""};
  const WriteSeries series{
      .labels = &labels, .samples = {&sample, 1}, .exemplars = {&exemplar, 1}, .metadata = &metadata};
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV2);
  std::string body;
  encoder.Encode({&series, 1}, body);
  EXPECT_EQ(Hex(Uncompressed(body)),
            "2200"  // symbol 0: empty
            "22085f5f6e616d655f5f"
            "22027570"  // 1, 2
            "220161"
            "220162"
            "220168"  // 3, 4, and help 5 after the labels
            "220174"
            "220139"  // 6, 7: exemplar last
            "2a22"
            "0a0401020304"
            "120510e807"
            "1805"  // series, refs, sample 0 @ 1000 started 5
            "220d0a0206071100"
            "0000000000f03f"  // exemplar 1
            "2a0408021805");  // metadata
}

TEST(RemoteWriteEncode, HistogramsKeepTheirKind) {
  Histogram whole;
  whole.count = 3;
  whole.sum = 2.5;
  whole.schema = 1;
  whole.positive_spans = {{-1, 2}};
  whole.positive_buckets = {2, 1};
  const Labels labels{{"__name__", "h"}};
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV1);
  std::string body;
  const auto encode = [&](const Histogram& h) {
    const WriteHistogram sample{.time_ms = 7, .histogram = &h};
    const WriteSeries series{.labels = &labels, .histograms = {&sample, 1}};
    encoder.Encode({&series, 1}, body);
    return Hex(encoder.message());
  };
  EXPECT_EQ(encode(whole),
            "0a2c"
            "0a0d0a085f5f6e616d655f5f120168"
            "221b"
            "0803"
            "190000000000000440"
            "2002"
            "3000"
            "5a0408011002"
            "62020401"
            "7807");
  Histogram parts = whole;
  parts.count = 2.5;
  parts.positive_buckets = {2, 0.5};
  EXPECT_EQ(encode(parts),
            "0a48"
            "0a0d0a085f5f6e616d655f5f120168"
            "2237"
            "110000000000000440"
            "190000000000000440"
            "2002"
            "390000000000000000"
            "5a0408011002"
            "6a100000000000000040000000000000e03f"
            "7807");
}

TEST(RemoteWriteEncode, LabelReferencesDoNotDependOnExemplars) {
  const std::array<Labels, 2> labels = {Labels{{"__name__", "a_bucket"}, {"le", "1"}, {"job", "x"}},
                                        Labels{{"__name__", "b_total"}, {"job", "x"}}};
  const WriteSample sample{.time_ms = 1, .value = 2};
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV2);
  const auto label_bytes = [&](std::string_view trace) {
    const Exemplar exemplar{.labels = Labels{{"trace_id", trace}}, .value = 1, .time_ms = 0};
    const std::array<WriteSeries, 2> series = {
        WriteSeries{.labels = &labels[0], .samples = {&sample, 1}, .exemplars = {&exemplar, 1}},
        WriteSeries{.labels = &labels[1], .samples = {&sample, 1}}};
    std::string body;
    encoder.Encode(series, body);
    return encoder.message().substr(0, 46);  // Symbols 0 to 7: all that the labels use.
  };
  EXPECT_EQ(label_bytes("abc"), label_bytes("def"));
  EXPECT_EQ(Hex(label_bytes("abc")),
            "2200"
            "22085f5f6e616d655f5f"
            "2208615f6275636b6574"
            "22036a6f62"
            "220178"
            "22026c65"
            "220131"
            "2207625f746f74616c");
}

TEST(RemoteWriteEncode, ManySymbolsGrowTheTable) {
  std::vector<Labels> labels;
  for (int i = 0; i < 3000; ++i)
    labels.push_back(Labels{{"__name__", "m"}, {"i", std::to_string(i)}});
  const WriteSample sample{.time_ms = 1, .value = 2};
  std::vector<WriteSeries> series;
  for (const Labels& l : labels)
    series.push_back({.labels = &l, .samples = {&sample, 1}});
  RemoteWriteEncoder encoder(RemoteWriteProtocol::kV2);
  std::string first;
  std::string second;
  encoder.Encode(series, first);
  encoder.Encode(series, second);
  EXPECT_EQ(first, second);
}

TEST(SymbolTable, NumbersInOrderOfFirstUse) {
  SymbolTable table;
  EXPECT_EQ(table.Intern(""), 0U);
  EXPECT_EQ(table.Intern("a"), 1U);
  EXPECT_EQ(table.Intern("b"), 2U);
  EXPECT_EQ(table.Intern("a"), 1U);
  table.Clear();
  EXPECT_EQ(table.Intern("b"), 1U);
}

}  // namespace
}  // namespace tickscope::wire
