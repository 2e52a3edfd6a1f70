#include "io/process_table.h"

#include <signal.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include "io/posix_file_system.h"

namespace tickscope::io {
namespace {

class ProcProcessTable final : public ProcessTable {
 public:
  bool Runs(std::uint64_t pid, std::uint64_t start) const override {
    if (pid == 0 || pid > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) return false;
    if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return false;
    const auto file = files_->OpenRead("/proc/" + std::to_string(pid) + "/stat");
    if (!file) return true;
    std::array<std::byte, 1024> buffer;
    const auto size = (*file)->ReadAt(0, buffer);
    if (!size) return true;
    return IsThatOne(AsText(ByteView(buffer).first(*size)), start);
  }

 private:
  static bool IsThatOne(std::string_view stat, std::uint64_t start) {
    // The name, field 2, is in brackets and may hold anything, brackets too.
    const std::size_t behind_name = stat.rfind(") ");
    if (behind_name == std::string_view::npos) return true;
    std::string_view rest = stat.substr(behind_name + 2);
    if (rest.starts_with('Z') || rest.starts_with('X')) return false;
    for (int field = 3; field < 22; ++field) {
      const std::size_t space = rest.find(' ');
      if (space == std::string_view::npos) return true;
      rest.remove_prefix(space + 1);
    }
    std::uint64_t started = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), started);
    return error != std::errc() || start == 0 || started == start;
  }

  const std::unique_ptr<FileSystem> files_ = MakePosixFileSystem();
};

}  // namespace

std::unique_ptr<ProcessTable> MakeProcessTable() {
  return std::make_unique<ProcProcessTable>();
}

}  // namespace tickscope::io
