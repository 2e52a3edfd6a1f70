// The console's pages over HTTP: whatever path no route of the API has.
//
// Answers carry a Content-Security-Policy that lets nothing in from elsewhere and runs no script but the pages' own files;
// names of files below assets/ change with what is in them, so those are kept for ever, and everything else is asked for
// again by its ETag. Unknown paths below /api/ are a JSON 404.
//
// Threads   On the server's loop; answers are copies of what is in memory.
#pragma once

#include <string>
#include <vector>

#include "console/page_files.h"
#include "http/router.h"

namespace tickscope::console {

struct PageOptions {
  std::vector<std::string> frame_ancestors;  ///< Origins that may hold a page in a frame; none by default.
  std::string landing_page;                  ///< HTML at / when there are no pages.
};

/// Makes the pages the router's fallback. `files` outlives the router.
void ServePages(http::Router& router, const PageFiles& files, const PageOptions& options);

}  // namespace tickscope::console
