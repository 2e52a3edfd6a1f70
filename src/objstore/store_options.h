// StoreOptions: everything a configuration says about an object store.
#pragma once

#include <chrono>
#include <string>

namespace tickscope::objstore {

/// How calls that failed for a while are repeated (objstore/retrying_object_store.h).
struct RetryOptions {
  unsigned attempts_max = 6;  ///< Of one call, the first included; at least 1.
  std::chrono::milliseconds backoff_first{
      100};  ///< Longest wait before the second attempt; doubles from there,
  std::chrono::milliseconds backoff_max{10'000};  ///< up to this.
  std::chrono::milliseconds deadline{120'000};  ///< Of one call with all its attempts: none begins after it.
};

struct StoreOptions {
  /// Where objects are: a path, file:///PATH, or s3://BUCKET/PREFIX?region=R&endpoint=URL
  /// (objstore/store_location.h). Empty: there is no object store.
  std::string url;
  /// Keys of an S3 store; both empty for those of the environment, the profile or the machine. Secrets: not shown.
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  RetryOptions retry;
};

}  // namespace tickscope::objstore
