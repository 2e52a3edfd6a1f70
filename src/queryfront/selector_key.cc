#include "queryfront/selector_key.h"

#include <fmt/format.h>

namespace tickscope::queryfront {
namespace {

// Each text with its length, so that no two keys are written alike.
void AddText(std::string_view text, std::string& key) {
  key += fmt::format("{}:", text.size());
  key += text;
}

}  // namespace

std::optional<std::string> SelectorKey(std::string_view what, const SelectRequest& request,
                                       std::string_view state) {
  std::string key;
  AddText(request.tenant, key);
  AddText(what, key);
  for (const Matcher& matcher : request.matchers) {
    key += static_cast<char>('0' + static_cast<int>(matcher.type()));
    AddText(matcher.name(), key);
    AddText(matcher.value(), key);
  }
  AddText(state, key);
  if (key.size() > kSelectorKeyBytesMax) return std::nullopt;
  return key;
}

}  // namespace tickscope::queryfront
