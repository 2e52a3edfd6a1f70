// Label names in URL paths. A name with characters that a path segment cannot carry safely arrives escaped:
// "U__" and then the name with "_" doubled and any other odd character as its code point, "_2e_" for ".".
//
//   U__http_2e_status   http.status          U__a__b   a_b
//
// Source    Prometheus UTF-8 guide, "Querying" (prometheus.io/docs/guides/utf8).
#pragma once

#include <string>
#include <string_view>

namespace tickscope::api {

/// The name an escaped form stands for. Text that is not such a form is a name as it is, and returned
/// unchanged.
[[nodiscard]] std::string UnescapeLabelName(std::string_view text);

}  // namespace tickscope::api
