// BatchEncoder: a part of a WriteBatch as the body of a request.
//
// Threads   One thread at a time; its buffers are kept from request to request.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/write_batch.h"
#include "wire/otlp_encode.h"
#include "wire/remote_write_encode.h"

namespace tickscope::agent {

/// Samples [begin, end) of a batch.
struct BatchPart {
  WriteBatchPtr batch;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool with_metadata = false;

  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// The end of a part that begins at `begin` and has about `samples_max` samples: histograms and summaries, which OTLP has as one, stay whole.
[[nodiscard]] std::size_t EndOfPart(const WriteBatch& batch, std::size_t begin, std::size_t samples_max);

class BatchEncoder {
 public:
  BatchEncoder() : v1_(wire::RemoteWriteProtocol::kV1), v2_(wire::RemoteWriteProtocol::kV2) {}

  /// Replaces `body`.
  void Encode(const BatchPart& part, wire::RemoteWriteProtocol protocol, std::string& body);
  /// Replaces `message` by an OTLP request, not packed. Requires: a part with metadata. Returns how many samples that has no place for.
  [[nodiscard]] std::size_t EncodeOtlp(const BatchPart& part, std::string& message);

 private:
  void Gather(const BatchPart& part);

  wire::RemoteWriteEncoder v1_;
  wire::RemoteWriteEncoder v2_;
  wire::OtlpEncoder otlp_;
  std::vector<wire::WriteSample> samples_;
  std::vector<wire::WriteHistogram> histograms_;
  std::vector<wire::WriteMetadata> metadata_;
  std::vector<wire::WriteSeries> series_;
};

}  // namespace tickscope::agent
