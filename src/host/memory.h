// What the kernel says of memory: /proc/meminfo, /proc/vmstat; and of open files: /proc/sys/fs/file-nr.
//
// Of meminfo's fifty fields those are taken that say how much is left, what holds it, and what waits to be written.
//
// Source    Linux Documentation/filesystems/proc.rst, admin-guide/sysctl/fs.rst.
#pragma once

#include <string_view>

#include "host/host_sink.h"

namespace tickscope::host {

void ParseMeminfo(std::string_view text, HostSink& sink);
void ParseVmstat(std::string_view text, HostSink& sink);
void ParseFileNr(std::string_view text, HostSink& sink);

}  // namespace tickscope::host
