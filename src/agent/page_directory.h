// PageDirectory: the SDK pages of the game servers of this machine, read together, page by page.
//
//   appears  ──► read every interval, up = 1 ──► process gone: read, up = 0 ──► moved since? read again ─┐
//                        │                                                      no: markers, removed  ◄──┘
//                        └──► file gone, or another in its place: read once more, then markers
//
// A page may speak of a process that has been killed in the middle of anything: its last values are sent before its series
// end. What decides is the process id with its start time, so that a pid that is used again owns nothing; and a page whose
// values still move is never removed, whatever its pid says. After a restart of the agent pages are taken up as they
// are: those of dead processes are sent once more and then end.
//
// A page that does not read is refused, counted by reason and tried again at the next read; the others do not notice. Only
// plain files right in the directory are opened, and only pages that read and whose process ended are removed.
//
// Invariants   D1 a series has one sample a time: where two pages would have the same labels, the later one waits.
//              D2 pages, series and memory stay within the limits of PagesConfig, whatever the files say.
// Threads      One thread at a time.
// Cost         See sdkpage/page_reader.h for a page; its samples cost what those of a scraped target do.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/agent_metrics.h"
#include "agent/page_series.h"
#include "agent/pages_config.h"
#include "agent/source.h"
#include "base/clock.h"
#include "io/foreign_directory.h"
#include "io/process_table.h"
#include "model/labels.h"
#include "sdkpage/page_reader.h"

namespace tickscope::agent {

class PageDirectory final : public Source {
 public:
  /// `processes`, `clock` and `metrics` outlive it.
  PageDirectory(PagesConfig config, const Labels& external_labels, const io::ProcessTable& processes,
                const Clock& clock, AgentMetrics& metrics, guard::Guard* guard = nullptr);
  ~PageDirectory() override;

  [[nodiscard]] WriteBatchPtr Read(TimeMs due_ms) override;
  [[nodiscard]] WriteBatchPtr End() override;

  [[nodiscard]] std::int64_t interval_ms() const override { return config_.interval_ms; }
  [[nodiscard]] std::uint64_t hash() const override { return hash_; }
  [[nodiscard]] std::size_t series_count() const override;
  [[nodiscard]] SourceReport report() const override { return report_; }

 private:
  struct Page {
    std::string name;
    std::string instance;
    io::FileIdentity file;
    std::unique_ptr<sdkpage::PageReader> reader;
    std::unique_ptr<PageSeries> series;
    bool is_over = false;                            ///< Its series have ended; about to be forgotten.
    bool is_unlinked = false;                        ///< Read a last time; its series end at the next read.
    std::optional<std::uint64_t> ended_fingerprint;  ///< When its process was first seen to be gone.
  };
  /// A read under way.
  struct Round {
    io::ForeignDirectory* directory = nullptr;  ///< Null when it cannot be opened.
    TimeMs time_ms = 0;
    std::shared_ptr<WriteBatch> batch;
    std::vector<std::string> ended_instances;
    std::map<std::string, PageRefusal> refused;  ///< By name.
    std::size_t logged = 0;
  };

  void ReadKnown(Round& round);
  void TakeUpNew(Round& round);
  /// False when the page is done with.
  [[nodiscard]] bool ReadPage(Page& page, Round& round);
  /// False when nothing came of it.
  void TakeUp(const std::string& name, Round& round);
  [[nodiscard]] Status Refresh(Page& page, PageRefusal& refusal, Round& round) const;
  /// Makes what the page says part of the batch, or ends it.
  [[nodiscard]] bool AppendPage(Page& page, bool is_there, Round& round);
  void EndPage(Page& page, Round& round);
  void Remove(const Page& page, Round& round);
  void NoteEnd(const Page& page);
  void Refuse(const std::string& name, PageRefusal reason, std::string_view why, Round& round);
  [[nodiscard]] std::uint64_t MemoryBytes() const;

  const PagesConfig config_;
  const Labels external_labels_;
  const std::uint64_t hash_;
  SourceReport report_;
  const io::ProcessTable& processes_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  guard::Guard* const guard_;
  std::vector<Page> pages_;
  std::unordered_map<std::string, io::FileIdentity> done_;  ///< Ended, but still there, by name.
  std::map<std::string, PageRefusal> refused_;              ///< At the last read, to log what is new.
};

}  // namespace tickscope::agent
