// Script runner: executes PromQL test scripts against an engine and reports what did not come out as written.
//
// Beyond the letter of a script each instant case is also evaluated (extra_checks)
//   at other times with its selectors fixed by @, which must not change the result, and
//   as a range query around its time, whose middle step must equal it.
// All of that is one case.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/queryable.h"
#include "promql/engine.h"

namespace tickscope::promqltest {

/// The settings the scripts of the reference implementation assume: everything optional on, few samples.
[[nodiscard]] promql::EngineOptions ScriptEngineOptions();

/// Storage that holds what a script has loaded and tells it in every way storage can, as columns too.
class ScriptMirror {
 public:
  virtual ~ScriptMirror() = default;
  /// Replaces what it holds. Errors: what storing gives.
  [[nodiscard]] virtual Status Fill(const std::map<Labels, SampleColumns>& series) = 0;
  /// Valid until the next Fill. Requires: filled once.
  [[nodiscard]] virtual const Queryable& storage() const = 0;
};

struct RunnerOptions {
  promql::EngineOptions engine = ScriptEngineOptions();
  bool extra_checks = true;
  /// When set, cases are not held to what the script says: each is evaluated over the mirror with all shortcuts on and with all
  /// off, at its time and as a range query, and the two must agree (both_ways.h).
  ScriptMirror* mirror = nullptr;
};

/// What became of one eval command.
struct CaseResult {
  std::size_t line = 0;  ///< In the script, from 1.
  std::string expression;
  std::optional<std::string> difference;  ///< What did not come out as written; nullopt when the case passed.
};

struct ScriptReport {
  std::vector<CaseResult> cases;
  std::size_t passed = 0;
  std::size_t failed = 0;
};

/// Largest script read.
inline constexpr std::size_t kScriptBytesMax = 16 << 20;

/// Runs all commands of a script in order.
/// Errors: kInvalidArgument "line N: what" when the text is not a script or its data does not load.
[[nodiscard]] Result<ScriptReport> RunScript(std::string_view text, const RunnerOptions& options);

}  // namespace tickscope::promqltest
