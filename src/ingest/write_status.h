// How HTTP tells a sender what became of a write request, whatever protocol it speaks.
#pragma once

#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace tickscope::ingest {

/// The status code of an error. 429 and 503 mean "again later"; what else is 4xx stays as it is.
[[nodiscard]] int WriteStatusOf(const Error& error);

/// Sets the status, and when to come back if that helps.
void SetWriteStatus(const Error& error, http::Response& response);

/// `text` without blanks around it.
[[nodiscard]] std::string_view TrimHeader(std::string_view text);

}  // namespace tickscope::ingest
