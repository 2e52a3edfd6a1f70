#include "ingest/late_senders.h"

#include <algorithm>
#include <string_view>

namespace tickscope::ingest {
namespace {

constexpr std::size_t kSenderBytesMax = 128;

std::string_view ValueOf(const std::vector<LabelView>& labels, std::string_view name) {
  const auto label = std::ranges::find(labels, name, &LabelView::name);
  return label == labels.end() ? std::string_view() : label->value;
}

}  // namespace

std::string SenderOf(const std::vector<LabelView>& labels) {
  std::string sender(ValueOf(labels, "job"));
  const std::string_view instance = ValueOf(labels, "instance");
  if (!sender.empty() && !instance.empty()) sender += '/';
  sender += instance;
  for (const std::string_view name : {"server", "host"}) {
    if (sender.empty()) sender = ValueOf(labels, name);
  }
  if (sender.empty()) return "(unnamed)";
  if (sender.size() > kSenderBytesMax) sender.resize(kSenderBytesMax);
  while (!IsValidUtf8(sender))
    sender.pop_back();
  return sender;
}

void LateSenders::Add(const std::string& sender, const LateCounts& counts) {
  auto known = counts_.find(sender);
  if (known == counts_.end()) {
    known = counts_.try_emplace(counts_.size() < kSendersMax ? sender : "(others)").first;
  }
  known->second.taken += counts.taken;
  known->second.refused += counts.refused;
  known->second.latest_by_ms = std::max(known->second.latest_by_ms, counts.latest_by_ms);
}

}  // namespace tickscope::ingest
