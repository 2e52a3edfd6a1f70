// tickscope dashboards: dashboards as files: checked, compared with a server's, brought there and back.
//
//   tickscope dashboards lint dashboards/
//   tickscope dashboards diff dashboards/ --to http://127.0.0.1:9280
//   tickscope dashboards apply dashboards/ --prune
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "console/dashboard_document.h"
#include "console/json_diff.h"
#include "http/client.h"
#include "http/router.h"
#include "io/posix_file_system.h"
#include "lint/linters.h"
#include "lint/source_text.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "schema/schema_reader.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

using console::DashboardDocument;
using console::JsonValue;

constexpr std::uint64_t kFileBytesMax = 8U << 20;
constexpr std::size_t kFilesMax = 10'000;
constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kDiffLinesMax = 20;
constexpr std::string_view kPath = "/api/v1/dashboards";

struct DashboardArguments {
  std::vector<std::string> files;
  std::string url = "http://127.0.0.1:9280";
  std::string tenant;
  ConnectFlags connect;
  std::string schema;
  std::string format = "text";
  std::string out;
  bool strict = false;
  bool prune = false;
  bool dry_run = false;
};

// The files named, and all .json files below folders that are.
Status FindFiles(io::FileSystem& fs, const std::string& path, std::size_t depth,
                 std::vector<std::string>& found) {
  if (found.size() >= kFilesMax || depth > kDepthMax) return {};
  const auto entries = fs.List(path);
  if (!entries) {
    found.push_back(path);  // A file, or what reading it will say.
    return {};
  }
  for (const io::DirectoryEntry& entry : *entries) {
    const std::string below = path + "/" + entry.name;
    if (entry.name.starts_with('.')) continue;
    if (entry.is_directory) {
      TICKSCOPE_RETURN_IF_ERROR(FindFiles(fs, below, depth + 1, found));
    } else if (entry.name.ends_with(".json")) {
      found.push_back(below);
    }
  }
  return {};
}

Result<std::vector<std::string>> FilesOf(io::FileSystem& fs, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (std::string path : paths) {
    while (path.size() > 1 && path.ends_with('/'))
      path.pop_back();
    TICKSCOPE_RETURN_IF_ERROR(FindFiles(fs, path, 0, files));
  }
  if (files.size() >= kFilesMax)
    return Fail(ErrorCode::kOutOfRange, fmt::format("want fewer than {} files", kFilesMax));
  return files;
}

// By name. Errors: a file that is no dashboard, two of one name.
Result<std::map<std::string, DashboardDocument>> ReadLocal(io::FileSystem& fs,
                                                           const std::vector<std::string>& paths) {
  std::map<std::string, DashboardDocument> documents;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto files, FilesOf(fs, paths));
  for (const std::string& file : files) {
    auto text = io::ReadWholeFile(fs, file, kFileBytesMax);
    if (!text) return FailWith(file, std::move(text).error());
    auto document = DashboardDocument::Read(*text);
    if (!document) return FailWith(file, std::move(document).error());
    std::string name = document->name();
    if (!documents.emplace(name, *std::move(document)).second)
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: two files have a dashboard of that name: {}", file, name));
  }
  return documents;
}

// A server's dashboards.
class Remote {
 public:
  static Result<std::unique_ptr<Remote>> Open(const DashboardArguments& arguments) {
    std::unique_ptr<Remote> remote(new Remote(arguments));
    TICKSCOPE_ASSIGN_OR_RETURN(remote->url_, http::ParseUrl(arguments.url));
    while (remote->url_.target.ends_with('/'))
      remote->url_.target.pop_back();
    TICKSCOPE_ASSIGN_OR_RETURN(const http::ClientOptions options, remote->out_.Options(arguments.connect));
    remote->client_ = http::Client::Make(remote->out_.network(), options);
    return remote;
  }

