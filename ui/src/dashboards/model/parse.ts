import { type Dashboard, gridColumns, panelKeyOf } from './dashboard';
import type { Finding } from './findings';
import { findSyntaxProblem } from './json-syntax';
import {
  aBoolean,
  anObject,
  aText,
  aWhole,
  byKind,
  either,
  having,
  join,
  listOf,
  mapOf,
  matching,
  oneOf,
} from './shape';

/** What a document gave: the dashboard, null when a finding is an error. */
export interface Parsed {
  readonly dashboard: Dashboard | null;
  readonly findings: readonly Finding[];
}

/** Names of dashboards, as the server takes them. */
export const dashboardName = /^[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,74}$/;

const display = having({}, { name: aText, description: aText, hidden: aBoolean });
const plugin = having({ kind: aText, spec: anObject });
const link = having({ url: aText }, { name: aText, tooltip: aText, targetBlank: aBoolean });
const duration = matching(/^(\d+(\.\d+)?(ms|[smhdwy]))+$|^0$/, 'a duration such as 1h or 30s');
const variableName = matching(/^[a-zA-Z_]\w*$/, 'a name of letters, digits and _');

const variable = byKind({
  ListVariable: having({
    spec: having(
      { name: variableName, plugin },
      {
        display,
        defaultValue: either(aText, listOf(aText), 'a text or a list of texts'),
        allowAllValue: aBoolean,
        allowMultiple: aBoolean,
        customAllValue: aText,
        capturingRegexp: aText,
        sort: aText,
      },
    ),
  }),
  TextVariable: having({ spec: having({ name: variableName, value: aText }, { display, constant: aBoolean }) }),
});

const query = having({ kind: aText, spec: having({ plugin }) });

const panel = byKind({
  Panel: having({ spec: having({ plugin }, { display, queries: listOf(query), links: listOf(link) }) }),
});

// Far below what a browser can lay out; a hostile height would make a page of a million pixels.
const rowsMax = 10_000;

const item = having(
  {
    x: aWhole(0, gridColumns - 1),
    y: aWhole(0, rowsMax),
    width: aWhole(1, gridColumns),
    height: aWhole(1, 1_000),
    content: having({ $ref: aText }),
  },
  {
    repeat: having(
      { variable: aText },
      { direction: oneOf('horizontal', 'vertical'), maxPerRow: aWhole(1, gridColumns) },
    ),
  },
);

const layout = byKind({
  Grid: having({
    spec: having(
      { items: listOf(item) },
      { display: having({}, { title: aText, collapse: having({ open: aBoolean }) }), repeatVariable: aText },
    ),
  }),
});

const dashboardShape = byKind({
  Dashboard: having({
    metadata: having(
      { name: matching(dashboardName, 'a name of at most 75 letters, digits, _, - and . that begins with no dot') },
      { project: aText, tags: listOf(aText) },
    ),
    spec: having(
      { panels: mapOf(panel), layouts: listOf(layout) },
      {
        display,
        duration,
        refreshInterval: duration,
        variables: listOf(variable),
        annotations: listOf(having({ plugin }, { display })),
        links: listOf(link),
      },
    ),
  }),
});

/** Reads a Perses dashboard from text. */
export function parseDashboardText(text: string): Parsed {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const problem = findSyntaxProblem(text);
    const message = problem
      ? `not JSON: line ${problem.line}, column ${problem.column}: expected ${problem.expected}`
      : `not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { dashboard: null, findings: [{ severity: 'error', path: '', message }] };
  }
  return parseDashboard(document);
}

/** Holds a document to the form; what the form does not name is kept as it is. */
export function parseDashboard(document: unknown): Parsed {
  const findings: Finding[] = [];
  dashboardShape(document, '', findings);
  if (findings.length > 0) return { dashboard: null, findings };
  const dashboard = withoutNulls(document as Dashboard);
  checkReferences(dashboard, findings);
  checkVariables(dashboard, findings);
  const broken = findings.some((finding) => finding.severity === 'error');
  return { dashboard: broken ? null : dashboard, findings };
}

/** The document, as it is stored and exported. */
export function serialiseDashboard(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

// Go writes null for empty lists and maps that are optional; readers of the type would trip over them.
function withoutNulls(dashboard: Dashboard): Dashboard {
  if (!hasNull(dashboard)) return dashboard;
  const { spec } = dashboard;
  const panels = Object.entries(spec.panels).map(([key, panel]) => {
    const panelSpec = stripped(panel.spec);
    return [key, { ...panel, spec: panelSpec }] as const;
  });
  return {
    ...dashboard,
    metadata: stripped(dashboard.metadata),
    spec: {
      ...stripped(spec),
      ...(spec.variables
        ? { variables: spec.variables.map((each) => ({ ...each, spec: stripped(each.spec) }) as typeof each) }
        : {}),
      panels: Object.fromEntries(panels),
      layouts: spec.layouts.map((each) => ({ ...each, spec: stripped(each.spec) })),
    },
  };
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  return Object.values(value).some(hasNull);
}

function stripped<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) as T;
}

function checkReferences(dashboard: Dashboard, findings: Finding[]): void {
  const shown = new Set<string>();
  dashboard.spec.layouts.forEach((each, layoutIndex) => {
    each.spec.items.forEach((gridItem, index) => {
      const path = `spec.layouts[${layoutIndex}].spec.items[${index}]`;
      const key = panelKeyOf(gridItem);
      if (key === undefined || !Object.hasOwn(dashboard.spec.panels, key)) {
        const message = `expected a reference to one of spec.panels, got "${gridItem.content.$ref}"`;
        findings.push({ severity: 'error', path: `${path}.content.$ref`, message });
      } else {
        shown.add(key);
      }
      if (gridItem.x + gridItem.width > gridColumns) {
        const message = `expected x and width of ${gridColumns} columns together, got ${gridItem.x + gridItem.width}`;
        findings.push({ severity: 'error', path: `${path}.width`, message });
      }
    });
  });
  for (const key of Object.keys(dashboard.spec.panels)) {
    if (shown.has(key)) continue;
    findings.push({ severity: 'warning', path: join('spec.panels', key), message: 'no layout shows this panel' });
  }
}

function checkVariables(dashboard: Dashboard, findings: Finding[]): void {
  const seen = new Set<string>();
  dashboard.spec.variables?.forEach((each, index) => {
    const path = `spec.variables[${index}].spec.name`;
    const { name } = each.spec;
    if (seen.has(name))
      findings.push({ severity: 'error', path, message: `expected one variable of a name, got "${name}" again` });
    seen.add(name);
  });
}
