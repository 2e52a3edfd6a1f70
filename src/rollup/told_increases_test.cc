// Told increases: a counter's steps with them put in are what RowsAsSamples makes of the same windows: the same rows, but for those
// within a window, and the same growth up to each.
#include "rollup/told_increases.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "rollup/window_form.h"

namespace tickscope::rollup {
namespace {

constexpr std::int64_t kMinute = 60'000;

// Windows' ends and last values as a reader of packed columns tells them, in stretches of `rows`.
class Steps {
 public:
  Steps(const std::vector<TimeMs>& ends_ms, const std::vector<double>& last, std::size_t rows)
      : ends_ms_(ends_ms), last_(last) {
    for (std::size_t i = 0; i < last_.size(); ++i)
      steps_.push_back(
          i == 0 ? 0 : static_cast<std::uint32_t>(static_cast<std::int64_t>(last_[i] - last_[i - 1])));
    for (std::size_t from = 0; from < last_.size(); from += rows) {
      const std::size_t count = std::min(rows, last_.size() - from);
      StepStretch stretch{std::span(ends_ms_).subspan(from, count),
                          1,
                          std::span(steps_).subspan(from + 1, count - 1),
                          last_[from],
                          last_[from + count - 1],
                          last_[from + count - 1] - last_[from],
                          told.falls.size(),
                          0};
      for (std::uint32_t row = 1; row < count; ++row) {
        const double before = last_[from + row - 1];
        if (last_[from + row] >= before) continue;
        told.falls.push_back({row, before, last_[from + row]});
        stretch.grown += before;
      }
      stretch.falls_to = told.falls.size();
      told.stretches.push_back(stretch);
    }
  }

  CounterSteps told;

