/* The page: made, found again, closed, and made anew in a forked child, always at the same address. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record_view.h"

ts_state ts_the = {.lock = PTHREAD_MUTEX_INITIALIZER, .file = -1};

/* A page that is being made, not yet in its place. */
typedef struct draft {
  unsigned char* memory;
  uint64_t bytes;
  int file;
  char path[320];
} draft;

static uint64_t AlignUp(uint64_t bytes) {
  return (bytes + TS_PAGE_ALIGN - 1) / TS_PAGE_ALIGN * TS_PAGE_ALIGN;
}

/* Field 22 of /proc/self/stat; 0 when it cannot be read. Without stdio: it runs in forked children. */
static uint64_t ProcessStart(void) {
  char text[1024];
  const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* at = strrchr(text, ')'); /* the name before may hold anything */
  for (int field = 2; at != NULL && field < 22; ++field)
    at = strchr(at + 1, ' ');
  uint64_t value = 0;
  for (at = at == NULL ? "" : at + 1; *at >= '0' && *at <= '9'; ++at)
    value = value * 10 + (uint64_t)(*at - '0');
  return value;
}

static ts_page_header HeaderFor(const ts_options* options, uint64_t parent_pid) {
  ts_page_header header = {.magic = TS_PAGE_MAGIC, .version = TS_PAGE_VERSION};
  header.directory_offset = TS_HEADER_BYTES;
  header.directory_bytes = (uint32_t)AlignUp(options->directory_bytes);
  header.exemplars_offset = header.directory_offset + header.directory_bytes;
  header.exemplar_slots = options->exemplars_max;
  header.shards_offset =
      AlignUp(header.exemplars_offset + (uint64_t)options->exemplars_max * sizeof(ts_exemplar_slot));
  header.cells_per_shard = options->cells_max;
  header.shard_bytes = AlignUp((uint64_t)options->cells_max * 8);
  header.shard_count = options->shards_max;
  header.page_bytes = header.shards_offset + header.shard_bytes * header.shard_count;
  header.parent_pid = parent_pid;
  memcpy(header.name, options->name, strlen(options->name));
  header.cells_used = 1; /* cell 0 is what handles of nothing record into */
  header.shards_used = 1;
  return header;
}

/* Who and when, for a header that is otherwise ready. */
static void SetIdentity(ts_page_header* header) {
  header->pid = (uint64_t)getpid();
  header->process_start = ProcessStart();
  header->created_unix_ns = ts_unix_ns();
  header->heartbeat_unix_ns = header->created_unix_ns;
  header->identity_crc = ts_crc32c((const char*)header + 16, offsetof(ts_page_header, state) - 16);
}

static ts_result MapFile(draft* made, const char* path) {
  struct stat status;
  if (fstat(made->file, &status) != 0 || (uint64_t)status.st_size != made->bytes)
    return ts_fail(TS_SYSTEM, "%s: not of the size wanted", path);
  made->memory = mmap(NULL, made->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made->file, 0);
  if (made->memory == MAP_FAILED)
    return ts_fail(TS_SYSTEM, "%s: cannot be mapped: %s", path, strerror(errno));
  return TS_OK;
}

static void DropDraft(draft* made, const char* unfinished) {
  if (made->memory != NULL && made->memory != MAP_FAILED) munmap(made->memory, made->bytes);
  if (made->file >= 0) close(made->file);
  if (unfinished != NULL) unlink(unfinished);
}

static bool PathFits(int written, size_t size) {
  return written > 0 && (size_t)written < size;
}

