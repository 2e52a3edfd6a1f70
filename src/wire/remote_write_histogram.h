// The Histogram message of remote write, the same in 1.0 and 2.0 but for the start timestamp, which 1.0 has not.
#pragma once

#include "base/bytes.h"
#include "wire/received_request.h"

namespace tickscope::wire {

/// Reads one message. Integer histograms send bucket deltas; they come out as absolute counts.
/// Throws protozero::exception when the bytes are no protobuf: called inside a decoder's try.
[[nodiscard]] ReceivedHistogram ReadRemoteWriteHistogram(ByteView message);

}  // namespace tickscope::wire
