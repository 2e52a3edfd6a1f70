#include "io/host_probe.h"

#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstring>

namespace tickscope::io {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr double kNanosPerSecond = 1e9;
// A frequency is told in parts of a million with 16 binary places.
constexpr double kFrequencyUnit = 1e6 * 65'536;

class SystemHostProbe final : public HostProbe {
 public:
  Result<FileSystemSpace> SpaceOf(const std::string& place) const override {
    struct statvfs space{};
    if (::statvfs(place.c_str(), &space) != 0)
      return Fail(ErrorCode::kUnavailable, std::string("statvfs: ") + std::strerror(errno) + ": " + place);
    const auto unit = static_cast<double>(space.f_frsize);
    return FileSystemSpace{.size_bytes = static_cast<double>(space.f_blocks) * unit,
                           .free_bytes = static_cast<double>(space.f_bfree) * unit,
                           .available_bytes = static_cast<double>(space.f_bavail) * unit,
                           .files = static_cast<double>(space.f_files),
                           .files_free = static_cast<double>(space.f_ffree)};
  }

  KernelNames Names() const override {
    utsname names{};
    if (::uname(&names) != 0) return {};
    return {.system = names.sysname,
            .release = names.release,
            .version = names.version,
            .machine = names.machine,
            .node = names.nodename,
            .domain = names.domainname};
  }

  Result<ClockDiscipline> Discipline() const override {
    timex clock{};  // No mode: nothing is changed.
    const int state = ::adjtimex(&clock);
    if (state < 0) return Fail(ErrorCode::kUnavailable, std::string("adjtimex: ") + std::strerror(errno));
    const double unit = (clock.status & STA_NANO) != 0 ? kNanosPerSecond : kMicrosPerSecond;
    return ClockDiscipline{.offset_seconds = static_cast<double>(clock.offset) / unit,
                           .frequency_ratio = 1 + static_cast<double>(clock.freq) / kFrequencyUnit,
                           .maximum_error_seconds = static_cast<double>(clock.maxerror) / kMicrosPerSecond,
                           .estimated_error_seconds = static_cast<double>(clock.esterror) / kMicrosPerSecond,
                           .status = static_cast<std::uint32_t>(clock.status),
                           .is_synchronized = state != TIME_ERROR};
  }
};

}  // namespace

std::unique_ptr<HostProbe> MakeHostProbe() {
  return std::make_unique<SystemHostProbe>();
}

}  // namespace tickscope::io
