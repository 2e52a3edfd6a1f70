// Any bytes as what a journal noted of an attempt: refused, or places that are written the same again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/handed_on.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto places = agent::DecodeAttempt(text);
  if (!places) return 0;
  const auto again = agent::DecodeAttempt(AsText(agent::EncodeAttempt(*places)));
  TICKSCOPE_CHECK(again.has_value() && again->size() == places->size());
  for (std::size_t i = 0; i < places->size(); ++i) {
    TICKSCOPE_CHECK((*again)[i].directory == (*places)[i].directory);
    TICKSCOPE_CHECK((*again)[i].first_sample == (*places)[i].first_sample);
    TICKSCOPE_CHECK((*again)[i].epoch == (*places)[i].epoch && (*again)[i].number == (*places)[i].number);
    TICKSCOPE_CHECK((*again)[i].record_samples == (*places)[i].record_samples);
  }
  return 0;
}
