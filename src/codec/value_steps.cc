#include "codec/value_steps.h"

#include <array>
#include <bit>
#include <cmath>

#include "base/check.h"
#include "codec/fixed.h"

namespace tickscope::codec {
namespace {

constexpr std::uint8_t kBeginsAnew = 1;
constexpr std::uint8_t kRawForm = 3;
constexpr std::uint8_t kFormBits = 2;
constexpr std::uint8_t kFormMask = (1U << kFormBits) - 1;
// Batches since a series began anew; the largest count says that its base is not known to the readers.
constexpr unsigned kAgeMax = 62;
constexpr unsigned kAgeUnknown = 63;

constexpr std::array<double, 3> kScales = {1, 100, 1e6};
// Scaled values beyond this may not be whole numbers of a double any more.
constexpr double kScaledMax = 4503599627370496.0;  // 2^52

constexpr std::uint64_t kHashMultiplier = 0x9e37'79b9'7f4a'7c15ULL;

std::uint64_t Mix(std::uint64_t hash, std::int64_t base, unsigned form) {
  return (hash ^ (static_cast<std::uint64_t>(base) + form)) * kHashMultiplier;
}

std::uint32_t Finish(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

// The value as a whole number of a form's unit, if it is one bit for bit.
bool Scale(double value, unsigned form, std::int64_t& scaled) {
  const double product = value * kScales[form];
  // Also false for NaN.
  if (!(std::fabs(product) < kScaledMax)) return false;
  scaled = form == 0 ? static_cast<std::int64_t>(product) : std::llrint(product);
  const double back = static_cast<double>(scaled) / kScales[form];
  return std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value);
}

double Unscale(std::int64_t scaled, unsigned form) {
  return static_cast<double>(scaled) / kScales[form];
}

class NibbleWriter {
 public:
  explicit NibbleWriter(Bytes& out) : out_(out) {}
  ~NibbleWriter() {
    while (bits_ > 0) {
      out_.push_back(static_cast<std::byte>(pending_));
      pending_ >>= 8;
      bits_ = bits_ > 8 ? bits_ - 8 : 0;
    }
  }
  NibbleWriter(const NibbleWriter&) = delete;
  NibbleWriter& operator=(const NibbleWriter&) = delete;

  void Put(unsigned nibble) {
    pending_ |= static_cast<std::uint64_t>(nibble) << bits_;
    bits_ += 4;
    if (bits_ == 64) Flush();
  }
  void PutStep(std::uint64_t zigzag) {
    while (zigzag >= 8) {
      Put(static_cast<unsigned>(zigzag & 7) | 8);
      zigzag >>= 3;
    }
    Put(static_cast<unsigned>(zigzag));
  }
  void PutRaw(std::uint64_t bits) {
    for (int i = 0; i < 16; ++i, bits >>= 4)
      Put(static_cast<unsigned>(bits & 15));
  }

 private:
  void Flush() {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof pending_);
    StoreFixed(pending_, out_.data() + at);
    pending_ = 0;
    bits_ = 0;
  }

  Bytes& out_;
  std::uint64_t pending_ = 0;
  unsigned bits_ = 0;
};

// Past the end every nibble is 0 and ok() is false.
class NibbleReader {
 public:
  explicit NibbleReader(ByteView bytes) : bytes_(bytes), end_(bytes.size() * 2) {}

  unsigned Take() {
    if (at_ >= end_) {
      ok_ = false;
      return 0;
    }
    const auto byte = static_cast<unsigned>(bytes_[at_ / 2]);
    return at_++ % 2 == 0 ? byte & 15 : byte >> 4;
  }
  std::uint64_t TakeRaw() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 4)
      bits |= static_cast<std::uint64_t>(Take()) << shift;
    return bits;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  // Whether only the padding of the last byte is left.
  [[nodiscard]] bool IsDone() const {
    return at_ == end_ || (at_ + 1 == end_ && static_cast<unsigned>(bytes_.back()) >> 4 == 0);
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t end_;
  bool ok_ = true;
};

}  // namespace

bool ValueBases::MustBeginAnew(std::span<const SeriesRef> refs) {
  for (const SeriesRef ref : refs) {
    if (At(ref).form >> kFormBits >= kAgeMax) return true;
  }
  return false;
}

void ValueBases::Forget(std::span<const SeriesRef> refs) {
  for (const SeriesRef ref : refs)
    At(ref).form = kAgeUnknown << kFormBits;
}

