// Bearer tokens, known by their hashes: who reads the file cannot use it.
//
//   # sha256 of the token            whose it is
//   9f86d0...0a08 tenant=eu sender=prom-1 scopes=write,read
//
// A token has to be random and long (32 bytes), for a plain hash is as strong as what was hashed. tenant=* lets its owner name any tenant.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "access/access_config.h"
#include "base/error.h"

namespace tickscope::access {

inline constexpr std::uint64_t kTokenFileBytesMax = 16U << 20;
inline constexpr std::size_t kTokenBytesMax = 4096;

struct TokenOwner {
  std::string tenant;  ///< "*": whichever the request names.
  std::string sender;
  ScopeSet scopes;
};

class TokenTable {
 public:
  /// Errors: kInvalidArgument naming the first bad line; the line itself is not shown.
  [[nodiscard]] static Result<TokenTable> Parse(std::string_view text);

  /// Whose a token is; null when nobody's.
  [[nodiscard]] const TokenOwner* Find(std::string_view token) const;
  [[nodiscard]] std::size_t size() const { return owners_.size(); }

 private:
  using Hash = std::array<std::uint8_t, 32>;
  std::map<Hash, TokenOwner> owners_;
};

}  // namespace tickscope::access
