// The envelope every API answer wears:
//
//   {"status":"success","data":...,"warnings":["..."],"infos":["..."]}
//   {"status":"error","errorType":"bad_data","error":"..."}
//
// The warnings and infos arrays are absent when empty and hold kNotesMax texts each; a last one counts the
// rest.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/message.h"
#include "wire/json_writer.h"

namespace tickscope::api {

inline constexpr std::size_t kNotesMax = 10;

/// What a successful answer says beside its data.
struct Notes {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

/// Writes the value of "data"; writing nothing makes it a 204 without a body. After an error what was written is thrown
/// away.
using WriteData = std::function<Result<Notes>(wire::JsonWriter& json)>;

/// The answer with what `write` writes.
/// Errors: the writer's; kResourceExhausted when the text exceeds `bytes_max`.
[[nodiscard]] Result<http::Response> SuccessAnswer(const WriteData& write, std::size_t bytes_max);

/// The same without an envelope: for what others' APIs answer.
[[nodiscard]] Result<http::Response> BareAnswer(const WriteData& write, std::size_t bytes_max);

/// The answer that reports `error`; a full or draining server (kUnavailable) also says Retry-After.
[[nodiscard]] http::Response ErrorAnswer(const Error& error);

[[nodiscard]] http::Response TextAnswer(int status, std::string_view content_type, std::string body);

/// Compresses the body when the request accepts gzip.
void CompressAnswer(const http::Request& request, http::Response& response);

}  // namespace tickscope::api