  struct Entry {
    std::string title;
    std::string source;
    std::string revision;
  };
  Result<std::map<std::string, Entry>> List() {
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue data, Call("GET", "", "", ""));
    std::map<std::string, Entry> entries;
    for (const JsonValue& one : data.items) {
      entries.emplace(one.TextOf("name"),
                      Entry{std::string(one.TextOf("title")), std::string(one.TextOf("source")),
                            std::string(one.TextOf("revision"))});
    }
    return entries;
  }

  /// The document itself.
  Result<JsonValue> Get(const std::string& name) {
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue data, Call("GET", name, "", ""));
    const JsonValue* const document = data.Find("dashboard");
    if (document == nullptr)
      return Fail(ErrorCode::kUnavailable, url_text_ + ": not an answer of a Tickscope");
    return *document;
  }

  /// Over the revision it was compared with; empty for none.
  Status Put(const std::string& name, const std::string& text, const std::string& revision) {
    return Dropped(Call("PUT", name, text, revision));
  }
  Status Remove(const std::string& name, const std::string& revision) {
    return Dropped(Call("DELETE", name, "", revision));
  }

 private:
  explicit Remote(const DashboardArguments& arguments)
      : url_text_(arguments.url), tenant_(arguments.tenant) {}

  static Status Dropped(const Result<JsonValue>& answer) {
    return answer ? Status{} : std::unexpected(answer.error());
  }

  Result<JsonValue> Call(const char* method, const std::string& name, const std::string& body,
                         const std::string& revision) {
    http::Request request{.method = method,
                          .target = fmt::format("{}{}{}{}", url_.target, kPath, name.empty() ? "" : "/",
                                                http::PercentEncode(name))};
    if (!tenant_.empty()) request.headers.Set(wire::kTenantHeader, tenant_);
    if (!body.empty()) {
      request.headers.Set("Content-Type", "application/json");
      request.body = body;
    }
    if (!revision.empty()) request.headers.Set("If-Match", fmt::format("\"{}\"", revision));
    if (!body.empty() && revision.empty()) request.headers.Set("If-None-Match", "*");
    const auto response = client_->Fetch(url_, std::move(request));
    if (!response) return FailWith(url_text_, response.error());
    const auto root = console::ReadJson(response->body);
    const JsonValue* const data = root ? root->Find("data") : nullptr;
    if (response->status < 300 && data != nullptr) return *data;
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: HTTP {}: {}", url_text_, response->status,
                            root && !root->TextOf("error").empty() ? std::string(root->TextOf("error"))
                                                                   : response->body.substr(0, 500)));
  }

  const std::string url_text_;
  const std::string tenant_;
  Outbound out_;
  http::Url url_;
  std::unique_ptr<http::Client> client_;
};

Result<int> Lint(const DashboardArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const lint::ReportFormat format, lint::ParseReportFormat(arguments.format));
  std::optional<schema::Schema> schema;
  if (!arguments.schema.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string text,
                               io::ReadWholeFile(*fs, arguments.schema, kFileBytesMax));
    TICKSCOPE_ASSIGN_OR_RETURN(schema, schema::ReadSchema(text, arguments.schema));
  }
  const lint::KnownMetrics known(schema ? &*schema : nullptr);
  lint::Findings findings;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto files, FilesOf(*fs, arguments.files));
  std::map<std::string, std::string> names;
  for (const std::string& file : files) {
    auto text = io::ReadWholeFile(*fs, file, kFileBytesMax);
    if (!text) {
      findings.Add({file, {}, lint::Severity::kError, "file", text.error().message});
      continue;
    }
    const lint::SourceFile source{file, *std::move(text)};
    if (const auto root = lint::ParseJson(source.text)) {
      const lint::SourceText places(source.text);
      for (const console::DashboardMistake& mistake : console::CheckDashboard(*root)) {
        findings.Add({file, places.PositionAt(mistake.offset), lint::Severity::kError, "dashboard-form",
                      mistake.text});
      }
      const JsonValue* const metadata = root->Find("metadata");
      const std::string name(metadata == nullptr ? "" : metadata->TextOf("name"));
      const auto [first, is_new] = names.emplace(name, file);
      if (!is_new && !name.empty())
        findings.Add({file,
                      {},
                      lint::Severity::kError,
                      "dashboard-twice",
                      fmt::format("{} has a dashboard of that name too: {}", first->second, name)});
    }
    lint::LintDashboard(source, known, findings);
  }
  findings.Sort();
  const std::string report = lint::Report(findings, files.size(), format);
  std::fwrite(report.data(), 1, report.size(), stdout);
  return findings.errors() > 0 || (arguments.strict && findings.warnings() > 0) ? 1 : 0;
}

