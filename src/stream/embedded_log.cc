#include "stream/embedded_log.h"

#include <fmt/format.h>

#include "base/check.h"
#include "stream/log_partition.h"

namespace tickscope::stream {
namespace {

class EmbeddedLog final : public Stream {
 public:
  EmbeddedLog(MetricRegistry& metrics, std::unique_ptr<io::DirectoryLock> directory_lock)
      : metrics_(metrics), directory_lock_(std::move(directory_lock)) {}

  Status OpenPartitions(io::FileSystem& fs, const Clock& clock, const EmbeddedLogOptions& options) {
    for (std::uint32_t id = 0; id < options.partition_count; ++id) {
      TICKSCOPE_ASSIGN_OR_RETURN(
          auto partition,
          LogPartition::Open(fs, clock, metrics_, options, fmt::format("{}/p{:04}", options.directory, id)));
      partitions_.push_back(std::move(partition));
    }
    return {};
  }

  [[nodiscard]] std::uint32_t partition_count() const override {
    return static_cast<std::uint32_t>(partitions_.size());
  }
  [[nodiscard]] Epoch CurrentEpoch(PartitionId id) const override { return At(id).CurrentEpoch(); }
  [[nodiscard]] Status Append(PartitionId id, Epoch epoch, Bytes payload, AppendCallback done) override {
    return At(id).Append(epoch, std::move(payload), std::move(done));
  }
  [[nodiscard]] Offset StartOffset(PartitionId id) const override { return At(id).StartOffset(); }
  [[nodiscard]] Offset EndOffset(PartitionId id) const override { return At(id).EndOffset(); }
  [[nodiscard]] Offset EpochStart(PartitionId id, Offset offset) const override {
    return At(id).EpochStart(offset);
  }
  void Release(PartitionId id, Offset offset) override { At(id).Release(offset); }
  [[nodiscard]] Result<std::vector<Record>> Read(PartitionId id, Offset from,
                                                 std::size_t bytes_max) override {
    return At(id).Read(from, bytes_max);
  }
  [[nodiscard]] bool WaitFor(PartitionId id, Offset offset, std::chrono::milliseconds timeout) override {
    return At(id).WaitFor(offset, timeout);
  }
  void Close() override {
    for (const auto& partition : partitions_)
      partition->Close();
  }

 private:
  [[nodiscard]] LogPartition& At(PartitionId id) const {
    const auto index = static_cast<std::size_t>(id);
    TICKSCOPE_CHECK(index < partitions_.size());
    return *partitions_[index];
  }

  LogMetrics metrics_;
  std::unique_ptr<io::DirectoryLock> directory_lock_;
  std::vector<std::unique_ptr<LogPartition>> partitions_;
};

}  // namespace

Result<std::unique_ptr<Stream>> OpenEmbeddedLog(io::FileSystem& fs, const Clock& clock,
                                                MetricRegistry& metrics, EmbeddedLogOptions options) {
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(options.directory));
  TICKSCOPE_ASSIGN_OR_RETURN(auto directory_lock, fs.LockDirectory(options.directory));
  auto log = std::make_unique<EmbeddedLog>(metrics, std::move(directory_lock));
  TICKSCOPE_RETURN_IF_ERROR(log->OpenPartitions(fs, clock, options));
  return log;
}

}  // namespace tickscope::stream
