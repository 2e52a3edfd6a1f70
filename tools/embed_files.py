#!/usr/bin/env python3
"""Puts files into the binary: one blob for the assembler, and a table of what is where in it.

  tools/embed_files.py --out build/release/src/console_files --ui ui/dist --dashboards dashboards/console --schema schema/game.yaml

Writes OUT.bin, OUT.S and OUT.cc, which implements src/console/embedded_files.h. Pages are also kept as gzip, when that is
shorter, so that the server never compresses them. What does not exist is left out: a binary without pages is a good one.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import pathlib

ALIGNMENT = 16
ASSEMBLY = """\
/* Made by tools/embed_files.py. */
    .section .rodata
    .global tickscope_embedded_bytes
    .balign {alignment}
tickscope_embedded_bytes:
    .incbin "{blob}"
    .byte 0
    .section .note.GNU-stack,"",@progbits
"""
CODE = """\
// Made by tools/embed_files.py.
#include "console/embedded_files.h"

extern "C" const char tickscope_embedded_bytes[];

namespace tickscope::console {{
namespace {{

std::string_view At(std::size_t offset, std::size_t size) {{
  return {{tickscope_embedded_bytes + offset, size}};
}}

}}  // namespace

const EmbeddedFiles& Embedded() {{
  static const EmbeddedFiles files{{
      .pages = {{
{pages}      }},
      .dashboards = {{
{dashboards}      }},
      .schema = {schema}}};
  return files;
}}

}}  // namespace tickscope::console
"""


class Blob:
    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, content: bytes) -> str:
        """The C++ expression of these bytes."""
        if not content:
            return "{}"
        self.content += bytes(-len(self.content) % ALIGNMENT)
        offset = len(self.content)
        self.content += content
        return f"At({offset}, {len(content)})"


def files_below(folder: pathlib.Path | None, pattern: str) -> list[pathlib.Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def page_row(blob: Blob, name: str, content: bytes) -> str:
    packed = gzip.compress(content, 9, mtime=0)
    packed = packed if len(packed) < len(content) else b""
    tag = hashlib.sha256(content).hexdigest()[:16]
    return f"          {{{quoted(name)}, {blob.add(content)}, {blob.add(packed)}, {quoted(tag)}}},\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--ui", type=pathlib.Path)
    parser.add_argument("--dashboards", type=pathlib.Path)
    parser.add_argument("--schema", type=pathlib.Path)
    options = parser.parse_args()

    blob = Blob()
    pages = "".join(
        page_row(blob, path.relative_to(options.ui).as_posix(), path.read_bytes())
        for path in files_below(options.ui, "*")
        if path.suffix != ".map"
    )
    dashboards = "".join(
        f"          {{{quoted(path.relative_to(options.dashboards).as_posix())}, {blob.add(path.read_bytes())}, {{}}, {{}}}},\n"
        for path in files_below(options.dashboards, "*.json")
    )
    schema = blob.add(options.schema.read_bytes()) if options.schema and options.schema.is_file() else "{}"

    binary = options.out.with_suffix(".bin")
    binary.write_bytes(bytes(blob.content))
    options.out.with_suffix(".S").write_text(ASSEMBLY.format(blob=binary.resolve(), alignment=ALIGNMENT))
    options.out.with_suffix(".cc").write_text(CODE.format(pages=pages, dashboards=dashboards, schema=schema))


if __name__ == "__main__":
    main()
