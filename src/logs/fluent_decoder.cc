#include "logs/fluent_decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "guard/text_class.h"

namespace tickscope::logs {
namespace {

constexpr std::int64_t kNanosOfSecond = 1'000'000'000;
constexpr std::size_t kTimeBytes = 8;

std::unexpected<Error> FailForm(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("fluent: ") + what);
}

// JSON's own, and bytes that are no character as U+FFFD: the text is UTF-8 whatever came.
void AppendJsonText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::int64_t TimeOf(const MsgpackItem& item) {
  constexpr std::uint64_t kSecondsMax = 1ULL << 33U;
  if (item.kind == MsgpackKind::kUnsigned && item.number < kSecondsMax)
    return static_cast<std::int64_t>(item.number) * kNanosOfSecond;
  if (item.kind == MsgpackKind::kFloat && item.real > 0 && item.real < static_cast<double>(kSecondsMax))
    return static_cast<std::int64_t>(item.real * static_cast<double>(kNanosOfSecond));
  if (item.kind != MsgpackKind::kExtension || item.type != 0 || item.bytes.size() != kTimeBytes) return 0;
  std::uint64_t both = 0;
  for (const char c : item.bytes)
    both = both << 8U | static_cast<unsigned char>(c);
  const std::uint64_t nanos = both & 0xffffffffU;
  if (nanos >= static_cast<std::uint64_t>(kNanosOfSecond)) return 0;
  return static_cast<std::int64_t>((both >> 32U) * static_cast<std::uint64_t>(kNanosOfSecond) + nanos);
}

}  // namespace

bool IsFluentTag(std::string_view tag) {
  const auto is_of_tag = [](char c) {
    return guard::IsOf(c, guard::kClassAlnum) || std::string_view("._-/:*").find(c) != std::string_view::npos;
  };
  return !tag.empty() && tag.size() <= kFluentTagBytesMax && std::ranges::all_of(tag, is_of_tag) &&
         tag.find("..") == std::string_view::npos;
}

Status AppendJson(MsgpackReader& reader, std::size_t depth, std::string& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem item, reader.Need());
  if (item.children() > 0 && depth == 0)
    return Fail(ErrorCode::kOutOfRange, "fluent: a record that is too deep");
  switch (item.kind) {
    case MsgpackKind::kNil:
      out += "null";
      break;
    case MsgpackKind::kBool:
      out += item.number != 0 ? "true" : "false";
      break;
    case MsgpackKind::kUnsigned:
      fmt::format_to(std::back_inserter(out), "{}", item.number);
      break;
    case MsgpackKind::kSigned:
      fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(item.number));
      break;
    case MsgpackKind::kFloat:
      if (std::isfinite(item.real)) {
        fmt::format_to(std::back_inserter(out), "{}", item.real);
      } else {
        out += "null";
      }
      break;
    case MsgpackKind::kString:
    case MsgpackKind::kBinary:
      AppendJsonText(item.bytes, out);
      break;
    case MsgpackKind::kExtension: {
      // Events have times in places, which JSON has no form for.
      const std::int64_t time_ns = TimeOf(item);
      fmt::format_to(std::back_inserter(out), "{}.{:09}", time_ns / kNanosOfSecond, time_ns % kNanosOfSecond);
      break;
    }
    case MsgpackKind::kArray:
      out += '[';
      for (std::uint64_t i = 0; i < item.number; ++i) {
        if (i > 0) out += ',';
        TICKSCOPE_RETURN_IF_ERROR(AppendJson(reader, depth - 1, out));
      }
      out += ']';
      break;
    case MsgpackKind::kMap:
      out += '{';
      for (std::uint64_t i = 0; i < item.number; ++i) {
        if (i > 0) out += ',';
        TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem key, reader.Need());
        if (!key.is_text()) return FailForm("a key that is no text");
        AppendJsonText(key.bytes, out);
        out += ':';
        TICKSCOPE_RETURN_IF_ERROR(AppendJson(reader, depth - 1, out));
      }
      out += '}';
      break;
  }
  return {};
}

Result<std::size_t> FluentDecoder::Take(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    auto size = sizer_.SizeOf(rest, options_.message_bytes_max);
    Status status;
    if (!size) {
      status = std::unexpected(size.error());
    } else if (!*size) {
      break;
    } else {
      sizer_.Reset();
      at += **size;
      status = TakeMessage(rest.substr(0, **size));
    }
    if (!status) {
      const bool is_large = status.error().code == ErrorCode::kOutOfRange;
      intake_.metrics()
          .refused(source_.input, is_large ? LogRefusal::kTooLarge : LogRefusal::kMalformed)
          .Add();
      return std::unexpected(status.error());
    }
  }
  return at;
}

Result<FluentDecoder::MessageOptions> FluentDecoder::ReadOptions(std::string_view rest) const {
  MessageOptions options;
  MsgpackReader reader(rest);
  if (reader.is_at_end()) return options;
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem map, reader.Need());
  if (map.kind == MsgpackKind::kNil) return options;
  if (map.kind != MsgpackKind::kMap) return FailForm("options that are no map");
  for (std::uint64_t i = 0; i < map.number; ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem key, reader.Need());
    if (key.children() > 0) return FailForm("a key that is no text");
    if (key.bytes != "chunk" && key.bytes != "compressed") {
      TICKSCOPE_RETURN_IF_ERROR(reader.Skip());
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem value, reader.Need());
    if (!value.is_text()) return FailForm("an option that is no text");
    if (key.bytes == "chunk") {
      if (value.bytes.size() > kFluentChunkBytesMax) return FailForm("a chunk's name that is too long");
      options.chunk = value.bytes;
    } else if (value.bytes == "gzip") {
      options.is_gzip = true;
    } else if (value.bytes != "text") {
      return FailForm("a compression that is not known");
    }
  }
  return options;
}

