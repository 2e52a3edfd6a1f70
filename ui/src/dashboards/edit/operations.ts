import { type Dashboard, type GridItem, type Layout, type Panel, panelKeyOf, referenceTo } from '../model/dashboard';
import { promQuery } from '../model/queries';
import { type Box, compacted, freePlace, placed } from './grid';

// What a person does to a dashboard, as functions from one document to the next.

export function withItems(dashboard: Dashboard, layout: number, items: readonly GridItem[]): Dashboard {
  return withLayouts(dashboard, (each, index) =>
    index === layout ? { ...each, spec: { ...each.spec, items } } : each,
  );
}

function withLayouts(dashboard: Dashboard, change: (layout: Layout, index: number) => Layout): Dashboard {
  return { ...dashboard, spec: { ...dashboard.spec, layouts: dashboard.spec.layouts.map(change) } };
}

/** Moves or resizes a panel; others give way. */
export function placePanel(dashboard: Dashboard, layout: number, item: number, box: Box): Dashboard {
  const items = dashboard.spec.layouts[layout]?.spec.items ?? [];
  return withItems(dashboard, layout, placed(items, item, box));
}

/** A new panel where there is room for it; its key comes back too. */
export function addPanel(dashboard: Dashboard, layout: number, panel: Panel): { dashboard: Dashboard; key: string } {
  const key = freeKey(dashboard);
  const { layouts } = dashboard.spec;
  const base = layouts.length > 0 ? dashboard : { ...dashboard, spec: { ...dashboard.spec, layouts: [emptyLayout] } };
  const items = base.spec.layouts[layout]?.spec.items ?? [];
  const item = { ...freePlace(items, 12, 8), content: referenceTo(key) };
  const withPanel = { ...base, spec: { ...base.spec, panels: { ...base.spec.panels, [key]: panel } } };
  return { dashboard: withItems(withPanel, layout, [...items, item]), key };
}

const emptyLayout: Layout = { kind: 'Grid', spec: { items: [] } };

export function newPanel(): Panel {
  return {
    kind: 'Panel',
    spec: {
      display: { name: 'New panel' },
      plugin: {
        kind: 'TimeSeriesChart',
        spec: { legend: { mode: 'table', position: 'bottom', values: ['last', 'max'] } },
      },
      queries: [promQuery('up')],
    },
  };
}

/** The same panel once more, below. */
export function copyPanel(
  dashboard: Dashboard,
  layout: number,
  panelKey: string,
): { dashboard: Dashboard; key: string } {
  const panel = dashboard.spec.panels[panelKey] ?? newPanel();
  const name = panel.spec.display?.name ?? '';
  return addPanel(dashboard, layout, {
    ...panel,
    spec: { ...panel.spec, display: { ...panel.spec.display, name: `${name} (copy)` } },
  });
}

/** Takes an item away, and its panel when nothing else shows it. */
export function removeItem(dashboard: Dashboard, layout: number, item: number): Dashboard {
  const items = dashboard.spec.layouts[layout]?.spec.items ?? [];
  const gone = items[item];
  const next = withItems(dashboard, layout, compacted(items.filter((_each, index) => index !== item)));
  const key = gone && panelKeyOf(gone);
  const used = next.spec.layouts.some((each) => each.spec.items.some((other) => panelKeyOf(other) === key));
  if (key === undefined || used) return next;
  const { [key]: _gone, ...panels } = next.spec.panels;
  return { ...next, spec: { ...next.spec, panels } };
}

export function replacePanel(dashboard: Dashboard, panelKey: string, panel: Panel): Dashboard {
  return { ...dashboard, spec: { ...dashboard.spec, panels: { ...dashboard.spec.panels, [panelKey]: panel } } };
}

/** A row with a title at the end; at most what is before it had none. */
export function addRow(dashboard: Dashboard, title: string): Dashboard {
  const row: Layout = { kind: 'Grid', spec: { display: { title, collapse: { open: true } }, items: [] } };
  return { ...dashboard, spec: { ...dashboard.spec, layouts: [...dashboard.spec.layouts, row] } };
}

export function renameRow(dashboard: Dashboard, layout: number, title: string): Dashboard {
  return withLayouts(dashboard, (each, index) =>
    index === layout ? { ...each, spec: { ...each.spec, display: { ...each.spec.display, title } } } : each,
  );
}

/** Takes a row's heading away; its panels go to the end of the row before, or stay without a heading. */
export function removeRow(dashboard: Dashboard, layout: number): Dashboard {
  const gone = dashboard.spec.layouts[layout];
  const before = dashboard.spec.layouts[layout - 1];
  if (!gone) return dashboard;
  if (!before) {
    return withLayouts(dashboard, (each, index) =>
      index === layout ? { ...each, spec: { items: each.spec.items } } : each,
    );
  }
  const below = Math.max(0, ...before.spec.items.map((item) => item.y + item.height));
  const items = [...before.spec.items, ...gone.spec.items.map((item) => ({ ...item, y: item.y + below }))];
  const next = withItems(dashboard, layout - 1, items);
  return { ...next, spec: { ...next.spec, layouts: next.spec.layouts.filter((_each, index) => index !== layout) } };
}

function freeKey(dashboard: Dashboard): string {
  for (let n = Object.keys(dashboard.spec.panels).length + 1; ; n += 1) {
    if (!Object.hasOwn(dashboard.spec.panels, `panel-${n}`)) return `panel-${n}`;
  }
}
