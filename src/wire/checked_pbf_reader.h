// CheckedPbfReader: protozero's reader for messages whose sender is not trusted.
//
// protozero asserts that a field has the wire type it is read as, so a message that disagrees would end a debug build
// and be misread by a release build. Here such a field throws what other damage throws, a protozero::exception, for
// the parser to catch at its edge.
#pragma once

#include <cstdint>
#include <string_view>

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace tickscope::wire {

class CheckedPbfReader {
 public:
  using WireType = protozero::pbf_wire_type;

  CheckedPbfReader() = default;
  /// Reads `message`, which outlives the reader.
  explicit CheckedPbfReader(std::string_view message) : in_(message.data(), message.size()) {}

  [[nodiscard]] bool Next() { return in_.next(); }
  /// The next field with that tag.
  [[nodiscard]] bool Next(std::uint32_t tag) { return in_.next(tag); }
  [[nodiscard]] std::uint32_t tag() const { return in_.tag(); }
  [[nodiscard]] bool IsLengthDelimited() const { return in_.wire_type() == WireType::length_delimited; }
  void Skip() { in_.skip(); }

  [[nodiscard]] std::string_view Bytes() {
    Expect(WireType::length_delimited);
    const protozero::data_view view = in_.get_view();
    return {view.data(), view.size()};
  }
  [[nodiscard]] double Double() { return Expect(WireType::fixed64).get_double(); }
  [[nodiscard]] std::uint32_t Fixed32() { return Expect(WireType::fixed32).get_fixed32(); }
  [[nodiscard]] std::uint64_t Fixed64() { return Expect(WireType::fixed64).get_fixed64(); }
  [[nodiscard]] std::int64_t Sfixed64() { return Expect(WireType::fixed64).get_sfixed64(); }
  [[nodiscard]] bool Bool() { return Expect(WireType::varint).get_bool(); }
  [[nodiscard]] std::uint64_t Uint64() { return Expect(WireType::varint).get_uint64(); }
  [[nodiscard]] std::uint32_t Uint32() { return Expect(WireType::varint).get_uint32(); }
  [[nodiscard]] std::int64_t Int64() { return Expect(WireType::varint).get_int64(); }
  [[nodiscard]] std::int32_t Int32() { return Expect(WireType::varint).get_int32(); }
  [[nodiscard]] std::int32_t Sint32() { return Expect(WireType::varint).get_sint32(); }
  [[nodiscard]] std::int64_t Sint64() { return Expect(WireType::varint).get_sint64(); }
  [[nodiscard]] auto PackedUint32() { return Expect(WireType::length_delimited).get_packed_uint32(); }
  [[nodiscard]] auto PackedSint64() { return Expect(WireType::length_delimited).get_packed_sint64(); }
  [[nodiscard]] auto PackedUint64() { return Expect(WireType::length_delimited).get_packed_uint64(); }
  [[nodiscard]] auto PackedFixed64() { return Expect(WireType::length_delimited).get_packed_fixed64(); }
  [[nodiscard]] auto PackedDouble() { return Expect(WireType::length_delimited).get_packed_double(); }

 private:
  protozero::pbf_reader& Expect(WireType type) {
    if (in_.wire_type() != type) throw protozero::unknown_pbf_wire_type_exception();
    return in_;
  }

  protozero::pbf_reader in_;
};

}  // namespace tickscope::wire
