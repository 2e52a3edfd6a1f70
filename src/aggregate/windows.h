// Windows: samples of many series added up into few, by event time.
//
//   Add -> [ InputSeries ] -> Close(watermark): every window that ends by then -> Emission
//                               group: labels the inputs share
//
// Windows of a group are `every_ms` long, end at multiples of it since the epoch and hold samples of (end - every, end]. One is closed when the
// watermark reaches its end; what is later is refused. The watermark is the caller's: its clock less the lateness it allows.
//
// At the end T of a window a group says
//
//   counters    what their inputs counted together since the group's start: reset of an input or its end does not show
//   gauges      sum, mean and number of the newest values, as a query at T would find them; least and greatest of the window, of inputs that
//               are there at T
//   histograms  as counters, bucket by bucket
//
// and the first time that it has nothing to say, that it ended. Everything here is a function of the calls and their order, so that a log of
// the calls brings back the state: whoever wants it durable has `ops()` written down, and gives it to Replay later.
//
// Invariants   W1 windows of a group are closed once each, in order.
//              W2 what an input counts is counted once, in the window of the sample that showed it, by the order of time, not of arrival.
// Bounds       series_max inputs; those silent for expire_ms are forgotten, and so is a group without inputs, its total included.
// Threads      Not thread-safe.
// Cost         Some 90 ns a sample, added and closed; 150 with its journal (aggregate_bench). About 300 bytes an input.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "aggregate/input_series.h"
#include "aggregate/running_total.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/varint.h"
#include "model/labels.h"
#include "schema/aggregation.h"

namespace tickscope::aggregate {

enum class GroupKind : std::uint8_t { kGauge, kCounter, kHistogram };

/// What a group is.
struct GroupSpec {
  std::uint64_t rule = 0;  ///< Of what the schema says of the metric: another rule's groups are others.
  std::string metric;      ///< "game_tick_seconds"
  std::string suffix;      ///< "_bucket", or none.
  Labels labels;           ///< Without the name.
  GroupKind kind = GroupKind::kGauge;
  std::vector<schema::AggregateFunction> functions;
  std::int64_t every_ms = 10'000;
  std::uint32_t buckets_max = 160;  ///< Of a histogram.

  friend bool operator==(const GroupSpec&, const GroupSpec&) = default;
};

enum class GroupId : std::uint32_t {};
enum class InputId : std::uint32_t {};

/// Of an input's labels and kind.
struct InputKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const InputKey&, const InputKey&) = default;
};

/// What a group says of a window.
struct Emission {
  GroupId group{};
  schema::AggregateFunction function{};
  TimeMs time_ms = 0;   ///< The window's end.
  TimeMs start_ms = 0;  ///< Of a counter or histogram.
  double value = 0;
  HistogramPtr histogram;
  bool is_end = false;  ///< Its series has ended.
};

struct WindowsOptions {
  std::size_t series_max = 100'000;
  std::int64_t lookback_ms = 300'000;  ///< How old an input's value may be at a window's end.
  std::int64_t expire_ms = 3'600'000;
};

class Windows {
 public:
  using Emit = std::function<void(const Emission&)>;

  explicit Windows(WindowsOptions options) : options_(options) {}

  /// The input of that key, made if need be with `group`, which is also made if need be; nullopt past series_max. An input stays with its
  /// group. Requires: Begin was called, or Replay of a state that had it.
  [[nodiscard]] std::optional<InputId> InputOf(const InputKey& key, const GroupSpec& group);
  /// Nullopt when the sample counts. kKind for a histogram where the group has none, or the other way; kLate when the input is gone.
  [[nodiscard]] std::optional<Refusal> Add(InputId input, const InputSample& sample);

  /// Sets the watermark of a state that has none.
  void Begin(TimeMs watermark_ms);
  /// Moves the watermark and emits windows that end by then. Groups that were emitted stay until the next call at least. One that lies more than a minute back means that the clock was set: windows begin
  /// again there.
  void Close(TimeMs watermark_ms, const Emit& emit);
  /// Forgets the groups of other rules than these.
  void KeepRules(const std::vector<std::uint64_t>& rules);

