import { importGrafana, type Imported, looksLikeGrafana } from './grafana/import';
import type { Finding } from './model/findings';
import { objectOf } from './model/json';
import { parseDashboard, parseDashboardText } from './model/parse';
import { panelKeyOf, titleOf } from './model/dashboard';

export type ImportResult = { readonly imported: Imported } | { readonly findings: readonly Finding[] };

/** Reads a dashboard of either form, Perses or Grafana's classic model, from the text of a file. */
export function importDocument(text: string): ImportResult {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { findings: parseDashboardText(text).findings };
  }
  if (looksLikeGrafana(document)) {
    const imported = importGrafana(document);
    const { findings } = parseDashboard(imported.dashboard);
    const errors = findings.filter((finding) => finding.severity === 'error');
    return errors.length > 0 ? { findings: errors } : { imported };
  }
  if ('elements' in objectOf(objectOf(document)['spec']) || 'elements' in objectOf(document)) {
    const message = 'this is Grafana\'s schema v2 (elements and layout): export it as "classic" JSON';
    return { findings: [{ severity: 'error', path: '', message }] };
  }
  const { dashboard, findings } = parseDashboard(document);
  if (!dashboard) return { findings };
  const shown = new Set(
    dashboard.spec.layouts.flatMap((layout) => layout.spec.items.flatMap((item) => panelKeyOf(item) ?? [])),
  );
  const panels = Object.entries(dashboard.spec.panels).map(([key, panel]) => ({
    key,
    title: panel.spec.display?.name ?? '',
    type: panel.spec.plugin.kind,
    shownAs: panel.spec.plugin.kind,
    outcome: knownKinds.has(panel.spec.plugin.kind) ? ('shown' as const) : ('placeholder' as const),
    notes: [
      ...(knownKinds.has(panel.spec.plugin.kind)
        ? []
        : [`panels of kind "${panel.spec.plugin.kind}" are not known: kept as they are`]),
      ...(shown.has(key) ? [] : ['no layout shows it']),
    ],
  }));
  const { variables = [], annotations = [], links = [] } = dashboard.spec;
  return {
    imported: {
      dashboard,
      report: {
        format: 'perses',
        title: titleOf(dashboard),
        panels,
        notes: findings.map((finding) => ({ about: finding.path, message: finding.message })),
        counts: { variables: variables.length, annotations: annotations.length, links: links.length },
      },
    },
  };
}

/** Kinds of panels that the console draws. */
export const knownKinds: ReadonlySet<string> = new Set([
  'TimeSeriesChart',
  'StatChart',
  'GaugeChart',
  'BarChart',
  'PieChart',
  'Table',
  'TimeSeriesTable',
  'HeatMapChart',
  'HistogramChart',
  'StatusHistoryChart',
  'Markdown',
]);
