// Big-endian integers, as the files of Prometheus have them, and a writer of a file in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::exchange {

template <typename T>
void PutBig(T v, Bytes& out) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(v >> shift));
}
template <typename T>
[[nodiscard]] T LoadBig(const std::byte* at) {
  T v = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    v = static_cast<T>(v << 8 | static_cast<T>(at[i]));
  return v;
}

/// A file written from its start to its end, in pieces of a megabyte.
class OrderedFile {
 public:
  static constexpr std::size_t kFlushBytes = 1U << 20;

  [[nodiscard]] static Result<OrderedFile> Create(io::FileSystem& fs, const std::string& path) {
    TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.OpenAppend(path, io::OpenMode::kTruncate));
    return OrderedFile(std::move(file));
  }
  /// What is not written yet; append to it, then Pace.
  [[nodiscard]] Bytes& buffer() { return buffer_; }
  [[nodiscard]] std::uint64_t position() const { return written_ + buffer_.size(); }
  [[nodiscard]] Status Pace() { return buffer_.size() < kFlushBytes ? Status() : Flush(); }
  /// Writes what is left.
  [[nodiscard]] Status Flush() {
    const ByteView piece(buffer_);
    TICKSCOPE_RETURN_IF_ERROR(file_->Append({&piece, 1}));
    written_ += buffer_.size();
    buffer_.clear();
    return {};
  }
  /// The same, and makes all of it durable, but not the file's name.
  [[nodiscard]] Status Finish() {
    TICKSCOPE_RETURN_IF_ERROR(Flush());
    return file_->Sync();
  }

 private:
  explicit OrderedFile(std::unique_ptr<io::AppendFile> file) : file_(std::move(file)) {}

  std::unique_ptr<io::AppendFile> file_;
  Bytes buffer_;
  std::uint64_t written_ = 0;
};

}  // namespace tickscope::exchange
