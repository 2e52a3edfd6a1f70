// PemFiles: certificates, their key and a CA as they are in files. Told apart by their bytes: a new file is taken up, one that was touched
// is not.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::tls {

/// The bytes of the three files, empty for those not named. The key is wiped when they are destroyed.
struct PemFiles {
  std::string certificate;
  std::string key;
  std::string ca;

  PemFiles() = default;
  PemFiles(PemFiles&&) = default;
  PemFiles& operator=(PemFiles&&) = default;
  ~PemFiles();
  /// The same for the same bytes, in this process.
  [[nodiscard]] std::uint64_t Fingerprint() const;
};

/// Errors: as the file system; kOutOfRange for a file over kPemBytesMax.
[[nodiscard]] Result<PemFiles> ReadPemFiles(io::FileSystem& fs, const std::string& certificate_file,
                                            const std::string& key_file, const std::string& ca_file);

}  // namespace tickscope::tls
