// Tickscope SDK, C++17 front: header only, over the C interface of tickscope.h, whose rules S1 to S4 hold here too.
// Without exceptions and without RTTI.
//
//   namespace ts = tickscope::sdk;
//   ts::Options options;
//   options.directory = "/dev/shm/tickscope";
//   if (ts::Start(options) != TS_OK) Log(ts::LastError());          the game goes on either way
//
//   enum class Reason : std::uint32_t { kFull, kTimeout };
//   const auto failures = ts::RegisterCounters(
//       {"game_join_failures_total", "Joins that failed."}, {ts::Label{"reason", {"full", "timeout"}}});
//   const ts::Counter full = failures.At(Reason::kFull);             once
//
//   full.Add();                                                      inlined: a load, an add, a store
//
// Handles are copied freely (they are four or sixteen bytes) and outlive the family they come from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tickscope/inline.h"
#include "tickscope/tickscope.h"

namespace tickscope::sdk {

// Settings as in ts_options.
struct Options : ts_options {
  Options() : ts_options TS_OPTIONS_DEFAULT {}
};

[[nodiscard]] inline ts_result Start(const Options& options) noexcept {
  return ts_start(&options);
}
inline void Stop(bool keep_file = false) noexcept {
  ts_stop(keep_file ? 1 : 0);
}
[[nodiscard]] inline const char* LastError() noexcept {
  return ts_last_error();
}

namespace internal {

// What every handle is: the handle of the C interface, which does nothing until it is one of a registered series.
template <typename C>
class Handle {
 public:
  using Raw = C;
  constexpr Handle() = default;
  explicit constexpr Handle(Raw raw) : raw_(raw) {}

 protected:
  Raw raw_{};
};

}  // namespace internal

class Counter : public internal::Handle<ts_counter> {
 public:
  using Handle::Handle;
  void Add(std::uint64_t amount = 1) const noexcept { ts_counter_add_inline(raw_, amount); }
};

// Fractions: seconds.
class DoubleCounter : public internal::Handle<ts_double_counter> {
 public:
  using Handle::Handle;
  void Add(double amount) const noexcept { ts_double_counter_add_inline(raw_, amount); }
};

class Gauge : public internal::Handle<ts_gauge> {
 public:
  using Handle::Handle;
  void Set(double value) const noexcept { ts_gauge_set_inline(raw_, value); }
};

class UpDown : public internal::Handle<ts_up_down> {
 public:
  using Handle::Handle;
  void Add(std::int64_t amount = 1) const noexcept { ts_up_down_add_inline(raw_, amount); }
  void Take(std::int64_t amount = 1) const noexcept { ts_up_down_add_inline(raw_, -amount); }
};

class Histogram : public internal::Handle<ts_histogram> {
 public:
  using Handle::Handle;
  void Observe(double value) const noexcept { ts_observe_inline(raw_, value); }
  void ObserveTraced(double value, const std::array<std::uint8_t, 16>& trace_id,
                     const std::array<std::uint8_t, 8>& span_id) const noexcept {
    ts_observe_traced(raw_, value, trace_id.data(), span_id.data());
  }
  void ObserveSince(std::uint64_t start_ns) const noexcept { ts_observe_since(raw_, start_ns); }
};

// Observes the seconds from here to the end of the scope.
class ScopedTimer {
 public:
  explicit ScopedTimer(Histogram histogram) noexcept : histogram_(histogram), start_ns_(ts_now_ns()) {}
  ~ScopedTimer() { histogram_.ObserveSince(start_ns_); }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

 private:
  Histogram histogram_;
  std::uint64_t start_ns_;
};

struct Label {
  const char* name;
  std::vector<const char*> values;
};

struct Metric {
  const char* name;
  const char* help;
  const char* unit = "";
};

namespace internal {

template <typename Handle>
Handle HandleOf(ts_family family, std::uint32_t series) noexcept {
  if constexpr (std::is_same_v<Handle, Counter>) {
    return Handle(ts_counter_of(family, series));
  } else if constexpr (std::is_same_v<Handle, DoubleCounter>) {
    return Handle(ts_double_counter_of(family, series));
  } else if constexpr (std::is_same_v<Handle, Gauge>) {
    return Handle(ts_gauge_of(family, series));
  } else if constexpr (std::is_same_v<Handle, UpDown>) {
    return Handle(ts_up_down_of(family, series));
  } else {
    static_assert(std::is_same_v<Handle, Histogram>, "no such handle");
    return Handle(ts_histogram_of(family, series));
  }
}

}  // namespace internal

// A registered family, or why it was not: then its handles do nothing.
template <typename Handle>
class Family {
 public:
  Family(ts_result result, ts_family raw) : result_(result), raw_(raw) {}

