/* GET /metrics on a thread of its own. Bounded on every side: one connection at a time, a head of 8 KiB, a second to
 * come and a second to go; who is slower is let go. It records nothing and holds no lock while it serves. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk.h"

enum {
  kHeadBytesMax = 8192,
  kTimeMs = 1000,
  kFirstBufferBytes = 256 * 1024,
  kBufferBytesMax = 64 * 1024 * 1024
};

static pthread_mutex_t http_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t http_thread;
static int http_socket = -1;
static int http_wake = -1;

/* Waits for `events` until `deadline_ns`; false when it is over. */
static bool WaitFor(int file, short events, uint64_t deadline_ns) {
  while (true) {
    const uint64_t now_ns = ts_now_ns();
    if (now_ns >= deadline_ns) return false;
    struct pollfd poll_file = {.fd = file, .events = events};
    const int ready = poll(&poll_file, 1, (int)((deadline_ns - now_ns + 999999) / 1000000));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

static void SendAll(int file, const char* data, size_t size, uint64_t deadline_ns) {
  while (size > 0 && WaitFor(file, POLLOUT, deadline_ns)) {
    const ssize_t sent = send(file, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return;
    data += sent;
    size -= (size_t)sent;
  }
}

/* A request's head with an end; false when it does not come in time or is too long. */
static bool ReadHead(int file, char* head) {
  const uint64_t deadline_ns = ts_now_ns() + kTimeMs * UINT64_C(1000000);
  size_t size = 0;
  while (size + 1 < kHeadBytesMax && WaitFor(file, POLLIN, deadline_ns)) {
    const ssize_t got = recv(file, head + size, kHeadBytesMax - 1 - size, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    size += (size_t)got;
    head[size] = '\0';
    if (strstr(head, "\r\n\r\n") != NULL) return true;
  }
  return false;
}

/* The value of a header field, its line cut off behind; NULL when there is none. */
static const char* FieldOf(char* head, const char* name) {
  const size_t size = strlen(name);
  for (char* line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, size) != 0 || line[size] != ':') continue;
    char* const end = strstr(line, "\r\n");
    if (end != NULL) *end = '\0';
    return line + size + 1;
  }
  return NULL;
}

static void Answer(int file, const char* status, const char* type, const char* body, size_t body_bytes) {
  const uint64_t deadline_ns = ts_now_ns() + kTimeMs * UINT64_C(1000000);
  char head[512];
  const int size = snprintf(head, sizeof head,
                            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nVary: Accept\r\n"
                            "Connection: close\r\n\r\n",
                            status, type, body_bytes);
  SendAll(file, head, (size_t)size, deadline_ns);
  SendAll(file, body, body_bytes, deadline_ns);
}

typedef struct body_buffer {
  char* data;
  size_t bytes;
} body_buffer;

static void ServeMetrics(int file, ts_format format, body_buffer* buffer) {
  size_t used = 0;
  ts_result result = ts_expose(format, buffer->data, buffer->bytes, &used);
  if (result == TS_TOO_SMALL && used <= kBufferBytesMax / 2) {
    char* const larger = realloc(buffer->data, used * 2); /* registration may go on meanwhile */
    if (larger != NULL) {
      *buffer = (body_buffer){larger, used * 2};
      result = ts_expose(format, buffer->data, buffer->bytes, &used);
    }
  }
  if (result == TS_OK) {
    Answer(file, "200 OK", ts_content_type(format), buffer->data, used);
  } else {
    const char* const text = ts_last_error();
    Answer(file, "503 Service Unavailable", "text/plain; charset=utf-8", text, strlen(text));
  }
}

static void ServeOne(int file, body_buffer* buffer) {
  char head[kHeadBytesMax];
  if (!ReadHead(file, head)) return;
  if (strncmp(head, "GET ", 4) != 0) {
    Answer(file, "405 Method Not Allowed", "text/plain; charset=utf-8", "GET only\n", 9);
  } else if (strncmp(head + 4, "/metrics ", 9) != 0 && strncmp(head + 4, "/metrics?", 9) != 0) {
    Answer(file, "404 Not Found", "text/plain; charset=utf-8", "/metrics is here\n", 17);
  } else {
    ServeMetrics(file, ts_format_of_accept(FieldOf(head, "Accept")), buffer);
  }
  shutdown(file, SHUT_WR);
}

typedef struct listening {
  int socket;
  int wake;
} listening;

static void* Listen(void* argument) {
  const listening it = *(listening*)argument;
  free(argument);
  body_buffer buffer = {malloc(kFirstBufferBytes), kFirstBufferBytes};
  while (buffer.data != NULL) {
    struct pollfd files[2] = {{.fd = it.socket, .events = POLLIN}, {.fd = it.wake, .events = POLLIN}};
    if (poll(files, 2, -1) < 0 && errno != EINTR) break;
    if (files[1].revents != 0) break;
    if (files[0].revents == 0) continue;
    const int file = accept4(it.socket, NULL, NULL, SOCK_CLOEXEC);
    if (file >= 0) {
      ServeOne(file, &buffer);
      close(file);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      poll(&files[1], 1, 100); /* nothing to serve with; do not spin */
    }
  }
  free(buffer.data);
  return NULL;
}

static ts_result Fail(int file, int wake, const char* what) {
  const int why = errno;
  if (file >= 0) close(file);
  if (wake >= 0) close(wake);
  return ts_fail(TS_SYSTEM, "%s: %s", what, strerror(why));
}

/* The game's signals are the game's: this thread takes none. */
static int StartThread(listening* it) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&http_thread, NULL, Listen, it);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

static ts_result StartLocked(const struct sockaddr_in* wanted, uint16_t* port_taken) {
  if (http_socket >= 0) return ts_fail(TS_CONFLICT, "it serves already");
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int wake = eventfd(0, EFD_CLOEXEC);
  const int on = 1;
  struct sockaddr_in taken = *wanted;
  socklen_t size = sizeof taken;
  if (file < 0 || wake < 0) return Fail(file, wake, "no socket");
  if (setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(file, (const struct sockaddr*)wanted, sizeof *wanted) != 0 || listen(file, 16) != 0 ||
      getsockname(file, (struct sockaddr*)&taken, &size) != 0)
    return Fail(file, wake, "cannot listen");
  listening* const it = malloc(sizeof *it);
  if (it == NULL) return Fail(file, wake, "no memory");
  *it = (listening){file, wake};
  errno = StartThread(it);
  if (errno != 0) {
    free(it);
    return Fail(file, wake, "no thread");
  }
  http_socket = file;
  http_wake = wake;
  if (port_taken != NULL) *port_taken = ntohs(taken.sin_port);
  return TS_OK;
}

ts_result ts_http_start(const char* address, uint16_t port, uint16_t* port_taken) {
  struct sockaddr_in wanted = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address == NULL ? "127.0.0.1" : address, &wanted.sin_addr) != 1)
    return ts_fail(TS_INVALID, "the address is not an IPv4 address");
  if (ts_common_cells == NULL) return ts_fail(TS_NOT_STARTED, "ts_http_start before ts_start");
  pthread_mutex_lock(&http_lock);
  const ts_result result = StartLocked(&wanted, port_taken);
  pthread_mutex_unlock(&http_lock);
  return result;
}

void ts_http_stop(void) {
  pthread_mutex_lock(&http_lock);
  if (http_socket >= 0) {
    const uint64_t one = 1;
    while (write(http_wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
    pthread_join(http_thread, NULL);
    close(http_socket);
    close(http_wake);
    http_socket = http_wake = -1;
  }
  pthread_mutex_unlock(&http_lock);
}

/* In a forked child: the thread did not come along; the parent's port is not the child's. */
void ts_http_forget(void) {
  pthread_mutex_init(&http_lock, NULL);
  if (http_socket >= 0) close(http_socket);
  if (http_wake >= 0) close(http_wake);
  http_socket = http_wake = -1;
}
