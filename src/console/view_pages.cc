#include "console/view_pages.h"

namespace tickscope::console {

const std::string* ViewPage::Find(std::string_view panel, std::size_t place) const {
  const auto found = queries.find({std::string(panel), place});
  return found == queries.end() ? nullptr : &found->second;
}

Result<std::shared_ptr<const ViewPage>> ViewPages::Of(const ViewLink& link) {
  TICKSCOPE_ASSIGN_OR_RETURN(const Dashboard dashboard, dashboards_.Find(link.tenant, link.dashboard));
  {
    const MutexLock lock(mu_);
    const std::shared_ptr<const ViewPage>* const kept = pages_.Find(link.id);
    if (kept != nullptr && (*kept)->document == dashboard.document) return *kept;
  }
  auto page = std::make_shared<ViewPage>();
  page->document = dashboard.document;
  page->values = dashboard.document->Defaults();
  for (const auto& [name, chosen] : link.variables)
    page->values.insert_or_assign(name, chosen);
  for (PanelQuery& query : dashboard.document->Queries())
    page->queries.emplace(std::pair(std::move(query.panel), query.index), std::move(query.text));
  const std::shared_ptr<const ViewPage> made = std::move(page);
  const MutexLock lock(mu_);
  pages_.Put(link.id, made, made->document->tree_bytes());
  return made;
}

}  // namespace tickscope::console
