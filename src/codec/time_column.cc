#include "codec/time_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/check.h"
#include "codec/bit_pack.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("time column: ") + what);
}

// The cheapest width; wider steps are patches of about five bytes.
unsigned ChooseWidth(std::span<const std::uint64_t> above) {
  std::array<std::size_t, 65> of_width{};
  for (const std::uint64_t v : above)
    ++of_width[static_cast<std::size_t>(std::bit_width(v))];
  std::size_t patches = 0;
  std::size_t best_bytes = ~std::size_t{0};
  unsigned best = 64;
  for (unsigned width = 64;; --width) {
    const std::size_t bytes = PackedBytes(above.size(), width) + patches * 5;
    if (bytes <= best_bytes) {
      best_bytes = bytes;
      best = width;
    }
    patches += of_width[width];
    if (width == 0) return best;
  }
}

// Times a step apart, as most are.
Status FillRegular(TimeMs first, std::uint64_t step, std::uint64_t count, std::vector<TimeMs>& out) {
  const std::uint64_t room =
      static_cast<std::uint64_t>(std::numeric_limits<TimeMs>::max()) - static_cast<std::uint64_t>(first);
  if (step > room / (count - 1)) return Corrupt("times pass the largest one");
  out.resize(static_cast<std::size_t>(count));
  auto time = static_cast<std::uint64_t>(first);
  for (TimeMs& each : out) {
    each = static_cast<TimeMs>(time);
    time += step;
  }
  return {};
}

}  // namespace

void EncodeTimes(std::span<const TimeMs> times, Bytes& out) {
  TICKSCOPE_CHECK(times.size() <= kTimeColumnMax);
  TICKSCOPE_CHECK(std::ranges::is_sorted(times));
  PutVarint(times.size(), out);
  if (times.empty()) return;
  PutZigZag(times[0], out);
  if (times.size() == 1) return;
  std::array<std::uint64_t, kTimeColumnMax> buffer;
  const std::span<std::uint64_t> steps(buffer.data(), times.size() - 1);
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i] = static_cast<std::uint64_t>(times[i + 1]) - static_cast<std::uint64_t>(times[i]);
  const std::uint64_t base = *std::ranges::min_element(steps);
  for (std::uint64_t& step : steps)
    step -= base;
  const unsigned width = ChooseWidth(steps);
  const auto fits = [&](std::uint64_t v) { return static_cast<unsigned>(std::bit_width(v)) <= width; };
  PutVarint(base, out);
  PutVarint(static_cast<std::uint64_t>(std::ranges::count_if(steps, [&](auto v) { return !fits(v); })), out);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (fits(steps[i])) continue;
    PutVarint(i, out);
    PutVarint(steps[i], out);
    steps[i] = 0;
  }
  out.push_back(static_cast<std::byte>(width));
  PackBits(steps, width, out);
}

Status DecodeTimes(ByteView column, std::vector<TimeMs>& out) {
  FieldReader reader(column);
  const std::uint64_t count = reader.Varint();
  if (!reader.ok()) return Corrupt("cut in the header");
  if (count > kTimeColumnMax) return Fail(ErrorCode::kOutOfRange, "time column: more than 1024 times");
  if (count == 0) out.clear();
  if (count > 0) {
    const TimeMs first = reader.ZigZag();
    const std::size_t step_count = static_cast<std::size_t>(count) - 1;
    std::array<std::uint64_t, kTimeColumnMax> steps;
    const std::uint64_t base = step_count > 0 ? reader.Varint() : 0;
    if (step_count > 0) {
      const std::uint64_t patch_count = reader.Varint();
      if (!reader.ok() || patch_count > step_count) return Corrupt("bad patch count");
      struct Patch {
        std::uint64_t index;
        std::uint64_t step;
      };
      std::vector<Patch> patches(patch_count);
      for (Patch& patch : patches) {
        patch = {reader.Varint(), reader.Varint()};
        if (!reader.ok() || patch.index >= step_count) return Corrupt("patch index beyond the column");
      }
      const unsigned width = reader.Byte();
      if (!reader.ok() || width > 64) return Corrupt("bad bit width");
      const ByteView packed = reader.Take(PackedBytes(step_count, width));
      if (!reader.ok()) return Corrupt("cut in the packed steps");
      if (width == 0 && patch_count == 0) {
        if (reader.remaining() != 0) return Corrupt("bytes after the last time");
        return FillRegular(first, base, count, out);
      }
      UnpackBits(packed, width, {steps.data(), step_count});
      for (const Patch& patch : patches)
        steps[patch.index] = patch.step;
    }
    if (!reader.ok()) return Corrupt("cut in the first time");
    out.clear();
    out.reserve(static_cast<std::size_t>(count));
    out.push_back(first);
    for (std::size_t i = 0; i < step_count; ++i) {
      // What is left to the largest time; as unsigned, so that it can be told from the last one whatever that is.
      const std::uint64_t room = static_cast<std::uint64_t>(std::numeric_limits<TimeMs>::max()) -
                                 static_cast<std::uint64_t>(out.back());
      if (steps[i] > room || base > room - steps[i]) return Corrupt("times pass the largest one");
      out.push_back(static_cast<TimeMs>(static_cast<std::uint64_t>(out.back()) + steps[i] + base));
    }
  }
  if (reader.remaining() != 0) return Corrupt("bytes after the last time");
  return {};
}

}  // namespace tickscope::codec
