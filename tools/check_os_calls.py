#!/usr/bin/env python3
"""Holds src/ to its seam: nothing but src/io calls the operating system.

Files, sockets, clocks, randomness, the environment and signals come in through the interfaces of src/io and the Clock
and Random of src/base, so that a test can hold them all. Tests and benches may read the files they are given and ask
the environment where those are, but not the clock or the system's randomness. Prints file:line of each breach.
"""

from __future__ import annotations

import pathlib
import re
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"


class Rule(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    instead: str
    in_tests: bool = False


def include(names: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*#\s*include\s*<(?:{names})>")


def call(names: str) -> re.Pattern[str]:
    """A call of a global or std:: function; members and functions of other namespaces do not match."""
    return re.compile(rf"(?<![\w.>:])(?:std::|::)?(?:{names})\s*\(")


RULES = [
    Rule("os header", include(r"fcntl\.h|unistd\.h|sys/[\w/]+\.h|dirent\.h|poll\.h|signal\.h|csignal|pthread\.h|netdb\.h|netinet/[\w/]+\.h|arpa/[\w/]+\.h|spawn\.h"), "an interface of src/io"),
    Rule("file header", include(r"fstream|filesystem"), "io::FileSystem"),
    Rule("file call", call(r"fopen|freopen|tmpfile|open|openat|creat|mmap|rename|unlink|mkdir|opendir|fsync|fdatasync"), "io::FileSystem"),
    Rule("socket header", include(r"boost/asio(?:\.hpp|/[\w/]+\.hpp)|boost/beast(?:\.hpp|/[\w/]+\.hpp)"), "io::Network, http::Client, http::Server"),
    Rule("clock", re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b"), "a Clock parameter", in_tests=True),
    Rule("clock call", call(r"time|clock_gettime|gettimeofday|localtime|localtime_r"), "a Clock parameter", in_tests=True),
    Rule("sleep", re.compile(r"\bsleep_(?:for|until)\s*\(|(?<![\w.>])(?:::)?(?:usleep|nanosleep|sleep)\s*\("), "io::EventLoop::After", in_tests=True),
    Rule("randomness", re.compile(r"\brandom_device\b|(?<![\w.>:])(?:std::|::)?s?rand\s*\("), "a Random parameter", in_tests=True),
    Rule("environment", call(r"getenv|secure_getenv|setenv|putenv|unsetenv"), "an option passed in"),
    Rule("thread", re.compile(r"\bstd::(?:jthread|thread|async)\b(?!::hardware)"), "Threads (base/threads.h), WorkerPool"),
    Rule("process call", call(r"fork|execve?|execvp|system|popen|kill|raise|sigaction|signal|getrusage|setrlimit"), "io/signals.h, io/process_info.h"),
]

# (path from the root, rule) -> why it may. Keep it short.
EXCEPTIONS = {
    # Messages are framed by Beast's parser, which is handed bytes and opens nothing.
    ("src/http/message_parser.cc", "socket header"): "codec only",
    ("src/rpc/grpc_server.cc", "clock"): "deadlines of gRPC are by the system's clock",
    ("src/base/threads.cc", "thread"): "what others start theirs with",
    ("src/base/worker_pool.h", "thread"): "tasks of the HTTP layer, which the simulation calls below",
    ("src/base/parallel.cc", "thread"): "one query's shares; the simulation asks for one, which needs none",
}

TEST = re.compile(r"_(?:test|bench|fuzz)\.cc$")
# Comments and literals, to be blanked: they call nothing.
NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.DOTALL)


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def breaches(path: pathlib.Path) -> list[str]:
    place = path.relative_to(ROOT).as_posix()
    is_test = TEST.search(path.name) is not None
    found = []
    for number, line in enumerate(NOISE.sub(blank, path.read_text()).splitlines(), 1):
        for rule in RULES:
            if is_test and not rule.in_tests or (place, rule.name) in EXCEPTIONS:
                continue
            if hit := rule.pattern.search(line):
                found.append(f"{place}:{number}: {rule.name}: {hit.group().strip()} (use {rule.instead})")
    return found


def main() -> int:
    files = [p for p in sorted(SOURCE.rglob("*")) if p.suffix in (".h", ".cc") and SOURCE / "io" not in p.parents]
    found = [breach for path in files for breach in breaches(path)]
    stale = [f"{path}: excepted from \"{rule}\" but is not there" for path, rule in EXCEPTIONS if not (ROOT / path).is_file()]
    for problem in found + stale:
        print(problem)
    print(f"os calls: {len(files)} files, {len(found) + len(stale)} breaches")
    return 1 if found or stale else 0


if __name__ == "__main__":
    sys.exit(main())
