import type { JsonObject } from './json';

// A dashboard as Perses has it. The objects are the document itself: what a type does not name stays in the object, and goes out
// again when the dashboard is saved. They are changed by copying (`{...panel, spec}`), never in place.

export interface Dashboard {
  readonly kind: 'Dashboard';
  readonly metadata: Metadata;
  readonly spec: DashboardSpec;
}

export interface Metadata {
  /** What addresses use: `/d/NAME`. */
  readonly name: string;
  /** The folder. */
  readonly project?: string;
  readonly tags?: readonly string[];
}

export interface Display {
  readonly name?: string;
  readonly description?: string;
  readonly hidden?: boolean;
}

export interface DashboardSpec {
  readonly display?: Display;
  /** How far it looks back when the address does not say: `1h`. */
  readonly duration?: string;
  /** `10s`; `0s` for none. */
  readonly refreshInterval?: string;
  readonly variables?: readonly Variable[];
  readonly panels: Readonly<Record<string, Panel>>;
  readonly layouts: readonly Layout[];
  readonly annotations?: readonly AnnotationSource[];
  readonly links?: readonly DashboardLink[];
}

/** Anything that has kinds: what a kind does not know of its spec stays in it. */
export interface Plugin {
  readonly kind: string;
  readonly spec: JsonObject;
}

export interface Panel {
  readonly kind: 'Panel';
  readonly spec: PanelSpec;
}

export interface PanelSpec {
  readonly display?: Display;
  readonly plugin: Plugin;
  readonly queries?: readonly Query[];
  readonly links?: readonly DashboardLink[];
}

export interface Query {
  /** `TimeSeriesQuery`; others are kept and not asked. */
  readonly kind: string;
  readonly spec: { readonly plugin: Plugin };
}

export interface DashboardLink {
  readonly name?: string;
  readonly url: string;
  readonly tooltip?: string;
  readonly targetBlank?: boolean;
}

/** Panels in a grid of 24 columns, with a title that folds it when it has one. */
export interface Layout {
  readonly kind: 'Grid';
  readonly spec: {
    readonly display?: { readonly title?: string; readonly collapse?: { readonly open: boolean } };
    readonly items: readonly GridItem[];
    /** The layout once for each value of this variable. */
    readonly repeatVariable?: string;
  };
}

export interface GridItem {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly content: { readonly $ref: string };
  /** Ours: the panel once for each value of a variable. */
  readonly repeat?: PanelRepeat;
}

export interface PanelRepeat {
  readonly variable: string;
  readonly direction?: 'horizontal' | 'vertical';
  readonly maxPerRow?: number;
}

export type Variable = ListVariable | TextVariable;

export interface ListVariable {
  readonly kind: 'ListVariable';
  readonly spec: {
    readonly name: string;
    readonly display?: Display;
    readonly defaultValue?: string | readonly string[];
    readonly allowAllValue?: boolean;
    readonly allowMultiple?: boolean;
    /** What all stands for in queries, in place of every value. */
    readonly customAllValue?: string;
    /** Values that do not match are left out; a group is what is kept of those that do. */
    readonly capturingRegexp?: string;
    readonly sort?: string;
    readonly plugin: Plugin;
  };
}

export interface TextVariable {
  readonly kind: 'TextVariable';
  readonly spec: {
    readonly name: string;
    readonly display?: Display;
    readonly value: string;
    readonly constant?: boolean;
  };
}

/** Where marks on time charts come from. */
export interface AnnotationSource {
  readonly display?: Display & { readonly color?: string };
  readonly plugin: Plugin;
}

export const gridColumns = 24;

/** The value of a list variable that stands for all of its values. */
export const allValue = '$__all';

const panelReference = '#/spec/panels/';

export function referenceTo(panelKey: string): { readonly $ref: string } {
  return { $ref: panelReference + panelKey };
}

/** Which panel a grid item shows; undefined for another kind of reference. */
export function panelKeyOf(item: GridItem): string | undefined {
  const ref = item.content.$ref;
  return ref.startsWith(panelReference) ? ref.slice(panelReference.length) : undefined;
}

export function titleOf(dashboard: Dashboard): string {
  return dashboard.spec.display?.name || dashboard.metadata.name;
}

/** An empty dashboard to begin with. */
export function emptyDashboard(name: string, title: string): Dashboard {
  return {
    kind: 'Dashboard',
    metadata: { name },
    spec: {
      display: { name: title },
      duration: '1h',
      refreshInterval: '10s',
      variables: [],
      panels: {},
      layouts: [{ kind: 'Grid', spec: { items: [] } }],
    },
  };
}
