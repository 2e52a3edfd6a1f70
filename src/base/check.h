// Assertions for bugs of ours. TICKSCOPE_CHECK is always on and cheap: stopping beats writing a wrong block.
// TICKSCOPE_DCHECK is for costly or obvious invariants and vanishes in release builds.
// Neither is ever used on outside input; that is a Result (base/error.h).
#pragma once

namespace tickscope {

/// Prints "check failed: EXPR at FILE:LINE" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

}  // namespace tickscope

#define TICKSCOPE_CHECK(expr)                              \
  do {                                                     \
    if (!(expr)) [[unlikely]]                              \
      ::tickscope::CheckFailed(#expr, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define TICKSCOPE_DCHECK(expr) \
  do {                         \
    if (false) {               \
      static_cast<void>(expr); \
    }                          \
  } while (false)
#else
#define TICKSCOPE_DCHECK(expr) TICKSCOPE_CHECK(expr)
#endif