/* Brings the directory and the gauges of one page to the next; counts begin at zero. */
static void CarryOver(unsigned char* page, const unsigned char* from, bool with_up_downs) {
  const ts_page_header* const header = (const ts_page_header*)(const void*)page;
  const ts_page_header* const old = (const ts_page_header*)(const void*)from;
  memcpy(page + header->directory_offset, from + old->directory_offset, header->directory_used);
  uint64_t* const common = (uint64_t*)(void*)(page + header->shards_offset);
  for (uint64_t used = 0; used < header->directory_used;) {
    ts_family_view view;
    if (!ts_view_family(page + header->directory_offset + used, header->directory_used - used, &view)) return;
    const ts_family_record* const record = view.record;
    const bool up_down = record->type == TS_UP_DOWN && with_up_downs;
    if (record->type == TS_GAUGE || up_down) {
      for (uint32_t cell = record->first_cell; cell < record->first_cell + record->series_count; ++cell) {
        const uint32_t shards = up_down ? __atomic_load_n(&old->shards_used, __ATOMIC_ACQUIRE) : 1;
        for (uint32_t shard = 0; shard < shards; ++shard) {
          const uint64_t* const cells =
              (const uint64_t*)(const void*)(from + old->shards_offset + shard * old->shard_bytes);
          common[cell] += __atomic_load_n(&cells[cell], __ATOMIC_RELAXED);
        }
      }
    }
    used += record->record_bytes;
  }
}

static void FillDraft(draft* made, const ts_page_header* header, const unsigned char* carried) {
  ts_page_header* const in_page = (ts_page_header*)(void*)made->memory;
  *in_page = *header;
  if (carried != NULL) CarryOver(made->memory, carried, header->parent_pid == 0);
  __atomic_store_n(&in_page->state, TS_STATE_LIVE, __ATOMIC_RELEASE);
}

