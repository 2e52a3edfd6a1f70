#include "objstore/object_store.h"

#include <algorithm>

namespace tickscope::objstore {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-=%").contains(c);
}

bool IsSegment(std::string_view segment) {
  return !segment.empty() && segment.size() <= kObjectNameSegmentBytesMax && segment.front() != '.' &&
         std::ranges::all_of(segment, IsNameByte);
}

}  // namespace

Result<std::string> ObjectStore::GetWithin(const std::string& name, std::uint64_t offset, std::size_t length,
                                           std::uint64_t /*size*/) {
  return Get(name, offset, length);
}

Status CheckObjectName(std::string_view name) {
  bool good = name.size() <= kObjectNameBytesMax;
  for (std::string_view rest = name; good;) {
    const std::size_t slash = rest.find('/');
    good = IsSegment(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (good) return {};
  return Fail(ErrorCode::kInvalidArgument, "bad object name: \"" + std::string(name) + "\"");
}

}  // namespace tickscope::objstore
