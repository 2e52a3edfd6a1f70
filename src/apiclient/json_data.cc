#include "apiclient/json_data.h"

#include <string>

namespace tickscope::apiclient {

Result<simdjson::dom::element> DataOf(simdjson::dom::parser& parser, std::string_view json,
                                      std::string_view not_an_answer) {
  const auto none = [&] { return Fail(ErrorCode::kCorruption, std::string(not_an_answer)); };
  simdjson::dom::element answer;
  if (parser.parse(json.data(), json.size()).get(answer) != simdjson::SUCCESS) return none();
  std::string_view error;
  if (answer["error"].get(error) == simdjson::SUCCESS)
    return Fail(ErrorCode::kFailedPrecondition, std::string(error));
  simdjson::dom::element data;
  if (answer["data"].get(data) != simdjson::SUCCESS) return none();
  return data;
}

}  // namespace tickscope::apiclient
