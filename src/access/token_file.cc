#include "access/token_file.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "wire/delivery_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::access {
namespace {

std::vector<std::string_view> SplitBy(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(separators), text.size());
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::array<std::uint8_t, 32>> ParseHash(std::string_view text) {
  std::array<std::uint8_t, 32> hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return hash;
}

Status ReadField(std::string_view field, TokenOwner& owner) {
  const auto fail = [](const char* what) { return Fail(ErrorCode::kInvalidArgument, what); };
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos) return fail("want name=value");
  const std::string_view name = field.substr(0, equals);
  const std::string_view value = field.substr(equals + 1);
  if (name == "tenant") {
    if (value != "*" && (value.empty() || !wire::ParseTenantHeader(value))) return fail("bad tenant");
    owner.tenant = value;
  } else if (name == "sender") {
    if (!wire::IsSenderName(value)) return fail("bad sender");
    owner.sender = value;
  } else if (name == "scopes") {
    std::vector<std::string> names;
    for (const std::string_view scope : SplitBy(value, ","))
      names.emplace_back(scope);
    TICKSCOPE_ASSIGN_OR_RETURN(owner.scopes, ParseScopes(names));
  } else {
    return fail("want tenant=, sender= and scopes=");
  }
  return {};
}

}  // namespace

Result<TokenTable> TokenTable::Parse(std::string_view text) {
  TokenTable table;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const std::vector<std::string_view> fields = SplitBy(line, " \t\r");
    if (fields.empty()) continue;
    const auto fail = [&](std::string_view what) {
      return Fail(ErrorCode::kInvalidArgument,
                  "tokens file: line " + std::to_string(line_number) + ": " + std::string(what));
    };
    const auto hash = ParseHash(fields.front());
    if (!hash) return fail("want the token's SHA-256, 64 hex digits, first");
    TokenOwner owner;
    for (std::size_t i = 1; i < fields.size(); ++i) {
      if (const Status read = ReadField(fields[i], owner); !read) return fail(read.error().message);
    }
    if (owner.tenant.empty() || owner.sender.empty() || owner.scopes.bits == 0)
      return fail("want tenant=, sender= and scopes=");
    if (!table.owners_.emplace(*hash, std::move(owner)).second) return fail("a token that is there already");
  }
  return table;
}

const TokenOwner* TokenTable::Find(std::string_view token) const {
  if (token.empty() || token.size() > kTokenBytesMax) return nullptr;
  Hash hash{};
  unsigned size = 0;
  if (EVP_Digest(token.data(), token.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1) return nullptr;
  // What is compared is a hash: how long that takes says nothing about the token.
  const auto found = owners_.find(hash);
  return found == owners_.end() ? nullptr : &found->second;
}

}  // namespace tickscope::access
