// TargetFiles: target groups in files, as Prometheus' file_sd_configs reads them.
//
//   - targets: [10.0.0.1:9100]
//     labels: {zone: a}
//
// A file that cannot be read, or is wrong, keeps the groups it had: whoever writes it may be at it. One that is gone has none.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "discovery/discovery_config.h"
#include "discovery/target_source.h"
#include "io/file_system.h"

namespace tickscope::discovery {

class TargetFiles final : public TargetSource {
 public:
  /// `fs` outlives it.
  TargetFiles(FileDiscoveryConfig config, io::FileSystem& fs) : config_(std::move(config)), fs_(fs) {}

  /// Errors: those of files, the first with its place; Groups then has what is known.
  [[nodiscard]] Result<std::vector<TargetGroup>> Look() override;
  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::int64_t refresh_ms() const override { return config_.refresh_ms; }

 private:
  [[nodiscard]] Result<std::vector<std::string>> Paths() const;

  const FileDiscoveryConfig config_;
  io::FileSystem& fs_;
  std::map<std::string, std::vector<TargetGroup>> known_;  // By path.
};

/// The groups in a file's text. Errors: kInvalidArgument or kOutOfRange, as "file:line:column: what".
[[nodiscard]] Result<std::vector<TargetGroup>> ParseTargetGroups(std::string_view text,
                                                                 const std::string& file);

}  // namespace tickscope::discovery
