// The gRPC server behind plugin/grpc_server.h, by Debian's gRPC through its generic asynchronous service: no generated code,
// and our own decoders see the bytes.
//
// Messages are not unpacked by gRPC, which would do so before anybody could ask how large they become: whoever takes a
// call does that, within limits.
//
// Threads   One of ours takes events from gRPC's completion queue; gRPC has some of its own.
#pragma once

#include <memory>

#include "plugin/grpc_server.h"

namespace tickscope::rpc {

/// Errors: kUnavailable when the address cannot be bound.
[[nodiscard]] Result<std::unique_ptr<plugin::GrpcServer>> StartServer(
    const plugin::GrpcServerOptions& options, plugin::GrpcHandler handler);

}  // namespace tickscope::rpc
