// The Network contract, run over loopback sockets and over the in-memory twin.
#include "io/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "io/asio_network.h"
#include "io/memory_network.h"

namespace tickscope::io {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

enum class Backend : std::uint8_t { kAsio, kMemory, kMemorySplit };

class NetworkContract : public ::testing::TestWithParam<Backend> {
 protected:
  NetworkContract() : network_(MakeNetwork()), loop_(network_->MakeLoop()) {}

  std::unique_ptr<Network> MakeNetwork() {
    switch (GetParam()) {
      case Backend::kAsio:
        return MakeAsioNetwork();
      case Backend::kMemory:
        return std::make_unique<MemoryNetwork>(clock_, MemoryNetworkOptions{});
      case Backend::kMemorySplit:
        return std::make_unique<MemoryNetwork>(clock_, MemoryNetworkOptions{.seed = 11,
                                                                            .delay_max = milliseconds(30),
                                                                            .deliveries = Deliveries::kSplit,
                                                                            .buffer_bytes = 100});
    }
    std::unreachable();
  }

  struct Pair {
    std::unique_ptr<Connection> near;
    std::unique_ptr<Connection> far;
  };

  Pair ConnectPair() {
    Pair pair;
    listener_ = network_
                    ->Listen(*loop_, "127.0.0.1:0",
                             [&](std::unique_ptr<Connection> accepted) { pair.far = std::move(accepted); })
                    .value();
    network_->Connect(*loop_, listener_->local_address(), milliseconds(5000),
                      [&](Result<std::unique_ptr<Connection>> made) {
                        ASSERT_TRUE(made.has_value()) << made.error().message;
                        pair.near = *std::move(made);
                      });
    loop_->RunUntil([&] { return pair.near && pair.far; });
    return pair;
  }

  // One read, waited for.
  Result<std::string> ReadSome(Connection& connection, std::size_t bytes_max = 4096) {
    std::string buffer(bytes_max, '\0');
    std::optional<Result<std::size_t>> got;
    connection.Read(std::as_writable_bytes(std::span(buffer)),
                    [&](Result<std::size_t> bytes) { got = std::move(bytes); });
    loop_->RunUntil([&] { return got.has_value(); });
    if (!got) return Fail(ErrorCode::kInternal, "the read never ended");
    if (!*got) return std::unexpected(got->error());
    return buffer.substr(0, **got);
  }

  // Reads to the end of the stream.
  Result<std::string> ReadAll(Connection& connection) {
    std::string all;
    for (;;) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string some, ReadSome(connection));
      if (some.empty()) return all;
      all += some;
    }
  }

  Status WriteAll(Connection& connection, std::vector<ByteView> pieces) {
    std::optional<Status> done;
    connection.Write(std::move(pieces), [&](Status status) { done = std::move(status); });
    loop_->RunUntil([&] { return done.has_value(); });
    return done.value_or(Fail(ErrorCode::kInternal, "the write never ended"));
  }

  ManualClock clock_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Listener> listener_;
};

TEST_P(NetworkContract, CarriesBytesBothWaysAndTheirEnd) {
  Pair pair = ConnectPair();
  ASSERT_TRUE(WriteAll(*pair.near, {AsBytes("hello "), {}, AsBytes("there")}).has_value());
  pair.near->ShutdownWrite();
  EXPECT_EQ(ReadAll(*pair.far).value(), "hello there");
  // Half-closed: the other direction still works.
  ASSERT_TRUE(WriteAll(*pair.far, {AsBytes("answer")}).has_value());
  pair.far.reset();
  EXPECT_EQ(ReadAll(*pair.near).value(), "answer");
}

TEST_P(NetworkContract, NamesBothEnds) {
  Pair pair = ConnectPair();
  EXPECT_EQ(pair.near->remote_address(), listener_->local_address());
  EXPECT_THAT(pair.far->remote_address(), StartsWith("127.0.0.1:"));
  EXPECT_THAT(listener_->local_address(), ::testing::Not(HasSubstr(":0")));
}

TEST_P(NetworkContract, MovesMoreThanAnyBufferHolds) {
  Pair pair = ConnectPair();
  std::string sent;
  const std::size_t size = GetParam() == Backend::kMemorySplit ? 5'000 : 8'000'000;
  for (std::size_t i = 0; i < size; ++i)
    sent += static_cast<char>('a' + i % 23);
  bool written = false;
  pair.near->Write({AsBytes(sent)}, [&](Status status) {
    EXPECT_TRUE(status.has_value());
    written = true;
    pair.near->ShutdownWrite();
  });
  EXPECT_EQ(ReadAll(*pair.far).value(), sent);
  EXPECT_TRUE(written);
}

TEST_P(NetworkContract, CloseCancelsAPendingRead) {
  Pair pair = ConnectPair();
  std::array<std::byte, 16> buffer;
  std::optional<Result<std::size_t>> got;
  pair.near->Read(buffer, [&](Result<std::size_t> bytes) { got = std::move(bytes); });
  EXPECT_FALSE(got.has_value());
  pair.near->Close();
  EXPECT_FALSE(got.has_value()) << "a callback must not run inside the call";
  loop_->RunUntil([&] { return got.has_value(); });
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->error().code, ErrorCode::kCancelled);
}

