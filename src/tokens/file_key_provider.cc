#include "tokens/file_key_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <span>
#include <string_view>

namespace tickscope::tokens {
namespace {

constexpr std::size_t kFileBytesMax = 1U << 20;
constexpr std::size_t kKeysMax = 10'000;
constexpr std::size_t kDerivedMax = 10'000;
constexpr std::size_t kKeyBytesMin = 32;
constexpr std::size_t kKeyBytesMax = 128;
constexpr std::size_t kIdBytesMax = 16;
constexpr std::string_view kAnyTenant = "*";

std::string_view TakeWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Null when the text is no key.
std::shared_ptr<const KeyedHash> KeyFromHex(std::string_view hex) {
  if (hex.size() % 2 != 0 || hex.size() / 2 < kKeyBytesMin || hex.size() / 2 > kKeyBytesMax) return nullptr;
  io::SecretMemory key(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexValue(hex[i]);
    const int low = HexValue(hex[i + 1]);
    if (high < 0 || low < 0) return nullptr;
    key.bytes()[i / 2] = static_cast<std::byte>(high * 16 + low);
  }
  return std::make_shared<const KeyedHash>(key.bytes());
}

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax &&
         std::ranges::all_of(id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

bool IsTenant(std::string_view text) {
  return !text.empty() && text.size() <= 150 && std::ranges::all_of(text, [](char c) {
    const int lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<std::unique_ptr<FileKeyProvider>> FileKeyProvider::Open(const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(const io::SecretMemory file, io::ReadSecretFile(path, kFileBytesMax));
  std::string_view rest(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  Keys keys;
  std::set<std::string, std::less<>> ids;
  std::size_t line_number = 0;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++line_number;
    const auto refuse = [&](std::string_view why) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("{}:{}: {}", path, line_number, why));
    };
    const std::string_view tenant = TakeWord(line);
    if (tenant.empty() || tenant.starts_with('#')) continue;
    const std::string_view id = TakeWord(line);
    const std::string_view from = TakeWord(line);
    const std::string_view hex = TakeWord(line);
    if (tenant != kAnyTenant && !IsTenant(tenant)) return refuse("the first word is no tenant");
    if (!IsId(id)) return refuse("the second word is no key id: want 1 to 16 of a-z and 0-9");
    TokenEpoch epoch = 0;
    const auto parsed = std::from_chars(from.data(), from.data() + from.size(), epoch);
    if (from.empty() || parsed.ec != std::errc() || parsed.ptr != from.data() + from.size())
      return refuse("the third word is no epoch");
    auto hash = KeyFromHex(hex);
    if (hash == nullptr) return refuse("the fourth word is no key: want 64 to 256 hex digits");
    if (!TakeWord(line).empty()) return refuse("there is something behind the key");
    if (ids.size() == kKeysMax) return refuse("too many keys");
    if (!ids.emplace(id).second) return refuse("the key id is there twice");
    std::vector<Key>& own = keys[std::string(tenant)];
    if (!own.empty() && own.back().from >= epoch) return refuse("the tenant's epochs do not ascend");
    own.push_back({std::string(id), epoch, std::move(hash)});
  }
  return std::unique_ptr<FileKeyProvider>(new FileKeyProvider(std::move(keys)));
}

Result<TenantKey> FileKeyProvider::KeyFor(const TenantId& tenant, TokenEpoch epoch) {
  const bool has_own = keys_.contains(tenant);
  const auto found = has_own ? keys_.find(tenant) : keys_.find(kAnyTenant);
  const Key* key = nullptr;
  if (found != keys_.end()) {
    for (const Key& candidate : found->second) {
      if (candidate.from <= epoch) key = &candidate;
    }
  }
  if (key == nullptr)
    return Fail(ErrorCode::kNotFound, fmt::format("no key for tokens: tenant={} epoch={}", tenant, epoch));
  if (has_own) return TenantKey{key->id, key->hash, key->from};

  const MutexLock lock(mu_);
  const auto known = derived_.find({tenant, key->id});
  if (known != derived_.end()) return TenantKey{key->id, known->second, key->from};
  Digest digest = key->hash->Of("tickscope tenant key", tenant);
  const auto bytes = std::as_writable_bytes(std::span(digest));
  auto hash = std::make_shared<const KeyedHash>(bytes);
  io::Wipe(bytes);
  // Making one again gives the same key, so forgetting all costs time only.
  if (derived_.size() >= kDerivedMax) derived_.clear();
  derived_.emplace(std::pair(std::string(tenant), key->id), hash);
  return TenantKey{key->id, std::move(hash), key->from};
}

}  // namespace tickscope::tokens
