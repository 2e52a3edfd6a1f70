// RawClient: a client that speaks bytes, on the in-memory network. For tests of the server.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/memory_network.h"

namespace tickscope::http {

// A client that sends what it is told and keeps all it gets.
class RawClient {
 public:
  RawClient(io::MemoryNetwork& network, const std::string& address) : loop_(network.MakeLoop()) {
    network.Connect(*loop_, address, std::chrono::seconds(5),
                    [this](Result<std::unique_ptr<io::Connection>> made) {
                      ASSERT_TRUE(made.has_value()) << made.error().message;
                      connection_ = *std::move(made);
                      ReadOn();
                    });
    Await([this] { return connection_ != nullptr; });
  }

  // Sends and waits until the server has taken it, or broke.
  void Send(std::string_view text) {
    bool written = false;
    connection_->Write({AsBytes(text)}, [&](const Status&) { written = true; });
    Await([&] { return written; });
  }
  // Sends without waiting; `text` outlives the client.
  void SendLater(std::string_view text) {
    connection_->Write({AsBytes(text)}, [](const Status&) {});
  }
  void FinishSending() { connection_->ShutdownWrite(); }
  void Disconnect() { connection_.reset(); }

  // Runs the world until `done`, or until nothing can happen any more.
  void Await(const std::function<bool()>& done) { loop_->RunUntil(done); }
  // All there is once the server has closed.
  const std::string& AwaitEnd() {
    Await([this] { return ended_; });
    EXPECT_TRUE(ended_) << "the server never closed; received: " << received_;
    return received_;
  }
  const std::string& AwaitText(std::string_view text) {
    Await([&, this] { return ended_ || received_.contains(text); });
    return received_;
  }

  const std::string& received() const { return received_; }
  bool ended() const { return ended_; }
  bool broken() const { return broken_; }

 private:
  void ReadOn() {
    connection_->Read(buffer_, [this](Result<std::size_t> bytes) {
      broken_ = !bytes.has_value();
      ended_ = broken_ || *bytes == 0;
      if (ended_) return;
      received_ += AsText(ByteView(buffer_).first(*bytes));
      ReadOn();
    });
  }

  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::Connection> connection_;
  std::array<std::byte, 512> buffer_;
  std::string received_;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace tickscope::http
