// Datagrams as the kernel has them: by UDP and by unix socket, what becomes of a path that is there, and what a burst loses.
#include "io/datagrams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "io/asio_network.h"
#include "io/host_port.h"

namespace tickscope::io {
namespace {

using ::testing::ElementsAre;

class Folder {
 public:
  Folder() {
    std::array<char, 64> name{"/tmp/tickscope-datagrams-XXXXXX"};
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    ::unlink(At("s").c_str());
    ::rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string At(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A sender to "address:port" or "unix:path".
class Sender {
 public:
  explicit Sender(const std::string& address) {
    if (address.starts_with(kUnixPrefix)) {
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      std::strcpy(to.sun_path, address.substr(kUnixPrefix.size()).c_str());
      socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
      EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    } else {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      const auto parsed = ParseHostPort(address).value();
      to.sin_port = htons(parsed.port);
      inet_pton(AF_INET, parsed.host.c_str(), &to.sin_addr);
      socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
      EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    }
  }
  ~Sender() { ::close(socket_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  void Send(const std::string& text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }

 private:
  int socket_ = -1;
};

TEST(Datagrams, ComeByUdpAndByUnixSocket) {
  const Folder folder;
  const auto network = MakeAsioNetwork();
  const auto datagrams = MakeAsioDatagrams();
  const auto loop = network->MakeLoop();
  for (const std::string& address : {std::string("127.0.0.1:0"), "unix:" + folder.At("s")}) {
    SCOPED_TRACE(address);
    std::vector<std::string> got;
    const auto receiver =
        datagrams->Receive(*loop, address, [&](ByteView one) { got.emplace_back(AsText(one)); }).value();
    const Sender sender(receiver->local_address());
    sender.Send("one");
    sender.Send(std::string(1'000, 'x'));
    loop->RunUntil([&] { return got.size() == 2; });
    EXPECT_THAT(got, ElementsAre("one", std::string(1'000, 'x')));
    EXPECT_EQ(receiver->lost_count(), 0U);
  }
  EXPECT_NE(::access(folder.At("s").c_str(), F_OK), 0) << "the path goes with the receiver";
}

TEST(Datagrams, ReplaceADeadSocketButNotALiveOneOrAFile) {
  const Folder folder;
  const auto network = MakeAsioNetwork();
  const auto datagrams = MakeAsioDatagrams();
  const auto loop = network->MakeLoop();
  const std::string address = "unix:" + folder.At("s");
  {
    // As a process leaves it that was killed.
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strcpy(at.sun_path, folder.At("s").c_str());
    const int dead = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
    ::close(dead);
  }
  auto receiver = datagrams->Receive(*loop, address, [](ByteView) {});
  ASSERT_TRUE(receiver.has_value()) << receiver.error().message;
  const auto second = datagrams->Receive(*loop, address, [](ByteView) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  receiver->reset();
  std::ofstream(folder.At("s")) << "somebody's";
  EXPECT_FALSE(datagrams->Receive(*loop, address, [](ByteView) {}).has_value());
  EXPECT_EQ(::access(folder.At("s").c_str(), F_OK), 0);
  EXPECT_FALSE(datagrams->Receive(*loop, "unix:", [](ByteView) {}).has_value());
  EXPECT_FALSE(datagrams->Receive(*loop, "unix:/" + std::string(200, 'a'), [](ByteView) {}).has_value());
}

TEST(Datagrams, WhatABurstLosesIsCounted) {
  constexpr std::uint64_t kBurst = 50'000;
  const auto network = MakeAsioNetwork();
  const auto datagrams = MakeAsioDatagrams();
  const auto loop = network->MakeLoop();
  std::uint64_t got = 0;
  std::uint64_t number = 0;  // Of a datagram that came behind the burst: how many had been sent with it.
  const auto receiver = datagrams
                            ->Receive(*loop, "127.0.0.1:0",
                                      [&](ByteView one) {
                                        ++got;
                                        if (one.size() < 20) number = std::stoull(std::string(AsText(one)));
                                      })
                            .value();
  const Sender sender(receiver->local_address());
  // Nobody takes them meanwhile.
  for (std::uint64_t i = 0; i < kBurst; ++i)
    sender.Send(std::string(400, 'x'));
  // While there is no room, these are lost as well.
  std::uint64_t sent = kBurst;
  const std::function<void()> send_one = [&] {
    sender.Send(std::to_string(++sent));
    loop->After(std::chrono::milliseconds(5), send_one);
  };
  loop->After(std::chrono::milliseconds(5), send_one);
  loop->RunUntil([&] { return number != 0; });
  EXPECT_LT(got, kBurst);
  EXPECT_EQ(got + receiver->lost_count(), number);
}

}  // namespace
}  // namespace tickscope::io
