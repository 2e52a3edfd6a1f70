#include "logs/msgpack.h"

#include <array>
#include <bit>

namespace tickscope::logs {
namespace {

// How the bytes of a head from 0xc0 to 0xdf are read: bytes of its number, and whether so many bytes follow.
struct Head {
  MsgpackKind kind = MsgpackKind::kNil;
  std::uint8_t number_bytes = 0;
  std::uint8_t fixed = 0;  // Of an extension of fixed size.
  bool is_valid = true;
};
using enum MsgpackKind;
constexpr std::array<Head, 32> kHeads = {{
    {kNil},
    {kNil, 0, 0, false},
    {kBool},
    {kBool},
    {kBinary, 1},
    {kBinary, 2},
    {kBinary, 4},
    {kExtension, 1},
    {kExtension, 2},
    {kExtension, 4},
    {kFloat, 4},
    {kFloat, 8},
    {kUnsigned, 1},
    {kUnsigned, 2},
    {kUnsigned, 4},
    {kUnsigned, 8},
    {kSigned, 1},
    {kSigned, 2},
    {kSigned, 4},
    {kSigned, 8},
    {kExtension, 0, 1},
    {kExtension, 0, 2},
    {kExtension, 0, 4},
    {kExtension, 0, 8},
    {kExtension, 0, 16},
    {kString, 1},
    {kString, 2},
    {kString, 4},
    {kArray, 2},
    {kArray, 4},
    {kMap, 2},
    {kMap, 4},
}};

std::unexpected<Error> FailCut() {
  return Fail(ErrorCode::kCorruption, "msgpack: bytes end within an item");
}

}  // namespace

std::uint64_t MsgpackReader::NumberAt(std::size_t at, std::size_t size) const {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i)
    number = number << 8U | static_cast<unsigned char>(bytes_[at + i]);
  return number;
}

Result<std::optional<MsgpackItem>> MsgpackReader::Next() {
  if (at_ >= bytes_.size()) return std::optional<MsgpackItem>();
  const auto first = static_cast<unsigned char>(bytes_[at_]);
  MsgpackItem item;
  std::size_t at = at_ + 1;
  std::uint64_t size = 0;
  if (first < 0x80) {
    item.kind = kUnsigned;
    item.number = first;
  } else if (first >= 0xe0) {
    item.kind = kSigned;
    item.number = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(first)});
  } else if (first < 0xc0) {
    item.kind = first < 0x90 ? kMap : first < 0xa0 ? kArray : kString;
    item.number = first & (first < 0xa0 ? 0x0fU : 0x1fU);
    if (item.kind == kString) size = item.number;
  } else {
    const Head& head = kHeads[first - 0xc0];
    if (!head.is_valid) return Fail(ErrorCode::kCorruption, "msgpack: a byte that begins no item");
    const std::size_t left = bytes_.size() - at;
    const std::size_t type_bytes = head.kind == kExtension ? 1 : 0;
    if (left < head.number_bytes + type_bytes) return std::optional<MsgpackItem>();
    item.kind = head.kind;
    item.number = NumberAt(at, head.number_bytes);
    at += head.number_bytes;
    if (type_bytes > 0) item.type = static_cast<std::int8_t>(bytes_[at++]);
    if (head.kind == kBool) item.number = first == 0xc3 ? 1 : 0;
    if (head.kind == kSigned) {
      const unsigned shift = 64 - 8U * head.number_bytes;
      item.number = static_cast<std::uint64_t>(static_cast<std::int64_t>(item.number << shift) >> shift);
    }
    if (head.kind == kFloat) {
      item.real = head.number_bytes == 8
                      ? std::bit_cast<double>(item.number)
                      : double{std::bit_cast<float>(static_cast<std::uint32_t>(item.number))};
    }
    if (head.kind == kString || head.kind == kBinary || head.kind == kExtension)
      size = head.fixed > 0 ? head.fixed : item.number;
  }
  if (bytes_.size() - at < size) return std::optional<MsgpackItem>();
  if (item.kind == kString || item.kind == kBinary || item.kind == kExtension)
    item.bytes = bytes_.substr(at, size);
  at_ = at + size;
  return item;
}

Result<MsgpackItem> MsgpackReader::Need() {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<MsgpackItem> item, Next());
  if (!item) return FailCut();
  return *item;
}

Status MsgpackReader::Skip() {
  for (std::uint64_t items = 1; items > 0; --items) {
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem item, Need());
    items += item.children();
    // Each takes a byte or more.
    if (items - 1 > bytes_.size() - at_) return FailCut();
  }
  return {};
}

Result<std::optional<std::size_t>> MsgpackSizer::SizeOf(std::string_view bytes, std::size_t bytes_max) {
  const auto too_large = [] { return Fail(ErrorCode::kOutOfRange, "msgpack: a message over the limit"); };
  while (items_ > 0) {
    MsgpackReader reader(bytes.substr(at_));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<MsgpackItem> item, reader.Next());
    if (!item) {
      if (bytes.size() > bytes_max) return too_large();
      return std::optional<std::size_t>();
    }
    at_ += reader.at();
    items_ += item->children() - 1;
    if (at_ > bytes_max || items_ > bytes_max - at_) return too_large();
  }
  return at_;
}

}  // namespace tickscope::logs
