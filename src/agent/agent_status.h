// AgentStatus: what an agent reads and where it sends it, as it is now, for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/source.h"
#include "base/clock.h"
#include "model/labels.h"
#include "wire/remote_write_headers.h"

namespace tickscope::agent {

struct TargetStatus {
  Labels labels;  ///< Those of its series.
  std::int64_t interval_ms = 0;
  std::size_t series = 0;
  SourceReport last;
};

struct ReceiverStatus {
  std::string url;  ///< Without its query, which may hold what is nobody's business.
  wire::RemoteWriteProtocol protocol = wire::RemoteWriteProtocol::kV2;
  bool is_otlp = false;  ///< Instead.
  std::size_t queue_bytes = 0;
  bool has_spool = false;
  bool is_idle = false;
};

/// What the schema says is added up.
struct AggregationStatus {
  std::size_t rules = 0;
  std::size_t series = 0;
  std::size_t groups = 0;
  TimeMs watermark_ms = 0;
  std::uint64_t samples = 0;
  std::uint64_t refused = 0;
  std::string directory;  ///< Empty in memory.
  bool is_durable = false;
};

/// Something that the fleet is told to use (agent/told_version.h), for people: "1.4", "690"; empty when there is none.
struct ToldStatus {
  std::string told;
  std::string in_force;
  bool is_behind = false;
  std::string error;
};

/// What the agent goes by of what its gateway says to all.
struct FleetStatus {
  std::uint64_t generation = 0;
  ToldStatus schema;
  ToldStatus keys;
};

struct AgentStatus {
  std::vector<TargetStatus> targets;
  std::vector<ReceiverStatus> receivers;
  std::optional<AggregationStatus> aggregation;  ///< Nullopt when the schema has nothing added up.
  std::optional<FleetStatus> fleet;              ///< Nullopt when nobody is listened to.
};

/// A URL up to its query.
[[nodiscard]] std::string WithoutQuery(const std::string& url);

}  // namespace tickscope::agent
