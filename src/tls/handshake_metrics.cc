#include "tls/handshake_metrics.h"

#include <string>

namespace tickscope::tls {

HandshakeMetrics::HandshakeMetrics(MetricRegistry& registry, Side side) {
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    counters_[i] = registry.AddCounter("tickscope_tls_handshakes_total",
                                       "TLS handshakes by how they ended; all but full and resumed failed.",
                                       {{"side", side == Side::kServer ? "server" : "client"},
                                        {"result", std::string(kHandshakeResultNames[i])}});
  }
}

}  // namespace tickscope::tls
