#include "columnar/s3_object_store.h"

#include <arrow/buffer.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "columnar/s3_error.h"

namespace tickscope::columnar {
namespace {

using arrow::fs::FileInfo;
using arrow::fs::FileType;
using objstore::ObjectInfo;

// Parts of an upload. The client joins what is written up to parts of about this size itself; handing it whole ones
// saves its copy. S3 takes 10,000 parts, so 80 GB; the client lets them grow as they become many.
constexpr std::size_t kPartBytes = std::size_t{10} << 20;
constexpr std::size_t kPartsInFlight = 4;
static_assert((kPartsInFlight + 2) * kPartBytes <= objstore::kPutFileBytesMax);

// The client library wants to be started before use.
const arrow::Status& StartClientLibrary() {
  static const arrow::Status started = [] {
    arrow::fs::S3GlobalOptions options;
    options.log_level = arrow::fs::S3LogLevel::Off;
    return arrow::fs::InitializeS3(options);
  }();
  return started;
}

// And it wants to be ended before the process does, by what was made after its own static objects: those come with the
// first client, and are gone by the time of what was made before them. Ended then, it would wait for ever.
void EndClientLibraryAtExit() {
  class AtExit {
   public:
    AtExit() = default;
    // The process ends: there is nobody left to tell.
    ~AtExit() { static_cast<void>(arrow::fs::EnsureS3Finalized()); }
    AtExit(const AtExit&) = delete;
    AtExit& operator=(const AtExit&) = delete;
  };
  static const AtExit at_exit;
}

class S3ObjectStore final : public objstore::ObjectStore {
 public:
  S3ObjectStore(std::shared_ptr<arrow::fs::S3FileSystem> client, const objstore::S3Options& options)
      : client_(std::move(client)),
        bucket_(options.bucket),
        root_(options.prefix.empty() ? options.bucket : options.bucket + "/" + options.prefix),
        secrets_{options.secret_key, options.session_token} {}

  Status Put(const std::string& name, std::string_view content) override {
    TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(name));
    auto opened = client_->OpenOutputStream(PathOf(name), nullptr);
    if (!opened.ok()) return Failed("put", name, opened.status());
    const std::shared_ptr<arrow::io::OutputStream> stream = *std::move(opened);
    arrow::Status written = stream->Write(content.data(), static_cast<std::int64_t>(content.size()));
    if (!written.ok()) return Abandon(*stream, name, written);
    written = stream->Close();
    if (!written.ok()) return Failed("put", name, written);
    return {};
  }

  Status PutFile(const std::string& name, io::FileSystem& files, const std::string& path) override {
    TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> file, files.OpenRead(path));
    auto opened = client_->OpenOutputStream(PathOf(name), nullptr);
    if (!opened.ok()) return Failed("put", name, opened.status());
    const std::shared_ptr<arrow::io::OutputStream> stream = *std::move(opened);
    std::uint64_t offset = 0;
    for (std::size_t parts = 1;; ++parts) {
      auto buffer = arrow::AllocateBuffer(static_cast<std::int64_t>(kPartBytes));
      if (!buffer.ok()) return Abandon(*stream, name, buffer.status());
      const auto got = file->ReadAt(
          offset, std::span(reinterpret_cast<std::byte*>((*buffer)->mutable_data()), kPartBytes));
      if (!got) {
        static_cast<void>(stream->Abort());
        return std::unexpected(got.error());
      }
      if (*got == 0) break;
      offset += *got;
      const std::shared_ptr<arrow::Buffer> part = std::move(*buffer);
      arrow::Status written = stream->Write(arrow::SliceBuffer(part, 0, static_cast<std::int64_t>(*got)));
      if (!written.ok()) return Abandon(*stream, name, written);
      if (*got < kPartBytes) break;
      if (parts % kPartsInFlight == 0) {
        written = stream->Flush();
        if (!written.ok()) return Abandon(*stream, name, written);
      }
    }
    if (const arrow::Status closed = stream->Close(); !closed.ok()) return Failed("put", name, closed);
    return {};
  }

