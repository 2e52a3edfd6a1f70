#include "roles/usage_notes.h"

#include "console/view_links.h"

namespace tickscope::roles {

console::Reader ReaderOf(const queryfront::QueryIdentity& who) {
  using console::Reader;
  switch (who.query_class) {
    case queryfront::QueryClass::kAlert:
    case queryfront::QueryClass::kRecording:
      return Reader::kRule;
    case queryfront::QueryClass::kDashboard:
      return who.user.starts_with(console::kViewUserPrefix) ? Reader::kViewer : Reader::kDashboard;
    case queryfront::QueryClass::kAdHoc:
      return Reader::kUser;
  }
  return Reader::kUser;
}

}  // namespace tickscope::roles
