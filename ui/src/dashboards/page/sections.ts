import { allValue, type Dashboard, type GridItem, gridColumns, type Panel, panelKeyOf } from '../model/dashboard';
import type { ResolvedVariable } from '../variables/resolve';
import type { VariableValues } from '../variables/interpolate';

/** A panel on the page: a repeated one is there once for each value. */
export interface ShownPanel {
  /** Unique on the page. */
  readonly id: string;
  readonly panelKey: string;
  readonly panel: Panel;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Values that hold for this panel in place of those of the page. */
  readonly scope: VariableValues;
  /** Where its item is in the document. */
  readonly layout: number;
  readonly item: number;
}

/** Panels under one heading. */
export interface ShownSection {
  readonly id: string;
  readonly title?: string;
  readonly open: boolean;
  readonly layout: number;
  readonly scope: VariableValues;
  readonly panels: readonly ShownPanel[];
}

/** Copies that one panel or row becomes at most. */
export const repeatsMax = 100;

/**
 * The dashboard as it is shown: repeated rows and panels once for each chosen value. While it is edited nothing is repeated: what
 * is moved is the panel of the document.
 */
export function sectionsOf(
  dashboard: Dashboard,
  variables: readonly ResolvedVariable[],
  editing: boolean,
): readonly ShownSection[] {
  return dashboard.spec.layouts.flatMap((layout, layoutIndex): ShownSection[] => {
    const { display, items, repeatVariable } = layout.spec;
    const title = display?.title;
    const base = {
      ...(title === undefined ? {} : { title }),
      open: display?.collapse?.open ?? true,
      layout: layoutIndex,
    };
    const scopes = repeatVariable && !editing ? scopesOf(repeatVariable, variables) : [];
    const copies = scopes.length > 0 ? scopes : [{ suffix: '', scope: {} }];
    return copies.map(({ suffix, scope }) => ({
      ...base,
      id: `${layoutIndex}${suffix}`,
      scope,
      panels: panelsOf(dashboard, items, layoutIndex, suffix, scope, editing ? [] : variables),
    }));
  });
}

interface Scope {
  readonly suffix: string;
  readonly scope: VariableValues;
}

/** A scope for each value that is chosen; of all, for each that is offered. */
function scopesOf(name: string, variables: readonly ResolvedVariable[]): readonly Scope[] {
  const resolved = variables.find((each) => each.variable.spec.name === name);
  if (!resolved) return [];
  const values = resolved.chosen.includes(allValue) ? resolved.options.map((option) => option.value) : resolved.chosen;
  return values.slice(0, repeatsMax).map((value) => ({
    suffix: `@${name}=${value}`,
    scope: { [name]: { ...withoutAll(resolved), values: [value] } },
  }));
}

function withoutAll({ value }: ResolvedVariable): ResolvedVariable['value'] {
  const { all: _all, ...rest } = value;
  return rest;
}

function panelsOf(
  dashboard: Dashboard,
  items: readonly GridItem[],
  layout: number,
  suffix: string,
  scope: VariableValues,
  variables: readonly ResolvedVariable[],
): readonly ShownPanel[] {
  // What stands below a repeated panel is moved down by the rows that its copies took.
  let moved = 0;
  let movedBelow = 0;
  const byRow = items
    .map((item, index) => ({ item, index }))
    .toSorted((a, b) => a.item.y - b.item.y || a.item.x - b.item.x);
  return byRow.flatMap(({ item, index }) => {
    const key = panelKeyOf(item);
    const panel = key === undefined ? undefined : dashboard.spec.panels[key];
    if (key === undefined || !panel) return [];
    const down = item.y >= movedBelow ? moved : 0;
    const { x, y, width, height } = item;
    const one = { panelKey: key, panel, layout, item: index };
    const scopes = item.repeat ? scopesOf(item.repeat.variable, variables) : [];
    if (!item.repeat || scopes.length === 0)
      return [{ ...one, id: key + suffix, x, y: y + down, width, height, scope }];
    const vertical = item.repeat.direction === 'vertical';
    const perRow = vertical
      ? 1
      : Math.min(scopes.length, item.repeat.maxPerRow ?? Math.max(1, Math.floor(gridColumns / width)));
    const each = vertical ? width : Math.max(1, Math.floor(gridColumns / perRow));
    moved += (Math.ceil(scopes.length / perRow) - 1) * height;
    movedBelow = y + height;
    return scopes.map((copy, place) => ({
      ...one,
      id: key + suffix + copy.suffix,
      x: vertical ? x : (place % perRow) * each,
      y: y + down + Math.floor(place / perRow) * height,
      width: each,
      height,
      scope: { ...scope, ...copy.scope },
    }));
  });
}