  [[nodiscard]] ts_result result() const noexcept { return result_; }
  [[nodiscard]] std::uint32_t series_count() const noexcept { return raw_.series_count; }

  // The series without labels, or of this number (of an enum whose values are in the order declared).
  template <typename Number = std::uint32_t>
  [[nodiscard]] Handle At(Number number = {}) const noexcept {
    return internal::HandleOf<Handle>(raw_, static_cast<std::uint32_t>(number));
  }

  // The series with these label values; one that was not declared gives a handle that does nothing, and is counted.
  [[nodiscard]] Handle With(std::initializer_list<const char*> values) const noexcept {
    std::array<const char*, TS_LABELS_MAX> all{};
    std::size_t count = 0;
    for (const char* const value : values)
      if (count < all.size()) all[count++] = value;
    std::uint32_t series = 0;
    if (ts_series(raw_, all.data(), &series) != TS_OK) return Handle();
    return internal::HandleOf<Handle>(raw_, series);
  }

 private:
  ts_result result_;
  ts_family raw_;
};

namespace internal {

template <typename Handle>
Family<Handle> Register(ts_metric metric, const Metric& described, const std::vector<Label>& labels) {
  std::array<ts_label, TS_LABELS_MAX + 1> raw{};
  std::uint32_t count = 0;
  for (const Label& label : labels)  // One too many is refused with the rest.
    if (count < raw.size())
      raw[count++] = {label.name, label.values.data(), static_cast<std::uint32_t>(label.values.size())};
  metric.name = described.name;
  metric.unit = described.unit;
  metric.help = described.help;
  metric.labels = raw.data();
  metric.label_count = count;
  ts_family family{};
  const ts_result result = ts_register(&metric, &family);
  return Family<Handle>(result, family);
}

inline ts_metric OfType(ts_type type) noexcept {
  ts_metric metric{};
  metric.type = type;
  return metric;
}

}  // namespace internal

inline Family<Counter> RegisterCounters(const Metric& described, const std::vector<Label>& labels = {}) {
  return internal::Register<Counter>(internal::OfType(TS_COUNTER), described, labels);
}
inline Family<DoubleCounter> RegisterDoubleCounters(const Metric& described,
                                                    const std::vector<Label>& labels = {}) {
  return internal::Register<DoubleCounter>(internal::OfType(TS_COUNTER_DOUBLE), described, labels);
}
inline Family<Gauge> RegisterGauges(const Metric& described, const std::vector<Label>& labels = {}) {
  return internal::Register<Gauge>(internal::OfType(TS_GAUGE), described, labels);
}
inline Family<UpDown> RegisterUpDowns(const Metric& described, const std::vector<Label>& labels = {}) {
  return internal::Register<UpDown>(internal::OfType(TS_UP_DOWN), described, labels);
}

enum class Exemplars : std::uint8_t { kNone, kNewest };

inline Family<Histogram> RegisterHistograms(const Metric& described, const std::vector<double>& bounds,
                                            const std::vector<Label>& labels = {},
                                            Exemplars exemplars = Exemplars::kNone) {
  ts_metric metric = internal::OfType(TS_HISTOGRAM);
  metric.bounds = bounds.data();
  metric.bound_count = static_cast<std::uint32_t>(bounds.size());
  metric.exemplars = exemplars == Exemplars::kNewest ? 1 : 0;
  return internal::Register<Histogram>(metric, described, labels);
}

// Buckets of 2^(1/8) (scale 3) from `least` to `most`, which 0 leaves at 2^-20 and 2^12.
inline Family<Histogram> RegisterExponential(const Metric& described, const std::vector<Label>& labels = {},
                                             int scale = 3, double least = 0, double most = 0,
                                             Exemplars exemplars = Exemplars::kNone) {
  ts_metric metric = internal::OfType(TS_EXPONENTIAL);
  metric.scale = scale;
  metric.least = least;
  metric.most = most;
  metric.exemplars = exemplars == Exemplars::kNewest ? 1 : 0;
  return internal::Register<Histogram>(metric, described, labels);
}

// All series in a format; empty when not started.
inline std::string Expose(ts_format format) {
  std::string text(64 * 1024, '\0');
  std::size_t used = 0;
  ts_result result = ts_expose(format, text.data(), text.size(), &used);
  while (result == TS_TOO_SMALL) {
    text.resize(used + used / 8);
    result = ts_expose(format, text.data(), text.size(), &used);
  }
  text.resize(result == TS_OK ? used : 0);
  return text;
}

}  // namespace tickscope::sdk
