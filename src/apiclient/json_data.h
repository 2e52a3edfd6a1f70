// The "data" of an answer of the API. For .cc files: simdjson is a heavy header.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "base/error.h"

namespace tickscope::apiclient {

/// The data of an answer, which lives as long as the parser's document. Errors: kFailedPrecondition with the server's own words;
/// kCorruption with `not_an_answer` when it is none.
[[nodiscard]] Result<simdjson::dom::element> DataOf(simdjson::dom::parser& parser, std::string_view json,
                                                    std::string_view not_an_answer);

}  // namespace tickscope::apiclient
