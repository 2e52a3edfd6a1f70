import {
  type AnnotationSource,
  type Dashboard,
  type DashboardLink,
  type GridItem,
  type Layout,
  type Panel,
  type PanelRepeat,
  type Plugin,
  referenceTo,
} from '../model/dashboard';
import { arrayOf, isObject, type JsonObject, numberOf, objectOf, textOf } from '../model/json';
import { cssColour } from './colours';
import { type PlacedPanel, sectionsOf } from './layout';
import { importPlugin, placeholder } from './panels';
import type { ImportNote, ImportReport, PanelOutcome } from './report';
import { importTargets, type Sources, sourcesOf, withSourceKind } from './targets';
import { importVariables } from './variables';

export interface Imported {
  readonly dashboard: Dashboard;
  readonly report: ImportReport;
}

/** Whether a document looks like a dashboard of Grafana's classic model, bare or as its API wraps it. */
export function looksLikeGrafana(document: unknown): boolean {
  const dashboard = unwrapped(document);
  return Array.isArray(dashboard['panels']) || Array.isArray(dashboard['rows']) || 'schemaVersion' in dashboard;
}

/** Grafana's API answers with `{dashboard, meta}`; a Kubernetes resource has it under `spec`. */
function unwrapped(document: unknown): JsonObject {
  const outer = objectOf(document);
  if (isObject(outer['dashboard'])) return outer['dashboard'];
  if (isObject(outer['spec']) && (Array.isArray(outer['spec']['panels']) || Array.isArray(outer['spec']['rows'])))
    return outer['spec'];
  return outer;
}

/** Reads a dashboard of Grafana's classic model. Every panel is in the result and in its report: shown, or a placeholder. */
export function importGrafana(document: unknown): Imported {
  const source = unwrapped(document);
  const notes: ImportNote[] = [];
  const sources = sourcesOf(source);
  const title = textOf(source['title']) || 'Imported dashboard';
  const collector = new Collector(sources);
  const layouts = sectionsOf(source).map((section): Layout => {
    const items = section.panels.map((placed) => collector.add(placed));
    return {
      kind: 'Grid',
      spec: {
        ...(section.title === undefined ? {} : { display: { title: section.title, collapse: { open: section.open } } }),
        items,
        ...(section.repeat ? { repeatVariable: section.repeat } : {}),
      },
    };
  });
  const variables = importVariables(arrayOf(objectOf(source['templating'])['list']), notes);
  const annotations = importAnnotations(arrayOf(objectOf(source['annotations'])['list']), notes);
  const links = importLinks(arrayOf(source['links']), notes);
  const schemaVersion = numberOf(source['schemaVersion']);
  const description = textOf(source['description']);
  const tags = arrayOf(source['tags']).flatMap((tag) => textOf(tag) ?? []);
  const dashboard: Dashboard = {
    kind: 'Dashboard',
    metadata: { name: nameFrom(title), ...(tags.length > 0 ? { tags } : {}) },
    spec: {
      display: { name: title, ...(description ? { description } : {}) },
      duration: durationOf(textOf(objectOf(source['time'])['from']), notes),
      refreshInterval: refreshOf(source['refresh']),
      variables,
      panels: collector.panels,
      layouts,
      ...(annotations.length > 0 ? { annotations } : {}),
      ...(links.length > 0 ? { links } : {}),
    },
  };
  const report: ImportReport = {
    format: 'grafana',
    title,
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
    panels: collector.outcomes,
    notes,
    counts: { variables: variables.length, annotations: annotations.length, links: links.length },
  };
  return { dashboard, report };
}

/** A name for addresses, from a title. */
export function nameFrom(title: string): string {
  const name = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 75)
    .replace(/-+$/, '');
  return name || 'dashboard';
}

class Collector {
  readonly panels: Record<string, Panel> = {};
  readonly outcomes: PanelOutcome[] = [];

  constructor(private readonly sources: Sources) {}

  add({ panel: source, ...place }: PlacedPanel): GridItem {
    const key = this.keyFor(source);
    const { plugin, queries, outcome } = this.convert(source, key);
    const title = textOf(source['title']) ?? '';
    const description = textOf(source['description']);
    const links = arrayOf(source['links']).flatMap(linkOf);
    this.panels[key] = {
      kind: 'Panel',
      spec: {
        display: { name: title, ...(description ? { description } : {}) },
        plugin,
        ...(queries.length > 0 ? { queries } : {}),
        ...(links.length > 0 ? { links } : {}),
      },
    };
    this.outcomes.push(outcome);
    const repeat = repeatOf(source);
    return { ...place, content: referenceTo(key), ...(repeat ? { repeat } : {}) };
  }

