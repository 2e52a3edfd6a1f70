// Labels of an input with those of the whole agent behind them.
#pragma once

#include "model/labels.h"

namespace tickscope::agent {

/// `labels`, and of `external` those that `labels` does not have.
[[nodiscard]] inline Labels WithExternalLabels(const Labels& labels, const Labels& external) {
  LabelsBuilder builder(external);
  for (const LabelView& label : labels)
    builder.Set(label.name, label.value);
  return builder.Build();
}

}  // namespace tickscope::agent
