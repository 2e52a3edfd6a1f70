// Gateway: what it says was written is on the stream, readable by somebody who knows nothing but the segment; what it
// refuses is named; faults of the disk turn into answers, never into lost definitions.
#include "ingest/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <future>
#include <map>
#include <set>

#include "base/random.h"
#include "codec/sample_batch.h"
#include "io/memory_file_system.h"
#include "stream/embedded_log.h"
#include "wire/remote_write_decode.h"
#include "wire/remote_write_encode.h"

namespace tickscope::ingest {
namespace {

using ::testing::HasSubstr;
using wire::RemoteWriteProtocol;

constexpr stream::PartitionId kPartition{0};
constexpr TimeMs kNow = 1'700'000'000'000;

struct SentSample {
  Labels labels;
  TimeMs time_ms;
  double value;
  TimeMs start_ms = 0;
};

// A value's bits and its start.
using StoredValue = std::pair<std::uint64_t, TimeMs>;
using Stored = std::map<std::pair<std::string, TimeMs>, std::set<StoredValue>>;

class Fixture {
 public:
  explicit Fixture(std::uint64_t segment_bytes_max = 1 << 20) : segment_bytes_max_(segment_bytes_max) {
    Open();
  }
  ~Fixture() { Close(); }

  void Open() {
    stream::EmbeddedLogOptions options;
    options.directory = "/stream";
    options.segment_bytes_max = segment_bytes_max_;
    options.disk_free_bytes_min = 0;
    auto log = stream::OpenEmbeddedLog(fs, clock, metrics, options);
    ASSERT_TRUE(log.has_value()) << log.error().message;
    log_ = *std::move(log);
    gateway_ = std::make_unique<Gateway>(*log_, clock, random, metrics, GatewayOptions{});
    codec::BatchDecoder decoder;
    for (const stream::Record& record : Records()) {
      codec::SampleBatch batch;
      ASSERT_TRUE(decoder.Decode(record.payload, record.epoch, batch).has_value());
      ASSERT_EQ(decoder.unproven_samples(), 0U);
      gateway_->Replay(batch);
    }
  }
  void Close() {
    if (log_ != nullptr) log_->Close();
    gateway_.reset();
    log_.reset();
  }

  WriteAnswer Write(const std::vector<SentSample>& samples,
                    RemoteWriteProtocol protocol = RemoteWriteProtocol::kV1) {
    std::vector<wire::WriteSample> points;
    points.reserve(samples.size());
    std::vector<wire::WriteSeries> series;
    for (const SentSample& sample : samples) {
      points.push_back({.time_ms = sample.time_ms, .value = sample.value, .start_time_ms = sample.start_ms});
      series.push_back({.labels = &sample.labels, .samples = std::span(&points.back(), 1)});
    }
    wire::RemoteWriteEncoder encoder(protocol);
    std::string body;
    encoder.Encode(series, body);
    return WriteBody(body, protocol);
  }

