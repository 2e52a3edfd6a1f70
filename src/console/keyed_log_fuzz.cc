// Any bytes as a log of the console after its first line: opening it never fails for what they are, what is put then is there,
// beside all that could be read, also after another start; and then nothing is damaged any more.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/log.h"
#include "codec/crc32c.h"
#include "console/keyed_log.h"
#include "io/memory_file_system.h"

namespace {

using namespace tickscope;           // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::console;  // NOLINT(google-build-using-namespace)

std::map<std::string, std::string> ReadAll(const KeyedLog& log) {
  std::map<std::string, std::string> all;
  for (const auto& [key, entry] : log.List(""))
    all.emplace(key, entry->value);
  return all;
}

std::unique_ptr<KeyedLog> Opened(io::FileSystem& fs) {
  auto log = KeyedLog::Open(fs, "d/log", {});
  TICKSCOPE_CHECK(log.has_value());
  return *std::move(log);
}

// A fuzzer does not guess checksums: "put ????????" and "del ????????" get that of the record they begin, when it is whole.
std::string WithChecksums(std::string text) {
  for (std::size_t at = 0; (at = text.find("????????", at)) != std::string::npos; ++at) {
    const std::size_t body = at + 9;
    const std::size_t line = text.find('\n', body);
    if (line == std::string::npos) break;
    // "TIME KEY_BYTES VALUE_BYTES"
    std::uint64_t numbers[3] = {};
    std::size_t count = 0;
    for (std::size_t i = body; i < line && count < 3; ++i) {
      if (text[i] == ' ') {
        ++count;
      } else if (text[i] >= '0' && text[i] <= '9' && numbers[count] < 100'000) {
        numbers[count] = numbers[count] * 10 + static_cast<std::uint64_t>(text[i] - '0');
      }
    }
    const std::size_t bytes = line + 1 - body + numbers[1] + numbers[2] + 1;
    if (body + bytes > text.size()) continue;
    const std::string_view record = std::string_view(text).substr(body, bytes);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::uint32_t checksum = codec::Crc32c(AsBytes(record));
    for (std::size_t i = 8; i-- > 0; checksum >>= 4U)
      text[at + i] = kDigits[checksum & 15U];
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  io::MemoryFileSystem fs;
  TICKSCOPE_CHECK(fs.CreateDirectories("d").has_value());
  const std::string text =
      "tickscope console 1\n" + WithChecksums({reinterpret_cast<const char*>(data), size});
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "d/log", text).has_value());
  std::map<std::string, std::string> expected;
  {
    const auto log = Opened(fs);
    expected = ReadAll(*log);
    std::size_t bytes = 0;
    for (const auto& [key, value] : expected)
      bytes += key.size() + value.size();
    TICKSCOPE_CHECK(bytes <= size);
    TICKSCOPE_CHECK(log->Put("new/one", 1, "a\nput 00000000 1 1 1\n").has_value());
    expected["new/one"] = "a\nput 00000000 1 1 1\n";
    TICKSCOPE_CHECK(ReadAll(*log) == expected);
  }
  const bool was_damaged = fs.Remove("d/log.damaged").has_value();
  const auto log = Opened(fs);
  TICKSCOPE_CHECK(ReadAll(*log) == expected);
  if (was_damaged) TICKSCOPE_CHECK(!fs.Remove("d/log.damaged").has_value());
  return 0;
}
