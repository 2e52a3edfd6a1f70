// Finding: one thing that lint tells, and where; a report of them as text, JSON or SARIF.
//
// Threads   Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/yaml_tree.h"

namespace tickscope::lint {

/// kError fails the run; kWarning does so where the caller asks for it (--strict).
enum class Severity : std::uint8_t { kError, kWarning };

struct Finding {
  std::string file;
  config::YamlPosition position;  ///< Line and column from 1, columns in bytes.
  Severity severity = Severity::kError;
  std::string rule;     ///< A stable name: "unknown-metric". docs/lint.md lists them.
  std::string message;  ///< What is wrong and what to do, values last.
};

/// Findings of a run. Bounded: past kFindingsMax they are only counted.
class Findings {
 public:
  static constexpr std::size_t kFindingsMax = 10'000;

  void Add(Finding finding);
  [[nodiscard]] const std::vector<Finding>& list() const { return list_; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return warnings_; }
  [[nodiscard]] std::size_t unlisted() const { return errors_ + warnings_ - list_.size(); }
  /// By file in the order they were linted, then by place.
  void Sort();

 private:
  std::vector<Finding> list_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

enum class ReportFormat : std::uint8_t { kText, kJson, kSarif };

/// "text", "json" or "sarif". Errors: kInvalidArgument.
[[nodiscard]] Result<ReportFormat> ParseReportFormat(std::string_view name);

/// The report of a run over that many files. Text is a line a finding, "file:line:col: error: message [rule]", and a last line
/// with the counts; SARIF is version 2.1.0, as code scanning services read it.
[[nodiscard]] std::string Report(const Findings& findings, std::size_t file_count, ReportFormat format);

}  // namespace tickscope::lint
