// RequestEncoder: its hand-made messages say, label for label and bit for bit, what the plain encoder of
// src/wire would have said; what a receiver makes of them is tested there and in the black-box tests.
#include "fleet/request_encoder.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <bit>
#include <protozero/pbf_reader.hpp>
#include <vector>

namespace tickscope::fleet {
namespace {

struct DecodedSeries {
  Labels labels;
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  std::int32_t type = 0;
  std::string help;
};

void DecodeSample(protozero::pbf_reader sample, DecodedSeries& series) {
  while (sample.next()) {
    if (sample.tag() == 1) {
      series.values.push_back(sample.get_double());
    } else if (sample.tag() == 2) {
      series.times_ms.push_back(sample.get_int64());
    } else {
      FAIL() << "sample field " << sample.tag();
    }
  }
}

std::vector<DecodedSeries> DecodeV1(const std::string& message) {
  std::vector<DecodedSeries> all;
  protozero::pbf_reader request(message);
  while (request.next(1)) {
    DecodedSeries series;
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    protozero::pbf_reader fields = request.get_message();
    while (fields.next()) {
      if (fields.tag() == 1) {
        protozero::pbf_reader label = fields.get_message();
        std::string_view name;
        std::string_view value;
        while (label.next()) {
          // The tag is gone once the field was read.
          std::string_view& part = label.tag() == 1 ? name : value;
          const auto text = label.get_view();
          part = std::string_view(text.data(), text.size());
        }
        pairs.emplace_back(name, value);
      } else {
        DecodeSample(fields.get_message(), series);
      }
    }
    for (std::size_t i = 1; i < pairs.size(); ++i)
      EXPECT_LT(pairs[i - 1].first, pairs[i].first);
    series.labels = Labels::FromPairs(pairs);
    all.push_back(std::move(series));
  }
  return all;
}

std::vector<DecodedSeries> DecodeV2(const std::string& message) {
  std::vector<std::string> symbols;
  std::vector<DecodedSeries> all;
  protozero::pbf_reader request(message);
  while (request.next()) {
    if (request.tag() == 4) {
      symbols.push_back(request.get_string());
      continue;
    }
    EXPECT_EQ(request.tag(), 5);
    DecodedSeries series;
    protozero::pbf_reader fields = request.get_message();
    while (fields.next()) {
      if (fields.tag() == 1) {
        std::vector<std::pair<std::string_view, std::string_view>> pairs;
        const auto refs = fields.get_packed_uint32();
        for (auto at = refs.begin(); at != refs.end();) {
          const std::string& name = symbols.at(*at++);
          const std::string& value = symbols.at(*at++);
          EXPECT_TRUE(pairs.empty() || pairs.back().first < name) << name;
          pairs.emplace_back(name, value);
        }
        series.labels = Labels::FromPairs(pairs);
      } else if (fields.tag() == 2) {
        DecodeSample(fields.get_message(), series);
      } else {
        EXPECT_EQ(fields.tag(), 5);
        protozero::pbf_reader metadata = fields.get_message();
        while (metadata.next()) {
          if (metadata.tag() == 1) {
            series.type = metadata.get_enum();
          } else if (metadata.tag() == 3) {
            series.help = symbols.at(metadata.get_uint32());
          } else {
            metadata.skip();
          }
        }
      }
    }
    all.push_back(std::move(series));
  }
  EXPECT_EQ(symbols.at(0), "");
  return all;
}

struct Case {
  const char* name;
  std::uint32_t servers;
  std::vector<TimeMs> times_ms;
};

class RequestEncoderTest : public testing::TestWithParam<wire::RemoteWriteProtocol> {};

TEST_P(RequestEncoderTest, SaysWhatItWasGiven) {
  const Case cases[] = {
      {"one server, one point", 1, {1'767'225'600'000}},
      {"ten servers", 10, {1'767'225'600'000}},
      {"several points", 3, {1'767'225'600'000, 1'767'225'610'000, 1'767'225'620'000}},
      {"times of other lengths", 1, {0, 127, 128, 4'102'444'800'000}},
  };
  RequestEncoder encoder(GetParam());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<ServerIdentity> servers;
    for (std::uint32_t s = 0; s < c.servers; ++s)
      servers.push_back(MakeServerIdentity(s));
    std::vector<double> values(c.servers * c.times_ms.size() * kSeriesPerServer);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(i) / 3;

    std::string body;
    encoder.Encode(encoder.Prepare(servers), c.times_ms, values, body);
    std::string message;
    ASSERT_TRUE(snappy::Uncompress(body.data(), body.size(), &message));
    EXPECT_EQ(message, encoder.message());
    const bool v1 = GetParam() == wire::RemoteWriteProtocol::kV1;
    const auto all = v1 ? DecodeV1(message) : DecodeV2(message);

    ASSERT_EQ(all.size(), c.servers * kSeriesPerServer);
    for (std::size_t n = 0; n < all.size(); ++n) {
      const std::size_t server = n / kSeriesPerServer;
      const std::size_t index = n % kSeriesPerServer;
      ASSERT_EQ(all[n].labels, SeriesLabels(servers[server], index));
      ASSERT_EQ(all[n].times_ms, c.times_ms);
      for (std::size_t t = 0; t < c.times_ms.size(); ++t) {
        ASSERT_EQ(all[n].values[t], values[(server * c.times_ms.size() + t) * kSeriesPerServer + index]);
      }
      if (!v1) {
        EXPECT_EQ(all[n].type, static_cast<std::int32_t>(TheGameCatalog().series[index].family->type));
        EXPECT_EQ(all[n].help, TheGameCatalog().series[index].family->help);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Protocols, RequestEncoderTest,
                         testing::Values(wire::RemoteWriteProtocol::kV1, wire::RemoteWriteProtocol::kV2),
                         [](const auto& protocol) {
                           return protocol.param == wire::RemoteWriteProtocol::kV1 ? "V1" : "V2";
                         });

}  // namespace
}  // namespace tickscope::fleet
