#include "agent/handed_on.h"

#include <utility>

#include "codec/varint.h"

namespace tickscope::agent {

Bytes EncodeAttempt(const std::vector<SpoolPlace>& places) {
  Bytes out;
  for (const SpoolPlace& place : places) {
    codec::PutText(place.directory, out);
    codec::PutVarint(place.first_sample, out);
    codec::PutFixed(place.epoch, out);
    codec::PutVarint(place.number, out);
    codec::PutVarint(place.record_samples, out);
  }
  return out;
}

Result<std::vector<SpoolPlace>> DecodeAttempt(std::string_view text) {
  codec::FieldReader in(AsBytes(text));
  std::vector<SpoolPlace> places;
  while (in.ok() && in.remaining() > 0) {
    SpoolPlace place;
    place.directory = in.Text();
    place.first_sample = in.Varint();
    place.epoch = in.Fixed64();
    place.number = in.Varint();
    place.record_samples = in.Varint();
    places.push_back(std::move(place));
  }
  if (!in.ok()) return Fail(ErrorCode::kCorruption, "aggregation state: an attempt");
  return places;
}

}  // namespace tickscope::agent
