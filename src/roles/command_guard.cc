// tickscope guard: finds private data in text, and replaces it by tokens. What is found is never printed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <optional>

#include "guard/pii_scanner.h"
#include "io/secret_memory.h"
#include "io/system_clock.h"
#include "roles/commands.h"
#include "tokens/file_key_provider.h"
#include "tokens/tokenizer.h"

namespace tickscope::roles {
namespace {

// A longer line is left out whole: a value cut in two would not be found.
constexpr std::size_t kLineBytesMax = 1U << 20;
constexpr std::size_t kReadBytes = 256U << 10;

struct Arguments {
  std::vector<std::string> player_patterns;
  std::string keys;
  std::string tenant = std::string(kDefaultTenant);
  std::int64_t epoch_days = tokens::kEpochMs / 86'400'000;
  bool labels = false;
  bool quiet = false;
};

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope guard: %s\n", error.message.c_str());
  return 2;
}

// Gives the lines of a stream, without their end, one by one; of one that is too long only its size.
class Lines {
 public:
  explicit Lines(std::FILE* in) : in_(in), buffer_(kReadBytes) {}

  struct Line {
    std::string_view text;
    std::size_t left_out = 0;  ///< Bytes of a line that was too long.
    bool has_end = true;
  };
  /// Nothing at the end. The text lives until the next call.
  std::optional<Line> Next() {
    line_.clear();
    std::size_t size = 0;
    while (true) {
      if (at_ == end_) {
        end_ = std::fread(buffer_.data(), 1, buffer_.size(), in_);
        at_ = 0;
        if (end_ == 0) {
          if (size == 0) return std::nullopt;
          return Line{line_, size > kLineBytesMax ? size : 0, false};
        }
      }
      const std::string_view rest(buffer_.data() + at_, end_ - at_);
      const std::size_t found = rest.find('\n');
      const std::string_view piece = rest.substr(0, found);
      at_ += piece.size() + (found == std::string_view::npos ? 0 : 1);
      size += piece.size();
      if (found != std::string_view::npos && size == piece.size() && size <= kLineBytesMax)
        return Line{piece};
      if (size <= kLineBytesMax) {
        line_ += piece;
      } else {
        line_.clear();
      }
      if (found != std::string_view::npos) return Line{line_, size > kLineBytesMax ? size : 0};
    }
  }

 private:
  std::FILE* const in_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string line_;
};

struct Totals {
  std::uint64_t lines = 0;
  std::uint64_t lines_found = 0;
  std::uint64_t lines_left_out = 0;
  std::map<guard::PiiKind, std::uint64_t> findings;

  void Print(std::FILE* out) const {
    std::string text =
        fmt::format("lines={} lines_found={} lines_left_out={}", lines, lines_found, lines_left_out);
    for (const auto& [kind, count] : findings)
      text += fmt::format(" {}={}", guard::PiiKindName(kind), count);
    text += "\n";
    std::fwrite(text.data(), 1, text.size(), out);
  }
};

int Scan(const Arguments& arguments, const guard::PiiScanner& scanner) {
  const guard::PiiKinds kinds = arguments.labels ? guard::kLabelKinds : guard::kLogKinds;
  Totals totals;
  std::vector<guard::PiiFinding> findings;
  Lines lines(stdin);
  while (const auto line = lines.Next()) {
    ++totals.lines;
    if (line->left_out > 0) {
      ++totals.lines_left_out;
      continue;
    }
    scanner.Scan(line->text, kinds, findings);
    totals.lines_found += findings.empty() ? 0U : 1U;
    for (const guard::PiiFinding& finding : findings) {
      ++totals.findings[finding.kind];
      if (!arguments.quiet)
        fmt::print("{}:{}-{}: {}\n", totals.lines, finding.begin + 1, finding.end,
                   guard::PiiKindName(finding.kind));
    }
  }
  totals.Print(stderr);
  return totals.lines_found + totals.lines_left_out > 0 ? 1 : 0;
}

int Tokenize(const Arguments& arguments, const guard::PiiScanner& scanner) {
  const auto keys = tokens::FileKeyProvider::Open(arguments.keys);
  if (!keys) return Complain(keys.error());
  const auto clock = io::MakeSystemClock();
  const auto session = tokens::TokenSession::Open(
      **keys, arguments.tenant, tokens::EpochOf(clock->NowMs(), arguments.epoch_days * 86'400'000), scanner);
  if (!session) return Complain(session.error());
  Totals totals;
  std::vector<guard::PiiFinding> findings;
  std::string out;
  Lines lines(stdin);
  while (const auto line = lines.Next()) {
    ++totals.lines;
    if (line->left_out > 0) {
      ++totals.lines_left_out;
      out += fmt::format("[line of {} bytes left out]", line->left_out);
    } else if (session->Rewrite(line->text, guard::kLogKinds, findings, out) > 0) {
      ++totals.lines_found;
      for (const guard::PiiFinding& finding : findings)
        ++totals.findings[finding.kind];
    }
    if (line->has_end) out.push_back('\n');
    if (out.size() < kReadBytes) continue;
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 2;
    out.clear();
  }
  const bool written =
      std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
  if (!arguments.quiet) totals.Print(stderr);
  return written ? 0 : 2;
}

}  // namespace

int RunGuard(int argc, char** argv) {
  CLI::App app("Private data in text from standard input.", "tickscope guard");
  Arguments arguments;
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--player-pattern", arguments.player_patterns,
                 "how this game's player ids look (RE2; repeatable)");
  app.add_flag("--quiet", arguments.quiet, "scan: only totals; tokenize: no totals");
  CLI::App& scan = *app.add_subcommand(
      "scan", "say where private data is: LINE:FROM-TO: KIND; exit code 1 when there is any");
  scan.add_flag("--labels", arguments.labels, "as in labels: long numbers and random words too");
  CLI::App& tokenize =
      *app.add_subcommand("tokenize", "write the lines with tokens in place of private data");
  tokenize.add_option("--keys", arguments.keys, "file of keys, mode 0600: lines of TENANT ID FROM-EPOCH HEX")
      ->required();
  tokenize.add_option("--tenant", arguments.tenant, "whose key to use")->capture_default_str();
  tokenize.add_option("--epoch-days", arguments.epoch_days, "days in which a value keeps its token")
      ->capture_default_str()
      ->check(CLI::Range(1, 3650));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  // Lines are in memory as they are.
  io::ForbidCoreDumps();
  const auto scanner = guard::PiiScanner::Make({.player_patterns = arguments.player_patterns});
  if (!scanner) return Complain(scanner.error());
  return scan.parsed() ? Scan(arguments, **scanner) : Tokenize(arguments, **scanner);
}

}  // namespace tickscope::roles