/* A new page with `header`, carrying on from `carried` (another page, or NULL). */
static ts_result MakeDraft(ts_page_header* header, const char* directory, const unsigned char* carried,
                           draft* made) {
  *made = (draft){.bytes = header->page_bytes, .file = -1};
  if (carried != NULL) {
    const ts_page_header* const old = (const ts_page_header*)(const void*)carried;
    header->directory_used = __atomic_load_n(&old->directory_used, __ATOMIC_ACQUIRE);
    header->cells_used = old->cells_used;
    header->exemplars_used = old->exemplars_used;
  }
  SetIdentity(header);
  if (directory[0] == '\0') {
    made->memory =
        mmap(NULL, made->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made->memory == MAP_FAILED) return ts_fail(TS_SYSTEM, "no memory for a page: %s", strerror(errno));
    FillDraft(made, header, carried);
    return TS_OK;
  }
  char unfinished[336];
  if (!PathFits(snprintf(made->path, sizeof made->path, "%s/%s.%llu.tspage", directory, header->name,
                         (unsigned long long)header->pid),
                sizeof made->path) ||
      !PathFits(snprintf(unfinished, sizeof unfinished, "%s.new", made->path), sizeof unfinished))
    return ts_fail(TS_INVALID, "the directory's name is too long");
  unlink(unfinished);
  made->file = open(unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (made->file < 0) return ts_fail(TS_SYSTEM, "%s: cannot be created: %s", unfinished, strerror(errno));
  ts_result result = TS_OK;
  /* What threads go on writing to, without asking again: the common shard, and in a page made anew all that were in use. */
  uint64_t shards = 1;
  if (carried != NULL && header->parent_pid == 0)
    shards = ((const ts_page_header*)(const void*)carried)->shards_used;
  const int no_room =
      ftruncate(made->file, (off_t)made->bytes) != 0
          ? errno
          : posix_fallocate(made->file, 0, (off_t)(header->shards_offset + header->shard_bytes * shards));
  if (no_room != 0) result = ts_fail(TS_SYSTEM, "%s: no room: %s", unfinished, strerror(no_room));
  if (result == TS_OK) result = MapFile(made, unfinished);
  if (result == TS_OK) {
    FillDraft(made, header, carried);
    if (rename(unfinished, made->path) != 0)
      result = ts_fail(TS_SYSTEM, "%s: cannot be named: %s", made->path, strerror(errno));
  }
  if (result != TS_OK) DropDraft(made, unfinished);
  return result;
}

/* A page that this very process has there, made by another copy of the library. */
static bool AttachDraft(const ts_page_header* header, const char* directory, draft* found) {
  *found = (draft){.bytes = header->page_bytes, .file = -1};
  const uint64_t pid = (uint64_t)getpid();
  if (directory[0] == '\0' || !PathFits(snprintf(found->path, sizeof found->path, "%s/%s.%llu.tspage",
                                                 directory, header->name, (unsigned long long)pid),
                                        sizeof found->path))
    return false;
  found->file = open(found->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (found->file < 0) return false;
  if (MapFile(found, found->path) == TS_OK) {
    const ts_page_header* const have = (const ts_page_header*)(const void*)found->memory;
    if (memcmp(have->magic, header->magic, sizeof have->magic) == 0 && have->version == header->version &&
        have->identity_crc == ts_crc32c((const char*)have + 16, offsetof(ts_page_header, state) - 16) &&
        have->pid == pid && have->process_start == ProcessStart() && have->page_bytes == header->page_bytes &&
        have->cells_per_shard == header->cells_per_shard && have->shard_count == header->shard_count &&
        have->directory_bytes == header->directory_bytes && have->exemplar_slots == header->exemplar_slots &&
        __atomic_load_n(&have->state, __ATOMIC_ACQUIRE) == TS_STATE_LIVE &&
        ts_directory_is_whole(found->memory))
      return true;
  }
  DropDraft(found, NULL);
  return false;
}

/* Makes the draft the page. Where a page was before, the new one takes its address, so that every handle and every
 * thread's pointer stays good; the kernel does that in one step as far as other threads can tell. */
static ts_result PutInPlace(draft* made) {
  if (ts_the.page != NULL) {
    if (mremap(made->memory, made->bytes, made->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, ts_the.page) !=
        ts_the.page) {
      DropDraft(made, made->path[0] == '\0' ? NULL : made->path);
      return ts_fail(TS_SYSTEM, "the page cannot be moved to its place: %s", strerror(errno));
    }
  } else {
    ts_the.page = made->memory;
  }
  if (ts_the.file >= 0) close(ts_the.file);
  ts_the.file = made->file;
  ts_the.page_bytes = made->bytes;
  memcpy(ts_the.path, made->path, sizeof ts_the.path);
  __atomic_store_n(&ts_common_cells, ts_shard_cells(0), __ATOMIC_RELEASE);
  return TS_OK;
}

static ts_result RegisterRefusals(void) {
  static const char* const reasons[TS_REFUSAL_COUNT] = {"undeclared_value", "wrong_handle", "registration",
                                                        "not_finite",       "negative",     "exemplar_busy",
                                                        "no_shard"};
  const ts_label reason = {"reason", reasons, TS_REFUSAL_COUNT};
  const ts_metric metric = {
      .type = TS_COUNTER,
      .name = "tickscope_sdk_refused_total",
      .help = "What the SDK did not take, or not in the best way (no_shard), by reason.",
      .labels = &reason,
      .label_count = 1};
  return ts_register_locked(&metric, &ts_the.refused);
}

static void BeforeFork(void) {
  pthread_mutex_lock(&ts_the.lock);
}
static void AfterForkInParent(void) {
  pthread_mutex_unlock(&ts_the.lock);
}

/* The child must not write to its parent's page, not even until it says otherwise: this runs before fork returns. */
static void AfterForkInChild(void) {
  ts_http_forget();
  if (ts_the.page != NULL) {
    const ts_page_header* const parent = ts_header();
    ts_page_header header = *parent;
    header.parent_pid = parent->pid;
    header.state = TS_STATE_MAKING;
    header.register_lock = 0;
    header.shards_used = 1;
    const char* const directory = ts_the.fork == TS_FORK_OWN_PAGE && ts_the.started ? ts_the.directory : "";
    draft made;
    ts_result result = TS_OK;
    if (!AttachDraft(&header, directory, &made)) result = MakeDraft(&header, directory, ts_the.page, &made);
    if (result != TS_OK && directory[0] != '\0') result = MakeDraft(&header, "", ts_the.page, &made);
    if (result == TS_OK) result = PutInPlace(&made);
    if (result == TS_OK) {
      ts_threads_reclaim(true);
    } else {
      ts_the.started = false;
      ts_thread_cells = NULL;
      ts_common_cells = NULL;
    }
  }
  pthread_mutex_unlock(&ts_the.lock);
}

static ts_result CheckOptions(const ts_options* options) {
  const size_t name_size = options->name == NULL ? 0 : strnlen(options->name, TS_PAGE_NAME_BYTES);
  if (name_size == 0 || name_size == TS_PAGE_NAME_BYTES || options->name[0] == '.')
    return ts_fail(TS_INVALID, "the name wants 1 to %d characters, no '.' first", TS_PAGE_NAME_BYTES - 1);
  for (size_t i = 0; i < name_size; ++i)
    if (!isalnum((unsigned char)options->name[i]) && strchr("._-", options->name[i]) == NULL)
      return ts_fail(TS_INVALID, "the name wants letters, digits, '.', '_' and '-'");
  if (options->directory != NULL &&
      strnlen(options->directory, sizeof ts_the.directory) == sizeof ts_the.directory)
    return ts_fail(TS_INVALID, "the directory's name is too long");
  if (options->cells_max < 64 || options->cells_max > 1048576)
    return ts_fail(TS_INVALID, "cells_max: got %u, want 64 to 1048576", options->cells_max);
  if (options->shards_max < 2 || options->shards_max > TS_SHARDS_LIMIT)
    return ts_fail(TS_INVALID, "shards_max: got %u, want 2 to %d", options->shards_max, TS_SHARDS_LIMIT);
  if (options->directory_bytes < 4096 || options->directory_bytes > 16777216)
    return ts_fail(TS_INVALID, "directory_bytes: got %u, want 4096 to 16777216", options->directory_bytes);
  if (options->exemplars_max > 65536)
    return ts_fail(TS_INVALID, "exemplars_max: got %u, want at most 65536", options->exemplars_max);
  return TS_OK;
}

static ts_result StartLocked(const ts_options* options) {
  if (ts_the.started) return TS_OK;
  const bool again = ts_the.page != NULL;
  ts_page_header header = HeaderFor(options, 0);
  if (again) {
    /* Sizes stay, for cells are where handles say. */
    const ts_page_header* const old = ts_header();
    header.directory_bytes = old->directory_bytes;
    header.exemplars_offset = old->exemplars_offset;
    header.exemplar_slots = old->exemplar_slots;
    header.shards_offset = old->shards_offset;
    header.cells_per_shard = old->cells_per_shard;
    header.shard_bytes = old->shard_bytes;
    header.shard_count = old->shard_count;
    header.page_bytes = old->page_bytes;
  }
  const char* const directory = options->directory == NULL ? "" : options->directory;
  draft made;
  if (again || !AttachDraft(&header, directory, &made)) {
    const ts_result result = MakeDraft(&header, directory, ts_the.page, &made);
    if (result != TS_OK) return result;
  }
  const ts_result result = PutInPlace(&made);
  if (result != TS_OK) return result;
  if (again) ts_threads_reclaim(false);
  memcpy(ts_the.directory, directory, strlen(directory) + 1);
  ts_the.fork = options->fork;
  ts_threads_start();
  __atomic_store_n(&ts_the.started, true, __ATOMIC_RELEASE);
  static bool watches_forks;
  if (!watches_forks) watches_forks = pthread_atfork(BeforeFork, AfterForkInParent, AfterForkInChild) == 0;
  return RegisterRefusals();
}

ts_result ts_start(const ts_options* options) {
  static const ts_options defaults = TS_OPTIONS_DEFAULT;
  if (options == NULL) options = &defaults;
  ts_result result = CheckOptions(options);
  if (result != TS_OK) return result;
  pthread_mutex_lock(&ts_the.lock);
  result = StartLocked(options);
  pthread_mutex_unlock(&ts_the.lock);
  return result;
}

void ts_stop(int keep) {
  ts_http_stop();
  pthread_mutex_lock(&ts_the.lock);
  if (ts_the.started) {
    ts_page_header* const header = ts_header();
    __atomic_store_n(&header->heartbeat_unix_ns, ts_unix_ns(), __ATOMIC_RELAXED);
    __atomic_store_n(&header->state, TS_STATE_CLOSED, __ATOMIC_RELEASE);
    if (!keep && ts_the.path[0] != '\0') unlink(ts_the.path);
    __atomic_store_n(&ts_the.started, false, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&ts_the.lock);
}

const char* ts_page_path(void) {
  return ts_the.path;
}

void ts_heartbeat(void) {
  if (ts_common_cells == NULL) return;
  __atomic_store_n(&ts_header()->heartbeat_unix_ns, ts_unix_ns(), __ATOMIC_RELAXED);
}
