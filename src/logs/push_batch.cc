#include "logs/push_batch.h"

#include <algorithm>

#include "guard/text_class.h"

namespace tickscope::logs {
namespace {

constexpr std::int64_t kNanosOfSecond = 1'000'000'000;

constexpr std::size_t VarintBytes(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7U)
    ++bytes;
  return bytes;
}

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U)
    out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

constexpr std::size_t FieldBytes(std::size_t size) {
  return 1 + VarintBytes(size) + size;
}

void AppendHead(char field, std::size_t size, std::string& out) {
  out.push_back(static_cast<char>(static_cast<unsigned>(field) << 3U | 2U));
  AppendVarint(size, out);
}

void AppendField(char field, std::string_view text, std::string& out) {
  AppendHead(field, text.size(), out);
  out += text;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string StreamLabelText(const Labels& labels) {
  std::string text = "{";
  for (const LabelView& label : labels) {
    if (text.size() > 1) text += ',';
    // Digits may not begin a name.
    if (guard::IsDigit(label.name.front())) text += '_';
    for (const char c : label.name)
      text += guard::IsOf(c, guard::kClassAlnum) ? c : '_';
    text += '=';
    AppendQuoted(label.value, text);
  }
  text += '}';
  return text;
}

StreamId StreamNames::Add(const Labels& labels) {
  std::string text = StreamLabelText(labels);
  const auto found = std::ranges::find(texts_, text);
  const auto at = static_cast<std::uint32_t>(found - texts_.begin());
  if (found == texts_.end()) texts_.push_back(std::move(text));
  return StreamId{at};
}

void PushBatch::Add(StreamId stream, std::int64_t time_ns, std::string_view line,
                    std::span<const LabelView> metadata) {
  const auto at = static_cast<std::size_t>(stream);
  if (encoded_.size() <= at) encoded_.resize(at + 1);
  std::string& out = encoded_[at];
  const std::size_t before = out.size();
  const auto seconds = static_cast<std::uint64_t>(time_ns / kNanosOfSecond);
  const auto nanos = static_cast<std::uint64_t>(time_ns % kNanosOfSecond);
  const std::size_t time_bytes = 2 + VarintBytes(seconds) + VarintBytes(nanos);
  std::size_t entry_bytes = FieldBytes(time_bytes) + FieldBytes(line.size());
  for (const LabelView& pair : metadata)
    entry_bytes += FieldBytes(FieldBytes(pair.name.size()) + FieldBytes(pair.value.size()));
  AppendHead(2, entry_bytes, out);
  AppendHead(1, time_bytes, out);
  out.push_back('\x08');
  AppendVarint(seconds, out);
  out.push_back('\x10');
  AppendVarint(nanos, out);
  AppendField(2, line, out);
  for (const LabelView& pair : metadata) {
    AppendHead(3, FieldBytes(pair.name.size()) + FieldBytes(pair.value.size()), out);
    AppendField(1, pair.name, out);
    AppendField(2, pair.value, out);
  }
  ++entries_;
  bytes_ += out.size() - before;
}

void PushBatch::Encode(std::string& message) const {
  message.clear();
  for (std::size_t i = 0; i < encoded_.size(); ++i) {
    if (encoded_[i].empty()) continue;
    const std::string& labels = names_.TextOf(static_cast<StreamId>(i));
    AppendHead(1, FieldBytes(labels.size()) + encoded_[i].size(), message);
    AppendField(1, labels, message);
    message += encoded_[i];
  }
}

void PushBatch::Clear() {
  for (std::string& each : encoded_)
    each.clear();
  entries_ = 0;
  bytes_ = 0;
}

}  // namespace tickscope::logs
