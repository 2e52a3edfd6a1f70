// TextPool: texts that live until the next Reset, in memory that is used again.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace tickscope::signals {

class TextPool {
 public:
  /// An empty text; it stays where it is.
  [[nodiscard]] std::string& Next() {
    if (used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[used_++];
    text.clear();
    return text;
  }
  /// Ends all texts.
  void Reset() {
    if (texts_.size() > kTextsKept) texts_.resize(kTextsKept);
    used_ = 0;
  }

 private:
  static constexpr std::size_t kTextsKept = 1024;
  std::deque<std::string> texts_;
  std::size_t used_ = 0;
};

}  // namespace tickscope::signals
