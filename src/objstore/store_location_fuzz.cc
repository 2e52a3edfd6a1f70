// Any bytes as a store's location: refused with a reason, or a directory or a bucket whose prefix is a good name.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "objstore/object_store.h"
#include "objstore/store_location.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto location = tickscope::objstore::ParseStoreLocation(text);
  if (!location) {
    TICKSCOPE_CHECK(location.error().code == tickscope::ErrorCode::kInvalidArgument ||
                    location.error().code == tickscope::ErrorCode::kOutOfRange);
    TICKSCOPE_CHECK(!location.error().message.empty());
    return 0;
  }
  TICKSCOPE_CHECK(location->directory.empty() == location->s3.has_value());
  if (!location->s3) return 0;
  TICKSCOPE_CHECK(!location->s3->bucket.empty() && !location->s3->bucket.contains('/'));
  TICKSCOPE_CHECK(location->s3->prefix.empty() ||
                  tickscope::objstore::CheckObjectName(location->s3->prefix).has_value());
  return 0;
}
