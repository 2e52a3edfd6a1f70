// EmptySeriesSet: what a selector that matches nothing gives.
#pragma once

#include "model/queryable.h"

namespace tickscope {

class EmptySeriesSet final : public SeriesSet {
 public:
  [[nodiscard]] bool Next() override { return false; }
  [[nodiscard]] const Labels& labels() const override { return none_; }
  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    out.Clear();
    return {};
  }

 private:
  Labels none_;
};

}  // namespace tickscope