  Result<std::string> Get(const std::string& name, std::uint64_t offset, std::size_t length) override {
    // The client does not say how much a range held, so the size is asked for first, which also tells what is missing.
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, Size(name));
    return GetWithin(name, offset, length, size);
  }

  Result<std::string> GetWithin(const std::string& name, std::uint64_t offset, std::size_t length,
                                std::uint64_t size) override {
    TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(name));
    if (offset >= size || length == 0) return std::string();
    FileInfo info(PathOf(name), FileType::File);
    info.set_size(static_cast<std::int64_t>(std::min<std::uint64_t>(size, kSizeMax)));
    auto opened = client_->OpenInputFile(info);
    if (!opened.ok()) return Failed("get", name, opened.status());
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, size - offset));
    // What the server says of an error goes into the same memory as content, and is lost when it does not fit.
    std::string content(std::max(wanted, kErrorBytes), '\0');
    // The client says it read all that was asked for, also when less came. A mark where the last byte belongs tells: it is
    // still there when nothing came, or when it is what came, which another mark then tells from it.
    for (const char mark : {'\xa5', '\x5a'}) {
      content[wanted - 1] = mark;
      const auto got = (*opened)->ReadAt(static_cast<std::int64_t>(offset),
                                         static_cast<std::int64_t>(content.size()), content.data());
      if (!got.ok()) return Failed("get", name, got.status());
      if (static_cast<std::size_t>(*got) < wanted) break;
      if (content[wanted - 1] == mark) continue;
      content.resize(wanted);
      return content;
    }
    return Fail(ErrorCode::kUnavailable, "s3 get: the answer came short: " + Where(name) +
                                             " offset=" + std::to_string(offset) +
                                             " want=" + std::to_string(wanted) + " bytes");
  }

  Result<std::uint64_t> Size(const std::string& name) override {
    TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(name));
    const auto info = client_->GetFileInfo(PathOf(name));
    if (!info.ok()) return Failed("size", name, info.status());
    if (info->type() != FileType::File) {
      TICKSCOPE_RETURN_IF_ERROR(CheckBucketIsThere("size"));
      return std::unexpected(S3Error("size", Where(name), "HTTP status 404"));
    }
    return static_cast<std::uint64_t>(info->size());
  }

  Result<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    // Whole directories of the prefix narrow the listing; the rest of it filters.
    const std::size_t slash = prefix.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : prefix.substr(0, slash);
    if (!directory.empty()) TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(directory));
    arrow::fs::FileSelector selector;
    selector.base_dir = directory.empty() ? root_ : root_ + "/" + directory;
    selector.allow_not_found = true;
    selector.recursive = true;
    const auto found = client_->GetFileInfo(selector);
    if (!found.ok()) return Failed("list", prefix, found.status());
    // A bucket that is not there looks like an empty one, and that is no small difference.
    if (found->empty()) TICKSCOPE_RETURN_IF_ERROR(CheckBucketIsThere("list"));
    std::vector<ObjectInfo> objects;
    for (const FileInfo& info : *found) {
      if (info.type() != FileType::File || info.path().size() <= root_.size() + 1) continue;
      std::string name = info.path().substr(root_.size() + 1);
      if (!name.starts_with(prefix) || !objstore::CheckObjectName(name)) continue;
      objects.push_back(
          {std::move(name), static_cast<std::uint64_t>(std::max<std::int64_t>(0, info.size()))});
    }
    std::ranges::sort(objects, {}, &ObjectInfo::name);
    return objects;
  }

  Status Delete(const std::string& name) override {
    TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(name));
    const arrow::Status deleted = client_->DeleteFile(PathOf(name));
    if (deleted.ok()) return {};
    Error error = ErrorOf("delete", name, deleted);
    if (error.code != ErrorCode::kNotFound) return std::unexpected(std::move(error));
    return CheckBucketIsThere("delete");
  }

 private:
  // Within what the client computes with; no object is larger than some terabytes.
  static constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 60;
  static constexpr std::size_t kErrorBytes = std::size_t{4} << 10;

  [[nodiscard]] std::string PathOf(std::string_view name) const {
    std::string path = root_;
    return path.append("/").append(name);
  }

  [[nodiscard]] std::string Where(std::string_view name) const {
    return "bucket=" + bucket_ + " object=" + PathOf(name).substr(bucket_.size() + 1);
  }

  [[nodiscard]] std::string WithoutSecrets(std::string text) const {
    for (const std::string& secret : secrets_) {
      if (secret.empty()) continue;
      for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
        text.replace(at, secret.size(), "***");
    }
    return text;
  }

  [[nodiscard]] Error ErrorOf(std::string_view doing, std::string_view name,
                              const arrow::Status& status) const {
    const std::string text = WithoutSecrets(status.message());
    Error error = S3Error(doing, Where(name), text);
    const bool is_telling =
        error.code == ErrorCode::kNotFound || error.code == ErrorCode::kUnavailable || !IsBareS3Status(text);
    if (is_telling) return error;
    // Answers to HEAD have no body, so a wrong clock, key or region all look alike. A listing is answered in full.
    arrow::fs::FileSelector selector;
    selector.base_dir = root_;
    selector.allow_not_found = true;
    const auto asked = client_->GetFileInfo(selector);
    if (asked.ok()) return error;
    Error told = S3Error(doing, Where(name), WithoutSecrets(asked.status().message()));
    // That a listing is refused does not say why the rest was.
    return told.code == ErrorCode::kPermissionDenied ? error : told;
  }

  [[nodiscard]] std::unexpected<Error> Failed(std::string_view doing, std::string_view name,
                                              const arrow::Status& status) const {
    return std::unexpected(ErrorOf(doing, name, status));
  }

  // Gives an upload up, so that its parts go.
  [[nodiscard]] std::unexpected<Error> Abandon(arrow::io::OutputStream& stream, std::string_view name,
                                               const arrow::Status& status) const {
    static_cast<void>(stream.Abort());
    return Failed("put", name, status);
  }

  [[nodiscard]] Status CheckBucketIsThere(std::string_view doing) const {
    const auto info = client_->GetFileInfo(bucket_);
    const std::string where = "bucket=" + bucket_;
    if (!info.ok()) {
      Error error = S3Error(doing, where, WithoutSecrets(info.status().message()));
      // Who may only use some of its objects may not ask for the bucket.
      if (error.code == ErrorCode::kPermissionDenied) return {};
      return std::unexpected(std::move(error));
    }
    if (info->type() == FileType::NotFound) return std::unexpected(S3Error(doing, where, "NoSuchBucket"));
    return {};
  }

  const std::shared_ptr<arrow::fs::S3FileSystem> client_;
  const std::string bucket_;
  const std::string root_;
  const std::array<std::string, 2> secrets_;
};