 private:
  const std::vector<TimeMs> ends_ms_;
  const std::vector<double> last_;
  std::vector<std::uint32_t> steps_;
};

struct Row {
  TimeMs time_ms;
  double grown;  // Since the first row.
  friend bool operator==(const Row&, const Row&) = default;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.time_ms << ": " << row.grown;
}

std::vector<Row> RowsOf(const CounterSteps& steps) {
  std::vector<Row> rows;
  double grown = 0;
  for (std::size_t s = 0; s < steps.stretches.size(); ++s) {
    const StepStretch& stretch = steps.stretches[s];
    if (s > 0) grown += steps.RiseInto(s);
    const double before = grown;
    for (std::size_t row = 0; row < stretch.times_ms.size(); ++row) {
      if (row > 0) grown += stretch.steps[row - 1];
      for (const CounterFall& fall : steps.FallsOf(stretch)) {
        if (fall.row == row) grown += fall.after - stretch.steps[row - 1];
      }
      rows.push_back({stretch.times_ms[row], grown});
    }
    EXPECT_EQ(grown - before, stretch.grown) << "stretch " << s;
  }
  for (const HiddenGrowth& hidden : steps.hidden) {
    if (hidden.row == 0) continue;  // Before all rows.
    for (std::size_t row = hidden.row; row < rows.size(); ++row)
      rows[row].grown += hidden.grown;
  }
  return rows;
}

// Without rows that lie within windows, and what is before the start.
std::vector<Row> RowsOf(const SampleColumns& samples, TimeMs start_ms) {
  std::vector<Row> rows;
  double grown = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double v = samples.values[i];
    if (i > 0) grown += v < samples.values[i - 1] ? v : v - samples.values[i - 1];
    if (samples.times_ms[i] % kMinute == 0 && samples.times_ms[i] >= start_ms)
      rows.push_back({samples.times_ms[i], grown});
  }
  const double at_first = rows.empty() ? 0 : rows.front().grown;
  for (Row& row : rows)
    row.grown -= at_first;
  return rows;
}

TEST(ToldIncreases, MendWhatLastValuesDoNotShow) {
  struct Case {
    const char* name;
    std::vector<TimeMs> ends;  // Minutes.
    std::vector<double> last;
    std::vector<double> told;  // NoValue() where nothing is.
    std::vector<double> grown;
    std::size_t hidden;
  };
  const double none = NoValue();
  const Case cases[] = {
      {"nothing told", {2, 3, 4}, {10, 15, 4}, {none, none, none}, {0, 5, 9}, 0},
      {"begins with nothing", {2, 3}, {10, 15}, {0, none}, {0, 5}, 0},
      {"begins with growth", {2, 3}, {10, 15}, {4, none}, {0, 4, 9}, 0},
      {"begins with a reset", {2, 3}, {10, 15}, {14, none}, {0, 14, 19}, 1},
      {"reset after more", {2, 3, 4}, {10, 4, 6}, {0, 9, none}, {0, 9, 11}, 1},
      {"reset that is overtaken", {2, 3, 4}, {10, 12, 13}, {0, 17, none}, {0, 17, 18}, 1},
      {"goes on after a gap", {2, 9, 10}, {10, 25, 30}, {0, 5, none}, {0, 10, 15, 20}, 0},
      {"begins again after a gap", {2, 9, 10}, {10, 7, 8}, {0, 7, none}, {0, 0, 7, 8}, 0},
  };
  for (const Case& c : cases) {
    for (const std::size_t rows : {1U, 2U, 9U}) {
      SCOPED_TRACE(c.name);
      SCOPED_TRACE(rows);
      std::vector<TimeMs> ends_ms;
      SampleColumns told;
      for (std::size_t i = 0; i < c.ends.size(); ++i) {
        ends_ms.push_back(c.ends[i] * kMinute);
        if (IsNoValue(c.told[i])) continue;
        told.times_ms.push_back(ends_ms.back());
        told.values.push_back(c.told[i]);
      }
      Steps steps(ends_ms, c.last, rows);
      ToldIncreases increases(kMinute);
      ASSERT_TRUE(increases.PutInto(told, 0, 0, steps.told));
      std::vector<double> grown;
      for (const Row& row : RowsOf(steps.told))
        grown.push_back(row.grown);
      EXPECT_EQ(grown, c.grown);
      EXPECT_EQ(steps.told.hidden.size(), c.hidden);
      EXPECT_TRUE(steps.told.IsInOrder());
    }
  }
}

TEST(ToldIncreases, RefuseWhatIsNotWhole) {
  for (const double grown : {0.5, -1.0, 0x1p33}) {
    Steps steps({kMinute, 2 * kMinute}, {1, 2}, 2);
    ToldIncreases increases(kMinute);
    EXPECT_FALSE(increases.PutInto({{2 * kMinute}, {grown}, {}, {}}, 0, 0, steps.told)) << grown;
  }
}

TEST(ToldIncreases, AreTheRowsOfTheWindows) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    // Samples at ten seconds, with resets, and pauses of some windows.
    SampleColumns samples;
    double value = static_cast<double>(random.Below(50));
    const std::uint64_t reset_in = 5 + random.Below(60);
    const std::uint64_t pause_in = 20 + random.Below(300);
    for (TimeMs time_ms = 10'000; time_ms < 60 * kMinute; time_ms += 10'000) {
      if (random.Below(pause_in) == 0) time_ms += static_cast<TimeMs>(random.Below(8)) * kMinute;
      value = random.Below(reset_in) == 0 ? static_cast<double>(random.Below(9))
                                          : value + static_cast<double>(random.Below(30));
      samples.times_ms.push_back(time_ms);
      samples.values.push_back(value);
    }
    WindowKernel kernel(kMinute);
    RollupRows rows;
    kernel.Aggregate(samples, 0, AggregateSet::All(), rows);
    const TimeMs start_ms = static_cast<TimeMs>(random.Below(20)) * kMinute + 1;

    // As files have it: from the window before the start on, increases where they do not follow.
    RollupRows asked;
    std::vector<TimeMs> ends_ms;
    std::vector<double> last;
    SampleColumns told;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.ends_ms[i] < start_ms - kMinute) continue;
      const double grown = rows[Aggregate::kIncrease].values[i];
      const double now = rows[Aggregate::kLast].values[i];
      ends_ms.push_back(rows.ends_ms[i]);
      last.push_back(now);
      if (grown != StepOf(rows.LastBefore(i, kMinute), now)) {
        told.times_ms.push_back(rows.ends_ms[i]);
        told.values.push_back(grown);
      }
      if (rows.ends_ms[i] < start_ms) {
        asked.last_before = now;
        asked.last_before_ms = rows.ends_ms[i];
        continue;
      }
      asked.ends_ms.push_back(rows.ends_ms[i]);
      asked[Aggregate::kLast].values.push_back(now);
      asked[Aggregate::kIncrease].values.push_back(grown);
    }
    SampleColumns want;
    ASSERT_TRUE(RowsAsSamples(asked, WindowForm::kCounter, Precision::kNear, kMinute, want));

    Steps steps(ends_ms, last, 1 + random.Below(12));
    ToldIncreases increases(kMinute);
    ASSERT_TRUE(increases.PutInto(told, start_ms, 0, steps.told));
    ASSERT_EQ(RowsOf(steps.told), RowsOf(want, start_ms));
  }
}

}  // namespace
}  // namespace tickscope::rollup
