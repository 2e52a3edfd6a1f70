// tickscope objects: looks into an object store, and says what of it works.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>

#include "base/metrics.h"
#include "io/pause.h"
#include "io/posix_file_system.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "objstore/retrying_object_store.h"
#include "objstore/store_options.h"
#include "objstore/transfer.h"
#include "plugin/open_object_store.h"
#include "roles/commands.h"

namespace tickscope::roles {
namespace {

using objstore::ObjectInfo;
using objstore::ObjectStore;

constexpr const char* kDescription =
    "Looks into an object store and says what of it works.\n"
    "\n"
    "--store takes a path, file:///PATH, or s3://BUCKET/PREFIX with parameters:\n"
    "  region=eu-central-1             else AWS_REGION, the profile or the machine tells\n"
    "  endpoint=http://127.0.0.1:8333  a server of your own instead of AWS\n"
    "  addressing=path|virtual         of that server; default path\n"
    "  credentials=chain|anonymous     default chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the "
    "profile,\n"
    "                                  a web identity, the machine's role\n"
    "  role_arn=ARN                    a role to take on\n"
    "  ca_file=PATH                    who vouches for the server; default the system's list\n"
    "  connect_timeout=2s\n"
    "\n"
    "  tickscope objects check --store s3://metrics/eu?region=eu-central-1";

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope objects: %s\n", error.message.c_str());
  return 1;
}

int List(ObjectStore& store, const std::string& prefix) {
  const auto objects = store.List(prefix);
  if (!objects) return Complain(objects.error());
  std::uint64_t bytes = 0;
  for (const ObjectInfo& object : *objects) {
    fmt::print("{:>14}  {}\n", object.size, object.name);
    bytes += object.size;
  }
  fmt::print("{} objects, {} bytes\n", objects->size(), bytes);
  return 0;
}

// A probe object's way through the store, step by step.
class Check {
 public:
  Check(ObjectStore& store, const Clock& clock, std::string name)
      : store_(store), clock_(clock), name_(std::move(name)) {}

  int Run() {
    std::string content;
    for (unsigned i = 0; i < kProbeBytes; ++i)
      content += static_cast<char>(i * 131 % 251);
    const bool is_written = Step("put", "stores an object", [&] { return store_.Put(name_, content); });
    if (is_written) {
      Step("again", "takes the same object again", [&] { return store_.Put(name_, content); });
      Step("size", "tells its size", [&]() -> Status {
        TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, store_.Size(name_));
        return Expect(size == content.size(),
                      "got another size than was stored: got=" + std::to_string(size));
      });
      Step("get", "gives back what was stored", [&]() -> Status {
        TICKSCOPE_ASSIGN_OR_RETURN(const std::string got, store_.Get(name_, 0, 2 * content.size()));
        return Expect(got == content, "got other bytes than were stored");
      });
      Step("range", "gives back a range", [&]() -> Status {
        TICKSCOPE_ASSIGN_OR_RETURN(const std::string got, store_.Get(name_, 1000, 3000));
        return Expect(got == std::string_view(content).substr(1000, 3000),
                      "got other bytes than were stored");
      });
    }
    Step("list", "lists objects", [&]() -> Status {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> objects, store_.List(name_));
      return Expect(!is_written || (objects.size() == 1 && objects[0].name == name_),
                    "the object is not in the listing");
    });
    Step("absent", "knows what is not there", [&]() -> Status {
      const auto got = store_.Get(name_ + ".absent", 0, 1);
      if (got) return Expect(false, "got an object that is not there");
      return got.error().code == ErrorCode::kNotFound ? Status() : std::unexpected(got.error());
    });
    if (is_written) {
      Step("delete", "deletes the object", [&]() -> Status {
        TICKSCOPE_RETURN_IF_ERROR(store_.Delete(name_));
        const auto size = store_.Size(name_);
        return Expect(!size && size.error().code == ErrorCode::kNotFound, "the object is still there");
      });
    }
    fmt::print("{}\n", failed_ == 0 ? "all works" : fmt::format("{} of {} steps failed", failed_, steps_));
    return failed_ == 0 ? 0 : 1;
  }

 private:
  static constexpr unsigned kProbeBytes = 64 << 10;

  static Status Expect(bool holds, std::string otherwise) {
    if (holds) return {};
    return Fail(ErrorCode::kCorruption, std::move(otherwise));
  }

  bool Step(std::string_view name, std::string_view does, const std::function<Status()>& step) {
    ++steps_;
    const std::chrono::nanoseconds began = clock_.Monotonic();
    const Status status = step();
    const auto took = std::chrono::duration<double, std::milli>(clock_.Monotonic() - began).count();
    if (status) {
      fmt::print("ok      {:<7} {:>7.1f} ms  {}\n", name, took, does);
    } else {
      ++failed_;
      fmt::print("FAILED  {:<7} {:>7.1f} ms  {}\n", name, took, status.error().message);
    }
    return status.has_value();
  }

  ObjectStore& store_;
  const Clock& clock_;
  const std::string name_;
  int steps_ = 0;
  int failed_ = 0;
};

}  // namespace