  WriteAnswer WriteBody(std::string_view body, RemoteWriteProtocol protocol = RemoteWriteProtocol::kV1) {
    std::promise<WriteAnswer> promise;
    gateway_->Write("default", protocol, body,
                    [&](WriteAnswer answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }

  [[nodiscard]] std::vector<stream::Record> Records() {
    std::vector<stream::Record> all;
    stream::Offset from = log_->StartOffset(kPartition);
    while (true) {
      auto records = log_->Read(kPartition, from, 1 << 20).value();
      if (records.empty()) return all;
      from = records.back().offset + 1;
      for (stream::Record& record : records)
        all.push_back(std::move(record));
    }
  }

  // Everything on the stream, by labels; checks that each epoch defines what it uses, and no series twice.
  [[nodiscard]] Stored ReadStream() {
    Stored stored;
    std::map<stream::Epoch, std::map<SeriesRef, std::string>> defined;
    std::map<std::string, SeriesRef> ref_of;
    codec::BatchDecoder decoder;
    for (const stream::Record& record : Records()) {
      codec::SampleBatch batch;
      EXPECT_TRUE(decoder.Decode(record.payload, record.epoch, batch).has_value());
      EXPECT_EQ(decoder.unproven_samples(), 0U);
      auto& names = defined[record.epoch];
      for (const codec::SeriesDefinition& definition : batch.series) {
        const std::string text = Labels::FromSorted(definition.labels).ToString();
        EXPECT_TRUE(names.emplace(definition.ref, text).second) << "defined twice in an epoch: " << text;
        EXPECT_EQ(ref_of.emplace(text, definition.ref).first->second, definition.ref) << text;
      }
      for (std::size_t i = 0; i < batch.floats.size(); ++i) {
        const auto name = names.find(batch.floats.refs[i]);
        if (name == names.end()) {
          ADD_FAILURE() << "sample of an undefined series in epoch " << record.epoch;
          continue;
        }
        stored[{name->second, batch.floats.times_ms[i]}].insert(
            {std::bit_cast<std::uint64_t>(batch.floats.values[i]),
             batch.floats.starts_ms.empty() ? 0 : batch.floats.starts_ms[i]});
      }
    }
    return stored;
  }

  io::MemoryFileSystem fs;
  ManualClock clock{kNow};
  SeededRandom random{1};
  MetricRegistry metrics;

 private:
  std::uint64_t segment_bytes_max_;
  std::unique_ptr<stream::Stream> log_;
  std::unique_ptr<Gateway> gateway_;
};

Labels Series(std::string_view name, std::string_view server) {
  return Labels{{"__name__", name}, {"server", server}};
}

StoredValue Bits(double v, TimeMs start_ms = 0) {
  return {std::bit_cast<std::uint64_t>(v), start_ms};
}

TEST(Gateway, BothProtocolsMeanTheSameSeries) {
  Fixture fixture;
  EXPECT_EQ(fixture.Write({{Series("m", "a"), kNow, 1}, {Series("m", "b"), kNow, 2}}).samples_written, 2U);
  const WriteAnswer second = fixture.Write(
      {{Series("m", "a"), kNow + 1000, 3}, {Series("m", "b"), kNow + 1000, 4}}, RemoteWriteProtocol::kV2);
  EXPECT_EQ(second.samples_written, 2U);
  EXPECT_FALSE(second.error.has_value());
  EXPECT_EQ(fixture.ReadStream(), (Stored{{{"m{server=\"a\"}", kNow}, {Bits(1)}},
                                          {{"m{server=\"a\"}", kNow + 1000}, {Bits(3)}},
                                          {{"m{server=\"b\"}", kNow}, {Bits(2)}},
                                          {{"m{server=\"b\"}", kNow + 1000}, {Bits(4)}}}));
}

TEST(Gateway, StartsComeWith20Only) {
  Fixture fixture;
  const TimeMs start_ms = kNow - 60'000;
  for (const RemoteWriteProtocol protocol : {RemoteWriteProtocol::kV1, RemoteWriteProtocol::kV2}) {
    const TimeMs at = kNow + (protocol == RemoteWriteProtocol::kV2 ? 1000 : 0);
    ASSERT_FALSE(fixture
                     .Write({{Series("m", "a"), at, 1},
                             {Series("m", "b"), at, 2, start_ms},
                             {Series("m", "c"), at, 3, INT64_MIN},
                             {Series("m", "d"), at, 4}},
                            protocol)
                     .error.has_value());
  }
  EXPECT_EQ(fixture.ReadStream(), (Stored{{{"m{server=\"a\"}", kNow}, {Bits(1)}},
                                          {{"m{server=\"b\"}", kNow}, {Bits(2)}},
                                          {{"m{server=\"c\"}", kNow}, {Bits(3)}},
                                          {{"m{server=\"d\"}", kNow}, {Bits(4)}},
                                          {{"m{server=\"a\"}", kNow + 1000}, {Bits(1)}},
                                          {{"m{server=\"b\"}", kNow + 1000}, {Bits(2, start_ms)}},
                                          {{"m{server=\"c\"}", kNow + 1000}, {Bits(3, INT64_MIN)}},
                                          {{"m{server=\"d\"}", kNow + 1000}, {Bits(4)}}}));

  // A native histogram's is field 17.
  Histogram histogram;
  histogram.count = histogram.zero_count = 3;
  const Labels labels = Series("h", "a");
  for (const RemoteWriteProtocol protocol : {RemoteWriteProtocol::kV1, RemoteWriteProtocol::kV2}) {
    const wire::WriteHistogram point{.time_ms = kNow, .histogram = &histogram, .start_time_ms = start_ms};
    const wire::WriteSeries series{.labels = &labels, .histograms = std::span(&point, 1)};
    wire::RemoteWriteEncoder encoder(protocol);
    std::string body;
    encoder.Encode({&series, 1}, body);
    wire::RemoteWriteRequest request(1);
    ASSERT_TRUE(request.Decode(protocol, AsBytes(encoder.message())).has_value());
    ASSERT_EQ(request.histograms().size(), 1U);
    EXPECT_EQ(request.histograms()[0].start_ms, protocol == RemoteWriteProtocol::kV2 ? start_ms : 0);
    ASSERT_FALSE(fixture.WriteBody(body, protocol).error.has_value());
  }
  codec::BatchDecoder decoder;
  codec::SampleBatch batch;
  for (const stream::Record& record : fixture.Records())
    ASSERT_TRUE(decoder.Decode(record.payload, record.epoch, batch).has_value());
  ASSERT_EQ(batch.histograms.size(), 1U);
  EXPECT_EQ(batch.histograms[0].start_ms, start_ms);
}

TEST(Gateway, RefusesOneSampleAndWritesTheRest) {
  Fixture fixture;
  ASSERT_FALSE(fixture.Write({{Series("m", "a"), kNow, 1}}).error.has_value());
  struct Case {
    const char* name;
    SentSample bad;
    const char* message;
  };
  const Case cases[] = {
      {"no metric name", {Labels{{"server", "a"}}, kNow, 1}, "series without a metric name"},
      {"name not UTF-8",
       {Labels{{"__name__", "m"}, {"\xff", "x"}}, kNow, 1},
       "label name is not valid UTF-8"},
      {"value not UTF-8",
       {Labels{{"__name__", "m"}, {"x", "\xff"}}, kNow, 1},
       "value of label \"x\" is not valid UTF-8"},
      {"value too long",
       {Labels{{"__name__", "m"}, {"x", std::string(9000, 'x')}}, kNow, 1},
       "value of label \"x\" is too long"},
      {"same time, other value", {Series("m", "a"), kNow, 2}, "duplicate sample for timestamp"},
      {"too old", {Series("m", "a"), kNow - 600'001, 2}, "out-of-order sample"},
      {"far in the future", {Series("m", "a"), kNow + 600'001, 2}, "too far in the future"},
      {"end of time", {Series("m", "new"), INT64_MAX, 2}, "too far in the future"},
      {"far in the past", {Series("m", "new"), 1'000'000'000, 2}, "too far in the past"},
      {"beginning of time", {Series("m", "new"), INT64_MIN, 2}, "too far in the past"},
  };
  TimeMs time_ms = kNow;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const WriteAnswer answer = fixture.Write({c.bad, {Series("good", "g"), ++time_ms, 5}});
    EXPECT_EQ(answer.samples_written, 1U);
    ASSERT_TRUE(answer.error.has_value());
    EXPECT_EQ(answer.error->code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(answer.error->message, HasSubstr(c.message));
    EXPECT_THAT(answer.error->message, HasSubstr("series 0: "));
    EXPECT_THAT(answer.error->message, HasSubstr("1 of 2 samples not written"));
  }
  // A repeated sample is no mistake: it is a sender's retry.
  EXPECT_FALSE(fixture.Write({{Series("m", "a"), kNow, 1}}).error.has_value());
  // Late within the window is taken.
  EXPECT_FALSE(fixture.Write({{Series("m", "a"), kNow - 600'000, 3}}).error.has_value());
}

TEST(Gateway, RefusesWhatIsNoRequest) {
  Fixture fixture;
  EXPECT_EQ(fixture.WriteBody("").error->code, ErrorCode::kCorruption);
  EXPECT_EQ(fixture.WriteBody("\xff\xff\xff\xff\xff\xff").error->code, ErrorCode::kCorruption);
  // Declares 4 GiB - 1, holds five bytes.
  EXPECT_EQ(fixture.WriteBody("\xff\xff\xff\xff\x0f").error->code, ErrorCode::kOutOfRange);
  // Declares 1 MiB in five bytes.
  EXPECT_EQ(fixture.WriteBody(std::string_view("\x80\x80\x40\x00\x00", 5)).error->code,
            ErrorCode::kCorruption);
  // A literal of three bytes that are no protobuf.
  EXPECT_EQ(fixture.WriteBody(std::string_view("\x03\x08\x0a\x7f\x01", 5)).error->code,
            ErrorCode::kCorruption);
  // A sample sent as a number: field 1 (series) holds field 2 (samples) as a varint.
  EXPECT_EQ(fixture.WriteBody(std::string_view("\x04\x0c\x0a\x02\x10\x01", 6)).error->code,
            ErrorCode::kCorruption);
  // An empty message is an empty request.
  const WriteAnswer empty = fixture.WriteBody(std::string_view("\x00", 1));
  EXPECT_FALSE(empty.error.has_value());
  EXPECT_EQ(empty.samples_written, 0U);
}

TEST(Gateway, DiskFaultsNeverLoseDefinitions) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    Fixture fixture(4000);
    Stored acknowledged;
    for (int round = 0; round < 120; ++round) {
      if (random.Below(10) == 0) {
        io::FileFault full;
        full.nth = 1 + random.Below(3);
        full.error = Error{ErrorCode::kResourceExhausted, "disk full"};
        full.bytes_kept = random.Below(200);
        fixture.fs.Inject(full);
      }
      if (random.Below(25) == 0) {
        fixture.fs.ClearFaults();
        fixture.Close();
        fixture.fs.Crash({.unsynced = io::CrashPolicy::Unsynced::kTorn, .seed = random.Next()});
        fixture.Open();
      }
      std::vector<SentSample> samples;
      for (int i = 0; i < 10; ++i) {
        // Every other round has starts, and every tenth others.
        const TimeMs start_ms = round % 20 < 10 ? kNow - 1000 * (round / 40) - i % 3 : 0;
        samples.push_back({Series("m", std::to_string(random.Below(40))), kNow + round * 1000,
                           static_cast<double>(i), start_ms});
      }
      std::sort(samples.begin(), samples.end(),
                [](const SentSample& a, const SentSample& b) { return a.labels < b.labels; });
      samples.erase(
          std::unique(samples.begin(), samples.end(),
                      [](const SentSample& a, const SentSample& b) { return a.labels == b.labels; }),
          samples.end());
      // A sender repeats a failed request until it is taken.
      for (int tries = 0; tries < 5; ++tries) {
        const WriteAnswer answer = fixture.Write(samples, RemoteWriteProtocol::kV2);
        if (answer.error) {
          EXPECT_EQ(answer.error->code, ErrorCode::kResourceExhausted) << answer.error->message;
          continue;
        }
        EXPECT_EQ(answer.samples_written, samples.size());
        for (const SentSample& sample : samples) {
          acknowledged[{sample.labels.ToString(), sample.time_ms}].insert(
              Bits(sample.value, sample.start_ms));
        }
        break;
      }
    }
    EXPECT_EQ(fixture.ReadStream(), acknowledged);
  }
}

TEST(Gateway, RestartKeepsSeriesNumbers) {
  Fixture fixture;
  ASSERT_FALSE(fixture.Write({{Series("m", "a"), kNow, 1}, {Series("m", "b"), kNow, 2}}).error.has_value());
  fixture.Close();
  fixture.Open();
  // Another order, so that numbers given by order would differ.
  ASSERT_FALSE(
      fixture.Write({{Series("m", "b"), kNow + 1, 3}, {Series("m", "a"), kNow + 1, 4}}).error.has_value());
  EXPECT_EQ(fixture.ReadStream().size(), 4U);
  // The newest sample is known again, so another value for its time is refused.
  EXPECT_TRUE(fixture.Write({{Series("m", "a"), kNow + 1, 9}}).error.has_value());
}

}  // namespace
}  // namespace tickscope::ingest
