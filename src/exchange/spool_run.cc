#include "exchange/spool_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "block/block_order.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/histogram_codec.h"
#include "codec/varint.h"

namespace tickscope::exchange {
namespace {

constexpr std::uint8_t kHasHistograms = 1;
constexpr std::uint8_t kHasStartTimes = 2;
constexpr std::size_t kHeadBytes = 8;
// An entry ends when it reaches one of these.
constexpr std::size_t kEntrySamples = 8192;
constexpr std::size_t kEntryBytes = 1U << 20;

}  // namespace

bool SpoolOrder(TimeMs a_window_ms, const Labels& a, TimeMs b_window_ms, const Labels& b) {
  if (a_window_ms != b_window_ms) return a_window_ms < b_window_ms;
  return block::BlockOrder(a, b);
}

Result<SpoolWriter> SpoolWriter::Create(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(OrderedFile file, OrderedFile::Create(fs, path));
  return SpoolWriter(std::move(file));
}

Status SpoolWriter::Add(TimeMs window_start_ms, const Labels& labels, const SampleColumns& samples,
                        std::size_t from, std::size_t to) {
  while (from < to) {
    // Histograms are of any size: their bytes say where the entry ends.
    Bytes histograms;
    std::size_t end = std::min(to, from + kEntrySamples);
    if (!samples.histograms.empty()) {
      std::size_t i = from;
      for (; i < end && histograms.size() < kEntryBytes; ++i) {
        histograms.push_back(static_cast<std::byte>(samples.histograms[i] != nullptr));
        if (samples.histograms[i] != nullptr) codec::PutHistogram(*samples.histograms[i], histograms);
      }
      end = i;
    }
    entry_.clear();
    codec::PutZigZag(window_start_ms, entry_);
    codec::PutVarint(labels.size(), entry_);
    for (const LabelView& label : labels) {
      codec::PutText(label.name, entry_);
      codec::PutText(label.value, entry_);
    }
    codec::PutVarint(end - from, entry_);
    entry_.push_back(static_cast<std::byte>((samples.histograms.empty() ? 0 : kHasHistograms) |
                                            (samples.start_times_ms.empty() ? 0 : kHasStartTimes)));
    TimeMs before_ms = 0;
    for (std::size_t i = from; i < end; ++i)
      codec::PutZigZag(samples.times_ms[i] - std::exchange(before_ms, samples.times_ms[i]), entry_);
    for (std::size_t i = from; i < end; ++i)
      codec::PutFixed(samples.values[i], entry_);
    AppendBytes(histograms, entry_);
    if (!samples.start_times_ms.empty()) {
      for (std::size_t i = from; i < end; ++i)
        codec::PutZigZag(samples.start_times_ms[i], entry_);
    }
    codec::PutFixed(static_cast<std::uint32_t>(entry_.size()), file_.buffer());
    codec::PutFixed(codec::Crc32c(entry_), file_.buffer());
    AppendBytes(entry_, file_.buffer());
    TICKSCOPE_RETURN_IF_ERROR(file_.Pace());
    from = end;
  }
  return {};
}

Result<std::unique_ptr<SpoolReader>> SpoolReader::Open(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.OpenRead(path));
  std::unique_ptr<SpoolReader> reader(new SpoolReader(std::move(file), path));
  TICKSCOPE_RETURN_IF_ERROR(reader->Next());
  return reader;
}

Result<ByteView> SpoolReader::Take(std::size_t size) {
  if (buffer_.size() - used_ < size) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    const std::size_t before = buffer_.size();
    buffer_.resize(std::max(size, before + kReadBytes));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got,
                               file_->ReadAt(read_, std::span(buffer_).subspan(before)));
    read_ += got;
    buffer_.resize(before + got);
  }
  const std::size_t taken = std::min(size, buffer_.size() - used_);
  const ByteView bytes = ByteView(buffer_).subspan(used_, taken);
  used_ += taken;
  return bytes;
}

Status SpoolReader::Next() {
  const auto damaged = [this](std::string_view what) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: spool entry before offset {}: {}", path_, read_, what));
  };
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView head, Take(kHeadBytes));
  if (head.empty()) {
    done_ = true;
    return {};
  }
  if (head.size() < kHeadBytes) return damaged("cut");
  const auto size = codec::LoadFixed<std::uint32_t>(head.data());
  const auto crc = codec::LoadFixed<std::uint32_t>(head.data() + 4);
  if (size > kEntryBytesMax) return damaged("impossible size");
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes, Take(size));
  if (bytes.size() < size || codec::Crc32c(bytes) != crc) return damaged("checksum differs");
  codec::FieldReader fields(bytes);
  entry_.window_start_ms = fields.ZigZag();
  const std::uint64_t label_count = fields.Varint();
  if (label_count > fields.remaining()) return damaged("more labels than bytes");
  std::vector<LabelView> labels;
  for (std::uint64_t i = 0; i < label_count; ++i) {
    const std::string_view name = fields.Text();
    labels.push_back({name, fields.Text()});
  }
  entry_.labels = Labels::FromSorted(labels);
  SampleColumns& samples = entry_.samples;
  samples.Clear();
  const std::uint64_t count = fields.Varint();
  if (count > fields.remaining()) return damaged("more samples than bytes");
  const std::uint8_t flags = fields.Byte();
  TimeMs time_ms = 0;
  for (std::uint64_t i = 0; i < count; ++i)
    samples.times_ms.push_back(time_ms += fields.ZigZag());
  const ByteView values = fields.Take(count * sizeof(double));
  if (!fields.ok()) return damaged("cut");
  for (std::uint64_t i = 0; i < count; ++i)
    samples.values.push_back(codec::LoadFixed<double>(values.data() + i * sizeof(double)));
  for (std::uint64_t i = 0; (flags & kHasHistograms) != 0 && i < count; ++i) {
    if (fields.Byte() == 0) {
      samples.histograms.push_back(nullptr);
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(Histogram histogram, codec::TakeHistogram(fields));
    samples.histograms.push_back(std::make_shared<const Histogram>(std::move(histogram)));
  }
  for (std::uint64_t i = 0; (flags & kHasStartTimes) != 0 && i < count; ++i)
    samples.start_times_ms.push_back(fields.ZigZag());
  if (!fields.ok()) return damaged("cut");
  return {};
}

}  // namespace tickscope::exchange