// What would have to be done to a server for it to have the files.
struct Plan {
  struct Step {
    std::string name;
    std::string revision;  ///< That is there; empty for none.
    std::vector<std::string> lines;
  };
  std::vector<Step> create;
  std::vector<Step> update;
  std::vector<Step> remove;
  std::size_t unchanged = 0;
  std::vector<std::string> fixed;  ///< Different, and not to be changed there.

  [[nodiscard]] bool is_empty() const {
    return create.empty() && update.empty() && remove.empty() && fixed.empty();
  }
};

Result<Plan> MakePlan(Remote& remote, const std::map<std::string, DashboardDocument>& local, bool prune) {
  Plan plan;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, remote.List());
  for (const auto& [name, document] : local) {
    const auto entry = entries.find(name);
    if (entry == entries.end()) {
      plan.create.push_back({name, "", {}});
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue there, remote.Get(name));
    std::vector<std::string> lines = console::DiffJson(there, document.root(), kDiffLinesMax);
    if (lines.empty()) {
      ++plan.unchanged;
    } else if (entry->second.source != "store") {
      plan.fixed.push_back(fmt::format("{} ({})", name, entry->second.source));
    } else {
      plan.update.push_back({name, entry->second.revision, std::move(lines)});
    }
  }
  if (!prune) return plan;
  for (const auto& [name, entry] : entries) {
    if (entry.source == "store" && !local.contains(name)) plan.remove.push_back({name, entry.revision, {}});
  }
  return plan;
}

Result<int> Apply(const DashboardArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const auto local, ReadLocal(*fs, arguments.files));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto remote, Remote::Open(arguments));
  TICKSCOPE_ASSIGN_OR_RETURN(const Plan plan, MakePlan(*remote, local, arguments.prune));
  const bool is_done = !arguments.dry_run;
  const auto say = [&](const char* done, const char* would, const std::string& name) {
    fmt::print("{} {}\n", is_done ? done : would, name);
  };
  for (const auto* const steps : {&plan.create, &plan.update}) {
    for (const Plan::Step& step : *steps) {
      if (is_done)
        TICKSCOPE_RETURN_IF_ERROR(
            remote->Put(step.name, local.find(step.name)->second.text(), step.revision));
      const bool is_new = steps == &plan.create;
      say(is_new ? "created" : "updated", is_new ? "would create" : "would update", step.name);
    }
  }
  for (const Plan::Step& step : plan.remove) {
    if (is_done) TICKSCOPE_RETURN_IF_ERROR(remote->Remove(step.name, step.revision));
    say("removed", "would remove", step.name);
  }
  fmt::print("{} unchanged\n", plan.unchanged);
  for (const std::string& name : plan.fixed)
    std::fprintf(stderr,
                 "tickscope dashboards: the server has another one of its own, give yours another name: %s\n",
                 name.c_str());
  return plan.fixed.empty() ? 0 : 1;
}

Result<int> Diff(const DashboardArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const auto local, ReadLocal(*fs, arguments.files));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto remote, Remote::Open(arguments));
  TICKSCOPE_ASSIGN_OR_RETURN(const Plan plan, MakePlan(*remote, local, arguments.prune));
  for (const Plan::Step& step : plan.create)
    fmt::print("{}: not on the server\n", step.name);
  for (const Plan::Step& step : plan.update) {
    fmt::print("{}: differs\n", step.name);
    for (const std::string& line : step.lines)
      fmt::print("  {}\n", line);
  }
  for (const Plan::Step& step : plan.remove)
    fmt::print("{}: only on the server\n", step.name);
  for (const std::string& name : plan.fixed)
    fmt::print("{}: differs\n", name);
  return plan.is_empty() ? 0 : 1;
}

