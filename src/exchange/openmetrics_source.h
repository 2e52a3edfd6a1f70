// OpenMetricsSource: OpenMetrics text whose samples have times, as `tickscope export`, `tickscope block dump` and promtool
// write it. The file ends with "# EOF"; one that was cut is refused.
//
// Threads   Not thread-safe.
// Memory    Labels of series by their text, at most kCachedSeriesMax of them; the file is mapped.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exchange/sample_flow.h"
#include "io/file_system.h"
#include "wire/exposition.h"

namespace tickscope::exchange {

enum class BadLines : std::uint8_t { kRefuse, kSkip };

class OpenMetricsSource final : public SampleSource {
 public:
  static constexpr std::size_t kCachedSeriesMax = 100'000;

  /// `name` is for messages, which add line and column. Errors: what the file system says.
  [[nodiscard]] static Result<std::unique_ptr<OpenMetricsSource>> Open(io::FileSystem& fs,
                                                                       const std::string& path,
                                                                       std::string name, BadLines bad_lines);

  [[nodiscard]] Result<bool> Next(Labels& labels, SampleColumns& samples) override;
  [[nodiscard]] std::uint64_t skipped() const override { return skipped_ + parser_->skipped_lines(); }
  /// Why the first line was skipped, with its place; empty when none was.
  [[nodiscard]] std::string first_skipped() const;

 private:
  OpenMetricsSource(std::unique_ptr<io::MappedFile> file, std::string name, BadLines bad_lines);
  // Moves to the next sample whose labels are good; false at the end.
  [[nodiscard]] Result<bool> NextSample();

  const std::unique_ptr<io::MappedFile> file_;
  const std::string name_;
  const BadLines bad_lines_;
  const std::unique_ptr<wire::ExpositionParser> parser_;
  std::unordered_map<std::string_view, Labels> known_;  // By text in the file.
  const Labels* current_ = nullptr;                     // Of the parser's sample; null before the first.
  std::string_view current_text_;
  Labels uncached_;
  bool done_ = false;
  std::uint64_t skipped_ = 0;
  std::string first_bad_labels_;
};

}  // namespace tickscope::exchange
