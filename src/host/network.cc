#include "host/network.h"

#include <array>
#include <charconv>

#include "host/fields.h"

namespace tickscope::host {
namespace {

#define TICKSCOPE_DEVICE_FIELD(name) \
  {"node_network_" name "_total", HostType::kCounter, "Network device statistic " name "."}
// In the kernel's order; without a name: not told.
constexpr HostFamily kDeviceFields[] = {
    TICKSCOPE_DEVICE_FIELD("receive_bytes"),
    TICKSCOPE_DEVICE_FIELD("receive_packets"),
    TICKSCOPE_DEVICE_FIELD("receive_errs"),
    TICKSCOPE_DEVICE_FIELD("receive_drop"),
    TICKSCOPE_DEVICE_FIELD("receive_fifo"),
    {},
    {},
    TICKSCOPE_DEVICE_FIELD("receive_multicast"),
    TICKSCOPE_DEVICE_FIELD("transmit_bytes"),
    TICKSCOPE_DEVICE_FIELD("transmit_packets"),
    TICKSCOPE_DEVICE_FIELD("transmit_errs"),
    TICKSCOPE_DEVICE_FIELD("transmit_drop"),
    TICKSCOPE_DEVICE_FIELD("transmit_fifo"),
};
#undef TICKSCOPE_DEVICE_FIELD

constexpr HostFamily kSoftnetFields[] = {
    {"node_softnet_processed_total", HostType::kCounter, "Number of processed packets"},
    {"node_softnet_dropped_total", HostType::kCounter, "Number of dropped packets"},
    {"node_softnet_times_squeezed_total", HostType::kCounter,
     "Number of times processing packets ran out of quota"},
};

struct Statistic {
  std::string_view group;
  std::string_view key;
  HostFamily family;
};
#define TICKSCOPE_STATISTIC(group, key) \
  {group, key, {"node_netstat_" group "_" key, HostType::kUnknown, "Statistic " group key "."}}
constexpr Statistic kStatistics[] = {
    TICKSCOPE_STATISTIC("Udp", "InDatagrams"),
    TICKSCOPE_STATISTIC("Udp", "NoPorts"),
    TICKSCOPE_STATISTIC("Udp", "InErrors"),
    TICKSCOPE_STATISTIC("Udp", "OutDatagrams"),
    TICKSCOPE_STATISTIC("Udp", "RcvbufErrors"),
    TICKSCOPE_STATISTIC("Udp", "SndbufErrors"),
    TICKSCOPE_STATISTIC("Udp6", "InDatagrams"),
    TICKSCOPE_STATISTIC("Udp6", "NoPorts"),
    TICKSCOPE_STATISTIC("Udp6", "InErrors"),
    TICKSCOPE_STATISTIC("Udp6", "OutDatagrams"),
    TICKSCOPE_STATISTIC("Udp6", "RcvbufErrors"),
    TICKSCOPE_STATISTIC("Udp6", "SndbufErrors"),
    TICKSCOPE_STATISTIC("Tcp", "ActiveOpens"),
    TICKSCOPE_STATISTIC("Tcp", "PassiveOpens"),
    TICKSCOPE_STATISTIC("Tcp", "CurrEstab"),
    TICKSCOPE_STATISTIC("Tcp", "InSegs"),
    TICKSCOPE_STATISTIC("Tcp", "OutSegs"),
    TICKSCOPE_STATISTIC("Tcp", "RetransSegs"),
    TICKSCOPE_STATISTIC("Tcp", "InErrs"),
    TICKSCOPE_STATISTIC("Tcp", "OutRsts"),
    TICKSCOPE_STATISTIC("TcpExt", "ListenOverflows"),
    TICKSCOPE_STATISTIC("TcpExt", "ListenDrops"),
    TICKSCOPE_STATISTIC("TcpExt", "TCPSynRetrans"),
    TICKSCOPE_STATISTIC("TcpExt", "TCPTimeouts"),
    TICKSCOPE_STATISTIC("IpExt", "InOctets"),
    TICKSCOPE_STATISTIC("IpExt", "OutOctets"),
};
#undef TICKSCOPE_STATISTIC

#define TICKSCOPE_SOCKETS(group, key) \
  {group,                             \
   key,                               \
   {"node_sockstat_" group "_" key, HostType::kGauge, "Number of " group " sockets in state " key "."}}
constexpr Statistic kSockets[] = {
    {"sockets", "used", {"node_sockstat_sockets_used", HostType::kGauge, "Number of IPv4 sockets in use."}},
    TICKSCOPE_SOCKETS("TCP", "inuse"),
    TICKSCOPE_SOCKETS("TCP", "orphan"),
    TICKSCOPE_SOCKETS("TCP", "tw"),
    TICKSCOPE_SOCKETS("TCP", "alloc"),
    TICKSCOPE_SOCKETS("TCP", "mem"),
    TICKSCOPE_SOCKETS("UDP", "inuse"),
    TICKSCOPE_SOCKETS("UDP", "mem"),
    TICKSCOPE_SOCKETS("TCP6", "inuse"),
    TICKSCOPE_SOCKETS("UDP6", "inuse"),
};
#undef TICKSCOPE_SOCKETS

constexpr HostFamily kUdpQueues = {"node_udp_queues", HostType::kGauge,
                                   "Number of allocated memory in the kernel for UDP datagrams in bytes."};
constexpr HostFamily kConntrackEntries = {
    "node_nf_conntrack_entries", HostType::kGauge,
    "Number of currently allocated flow entries for connection tracking."};
constexpr HostFamily kConntrackLimit = {"node_nf_conntrack_entries_limit", HostType::kGauge,
                                        "Maximum size of connection tracking table."};

const HostFamily* FamilyOf(std::span<const Statistic> known, std::string_view group, std::string_view key) {
  for (const Statistic& one : known) {
    if (one.group == group && one.key == key) return &one.family;
  }
  return nullptr;
}

// A number as a line of its own.
std::optional<std::uint64_t> OnlyNumber(std::string_view text) {
  const auto line = TakeLine(text);
  if (!line) return std::nullopt;
  std::string_view words = *line;
  return TakeUint(words);
}

}  // namespace

void ParseNetDev(std::string_view text, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    // The first value may follow the colon at once; the two lines of headings have none.
    const std::size_t colon = line->rfind(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = line->substr(0, colon);
    const std::string_view device = TakeWord(name);
    if (device.empty()) continue;
    line->remove_prefix(colon + 1);
    const HostLabel labels[] = {{"device", device}};
    for (const HostFamily& family : kDeviceFields) {
      const auto value = TakeUint(*line);
      if (!value) break;
      if (!family.name.empty()) sink.Add(family, labels, static_cast<double>(*value));
    }
  }
}

void ParseSoftnet(std::string_view text, HostSink& sink) {
  // The thirteenth column is the processor; older kernels have none, and a line each.
  constexpr std::size_t kCpuColumn = 12;
  std::uint64_t row = 0;
  while (auto line = TakeLine(text)) {
    std::array<std::optional<std::uint64_t>, std::size(kSoftnetFields)> values;
    std::uint64_t cpu = row++;
    std::size_t column = 0;
    for (std::string_view word = TakeWord(*line); !word.empty(); word = TakeWord(*line), ++column) {
      const auto number = ToUint(word, 16);
      if (column < values.size()) values[column] = number;
      if (column == kCpuColumn && number) cpu = *number;
    }
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), cpu).ptr;
    const HostLabel labels[] = {{"cpu", std::string_view(digits.data(), end)}};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) sink.Add(kSoftnetFields[i], labels, static_cast<double>(*values[i]));
    }
  }
}