  private convert(
    source: JsonObject,
    key: string,
  ): { plugin: Plugin; queries: NonNullable<Panel['spec']['queries']>; outcome: PanelOutcome } {
    const targets = importTargets(source, this.sources);
    const notes = [...targets.notes];
    const common = { key, title: textOf(source['title']) ?? '', type: textOf(source['type']) ?? '' };
    const made = importPlugin(source, targets.letters, notes);
    const reason =
      'reason' in made
        ? made.reason
        : targets.foreign
          ? `its queries ask ${targets.foreign}, which is not here`
          : undefined;
    if (reason !== undefined || 'reason' in made) {
      const plugin = placeholder(withSourceKind(source, this.sources), reason ?? '');
      return {
        plugin,
        queries: [],
        outcome: { ...common, shownAs: plugin.kind, outcome: 'placeholder', notes: [reason ?? '', ...notes] },
      };
    }
    if (targets.queries.length === 0 && made.plugin.kind !== 'Markdown') notes.push('it has no query');
    return {
      plugin: made.plugin,
      queries: targets.queries,
      outcome: { ...common, shownAs: made.plugin.kind, outcome: 'shown', notes },
    };
  }

  /** Ids of panels are not always there, and not always different. */
  private keyFor(source: JsonObject): string {
    const id = numberOf(source['id']);
    const wanted = `panel-${id === undefined ? this.outcomes.length + 1 : id}`;
    let key = wanted;
    for (let n = 2; Object.hasOwn(this.panels, key); n += 1) key = `${wanted}-${n}`;
    return key;
  }
}

function repeatOf(panel: JsonObject): PanelRepeat | undefined {
  const variable = textOf(panel['repeat']);
  if (!variable) return undefined;
  const most = numberOf(panel['maxPerRow']);
  return {
    variable,
    direction: panel['repeatDirection'] === 'v' ? 'vertical' : 'horizontal',
    ...(most === undefined ? {} : { maxPerRow: Math.max(1, Math.min(24, Math.round(most))) }),
  };
}

function linkOf(value: unknown): DashboardLink[] {
  const link = objectOf(value);
  const url = textOf(link['url']);
  if (!url) return [];
  const name = textOf(link['title']);
  return [{ url, ...(name ? { name } : {}), ...(link['targetBlank'] === true ? { targetBlank: true } : {}) }];
}

function importLinks(list: readonly unknown[], notes: ImportNote[]): readonly DashboardLink[] {
  return list.flatMap((each) => {
    const links = linkOf(each);
    const link = objectOf(each);
    if (links.length === 0)
      notes.push({
        about: `link ${textOf(link['title']) ?? '?'}`,
        message: 'left out: it lists dashboards by tag, which the page Dashboards does',
      });
    return links;
  });
}

function importAnnotations(list: readonly unknown[], notes: ImportNote[]): readonly AnnotationSource[] {
  return list.flatMap((each): AnnotationSource[] => {
    const annotation = objectOf(each);
    const name = textOf(annotation['name']) ?? '?';
    const hidden = annotation['enable'] === false || annotation['hide'] === true;
    const color = cssColour(annotation['iconColor']);
    const display = { name, ...(hidden ? { hidden } : {}), ...(color ? { color } : {}) };
    const expr = textOf(annotation['expr']);
    if (expr) {
      const title = textOf(annotation['titleFormat']);
      const text = textOf(annotation['textFormat']);
      const tags = textOf(annotation['tagKeys']);
      const step = textOf(annotation['step']);
      const spec = {
        expr,
        ...(title ? { title } : {}),
        ...(text ? { text } : {}),
        ...(tags ? { tags } : {}),
        ...(step ? { step } : {}),
      };
      return [{ display, plugin: { kind: 'PrometheusPromQLAnnotation', spec } }];
    }
    if (annotation['builtIn'] === 1)
      return [
        {
          display: { ...display, name: 'Deploys, incidents and notes' },
          plugin: { kind: 'TickscopeAnnotations', spec: {} },
        },
      ];
    notes.push({ about: `annotation ${name}`, message: 'left out: it asks another system' });
    return [];
  });
}

/** `now-6h` as a length. Absolute times are not kept: a stored dashboard looks at now. */
function durationOf(from: string | undefined, notes: ImportNote[]): string {
  if (!from) return '1h';
  const relative = /^now-(\d+)([smhdwMy])(\/[a-z])?$/.exec(from);
  if (relative) return relative[2] === 'M' ? `${Number(relative[1]) * 30}d` : `${relative[1]}${relative[2]}`;
  const whole: Readonly<Record<string, string>> = { 'now/d': '1d', 'now/w': '1w', 'now/M': '30d', 'now/y': '1y' };
  const known = whole[from];
  if (known) return known;
  notes.push({ about: 'time range', message: `"${from}" is not kept: it looks back one hour` });
  return '1h';
}

function refreshOf(refresh: unknown): string {
  return typeof refresh === 'string' && /^\d+(ms|[smhd])$/.test(refresh) ? refresh : '0s';
}
