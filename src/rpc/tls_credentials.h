// The server's side of gRPC's TLS. Internal to rpc.
//
// A client's certificate is asked for and not verified by gRPC 1.51, which would tell nobody why it refused one, and could not be told to
// begin or end requiring one: that the client has the key is proven in the handshake, and the rest is said of each call
// (plugin::GrpcCall::certificate) before its message is read.
//
// Source   grpc_security.h, grpc_ssl_server_credentials_create_options_using_config_fetcher: asked at each connection; what cannot be
//          taken up leaves the listener as it was. (The newer TlsServerCredentials take certificates from files by themselves, or
//          never again.)
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "plugin/grpc_server.h"

namespace tickscope::rpc {

/// `source` is asked for as long as the server lives.
[[nodiscard]] std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(
    plugin::GrpcCertificateSource source);

}  // namespace tickscope::rpc
