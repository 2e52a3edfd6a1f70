// Errors as values: Result<T>, Status and the macros that pass them up.
//
// Three kinds of failure are kept apart. What the outside may cause (network, disk, input, limits) is a
// Result. A bug of ours is a TICKSCOPE_CHECK (base/check.h). Damaged bytes are always the first kind.
//
// Messages are lower case, have no final stop, put static words first and values last, and carry enough to
// act on: "out-of-order sample: series=42 got=17:03:10 want>=17:03:20". No secrets, no personal data.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tickscope {

/// Why an operation failed. Mapped to HTTP in one place (api/http_error.h).
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,     ///< The caller sent something that can never succeed.
  kOutOfRange,          ///< A value lies beyond a stated limit.
  kNotFound,            ///< The named thing does not exist.
  kAlreadyExists,       ///< The name is taken.
  kFailedPrecondition,  ///< Well formed, but cannot be carried out on this data (a failed evaluation).
  kCorruption,          ///< Bytes do not decode: cut, flipped or inflated.
  kResourceExhausted,   ///< A budget (memory, queue, disk, rate) is used up; later may work.
  kRateLimited,         ///< More than the caller may ask for, in all or for now; less, or later, works.
  kUnavailable,         ///< A dependency is down or draining; later may work.
  kDeadlineExceeded,    ///< The time allowed ran out.
  kCancelled,           ///< The caller went away.
  kUnauthenticated,     ///< Who calls is not known.
  kPermissionDenied,    ///< Who calls may not do this.
  kUnsupported,         ///< Understood, but not served (media type, encoding, method).
  kInternal,            ///< A bug or an impossible state that was survived.
};

/// Upper-case-free name of a code for logs, for example "resource_exhausted". Never empty.
[[nodiscard]] std::string_view ErrorCodeName(ErrorCode code);

/// Longest message kept; longer ones are cut with "..." so that no input can inflate a log line.
inline constexpr std::size_t kErrorMessageBytesMax = 2048;

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Makes the failed half of a Result; the message is cut to kErrorMessageBytesMax.
[[nodiscard]] std::unexpected<Error> Fail(ErrorCode code, std::string message);

/// The same error with "context: " before its message, for a caller who knows what was being done.
[[nodiscard]] std::unexpected<Error> FailWith(std::string_view context, Error error);

}  // namespace tickscope

#define TICKSCOPE_CONCAT_INNER(a, b) a##b
#define TICKSCOPE_CONCAT(a, b) TICKSCOPE_CONCAT_INNER(a, b)

/// `TICKSCOPE_ASSIGN_OR_RETURN(const auto x, Parse(s))`: unwraps a Result or returns its error.
#define TICKSCOPE_ASSIGN_OR_RETURN(decl, expr) \
  TICKSCOPE_ASSIGN_OR_RETURN_INNER(TICKSCOPE_CONCAT(tickscope_result_, __LINE__), decl, expr)
#define TICKSCOPE_ASSIGN_OR_RETURN_INNER(result, decl, expr)      \
  auto result = (expr);                                           \
  if (!result) return std::unexpected(std::move(result).error()); \
  decl = *std::move(result)

/// `TICKSCOPE_RETURN_IF_ERROR(file.Sync())`: passes a failed Status up.
#define TICKSCOPE_RETURN_IF_ERROR(expr)                            \
  do {                                                             \
    if (auto tickscope_status = (expr); !tickscope_status)         \
      return std::unexpected(std::move(tickscope_status).error()); \
  } while (false)
