// ViewPages: of a link's dashboard, what a viewer may ask, ready to be looked up: its queries by panel and place, and the values
// of its variables.
//
// A wall asks a query a panel at each refresh, so a page is made once and kept for as long as the dashboard is the same; another
// document is another page.
//
// Threads   Thread-safe; pages are immutable.
// Bounds    kPagesBytesMax of what pages and their documents take; what was used longest ago goes first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/byte_lru.h"
#include "base/error.h"
#include "base/mutex.h"
#include "console/dashboards.h"
#include "console/view_links.h"

namespace tickscope::console {

struct ViewPage {
  std::shared_ptr<const DashboardDocument> document;
  VariableValues values;  ///< The link's, else the document's defaults.
  std::map<std::pair<std::string, std::size_t>, std::string>
      queries;  ///< With variables; by panel and place.

  /// Null when the page has no such query.
  [[nodiscard]] const std::string* Find(std::string_view panel, std::size_t place) const;
};

class ViewPages {
 public:
  static constexpr std::uint64_t kPagesBytesMax = 32U << 20;

  /// `dashboards` outlives this.
  explicit ViewPages(const Dashboards& dashboards) : dashboards_(dashboards) {}

  /// The page of a link to a dashboard, as that is now; never null. Errors: kNotFound when there is none any more.
  [[nodiscard]] Result<std::shared_ptr<const ViewPage>> Of(const ViewLink& link) TICKSCOPE_EXCLUDES(mu_);

 private:
  const Dashboards& dashboards_;
  Mutex mu_;
  ByteLru<std::shared_ptr<const ViewPage>> pages_ TICKSCOPE_GUARDED_BY(mu_){
      kPagesBytesMax};  // By the link's id.
};

}  // namespace tickscope::console
