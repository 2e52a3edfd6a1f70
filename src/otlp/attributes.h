// Attributes of OTLP messages as texts.
//
// Bounds    Attributes of one message: kAttributesMax. Depth of a value: kValueDepthMax.
// Errors    Throws protozero::exception for what is no protobuf and std::length_error past a bound: called inside a decoder's
//           try.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codec/signal_records.h"
#include "otlp/proto.h"

namespace tickscope::otlp {

/// SDKs stop at 128.
inline constexpr std::size_t kAttributesMax = 256;
inline constexpr int kValueDepthMax = 16;

/// One attribute; views into the message.
struct Attribute {
  std::string_view key;
  std::string_view value;  ///< An AnyValue message.
};

/// Adds the attributes in fields `tag` of `message` to `out`.
void ReadAttributes(std::string_view message, proto::Tag tag, std::vector<Attribute>& out);

/// The value as a label has it: texts as they are, numbers in shortest form, bytes as base64, lists and maps as JSON.
/// A view into `value` where it can be, else into `storage`.
[[nodiscard]] std::string_view ValueText(std::string_view value, std::string& storage);

/// The value as logs and spans have it: of its kind, lists and maps as JSON. Views into `value` where they can be, else into
/// `storage`.
[[nodiscard]] codec::SignalValue ReadSignalValue(std::string_view value, std::string& storage);

}  // namespace tickscope::otlp