TEST_P(NetworkContract, DestructionDropsPendingCallbacks) {
  Pair pair = ConnectPair();
  std::array<std::byte, 16> buffer;
  pair.near->Read(buffer, [](Result<std::size_t>) { FAIL() << "must be dropped"; });
  pair.near.reset();
  EXPECT_EQ(ReadSome(*pair.far).value(), "") << "the peer sees the end";
}

TEST_P(NetworkContract, ACallbackMayDestroyItsConnection) {
  Pair pair = ConnectPair();
  ASSERT_TRUE(WriteAll(*pair.far, {AsBytes("x")}).has_value());
  std::array<std::byte, 16> buffer;
  bool called = false;
  pair.near->Read(buffer, [&](Result<std::size_t>) {
    pair.near.reset();
    called = true;
  });
  loop_->RunUntil([&] { return called; });
  EXPECT_TRUE(called);
}

TEST_P(NetworkContract, ClosingWithUnreadBytesBreaksThePeer) {
  Pair pair = ConnectPair();
  ASSERT_TRUE(WriteAll(*pair.near, {AsBytes("never read")}).has_value());
  ASSERT_EQ(ReadSome(*pair.far, 1).value(), "n");
  pair.far.reset();
  const auto got = ReadSome(*pair.near);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, ErrorCode::kUnavailable);
}

TEST_P(NetworkContract, RefusedConnect) {
  // A port that was free a moment ago and has no listener any more.
  std::string address;
  {
    const auto listener = network_->Listen(*loop_, "127.0.0.1:0", [](std::unique_ptr<Connection>) {}).value();
    address = listener->local_address();
  }
  std::optional<Result<std::unique_ptr<Connection>>> made;
  network_->Connect(*loop_, address, milliseconds(5000), [&](auto result) { made = std::move(result); });
  loop_->RunUntil([&] { return made.has_value(); });
  ASSERT_TRUE(made.has_value() && !made->has_value());
  EXPECT_EQ(made->error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(made->error().message, HasSubstr(address));
}

TEST_P(NetworkContract, BadAddresses) {
  EXPECT_EQ(network_->Listen(*loop_, "nonsense", {}).error().code, ErrorCode::kInvalidArgument);
  const auto listener = network_->Listen(*loop_, "127.0.0.1:0", {}).value();
  EXPECT_EQ(network_->Listen(*loop_, listener->local_address(), {}).error().code, ErrorCode::kUnavailable);
}

TEST_P(NetworkContract, TimersRunInOrderAndCanBeCancelled) {
  std::string order;
  bool done = false;
  loop_->After(milliseconds(30), [&] {
    order += "c";
    done = true;
  });
  const TimerId cancelled = loop_->After(milliseconds(20), [&] { order += "x"; });
  loop_->After(milliseconds(10), [&] {
    order += "b";
    loop_->CancelTimer(cancelled);
    loop_->CancelTimer(cancelled);
  });
  loop_->Post([&] { order += "a"; });
  loop_->RunUntil([&] { return done; });
  EXPECT_EQ(order, "abc");
}

TEST_P(NetworkContract, StopIsForGood) {
  loop_->Stop();
  loop_->Post([] { FAIL() << "must not run"; });
  loop_->Run();
  loop_->RunUntil([] { return false; });
}

TEST_P(NetworkContract, RunsALoopInTheBackground) {
  const auto other = network_->MakeLoop();
  const auto thread = network_->RunInBackground(*other);
  bool back = false;
  other->Post([&] { loop_->Post([&] { back = true; }); });
  loop_->RunUntil([&] { return back; });
  EXPECT_TRUE(back);
}

std::string BackendName(const ::testing::TestParamInfo<Backend>& backend) {
  switch (backend.param) {
    case Backend::kAsio:
      return "Asio";
    case Backend::kMemory:
      return "Memory";
    case Backend::kMemorySplit:
      return "MemorySplit";
  }
  std::unreachable();
}

INSTANTIATE_TEST_SUITE_P(Backends, NetworkContract,
                         ::testing::Values(Backend::kAsio, Backend::kMemory, Backend::kMemorySplit),
                         BackendName);

TEST(AsioNetwork, ResolvesNames) {
  const auto network = MakeAsioNetwork();
  const auto loop = network->MakeLoop();
  std::unique_ptr<Connection> accepted;
  const auto listener =
      network->Listen(*loop, "localhost:0", [&](auto connection) { accepted = std::move(connection); });
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  const std::string address = (*listener)->local_address();
  std::optional<Result<std::unique_ptr<Connection>>> made;
  network->Connect(*loop, "localhost" + address.substr(address.rfind(':')), milliseconds(5000),
                   [&](auto result) { made = std::move(result); });
  loop->RunUntil([&] { return made.has_value(); });
  EXPECT_TRUE(made->has_value());
}

}  // namespace
}  // namespace tickscope::io