Result<int> List(const DashboardArguments& arguments) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto remote, Remote::Open(arguments));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, remote->List());
  for (const auto& [name, entry] : entries)
    fmt::print("{:<32} {:<8} {}  {}\n", name, entry.source, entry.revision, entry.title);
  return 0;
}

Result<int> Export(const DashboardArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const auto remote, Remote::Open(arguments));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, remote->List());
  const std::set<std::string> wanted(arguments.files.begin(), arguments.files.end());
  for (const std::string& name : wanted) {
    if (!entries.contains(name)) return Fail(ErrorCode::kNotFound, "no dashboard of that name: " + name);
  }
  TICKSCOPE_RETURN_IF_ERROR(fs->CreateDirectories(arguments.out));
  for (const auto& [name, entry] : entries) {
    // Without names, what is stored: the rest is in files or in the binary already.
    if (wanted.empty() ? entry.source != "store" : !wanted.contains(name)) continue;
    // A server that is not ours may say anything.
    if (!console::IsDashboardName(name))
      return Fail(ErrorCode::kInvalidArgument, "not a name for a file: " + name);
    TICKSCOPE_ASSIGN_OR_RETURN(const JsonValue document, remote->Get(name));
    TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(*fs, fmt::format("{}/{}.json", arguments.out, name),
                                                      console::PrettyJson(document)));
    fmt::print("exported {}\n", name);
  }
  return 0;
}

}  // namespace

int RunDashboards(int argc, char** argv) {
  CLI::App app("Dashboards as files: checks them, compares them with a server's, brings them there and back.",
               "tickscope dashboards");
  app.require_subcommand(1);
  app.footer(
      "  tickscope dashboards lint --schema schema/game.yaml dashboards/\n"
      "  tickscope dashboards apply dashboards/ --to http://127.0.0.1:9280 --prune\n"
      "\n"
      "FILES are Perses dashboards, or folders of them. Exits 0; diff with 1 when there is a difference, "
      "lint when there is an\n"
      "error; 1 when it fails, 2 for wrong usage. docs/console.md tells more.");
  DashboardArguments arguments;
  const auto add = [&](const char* name, const char* summary) {
    CLI::App* const one = app.add_subcommand(name, summary);
    if (std::string_view(name) == "lint") return one;
    one->add_option("--to", arguments.url, "server")->capture_default_str();
    one->add_option("--tenant", arguments.tenant, "sent as X-Scope-OrgID");
    AddConnectFlags(*one, arguments.connect);
    return one;
  };
  CLI::App* const lint = add("lint", "check form and queries of files");
  CLI::App* const apply = add("apply", "make a server's stored dashboards be as the files");
  CLI::App* const diff = add("diff", "what apply would change");
  CLI::App* const list = add("list", "a server's dashboards");
  CLI::App* const export_command = add("export", "write a server's dashboards to files");
  for (CLI::App* const one : {lint, apply, diff})
    one->add_option("FILES", arguments.files, "files and folders")->required();
  lint->add_option("--schema", arguments.schema,
                   "schema whose metrics, labels and values are the known ones");
  lint->add_option("--format", arguments.format, "text, json or sarif")->capture_default_str();
  lint->add_flag("--strict", arguments.strict, "fail for warnings too");
  for (CLI::App* const one : {apply, diff})
    one->add_flag("--prune", arguments.prune, "stored dashboards that no file has are to go");
  apply->add_flag("--dry-run", arguments.dry_run, "only say what would be done");
  export_command->add_option("NAMES", arguments.files, "all that are stored, without any");
  export_command->add_option("--out", arguments.out, "folder")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto code = lint->parsed()    ? Lint(arguments)
                    : apply->parsed() ? Apply(arguments)
                    : diff->parsed()  ? Diff(arguments)
                    : list->parsed()  ? List(arguments)
                                      : Export(arguments);
  if (code) return *code;
  std::fprintf(stderr, "tickscope dashboards: %s\n", code.error().message.c_str());
  return 1;
}

}  // namespace tickscope::roles
