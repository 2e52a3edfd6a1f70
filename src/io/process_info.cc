#include "io/process_info.h"

#include <link.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"
#include "io/posix_file_system.h"

namespace tickscope::io {
namespace {

// A file of /proc tells no size; what is read here takes less than this.
constexpr std::size_t kProcFileBytesMax = 4096;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

class ProcProcessInfo final : public ProcessInfo {
 public:
  Result<ProcessUsage> Read() const override {
    ProcessUsage usage;
    // statm: total and resident size in pages.
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t pages, ReadNumber("/proc/self/statm", " "));
    usage.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    TICKSCOPE_ASSIGN_OR_RETURN(usage.thread_count, ReadNumber("/proc/self/status", "Threads:\t"));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> files, files_->List("/proc/self/fd"));
    usage.open_file_count = files.size();
    rusage times{};
    ::getrusage(RUSAGE_SELF, &times);
    usage.cpu_seconds = Seconds(times.ru_utime) + Seconds(times.ru_stime);
    return usage;
  }

 private:
  // The number that follows the first `mark` in the file.
  Result<std::uint64_t> ReadNumber(const std::string& path, std::string_view mark) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<ReadFile> file, files_->OpenRead(path));
    std::array<std::byte, kProcFileBytesMax> buffer;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t bytes, file->ReadAt(0, buffer));
    std::string_view text = AsText(ByteView(buffer).first(bytes));
    const std::size_t at = text.find(mark);
    if (at != std::string_view::npos) text.remove_prefix(at + mark.size());
    std::uint64_t number = 0;
    if (at == std::string_view::npos ||
        std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
      return Fail(ErrorCode::kUnavailable, "no number found: path=" + path);
    }
    return number;
  }

  const std::unique_ptr<FileSystem> files_ = MakePosixFileSystem();
};

// The C library has no name for this call. Schedulers of disks that know no classes take no notice.
void AskForIdleDisk() {
  constexpr int kWhoThread = 1;
  constexpr int kIdleClass = 3 << 13;
  static_cast<void>(::syscall(SYS_ioprio_set, kWhoThread, 0, kIdleClass));
}

}  // namespace

void LowerPriority() {
  constexpr int kNicest = 19;
  // Linux takes both for the calling thread and what it starts. Without any of it the work is done as well, only less politely.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNicest));
  const sched_param none{};
  static_cast<void>(::sched_setscheduler(0, SCHED_IDLE, &none));
  AskForIdleDisk();
}

void LowerThreadPriority() {
  constexpr int kNice = 10;
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
  AskForIdleDisk();
}

void LetGoOfStartupCode() {
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void*) {
        const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = object->dlpi_phdr[i];
          // What is never written is as it is in the file.
          if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
          const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
          const std::uintptr_t first = begin / page * page;
          // Of the system's own code, which is in no file, the call has no opinion.
          static_cast<void>(
              ::madvise(reinterpret_cast<void*>(first), begin + part.p_memsz - first, MADV_DONTNEED));
        }
        return 0;
      },
      nullptr);
}

std::uint64_t RaiseOpenFileLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

std::unique_ptr<ProcessInfo> MakeProcessInfo() {
  return std::make_unique<ProcProcessInfo>();
}

}  // namespace tickscope::io
