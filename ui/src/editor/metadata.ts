import { get } from '../api/client';
import { currentSession } from '../api/session';

/** What is known of a metric besides its samples. */
export interface MetricInfo {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  /** Of the loaded schema; empty otherwise. */
  readonly owner: string;
}

/** Metadata answers are large: asked for at most so often (ms), and so many metrics of them. */
const KEPT_MS = 5 * 60_000;
const METRICS_MAX = 5_000;

let kept: { who: string; at: number; infos: Promise<ReadonlyMap<string, MetricInfo>> } | null = null;

/** Types, units and help of metrics by name: of senders' metadata, and of the schema, which says more. Never fails: nothing is known then. */
export function metricInfos(): Promise<ReadonlyMap<string, MetricInfo>> {
  const who = JSON.stringify(currentSession());
  if (kept !== null && kept.who === who && Date.now() - kept.at < KEPT_MS) return kept.infos;
  const infos = load();
  kept = { who, at: Date.now(), infos };
  return infos;
}

type Told = Readonly<Record<string, readonly { type: string; help: string; unit?: string }[]>>;
interface Schema {
  readonly metrics: readonly { name: string; type: string; unit: string; help: string; owner: string }[];
}

async function load(): Promise<ReadonlyMap<string, MetricInfo>> {
  const [told, schema] = await Promise.all([
    get<Told>('metadata', { limit: METRICS_MAX, limit_per_metric: 1 }).catch((): Told => ({})),
    get<Schema>('schema/metrics').catch((): Schema => ({ metrics: [] })),
  ]);
  const infos = new Map<string, MetricInfo>();
  for (const [name, [first]] of Object.entries(told)) {
    if (first !== undefined) infos.set(name, { type: first.type, help: first.help, unit: first.unit ?? '', owner: '' });
  }
  for (const { name, type, unit, help, owner } of schema.metrics) infos.set(name, { type, unit, help, owner });
  return infos;
}

/** What is known of a series' name, which of a histogram has a suffix more than the metric. */
export function infoOf(infos: ReadonlyMap<string, MetricInfo>, name: string): MetricInfo | undefined {
  return infos.get(name) ?? infos.get(name.replace(/_(bucket|sum|count|total)$/, ''));
}