void ValueBases::Put(std::span<const SeriesRef> refs, std::span<const double> values, Bytes& out) {
  TICKSCOPE_CHECK(refs.size() == values.size());
  const bool anew = MustBeginAnew(refs);
  if (anew) {
    for (const SeriesRef ref : refs) {
      const Slot slot = At(ref);
      slot.base = 0;
      slot.form = 0;
    }
  }
  out.push_back(static_cast<std::byte>(anew ? kBeginsAnew : 0));
  const std::size_t check_at = out.size();
  PutFixed(std::uint32_t{0}, out);
  std::uint64_t hash = 0;
  {
    NibbleWriter writer(out);
    for (std::size_t i = 0; i < refs.size(); ++i) {
      const Slot slot = At(refs[i]);
      unsigned form = slot.form & kFormMask;
      hash = Mix(hash, slot.base, form);
      // One more batch; the last value of a series in it counts, which is as good.
      const unsigned age = static_cast<unsigned>(slot.form >> kFormBits) + 1;
      const double value = values[i];
      const auto bits = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(value));
      std::int64_t scaled = 0;
      if (form != kRawForm && Scale(value, form, scaled)) [[likely]] {
        writer.PutStep(ZigZag(scaled - slot.base));
        slot.base = scaled;
      } else if (form == kRawForm && bits == slot.base) {
        writer.Put(0);
      } else {
        unsigned next = 0;
        while (next < kRawForm && !Scale(value, next, scaled))
          ++next;
        if (next != form) {
          if (form == kRawForm) {
            writer.Put(2);
          } else {
            writer.Put(8);
            writer.Put(0);
          }
          writer.Put(next);
          slot.base = 0;
          form = next;
        }
        if (form != kRawForm) {
          writer.PutStep(ZigZag(scaled - slot.base));
          slot.base = scaled;
        } else if (bits == slot.base) {
          writer.Put(0);
        } else {
          writer.Put(1);
          writer.PutRaw(static_cast<std::uint64_t>(bits));
          slot.base = bits;
        }
      }
      slot.form = static_cast<std::uint8_t>(std::min(age, kAgeMax) << kFormBits | form);
    }
  }
  StoreFixed(Finish(hash), out.data() + check_at);
}

ValueBases::Outcome ValueBases::Take(std::span<const SeriesRef> refs, FieldReader& reader,
                                     std::span<double> values) {
  TICKSCOPE_CHECK(refs.size() == values.size());
  const std::uint8_t flags = reader.Byte();
  const ByteView check = reader.Take(sizeof(std::uint32_t));
  if (!reader.ok() || flags > kBeginsAnew) return Outcome::kCorrupt;
  const bool anew = (flags & kBeginsAnew) != 0;
  const ByteView bytes = reader.Take(reader.remaining());
  NibbleReader nibbles(bytes);
  // Decoded first, believed after the check: what changes is kept to be taken back.
  struct Change {
    SeriesRef ref;
    std::int64_t base;
    std::uint8_t form;
  };
  std::vector<Change> changes;
  changes.reserve(refs.size());
  std::uint64_t hash = 0;
  bool is_corrupt = false;
  if (anew) {
    for (const SeriesRef ref : refs) {
      const Slot slot = At(ref);
      changes.push_back({ref, slot.base, slot.form});
      slot.base = 0;
      slot.form = 0;
    }
  }
  for (std::size_t i = 0; i < refs.size() && !is_corrupt; ++i) {
    const Slot slot = At(refs[i]);
    unsigned form = slot.form & kFormMask;
    changes.push_back({refs[i], slot.base, slot.form});
    hash = Mix(hash, slot.base, form);
    unsigned nibble = nibbles.Take();
    if (form == kRawForm && nibble == 2) {
      form = nibbles.Take();
      slot.base = 0;
      is_corrupt = form >= kRawForm;
      nibble = nibbles.Take();
    } else if (form != kRawForm && nibble == 8) {
      const unsigned second = nibbles.Take();
      if (second == 0) {
        const unsigned next = nibbles.Take();
        is_corrupt = next > kRawForm || next == form;
        form = next;
        slot.base = 0;
        nibble = nibbles.Take();
      } else {
        // A step that begins with three zero bits.
        std::uint64_t zigzag = static_cast<std::uint64_t>(second & 7) << 3;
        unsigned shift = 6;
        for (unsigned more = second; (more & 8) != 0 && shift < 64; shift += 3) {
          more = nibbles.Take();
          zigzag |= static_cast<std::uint64_t>(more & 7) << shift;
        }
        slot.base = static_cast<std::int64_t>(static_cast<std::uint64_t>(slot.base) +
                                              static_cast<std::uint64_t>(UnZigZag(zigzag)));
        values[i] = Unscale(slot.base, form);
        slot.form = static_cast<std::uint8_t>(form);
        continue;
      }
    }
    if (is_corrupt) break;
    if (form == kRawForm) {
      if (nibble == 1) {
        slot.base = static_cast<std::int64_t>(nibbles.TakeRaw());
      } else if (nibble != 0) {
        is_corrupt = true;
      }
      values[i] = std::bit_cast<double>(slot.base);
    } else {
      std::uint64_t zigzag = nibble & 7;
      unsigned shift = 3;
      for (unsigned more = nibble; (more & 8) != 0 && shift < 64; shift += 3) {
        more = nibbles.Take();
        zigzag |= static_cast<std::uint64_t>(more & 7) << shift;
      }
      slot.base = static_cast<std::int64_t>(static_cast<std::uint64_t>(slot.base) +
                                            static_cast<std::uint64_t>(UnZigZag(zigzag)));
      values[i] = Unscale(slot.base, form);
    }
    slot.form = static_cast<std::uint8_t>(form);
  }
  is_corrupt = is_corrupt || !nibbles.ok() || !nibbles.IsDone();
  const bool is_proven = Finish(hash) == LoadFixed<std::uint32_t>(check.data());
  if (is_proven && !is_corrupt) return Outcome::kTaken;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    const Slot slot = At(change->ref);
    slot.base = change->base;
    slot.form = change->form;
  }
  // With other bases a batch may well not decode: only a proven one that does not is damaged.
  return is_proven ? Outcome::kCorrupt : Outcome::kUnproven;
}

}  // namespace tickscope::codec