  /// What was done since it was taken last, for Replay.
  [[nodiscard]] Bytes TakeOps() { return std::exchange(ops_, {}); }
  /// All there is, as ops on an empty state.
  [[nodiscard]] Bytes Snapshot() const;
  /// Does what `ops` say. Errors: kCorruption; the state is of no use then.
  [[nodiscard]] Status Replay(ByteView ops, const Emit& emit);

  /// Null when the group is gone.
  [[nodiscard]] const GroupSpec* SpecOf(GroupId group) const;
  [[nodiscard]] TimeMs watermark_ms() const { return watermark_ms_; }
  [[nodiscard]] bool has_begun() const { return began_ms_ != 0; }
  /// False when it was forgotten.
  [[nodiscard]] bool Has(InputId input) const { return inputs_.contains(input); }
  [[nodiscard]] std::size_t input_count() const { return inputs_.size(); }
  [[nodiscard]] std::size_t group_count() const { return groups_.size(); }
  /// The end of the first window of any group that is open; nullopt without groups.
  [[nodiscard]] std::optional<TimeMs> NextEndMs() const;

 private:
  struct KeyHash {
    std::size_t operator()(const InputKey& key) const { return key.low ^ key.high; }
  };
  struct Input {
    InputId id{};
    InputKey key;
    GroupId group{};
    std::size_t place = 0;  // In its group.
    InputSeries series;
    // Of a gauge's window.
    double least = 0;
    double greatest = 0;
    bool has_extremes = false;
  };
  struct Group {
    GroupSpec spec;
    TimeMs start_ms = 0;
    NumberTotal total;
    HistogramPtr histogram;
    bool is_there = false;  // It said something of the last window.
    bool has_news = false;  // It counted since.
    bool has_said = false;  // It ever said something.
    std::vector<Input*> inputs;
  };
  struct WindowValues {
    std::size_t count = 0;
    NumberTotal sum;
    double least = 0;
    double greatest = 0;
  };

  [[nodiscard]] static std::string KeyOf(const GroupSpec& spec);
  Group& GroupOf(GroupId id) { return groups_.at(id); }
  GroupId FindOrMakeGroup(const GroupSpec& spec);
  void CloseGroup(GroupId id, Group& group, TimeMs watermark_ms, const Emit& emit);
  void SettleInput(Group& group, Input& input, TimeMs until_ms);
  [[nodiscard]] WindowValues ValuesAt(Group& group, TimeMs end_ms) const;
  void Say(GroupId id, Group& group, TimeMs end_ms, const WindowValues& values, const Emit& emit) const;
  void Rewind(TimeMs watermark_ms);
  void ForgetSilent();
  void ForgetInput(Input& input);
  void ForgetGroup(GroupId id);

  void PutBegin(Bytes& out) const;
  static void PutGroup(GroupId id, const Group& group, Bytes& out);
  void PutInput(const Input& input, Bytes& out) const;
  void PutSampleOp(InputId id, const InputSample& sample, Bytes& out) const;
  [[nodiscard]] Status ReplayOne(codec::FieldReader& in, const Emit& emit);
  [[nodiscard]] Status TakeGroup(codec::FieldReader& in);
  [[nodiscard]] Status TakeInput(codec::FieldReader& in);

  const WindowsOptions options_;
  TimeMs watermark_ms_ = 0;
  TimeMs began_ms_ = 0;
  std::uint32_t next_group_ = 1;
  std::uint32_t next_input_ = 1;
  std::map<GroupId, Group> groups_;
  std::unordered_map<std::string, GroupId> group_places_;
  std::unordered_map<InputId, Input> inputs_;  // Nodes stay where they are.
  std::unordered_map<InputKey, InputId, KeyHash> input_places_;
  Bytes ops_;
  bool is_replaying_ = false;
};

}  // namespace tickscope::aggregate