int RunObjects(int argc, char** argv) {
  CLI::App app(kDescription, "tickscope objects");
  app.require_subcommand(1);
  app.fallthrough();
  objstore::StoreOptions options;
  options.retry.attempts_max = 3;
  std::string prefix;
  std::string name;
  std::string file;
  app.add_option("--store", options.url, "Where the objects are")->required();
  app.add_option("--attempts", options.retry.attempts_max,
                 "Times a call is tried while it fails for what may pass")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100U));
  CLI::App* const list = app.add_subcommand("ls", "one line an object: bytes, name");
  list->add_option("PREFIX", prefix, "Only names that start with it");
  CLI::App* const get = app.add_subcommand("get", "copy an object into a file");
  get->add_option("NAME", name, "The object")->required();
  get->add_option("FILE", file, "Where to; replaced when it is there")->required();
  CLI::App* const put = app.add_subcommand("put", "store a file as an object, and read it back to verify");
  put->add_option("FILE", file, "The file, which must not change any more")->required();
  put->add_option("NAME", name, "The object's name: segments of a-z A-Z 0-9 . _ - = % joined by /")
      ->required();
  CLI::App* const remove = app.add_subcommand("rm", "delete an object; fine when it is not there");
  remove->add_option("NAME", name, "The object")->required();
  CLI::App* const check =
      app.add_subcommand("check",
                         "store, read, list and delete a probe object below tickscope-check/; exit 1 when "
                         "something fails");
  for (CLI::App* command : {list, get, put, remove, check})
    command->footer("And --store, --attempts: see tickscope objects --help");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const auto files = io::MakePosixFileSystem();
  const auto clock = io::MakeSystemClock();
  const auto random = io::MakeSystemRandom();
  const std::string probe = fmt::format("tickscope-check/{:016x}", random->Next());
  io::SystemPause pause;
  MetricRegistry metrics;
  auto opened = plugin::OpenObjectStore(*files, options);
  if (!opened) return Complain(opened.error());
  objstore::RetryingObjectStore store(
      *std::move(opened), options.retry,
      {.clock = *clock, .random = *random, .pause = pause, .metrics = metrics});
  if (list->parsed()) return List(store, prefix);
  if (check->parsed()) return Check(store, *clock, probe).Run();
  Status status;
  if (get->parsed()) {
    status = objstore::FetchToFile(store, name, *files, file, std::numeric_limits<std::uint64_t>::max());
  } else if (put->parsed()) {
    status = objstore::PutFileVerified(store, name, *files, file);
  } else {
    status = store.Delete(name);
  }
  return status ? 0 : Complain(status.error());
}

}  // namespace tickscope::roles