void ParseSnmp(std::string_view text, HostSink& sink) {
  while (auto names = TakeLine(text)) {
    auto values = TakeLine(text);
    if (!values) return;
    std::string_view group = TakeWord(*names);
    if (!group.ends_with(':') || TakeWord(*values) != group) continue;
    group.remove_suffix(1);
    for (std::string_view key = TakeWord(*names); !key.empty(); key = TakeWord(*names)) {
      const std::string_view value = TakeWord(*values);
      const HostFamily* const family = FamilyOf(kStatistics, group, key);
      if (family == nullptr) continue;
      if (const auto number = ToReal(value)) sink.Add(*family, *number);
    }
  }
}

void ParseSnmp6(std::string_view text, HostSink& sink) {
  constexpr std::string_view kGroup = "Udp6";
  while (auto line = TakeLine(text)) {
    const std::string_view key = TakeWord(*line);
    if (!key.starts_with(kGroup)) continue;
    const HostFamily* const family = FamilyOf(kStatistics, kGroup, key.substr(kGroup.size()));
    if (family == nullptr) continue;
    if (const auto number = TakeUint(*line)) sink.Add(*family, static_cast<double>(*number));
  }
}

void ParseSockstat(std::string_view text, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    std::string_view group = TakeWord(*line);
    if (!group.ends_with(':')) continue;
    group.remove_suffix(1);
    for (std::string_view key = TakeWord(*line); !key.empty(); key = TakeWord(*line)) {
      const auto number = ToReal(TakeWord(*line));
      const HostFamily* const family = FamilyOf(kSockets, group, key);
      if (family != nullptr && number) sink.Add(*family, *number);
    }
  }
}

void ParseUdpQueues(std::string_view text, std::string_view ip, HostSink& sink) {
  if (text.empty()) return;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  while (auto line = TakeLine(text)) {
    // Row, two addresses, state, then "tx:rx" in hexadecimal digits.
    for (int i = 0; i < 4; ++i)
      static_cast<void>(TakeWord(*line));
    const std::string_view queues = TakeWord(*line);
    const std::size_t colon = queues.find(':');
    if (colon == std::string_view::npos) continue;
    sent += ToUint(queues.substr(0, colon), 16).value_or(0);
    received += ToUint(queues.substr(colon + 1), 16).value_or(0);
  }
  const HostLabel tx[] = {{"ip", ip}, {"queue", "tx"}};
  const HostLabel rx[] = {{"ip", ip}, {"queue", "rx"}};
  sink.Add(kUdpQueues, tx, static_cast<double>(sent));
  sink.Add(kUdpQueues, rx, static_cast<double>(received));
}

void ParseConntrack(std::string_view count, std::string_view max, HostSink& sink) {
  if (const auto entries = OnlyNumber(count)) sink.Add(kConntrackEntries, static_cast<double>(*entries));
  if (const auto limit = OnlyNumber(max)) sink.Add(kConntrackLimit, static_cast<double>(*limit));
}

}  // namespace tickscope::host
