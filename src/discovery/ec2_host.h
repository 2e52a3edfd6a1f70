// Ec2Host: what an EC2 instance knows of itself, as labels for relabelling: by its metadata service, version 2, without the
// cloud's API and without a key.
//
// __meta_ec2_instance_id, _instance_type, _ami, _architecture, _region, _availability_zone, _private_ip, _owner_id, and
// _tag_NAME for each tag when the instance lets its metadata have tags.
//
// Source    Amazon EC2 user guide, "Instance metadata and user data": IMDSv2, instance identity documents.
#pragma once

#include <memory>

#include "discovery/discovery_config.h"
#include "discovery/target_source.h"
#include "http/client.h"
#include "io/network.h"

namespace tickscope::discovery {

class Ec2Host {
 public:
  /// `network` outlives it.
  Ec2Host(HostMetadataConfig config, io::Network& network);

  /// Blocks for a few seconds at most. Errors: kUnavailable saying which path answered what.
  [[nodiscard]] Result<LabelPairs> Look();
  [[nodiscard]] std::int64_t refresh_ms() const { return config_.refresh_ms; }

 private:
  [[nodiscard]] Result<http::Response> Ask(const char* method, const std::string& path,
                                           const std::string& token);

  const HostMetadataConfig config_;
  const std::unique_ptr<http::Client> client_;
};

/// The labels of an instance identity document. Errors: kInvalidArgument.
[[nodiscard]] Result<LabelPairs> ParseIdentityDocument(std::string_view json);

}  // namespace tickscope::discovery
