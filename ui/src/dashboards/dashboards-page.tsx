/** The list of dashboards. */
export default function DashboardsPage() {
  return null;
}
