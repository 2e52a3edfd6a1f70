// Bytes in text: base64 and hex (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tickscope::otlp {

/// The bytes in base64, padded.
[[nodiscard]] std::string Base64(std::string_view bytes);
/// The bytes of base64 text, standard or URL-safe, padded or not; nothing when it is not such text.
[[nodiscard]] std::optional<std::string> FromBase64(std::string_view text);

/// Appends the bytes in lower-case hex.
void AppendHex(std::string_view bytes, std::string& out);
/// The bytes of hex text; nothing when it is not such text.
[[nodiscard]] std::optional<std::string> FromHex(std::string_view text);

}  // namespace tickscope::otlp
