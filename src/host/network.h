// What the kernel says of the network: /proc/net/{dev,softnet_stat,snmp,snmp6,netstat,sockstat,udp,udp6}, and connection tracking.
//
// A game is UDP: what the kernel threw away on the way to a socket is in Udp_RcvbufErrors and softnet's dropped, and what still waits in
// udp_queues.
//
// Source    Linux Documentation/networking/snmp_counter.rst, scaling.rst; net/core/net-procfs.c, net/ipv4/udp.c for the columns.
#pragma once

#include <string_view>

#include "host/host_sink.h"

namespace tickscope::host {

void ParseNetDev(std::string_view text, HostSink& sink);
void ParseSoftnet(std::string_view text, HostSink& sink);
/// Of snmp and netstat: lines in pairs, names and values.
void ParseSnmp(std::string_view text, HostSink& sink);
/// Of snmp6: a name and a value a line.
void ParseSnmp6(std::string_view text, HostSink& sink);
/// Of sockstat and sockstat6.
void ParseSockstat(std::string_view text, HostSink& sink);
/// Of udp and udp6, added up over all sockets; `ip` is "v4" or "v6".
void ParseUdpQueues(std::string_view text, std::string_view ip, HostSink& sink);
/// Of nf_conntrack_count and nf_conntrack_max.
void ParseConntrack(std::string_view count, std::string_view max, HostSink& sink);

}  // namespace tickscope::host
