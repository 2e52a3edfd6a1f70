// UsageNotes: what queries select, noted as the console keeps it: by the kind of who asks.
#pragma once

#include "console/metric_usage.h"
#include "queryfront/selection_notes.h"

namespace tickscope::roles {

/// Alerts and recording rules are rules; a viewer link's queries have its user (console/view_endpoints.h); the live tail's are a
/// dashboard's, whoever follows.
[[nodiscard]] console::Reader ReaderOf(const queryfront::QueryIdentity& who);

class UsageNotes final : public queryfront::SelectionNotes {
 public:
  /// `usage` outlives this.
  explicit UsageNotes(console::MetricUsage& usage) : usage_(usage) {}

  void Note(const queryfront::QueryIdentity& who, std::span<const Matcher> matchers) override {
    usage_.Note(who.tenant, matchers, ReaderOf(who));
  }

 private:
  console::MetricUsage& usage_;
};

}  // namespace tickscope::roles