Status FluentDecoder::TakeMessage(std::string_view message) {
  MsgpackReader reader(message);
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem array, reader.Need());
  if (array.kind != MsgpackKind::kArray || array.number < 2 || array.number > 4)
    return FailForm("a message that is no array of two to four");
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem tag, reader.Need());
  if (!tag.is_text()) return FailForm("a tag that is no text");
  // Where options are is known only behind what they are about.
  MsgpackReader behind = reader;
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem second, behind.Need());
  const bool is_list = second.kind == MsgpackKind::kArray;
  const bool is_packed = second.is_text();
  const bool is_single = !is_list && !is_packed;
  if (is_single ? array.number < 3 : array.number > 3)
    return FailForm("a message of a form that is not known");
  behind = reader;
  TICKSCOPE_RETURN_IF_ERROR(behind.Skip());
  if (is_single) TICKSCOPE_RETURN_IF_ERROR(behind.Skip());
  TICKSCOPE_ASSIGN_OR_RETURN(const MessageOptions options, ReadOptions(message.substr(behind.at())));

  tag_ = tag.bytes;
  if (!IsFluentTag(tag_)) {
    // Acknowledged all the same: sent again it would be no better.
    intake_.metrics().refused(source_.input, LogRefusal::kBadTag).Add();
  } else if (is_single) {
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem time, reader.Need());
    time_ns_ = TimeOf(time);
    TICKSCOPE_RETURN_IF_ERROR(TakeRecord(reader));
  } else if (is_list) {
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem list, reader.Need());
    TICKSCOPE_RETURN_IF_ERROR(TakeEntries(reader, list.number));
  } else {
    std::string inflated;
    std::string_view packed = second.bytes;
    if (options.is_gzip) {
      TICKSCOPE_ASSIGN_OR_RETURN(inflated, inflate_(packed, options_.message_bytes_max));
      packed = inflated;
    }
    TICKSCOPE_RETURN_IF_ERROR(TakeAll(tag_, packed));
  }
  if (options.chunk.empty()) return {};
  answers_ +=
      "\x81\xa3"
      "ack\xd9";
  answers_ += static_cast<char>(options.chunk.size());
  answers_ += options.chunk;
  return {};
}

Status FluentDecoder::TakeEntries(MsgpackReader& reader, std::uint64_t count) {
  if (count > kFluentEntriesMax) return Fail(ErrorCode::kOutOfRange, "fluent: too many entries");
  for (std::uint64_t i = 0; i < count; ++i)
    TICKSCOPE_RETURN_IF_ERROR(TakeEntry(reader));
  return {};
}

Status FluentDecoder::TakeAll(std::string_view tag, std::string_view packed) {
  tag_ = tag;
  MsgpackReader entries(packed);
  std::size_t count = 0;
  while (!entries.is_at_end()) {
    if (++count > kFluentEntriesMax) return Fail(ErrorCode::kOutOfRange, "fluent: too many entries");
    MsgpackReader ahead = entries;
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem item, ahead.Need());
    if (item.kind == MsgpackKind::kMap) {
      time_ns_ = 0;
      TICKSCOPE_RETURN_IF_ERROR(TakeRecord(entries));
    } else {
      TICKSCOPE_RETURN_IF_ERROR(TakeEntry(entries));
    }
  }
  return {};
}

Status FluentDecoder::TakeEntry(MsgpackReader& reader) {
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem pair, reader.Need());
  if (pair.kind != MsgpackKind::kArray || pair.number != 2) return FailForm("an entry that is no pair");
  TICKSCOPE_ASSIGN_OR_RETURN(MsgpackItem time, reader.Need());
  // Fluent Bit 2 has a pair of the time and what is known besides.
  if (time.kind == MsgpackKind::kArray && time.number == 2) {
    TICKSCOPE_ASSIGN_OR_RETURN(time, reader.Need());
    TICKSCOPE_RETURN_IF_ERROR(reader.Skip());
  }
  if (time.children() > 0) return FailForm("a time that is none");
  time_ns_ = TimeOf(time);
  return TakeRecord(reader);
}

Status FluentDecoder::TakeRecord(MsgpackReader& reader) {
  MsgpackReader record = reader;
  json_.clear();
  TICKSCOPE_RETURN_IF_ERROR(AppendJson(reader, kFluentDepthMax, json_));
  TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem map, record.Need());
  if (map.kind != MsgpackKind::kMap) return FailForm("a record that is no map");
  std::string_view text = json_;
  if (map.number == 1) {
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem key, record.Need());
    TICKSCOPE_ASSIGN_OR_RETURN(const MsgpackItem value, record.Need());
    if ((key.bytes == "log" || key.bytes == "message") && value.is_text()) text = value.bytes;
  }
  const std::array<LabelView, 1> metadata = {{{"tag", tag_}}};
  const std::optional<std::size_t> keep =
      text.size() > options_.line_bytes_max ? std::optional(options_.line_bytes_max) : std::nullopt;
  intake_.Add(source_, {.text = text,
                        .keep = keep,
                        .time_ns = time_ns_,
                        .metadata = std::span(metadata).first(tag_.empty() ? 0 : 1)});
  return {};
}

}  // namespace tickscope::logs
