#include "rpc/grpc_server.h"

#include <grpc/compression.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "rpc/tls_credentials.h"

namespace tickscope::rpc {
namespace {

using plugin::GrpcAnswer;
using plugin::GrpcHandler;
using plugin::GrpcServerOptions;

// Bytes of headers a request may have; gRPC's own default, said aloud.
constexpr int kMetadataBytesMax = 16 * 1024;
// Connections that say nothing are asked, and closed when they do not answer.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kConnectionIdleMs = 600'000;
// Over TLS a connection is asked to come anew: a certificate is looked at with each call, and whoever has a new one by now shows it then.
constexpr int kConnectionAgeMs = 3'600'000;
constexpr int kConnectionAgeGraceMs = 60'000;

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

void PutVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void PutField(unsigned tag, std::string_view bytes, std::string& out) {
  PutVarint(tag << 3U | 2U, out);
  PutVarint(bytes.size(), out);
  out += bytes;
}

// google.rpc.Status with a google.rpc.RetryInfo in it.
std::string RetryDetails(const GrpcAnswer& answer) {
  std::string duration;
  PutVarint(1U << 3U, duration);
  PutVarint(static_cast<std::uint64_t>(answer.retry_after_s), duration);
  std::string info;
  PutField(1, duration, info);
  std::string any;
  PutField(1, "type.googleapis.com/google.rpc.RetryInfo", any);
  PutField(2, info, any);
  std::string status;
  PutVarint(1U << 3U, status);
  PutVarint(static_cast<std::uint64_t>(answer.code), status);
  PutField(2, answer.message, status);
  PutField(3, any, status);
  return status;
}

class Server;

// A call from the moment one is asked for to its end; each event of the queue moves it a step on.
class Call final : public plugin::GrpcCall, public std::enable_shared_from_this<Call> {
 public:
  explicit Call(Server& server) : ending_{server}, server_(server), stream_(&context_) {}

  // Asks for a call. It keeps itself alive until the queue is done with it.
  void Await(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue) {
    self_ = shared_from_this();
    service.RequestCall(&context_, &stream_, &queue, &queue, this);
  }
  // An event came.
  void Advance(bool ok);

  [[nodiscard]] std::string_view method() const override { return context_.method(); }
  [[nodiscard]] std::string certificate() const override { return Shown(GRPC_X509_PEM_CERT_PROPERTY_NAME); }
  [[nodiscard]] std::string intermediates() const override {
    return Shown(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  }
  [[nodiscard]] std::string remote_address() const override { return context_.peer(); }
  [[nodiscard]] std::string_view message() const override { return message_; }
  [[nodiscard]] std::string_view header(std::string_view name) const override {
    const auto found = context_.client_metadata().find(grpc::string_ref(name.data(), name.size()));
    if (found == context_.client_metadata().end()) return {};
    return {found->second.data(), found->second.size()};
  }
  [[nodiscard]] bool is_expired() const override {
    return context_.deadline() <= std::chrono::system_clock::now();
  }
  void Answer(GrpcAnswer answer) override {
    state_ = State::kEnding;
    if (answer.code == 0) {
      const grpc::Slice slice(answer.message);
      stream_.WriteAndFinish(grpc::ByteBuffer(&slice, 1), {}, grpc::Status::OK, this);
      return;
    }
    const std::string details = answer.retry_after_s < 0 ? std::string() : RetryDetails(answer);
    stream_.Finish(grpc::Status(static_cast<grpc::StatusCode>(answer.code), answer.message, details), this);
  }

 private:
  enum class State : std::uint8_t { kAwaited, kReading, kTaken, kEnding };

  // What the client showed of itself in the handshake.
  [[nodiscard]] std::string Shown(const char* property) const {
    const auto shown = context_.auth_context();
    if (shown == nullptr) return {};
    const std::vector<grpc::string_ref> values = shown->FindPropertyValues(property);
    return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
  }

  // Destroyed last: whoever waits for the end of calls waits for all of them.
  struct Ending {
    Server& server;
    ~Ending();
  };

  const Ending ending_;
  Server& server_;
  State state_ = State::kAwaited;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer buffer_;
  std::string message_;
  plugin::GrpcTaker taker_;
  std::shared_ptr<Call> self_;
};

class Server final : public plugin::GrpcServer {
 public:
  Server(const GrpcServerOptions& options, GrpcHandler handler)
      : handler_(std::move(handler)), calls_max_(options.calls_max) {}
  ~Server() override {
    Drain(std::chrono::milliseconds(0));
    {
      // Whoever has a call answers it.
      std::unique_lock lock(mu_);
      changed_.wait(lock, [this] { return calls_ == 0; });
    }
    if (queue_ != nullptr) queue_->Shutdown();
    if (worker_ != nullptr) worker_->Join();
  }

