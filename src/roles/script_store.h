// ScriptStore: what a test script has loaded, in the store a server has: its oldest samples in blocks, the next in segments, the
// newest in memory.
//
// Threads   One thread.
#pragma once

#include <map>
#include <memory>

#include "base/metrics.h"
#include "io/file_system.h"
#include "promqltest/script_runner.h"
#include "tsdb/store.h"

namespace tickscope::roles {

class ScriptStore final : public promqltest::ScriptMirror {
 public:
  ScriptStore();
  ~ScriptStore() override;

  [[nodiscard]] Status Fill(const std::map<Labels, SampleColumns>& series) override;
  [[nodiscard]] const Queryable& storage() const override { return *store_; }

 private:
  std::unique_ptr<MetricRegistry> metrics_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<tsdb::Store> store_;
};

}  // namespace tickscope::roles
