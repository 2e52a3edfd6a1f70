// Msgpack: items of MessagePack bytes, one after the other, without a tree.
//
//   MsgpackReader reader(bytes);
//   while (auto item = reader.Next(); item && ...)
//
// Nothing is allocated for what a head declares: an array of four billion items is a head of five bytes, and its items must come.
//
// Source    The MessagePack specification (msgpack/spec.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace tickscope::logs {

enum class MsgpackKind : std::uint8_t {
  kNil,
  kBool,
  kUnsigned,
  kSigned,
  kFloat,
  kString,
  kBinary,
  kArray,
  kMap,
  kExtension
};

struct MsgpackItem {
  MsgpackKind kind = MsgpackKind::kNil;
  std::uint64_t number =
      0;            ///< kBool, kUnsigned; kSigned in two's complement; items of an array, pairs of a map.
  double real = 0;  ///< kFloat
  std::int8_t type = 0;    ///< kExtension
  std::string_view bytes;  ///< kString, kBinary, kExtension

  [[nodiscard]] bool is_text() const { return kind == MsgpackKind::kString || kind == MsgpackKind::kBinary; }
  /// Items that follow and belong to it.
  [[nodiscard]] std::uint64_t children() const {
    return kind == MsgpackKind::kArray ? number : kind == MsgpackKind::kMap ? 2 * number : 0;
  }
};

class MsgpackReader {
 public:
  explicit MsgpackReader(std::string_view bytes) : bytes_(bytes) {}

  /// The next item; nullopt when its bytes are not all there. Errors: kCorruption for a byte that begins none.
  [[nodiscard]] Result<std::optional<MsgpackItem>> Next();
  /// As Next, where the bytes are all there: kCorruption when they end.
  [[nodiscard]] Result<MsgpackItem> Need();
  /// Passes over an item with all that belongs to it. Errors: as Need.
  [[nodiscard]] Status Skip();
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }

 private:
  [[nodiscard]] std::uint64_t NumberAt(std::size_t at, std::size_t size) const;

  std::string_view bytes_;
  std::size_t at_ = 0;
};

/// Finds the end of a message in bytes that come bit by bit, looking at each once.
class MsgpackSizer {
 public:
  /// Bytes of the message at the front of `bytes`, which begin as they did at the last call; nullopt when more are needed.
  /// Errors: kCorruption; kOutOfRange when it must have more than `bytes_max`.
  [[nodiscard]] Result<std::optional<std::size_t>> SizeOf(std::string_view bytes, std::size_t bytes_max);
  /// Another message is at the front.
  void Reset() { *this = {}; }

 private:
  std::size_t at_ = 0;
  std::uint64_t items_ = 1;  // To come.
};

}  // namespace tickscope::logs
