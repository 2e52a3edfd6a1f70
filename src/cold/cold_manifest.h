// ColdManifest: which parts make up a tenant's day in the cold tier.
//
// It is written after the parts it names, so whoever reads by manifests sees a day whole or not at all, and each
// sample once. A day that changes gets a manifest of the next revision; the greatest counts.
//
// The object is JSON, so that others may read it, and named by a hash of its content, by which it is checked.
//
// Threads   A value type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cold/cold_layout.h"
#include "model/tenant.h"

namespace tickscope::cold {

struct ColdPart {
  std::string name;  ///< The object's.
  std::string metric;
  std::uint64_t bytes = 0;
  std::uint32_t crc32c = 0;
  std::uint64_t rows = 0;
  std::uint64_t series = 0;
  TimeMs min_ts_ms = 0;  ///< Of the rows' stamps.
  TimeMs max_ts_ms = 0;
  bool has_floats = false;
  bool has_classic = false;
  bool has_native = false;

  friend bool operator==(const ColdPart&, const ColdPart&) = default;
};

struct ColdManifest {
  TenantId tenant;
  Day day{};
  std::uint32_t revision = 1;
  TimeMs published_ms = 0;
  std::vector<std::string> sources;   ///< What it was made from: names of blocks and their sizes.
  std::vector<std::string> promoted;  ///< Labels with columns of their own.
  std::vector<ColdPart> parts;        ///< By name.

  friend bool operator==(const ColdManifest&, const ColdManifest&) = default;
};

inline constexpr std::uint64_t kManifestBytesMax = 256U << 20;

[[nodiscard]] std::string WriteManifest(const ColdManifest& manifest);
/// Errors: kCorruption naming the object; kUnsupported for a later version.
[[nodiscard]] Result<ColdManifest> ReadManifest(const std::string& object, std::string_view json);

/// Hash that names parts and manifests.
[[nodiscard]] std::uint64_t ContentHash(std::string_view content);

}  // namespace tickscope::cold
