// ByteLru against a list that is searched from end to end: the same values, the same order of going, the same bytes.
#include "base/byte_lru.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace tickscope {
namespace {

struct Kept {
  std::string key;
  int value = 0;
  std::uint64_t bytes = 0;
};

TEST(ByteLru, IsAListUsedLastFirst) {
  constexpr std::uint64_t kBytesMax = 4000;
  ByteLru<int> lru(kBytesMax);
  std::vector<Kept> model;  // Used last first.
  SeededRandom random(1);
  const auto find = [&](const std::string& key) { return std::ranges::find(model, key, &Kept::key); };
  for (int round = 0; round < 20'000; ++round) {
    const std::string key(1 + random.Below(20), static_cast<char>('a' + random.Below(3)));
    const std::uint64_t what = random.Below(10);
    if (what < 5) {
      const std::uint64_t bytes = random.Below(20) == 0 ? random.Below(6000) : random.Below(400);
      lru.Put(key, round, bytes);
      if (const auto known = find(key); known != model.end()) model.erase(known);
      const std::uint64_t all = bytes + ByteLru<int>::EntryBytes(key);
      if (all <= kBytesMax) {
        model.insert(model.begin(), {key, round, all});
        for (std::uint64_t sum = 0; const Kept& kept : std::vector(model)) {
          sum += kept.bytes;
          if (sum > kBytesMax) model.pop_back();
        }
      }
    } else if (what < 9) {
      const int* const found = lru.Find(key);
      const auto known = find(key);
      ASSERT_EQ(found != nullptr, known != model.end());
      if (found == nullptr) continue;
      EXPECT_EQ(*found, known->value);
      std::rotate(model.begin(), known, known + 1);
    } else if (random.Below(2) == 0) {
      lru.Erase(key);
      if (const auto known = find(key); known != model.end()) model.erase(known);
    } else {
      const auto is_gone = [](int value) { return value % 7 == 0; };
      lru.EraseIf(is_gone);
      std::erase_if(model, [&](const Kept& kept) { return is_gone(kept.value); });
    }
    std::uint64_t bytes = 0;
    for (const Kept& kept : model)
      bytes += kept.bytes;
    ASSERT_EQ(lru.bytes(), bytes);
    ASSERT_EQ(lru.size(), model.size());
    ASSERT_LE(bytes, kBytesMax);
  }
}

}  // namespace
}  // namespace tickscope
