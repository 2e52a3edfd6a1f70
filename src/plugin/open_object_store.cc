#include "plugin/open_object_store.h"

#include <array>
#include <string>
#include <utility>

#include "objstore/directory_object_store.h"
#include "objstore/store_location.h"
#include "plugin/columnar.h"

namespace tickscope::plugin {
namespace {

// The system's list of those who may vouch for a server: the library brings none and looks where one system has it.
constexpr std::array<const char*, 4> kCaFiles = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, Amazon Linux
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",                   // Alpine
};

std::string SystemCaFile(io::FileSystem& files) {
  for (const char* const path : kCaFiles) {
    if (files.OpenRead(path)) return path;
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<objstore::ObjectStore>> OpenObjectStore(io::FileSystem& files,
                                                               const objstore::StoreOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(objstore::StoreLocation location, objstore::ParseStoreLocation(options.url));
  if (!location.s3) return objstore::OpenDirectoryObjectStore(files, std::move(location.directory));

  objstore::S3Options& s3 = *location.s3;
  if (options.access_key.empty() != options.secret_key.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "object store: access_key and secret_key go together: give both or none");
  }
  if (!options.access_key.empty()) {
    s3.credentials = objstore::S3Options::Credentials::kKeys;
    s3.access_key = options.access_key;
    s3.secret_key = options.secret_key;
    s3.session_token = options.session_token;
  }
  if (s3.ca_file.empty()) s3.ca_file = SystemCaFile(files);
  TICKSCOPE_ASSIGN_OR_RETURN(Columnar* const columnar, LoadColumnar());
  return columnar->OpenS3(s3);
}

}  // namespace tickscope::plugin
