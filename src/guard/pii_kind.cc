#include "guard/pii_kind.h"

namespace tickscope::guard {
namespace {

struct Names {
  std::string_view name;
  std::string_view prefix;
};
constexpr std::array<Names, kPiiKinds> kNames = {{{"key", "key"},
                                                  {"jwt", "jwt"},
                                                  {"email", "eml"},
                                                  {"ip", "ip"},
                                                  {"mac", "mac"},
                                                  {"uuid", "uid"},
                                                  {"iban", "iban"},
                                                  {"card", "crd"},
                                                  {"player_id", "plr"},
                                                  {"phone", "tel"},
                                                  {"digits", "num"},
                                                  {"entropy", "rnd"}}};

}  // namespace

std::string_view PiiKindName(PiiKind kind) {
  return kNames[static_cast<std::size_t>(kind)].name;
}

std::string_view PiiKindPrefix(PiiKind kind) {
  return kNames[static_cast<std::size_t>(kind)].prefix;
}

}  // namespace tickscope::guard
