// SharedLibrary: code that is loaded when it is first needed, so that who does not need it does not pay for it.
//
// Threads   Thread-safe. A library stays loaded until the process ends: its objects may outlive any handle.
#pragma once

#include <string>

#include "base/error.h"

namespace tickscope::io {

/// Loads the library at `path` and returns the address of `symbol` in it; a path that is loaded already is not loaded
/// again. Errors: kUnavailable with the loader's words.
[[nodiscard]] Result<void*> LoadSymbol(const std::string& path, const std::string& symbol);

/// The directory libraries of ours are in: ../lib beside the running binary's directory. Empty when the
/// binary's path is not known.
[[nodiscard]] std::string LibraryDirectory();

}  // namespace tickscope::io
