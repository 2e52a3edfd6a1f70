// SampleBudget: how much a query holds at once, and the refusal when that passes one of its two limits.
//
// Samples   The points of every intermediate result while it lives and the widest window a range function looks at. A
//           histogram counts as the number of float samples that take as much memory. The reference's limit, which
//           users know.
// Bytes     What is allocated: columns read, cells whether filled or not, labels, histograms, the final result. A row
//           is counted when it is made, and a query past its limit ends at the next Check or Take: what it overran
//           is what one step between two of them makes.
// Threads   Belongs to one query, used from one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/memory_meter.h"
#include "model/histogram.h"

namespace tickscope::promql {

/// Size of a histogram in float samples (16 bytes each).
[[nodiscard]] inline std::uint64_t HistogramSampleCount(const Histogram& h) {
  const std::size_t bytes =
      96 + 8 * (h.positive_spans.size() + h.negative_spans.size()) +
      8 * (h.positive_buckets.size() + h.negative_buckets.size() + h.custom_bounds.size());
  return bytes / 16;
}

class SampleBudget {
 public:
  SampleBudget(std::uint64_t samples_max, std::uint64_t bytes_max)
      : max_(samples_max), bytes_max_(bytes_max) {}
  SampleBudget(const SampleBudget&) = delete;
  SampleBudget& operator=(const SampleBudget&) = delete;

  /// Errors: kResourceExhausted past the limit; nothing is taken then.
  [[nodiscard]] Status Take(std::uint64_t samples) {
    if (samples > max_ - used_) {
      return Fail(ErrorCode::kResourceExhausted,
                  "query processing would load too many samples into memory in query execution");
    }
    used_ += samples;
    peak_ = std::max(peak_, used_);
    return Check();
  }
  void Release(std::uint64_t samples) { used_ -= samples; }
  [[nodiscard]] std::uint64_t peak() const { return peak_; }

  /// Counts bytes that are about to be allocated, or takes back (`was`) what is freed.
  void ChangeBytes(std::uint64_t was, std::uint64_t is) { bytes_ = bytes_ - was + is; }
  /// Errors: kResourceExhausted once more bytes are counted than allowed.
  [[nodiscard]] Status Check() const {
    if (bytes_ <= bytes_max_) return {};
    return NeedsTooMuchMemory(bytes_max_);
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Whether so much is little of what is left: an eighth at most.
  [[nodiscard]] bool HasAmpleRoom(std::uint64_t samples, std::uint64_t bytes) const {
    return bytes_ <= bytes_max_ && samples <= (max_ - used_) / 8 && bytes <= (bytes_max_ - bytes_) / 8;
  }

 private:
  std::uint64_t max_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::uint64_t used_ = 0;
  std::uint64_t peak_ = 0;
};

/// What one result has taken; released with it.
class SampleCharge {
 public:
  explicit SampleCharge(SampleBudget& budget) : budget_(&budget) {}
  SampleCharge(SampleCharge&& other) noexcept
      : budget_(other.budget_),
        taken_(std::exchange(other.taken_, 0)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  SampleCharge& operator=(SampleCharge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(taken_, other.taken_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~SampleCharge() {
    budget_->Release(taken_);
    budget_->ChangeBytes(bytes_, 0);
  }

  [[nodiscard]] Status Grow(std::uint64_t samples) {
    TICKSCOPE_RETURN_IF_ERROR(budget_->Take(samples));
    taken_ += samples;
    return {};
  }
  /// What it holds takes this much memory now.
  void SetBytes(std::uint64_t bytes) { budget_->ChangeBytes(std::exchange(bytes_, bytes), bytes); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t samples() const { return taken_; }
  [[nodiscard]] SampleBudget& budget() const { return *budget_; }

 private:
  SampleBudget* budget_;
  std::uint64_t taken_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tickscope::promql
