import type { Panel, Query } from './dashboard';
import { numberOf, textOf } from './json';

/** A query of a panel that this server can answer. */
export interface PromQuery {
  /** Its place in the panel's list. */
  readonly index: number;
  readonly expr: string;
  /** What a series is called: `{{region}} p95`; empty for its labels. */
  readonly legend: string;
  /** `30s`: steps are never shorter. */
  readonly minStep?: string;
  /** 1 in n points of what fits; 1 when not said. */
  readonly resolution: number;
}

const promKind = 'PrometheusTimeSeriesQuery';

/** The panel's PromQL queries; hidden and empty ones are left out. */
export function promQueries(panel: Panel): readonly PromQuery[] {
  return (panel.spec.queries ?? []).flatMap((query, index) => {
    const { kind, spec } = query.spec.plugin;
    const expr = textOf(spec['query'])?.trim();
    if (kind !== promKind || !expr || spec['hidden'] === true) return [];
    const minStep = textOf(spec['minStep']);
    return [
      {
        index,
        expr,
        legend: textOf(spec['seriesNameFormat']) ?? '',
        ...(minStep ? { minStep } : {}),
        resolution: Math.max(1, numberOf(spec['resolution']) ?? 1),
      },
    ];
  });
}

/** Kinds of the panel's queries that this server cannot answer, once each. */
export function foreignQueryKinds(panel: Panel): readonly string[] {
  const kinds = (panel.spec.queries ?? []).map((query) => query.spec.plugin.kind).filter((kind) => kind !== promKind);
  return [...new Set(kinds)];
}

export function promQuery(expr: string, legend?: string, minStep?: string): Query {
  return {
    kind: 'TimeSeriesQuery',
    spec: {
      plugin: {
        kind: promKind,
        spec: {
          query: expr,
          ...(legend ? { seriesNameFormat: legend } : {}),
          ...(minStep ? { minStep } : {}),
        },
      },
    },
  };
}
