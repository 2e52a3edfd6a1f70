// Pieces of error messages. Their wording is the reference's, since people search for it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::api {

/// `text` in double quotes with controls and bytes that are not UTF-8 as \xNN, for error messages.
[[nodiscard]] std::string Quoted(std::string_view text);

/// The same error as `invalid parameter "name": ...`.
[[nodiscard]] std::unexpected<Error> InvalidParameter(std::string_view name, Error error);
[[nodiscard]] std::unexpected<Error> InvalidParameter(std::string_view name, std::string_view what);

}  // namespace tickscope::api
