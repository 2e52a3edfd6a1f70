// ByteLru: values by text, no more bytes of them than a bound; what was used longest ago goes first.
//
// Who keeps a value says what it takes; its key and its place here are counted on top.
// Threads   Not thread-safe: caches hold their lock around it.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace tickscope {

template <typename Value>
class ByteLru {
 public:
  /// Taken by an entry beside its value and its key: nodes of both containers, as the allocator rounds them.
  static constexpr std::uint64_t kEntryBytes = 256;

  explicit ByteLru(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
  ByteLru(const ByteLru&) = delete;
  ByteLru& operator=(const ByteLru&) = delete;

  /// What is kept under the key, used last from now on; null when nothing is. Valid until the next change.
  [[nodiscard]] Value* Find(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    used_.splice(used_.begin(), used_, found->second.used);
    return &found->second.value;
  }

  /// Keeps a value in place of what was there, and lets go of others to make room. Larger than all room is not kept.
  void Put(const std::string& key, Value value, std::uint64_t bytes) {
    Erase(key);
    bytes += EntryBytes(key);
    if (bytes > bytes_max_) return;
    while (bytes_ + bytes > bytes_max_)
      Erase(entries_.find(*used_.back()));
    const auto entry = entries_.emplace(key, Entry{std::move(value), bytes, {}}).first;
    used_.push_front(&entry->first);
    entry->second.used = used_.begin();
    bytes_ += bytes;
  }

  void Erase(const std::string& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) Erase(found);
  }
  template <typename Predicate>
  void EraseIf(Predicate is_gone) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (is_gone(entry->second.value)) Erase(entry);
      entry = next;
    }
  }

  /// What an entry of this key takes beside its value.
  [[nodiscard]] static std::uint64_t EntryBytes(const std::string& key) { return key.size() + kEntryBytes; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t bytes_max() const { return bytes_max_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Used = std::list<const std::string*>;  // Keys where they lie in the map, used last first.
  struct Entry {
    Value value;
    std::uint64_t bytes = 0;
    typename Used::iterator used;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  void Erase(typename Entries::iterator entry) {
    bytes_ -= entry->second.bytes;
    used_.erase(entry->second.used);
    entries_.erase(entry);
  }

  const std::uint64_t bytes_max_;
  Entries entries_;
  Used used_;
  std::uint64_t bytes_ = 0;
};

}  // namespace tickscope
