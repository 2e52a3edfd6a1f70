#include "exchange/openmetrics_source.h"

#include <limits>
#include <utility>

#include "exchange/block_importer.h"

namespace tickscope::exchange {
namespace {

// Samples handed on at once when a series' samples follow each other.
constexpr std::size_t kPieceSamples = 4096;

wire::ExpositionOptions ParserOptions(BadLines bad_lines) {
  wire::ExpositionOptions options;
  options.times = wire::ExpositionTimes::kImported;
  options.skip_bad_lines = bad_lines == BadLines::kSkip;
  options.samples_max = std::numeric_limits<std::size_t>::max();
  return options;
}

}  // namespace

Result<std::unique_ptr<OpenMetricsSource>> OpenMetricsSource::Open(io::FileSystem& fs,
                                                                   const std::string& path, std::string name,
                                                                   BadLines bad_lines) {
  auto file = fs.Map(path);
  if (!file) return FailWith(name, std::move(file).error());
  return std::unique_ptr<OpenMetricsSource>(
      new OpenMetricsSource(*std::move(file), std::move(name), bad_lines));
}

OpenMetricsSource::OpenMetricsSource(std::unique_ptr<io::MappedFile> file, std::string name,
                                     BadLines bad_lines)
    : file_(std::move(file)),
      name_(std::move(name)),
      bad_lines_(bad_lines),
      parser_(wire::MakeExpositionParser(wire::ExpositionFormat::kOpenMetrics, AsText(file_->bytes()),
                                         ParserOptions(bad_lines))) {}

std::string OpenMetricsSource::first_skipped() const {
  const std::string& first = parser_->first_skipped().empty() ? first_bad_labels_ : parser_->first_skipped();
  return first.empty() ? first : name_ + ": " + first;
}

Result<bool> OpenMetricsSource::NextSample() {
  while (true) {
    auto entry = parser_->Next();
    if (!entry) return FailWith(name_, std::move(entry).error());
    if (*entry == wire::ExpositionEntry::kEnd) return false;
    if (*entry != wire::ExpositionEntry::kSample) continue;
    const std::string_view text = parser_->sample().series;
    if (current_ != nullptr && text == current_text_) return true;
    current_text_ = text;
    if (const auto known = known_.find(text); known != known_.end()) {
      current_ = &known->second;
      return true;
    }
    auto labels = parser_->labels();
    Status good = labels ? CheckImportLabels(*labels) : Status(std::unexpected(labels.error()));
    if (!good) {
      current_ = nullptr;
      if (bad_lines_ == BadLines::kRefuse) return FailWith(name_, std::move(good).error());
      if (skipped_++ == 0) first_bad_labels_ = good.error().message;
      continue;
    }
    if (known_.size() < kCachedSeriesMax) {
      current_ = &known_.emplace(text, *std::move(labels)).first->second;
    } else {
      uncached_ = *std::move(labels);
      current_ = &uncached_;
    }
    return true;
  }
}

Result<bool> OpenMetricsSource::Next(Labels& labels, SampleColumns& samples) {
  samples.Clear();
  if (done_) return false;
  if (current_ == nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, NextSample());
    if (!more) {
      done_ = true;
      return false;
    }
  }
  labels = *current_;
  const std::string_view text = current_text_;
  do {
    const wire::ExpositionSample& sample = parser_->sample();
    samples.times_ms.push_back(*sample.time_ms);
    samples.values.push_back(sample.value);
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, NextSample());
    if (!more) {
      done_ = true;
      break;
    }
  } while (current_text_ == text && samples.size() < kPieceSamples);
  return true;
}

}  // namespace tickscope::exchange
