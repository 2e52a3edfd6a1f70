// The entry point of libtickscope_grpc.so; in no other binary.
#include <utility>

#include "rpc/grpc_server.h"

extern "C"
    __attribute__((visibility("default"))) tickscope::Result<std::unique_ptr<tickscope::plugin::GrpcServer>>
    tickscope_grpc_2(const tickscope::plugin::GrpcServerOptions& options,
                     tickscope::plugin::GrpcHandler handler) {
  return tickscope::rpc::StartServer(options, std::move(handler));
}