  Status Start(const GrpcServerOptions& options) {
    grpc::ServerBuilder builder;
    int port = 0;
    credentials_ =
        options.certificate ? MakeTlsCredentials(options.certificate) : grpc::InsecureServerCredentials();
    builder.AddListeningPort(options.address, credentials_, &port);
    builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(options.calls_max));
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kConnectionIdleMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                               static_cast<int>(options.handshake_timeout.count()));
    if (options.certificate) {
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMs);
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionAgeGraceMs);
    }
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return Fail(ErrorCode::kUnavailable, "cannot listen for gRPC on " + options.address);
    }
    address_ = options.address.substr(0, options.address.rfind(':') + 1) + std::to_string(port);
    {
      const std::lock_guard lock(mu_);
      AwaitCall();
    }
    worker_ = SystemThreads().Start("grpc", [this] { return TakeEvent(); });
    return {};
  }

  [[nodiscard]] std::string address() const override { return address_; }

  void Drain(std::chrono::milliseconds timeout) override {
    {
      const std::lock_guard lock(mu_);
      if (std::exchange(is_draining_, true) || server_ == nullptr) return;
    }
    // Cancels what is in progress when the time is over; answers then go nowhere.
    server_->Shutdown(std::chrono::system_clock::now() + timeout);
  }

  // A call has begun, of which one was awaited.
  void OnBegun() {
    const std::lock_guard lock(mu_);
    is_awaiting_ = false;
    AwaitCall();
  }
  // A call is over, and no more.
  void OnEnded() {
    const std::lock_guard lock(mu_);
    --calls_;
    AwaitCall();
    changed_.notify_all();
  }
  // What was awaited will never begin.
  void OnNotBegun() {
    const std::lock_guard lock(mu_);
    is_awaiting_ = false;
  }
  [[nodiscard]] plugin::GrpcTaker Begin(Call& call) { return handler_(call); }

 private:
  // Asks for a call unless there are enough. Under mu_.
  void AwaitCall() {
    if (is_draining_ || is_awaiting_ || calls_ >= calls_max_) return;
    is_awaiting_ = true;
    ++calls_;
    std::make_shared<Call>(*this)->Await(service_, *queue_);
  }

  Turn TakeEvent() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_->Next(&tag, &ok)) return Turn::Done();
    static_cast<Call*>(tag)->Advance(ok);
    return Turn::Again();
  }

  const GrpcHandler handler_;
  const std::uint32_t calls_max_;
  std::string address_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // Asked until the server is gone.
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Worker> worker_;
  std::mutex mu_;
  std::condition_variable changed_;
  std::uint32_t calls_ = 0;  // Awaited, or in progress.
  bool is_awaiting_ = false;
  bool is_draining_ = false;
};

Call::Ending::~Ending() {
  server.OnEnded();
}

void Call::Advance(bool ok) {
  switch (state_) {
    case State::kAwaited:
      if (!ok) {
        // The server ends.
        const std::shared_ptr<Call> last = std::move(self_);
        server_.OnNotBegun();
        return;
      }
      server_.OnBegun();
      state_ = State::kReading;
      taker_ = server_.Begin(*this);
      // Without one it has been answered.
      if (taker_ != nullptr) stream_.Read(&buffer_, this);
      return;
    case State::kReading: {
      if (!ok) {
        // No message, or one that gRPC found too large and has answered itself.
        Answer(
            {static_cast<std::int32_t>(grpc::StatusCode::INVALID_ARGUMENT), "a call without a message", -1});
        return;
      }
      message_ = Flatten(buffer_);
      buffer_.Clear();
      state_ = State::kTaken;
      std::exchange(taker_, nullptr)(shared_from_this());
      return;
    }
    case State::kTaken:
      return;
    case State::kEnding: {
      // Destroyed here, or by whoever answered it and still holds it.
      const std::shared_ptr<Call> last = std::move(self_);
      return;
    }
  }
}

}  // namespace

Result<std::unique_ptr<plugin::GrpcServer>> StartServer(const GrpcServerOptions& options,
                                                        GrpcHandler handler) {
  auto server = std::make_unique<Server>(options, std::move(handler));
  TICKSCOPE_RETURN_IF_ERROR(server->Start(options));
  return server;
}

}  // namespace tickscope::rpc
