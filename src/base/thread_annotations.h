// Clang's thread-safety attributes under our names; GCC ignores them, the clang-tidy run checks them.
#pragma once

#if defined(__clang__)
#define TICKSCOPE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TICKSCOPE_THREAD_ANNOTATION(x)
#endif

#define TICKSCOPE_CAPABILITY(x) TICKSCOPE_THREAD_ANNOTATION(capability(x))
#define TICKSCOPE_SCOPED_CAPABILITY TICKSCOPE_THREAD_ANNOTATION(scoped_lockable)
#define TICKSCOPE_GUARDED_BY(x) TICKSCOPE_THREAD_ANNOTATION(guarded_by(x))
#define TICKSCOPE_REQUIRES(...) TICKSCOPE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define TICKSCOPE_REQUIRES_SHARED(...) TICKSCOPE_THREAD_ANNOTATION(requires_shared_capability(__VA_ARGS__))
#define TICKSCOPE_ACQUIRE(...) TICKSCOPE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define TICKSCOPE_ACQUIRE_SHARED(...) TICKSCOPE_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define TICKSCOPE_RELEASE(...) TICKSCOPE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TICKSCOPE_RELEASE_SHARED(...) TICKSCOPE_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define TICKSCOPE_EXCLUDES(...) TICKSCOPE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define TICKSCOPE_NO_THREAD_SAFETY_ANALYSIS TICKSCOPE_THREAD_ANNOTATION(no_thread_safety_analysis)
