// ExportDoor: who takes OTLP requests that were unpacked, whichever protocol they came by: the gateway's export service, or an
// agent's input.
//
// Threads   Thread-safe. Callbacks run here or on a thread of who takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/delivery.h"
#include "model/tenant.h"
#include "otlp/signal.h"

namespace tickscope::otlp {

/// With an error nothing is promised; else everything but `refused` is durable.
struct ExportOutcome {
  std::uint64_t refused = 0;  ///< Data points, log records or spans.
  std::string message;        ///< Why; empty when nothing was refused.
  std::optional<Error> error;
  bool is_duplicate = false;  ///< This push was here before, and is counted once.
};

using ExportCallback = std::move_only_function<void(ExportOutcome)>;

class ExportDoor {
 public:
  virtual ~ExportDoor() = default;

  /// Takes a request, a protobuf message. `message` is not used after the return; `done` runs once. `delivery` is that of a sender who counts
  /// its pushes.
  virtual void Export(Signal signal, const TenantId& tenant, std::string_view message,
                      const std::optional<codec::Delivery>& delivery, ExportCallback done) = 0;
  /// Counts and answers a request that is no message.
  virtual void Refuse(Signal signal, Error error, ExportCallback done) = 0;
  /// Why requests of a signal are not taken at all, and who takes them; nothing when they are.
  [[nodiscard]] virtual std::optional<std::string> Declines(Signal) const { return std::nullopt; }
  /// Most bytes of a message.
  [[nodiscard]] virtual std::size_t request_bytes_max(Signal signal) const = 0;
};

}  // namespace tickscope::otlp
