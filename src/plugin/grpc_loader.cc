#include <utility>

#include "io/shared_library.h"
#include "plugin/grpc_server.h"

namespace tickscope::plugin {

Result<std::unique_ptr<GrpcServer>> StartGrpcServer(const GrpcServerOptions& options, GrpcHandler handler) {
  const std::string path = io::LibraryDirectory() + "/libtickscope_grpc.so";
  const auto symbol = io::LoadSymbol(path, kGrpcEntryName);
  if (!symbol) {
    return FailWith("OTLP over gRPC needs a library beside the binary (./dev build makes it)",
                    symbol.error());
  }
  return reinterpret_cast<GrpcEntry>(*symbol)(options, std::move(handler));
}

}  // namespace tickscope::plugin