Result<arrow::fs::S3Options> ClientOptions(const objstore::S3Options& options) {
  using Credentials = objstore::S3Options::Credentials;
  arrow::fs::S3Options client;
  if (!options.role_arn.empty() && options.credentials != Credentials::kChain) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "s3: a role is taken on with what the environment, the profile or the machine gives, not with keys "
        "of the configuration");
  }
  if (!options.role_arn.empty()) {
    client.ConfigureAssumeRoleCredentials(options.role_arn, "tickscope");
  } else if (options.credentials == Credentials::kAnonymous) {
    client.ConfigureAnonymousCredentials();
  } else if (options.credentials == Credentials::kKeys) {
    client.ConfigureAccessKey(options.access_key, options.secret_key, options.session_token);
  } else {
    client.ConfigureDefaultCredentials();
  }
  client.region = options.region;
  if (!options.endpoint.empty()) {
    const std::size_t colon = options.endpoint.find("://");
    if (colon == std::string::npos)
      return Fail(ErrorCode::kInvalidArgument, "s3: the endpoint has no scheme");
    client.scheme = options.endpoint.substr(0, colon);
    client.endpoint_override = options.endpoint.substr(colon + 3);
    if (client.region.empty()) client.region = "us-east-1";
  }
  client.force_virtual_addressing = options.is_virtual_hosted;
  client.tls_ca_file_path = options.ca_file;
  client.connect_timeout = std::chrono::duration<double>(options.connect_timeout).count();
  client.retry_strategy =
      arrow::fs::S3RetryStrategy::GetAwsStandardRetryStrategy(std::max(1U, options.request_attempts));
  client.allow_bucket_creation = false;
  client.allow_bucket_deletion = false;
  client.allow_delayed_open = true;  // One request for a small object.
  client.background_writes = true;
  return client;
}

}  // namespace

Result<std::unique_ptr<objstore::ObjectStore>> OpenS3ObjectStore(const objstore::S3Options& options) {
  if (const arrow::Status& started = StartClientLibrary(); !started.ok()) {
    return Fail(ErrorCode::kUnavailable, "s3: the client library does not start: " + started.message());
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const arrow::fs::S3Options client_options, ClientOptions(options));
  auto client = arrow::fs::S3FileSystem::Make(client_options);
  EndClientLibraryAtExit();
  if (!client.ok()) {
    return Fail(ErrorCode::kUnavailable, "s3: the client does not start: " + client.status().message());
  }
  return std::make_unique<S3ObjectStore>(*std::move(client), options);
}

}  // namespace tickscope::columnar
