// The tls section of something a client connects to: whom it trusts there, and what it shows of itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "tls/options.h"

namespace tickscope::tls {

struct ClientConfig {
  ClientOptions client;
  std::int64_t check_interval_ms = 10'000;  ///< Between looks at the files.

  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

/// Whether a section may say that any certificate will do.
enum class Distrust : std::uint8_t { kAlways, kOptional };

/// Mistakes go to the map's document.
[[nodiscard]] ClientConfig ReadClientConfig(config::YamlMap map, Distrust distrust = Distrust::kAlways);
/// `server` is what the other end is called.
void WriteClientConfig(const ClientConfig& tls, std::string_view server, config::YamlWriter& out,
                       Distrust distrust = Distrust::kAlways);

}  // namespace tickscope::tls
