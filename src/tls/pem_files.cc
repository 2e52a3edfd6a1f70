#include "tls/pem_files.h"

#include <openssl/crypto.h>

#include <functional>

#include "tls/options.h"

namespace tickscope::tls {

PemFiles::~PemFiles() {
  OPENSSL_cleanse(key.data(), key.size());
}

std::uint64_t PemFiles::Fingerprint() const {
  std::string all;
  all.reserve(certificate.size() + key.size() + ca.size() + 2);
  all.append(certificate).append(1, '\0').append(key).append(1, '\0').append(ca);
  const std::uint64_t hash = std::hash<std::string>()(all);
  OPENSSL_cleanse(all.data(), all.size());
  return hash;
}

Result<PemFiles> ReadPemFiles(io::FileSystem& fs, const std::string& certificate_file,
                              const std::string& key_file, const std::string& ca_file) {
  PemFiles files;
  const auto read = [&](const std::string& name, std::string& into) -> Status {
    if (name.empty()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(into, io::ReadWholeFile(fs, name, kPemBytesMax));
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(read(certificate_file, files.certificate));
  TICKSCOPE_RETURN_IF_ERROR(read(key_file, files.key));
  TICKSCOPE_RETURN_IF_ERROR(read(ca_file, files.ca));
  return files;
}

}  // namespace tickscope::tls
