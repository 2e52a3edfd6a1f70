// Store locations: the one place that reads where an object store is.
//
//   /var/lib/tickscope/objects         a directory
//   file:///var/lib/tickscope/objects  the same
//   s3://BUCKET/PREFIX?KEY=VALUE&...   a bucket by S3's protocol, with these keys:
//
//     region=eu-central-1              else as the AWS tools find it
//     endpoint=http://127.0.0.1:8333   a server of one's own instead of AWS: SeaweedFS, Ceph, Garage
//     addressing=path|virtual          of that server: HOST/BUCKET (default) or BUCKET.HOST
//     credentials=chain|anonymous      default chain: environment, profile, web identity, machine
//     role_arn=arn:aws:iam::...        a role to take on
//     ca_file=/etc/ssl/our-ca.pem      who vouches for the server; default the system's list
//     connect_timeout=2s               default 2s
//
// Values may be percent-encoded. There is no key for secrets, and user:password@ is refused: URLs are shown and logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "objstore/s3_options.h"

namespace tickscope::objstore {

struct StoreLocation {
  std::string directory;        ///< Set when `s3` is not.
  std::optional<S3Options> s3;  ///< Without keys.
};

inline constexpr std::size_t kStoreUrlBytesMax = 2048;

/// Reads a URL or path. Errors: kInvalidArgument telling what is taken.
[[nodiscard]] Result<StoreLocation> ParseStoreLocation(std::string_view url);

}  // namespace tickscope::objstore
