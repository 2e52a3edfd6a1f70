// A fleet that is the same each time it is asked: the answers of a server that golden pictures are taken of, at one moment.
import type { Annotation, ConsoleConfig, Sli } from '../src/api/types.ts';
import { type Front, type FrontAnswer } from './front.ts';
import { say } from './fake.ts';

/** The moment, in seconds since the epoch: 2026-11-26 12:00 UTC. */
export const NOON = 1_795_694_400;

type Course = readonly [middle: number, swing: number];

/** What queries give, by a word in them; the first that fits. */
const COURSES: readonly (readonly [RegExp, Course])[] = [
  [/join_failures/, [0.987, 0.006]],
  [/over_budget/, [0.018, 0.012]],
  [/impaired/, [0.012, 0.008]],
  [/ack_seconds/, [0.11, 0.03]],
  [/matchmaking/, [31, 9]],
  [/disconnects/, [1.1, 0.5]],
  [/players/, [4_200, 900]],
];
const REGIONS = ['apac', 'eu', 'na'];

/** Numbers between 0 and 1 that look random, by a text. */
function randoms(text: string): () => number {
  let state = 2_166_136_261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0)!, 16_777_619) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function values(expr: string, who: string, times: readonly number[]): [number, string][] {
  const [middle, swing] = COURSES.find(([word]) => word.test(expr))?.[1] ?? [50, 20];
  const random = randoms(expr.replaceAll(/\d+/g, '') + who);
  const begin = random() * 6;
  return times.map((time, i) => {
    const value = middle + swing * (0.8 * Math.sin(begin + i / 25) + 0.4 * (random() - 0.5));
    return [time, String(Math.max(0, value))];
  });
}

function buckets(times: readonly number[], n: number): object[] {
  return ['0.001', '0.004', '0.016', '0.033', '0.066', '0.25', '+Inf'].map((le, row) => ({
    n: n + row,
    metric: { le },
    values: times.map((time, i) => {
      const middle = 2.2 + Math.sin(i / 20);
      let sum = 0;
      for (let below = 0; below <= row; ++below) sum += 900 * Math.exp(-((below - middle) ** 2) / 1.6);
      return [time, sum.toFixed(3)];
    }),
  }));
}

interface Asked {
  readonly id: string;
  readonly query: string;
  readonly range: number;
  readonly step: number;
}

function snapshot({ id, query, range, step }: Asked): string {
  const to = Math.floor(NOON / step) * step;
  const count = Math.floor(range / step) + 1;
  const times = Array.from({ length: count }, (_, i) => to - (count - 1 - i) * step);
  const by = /by \((region|le)\)/.exec(query.replaceAll(/by\s*\(/g, 'by ('))?.[1];
  const series =
    by === 'le' && !query.includes('quantile')
      ? buckets(times, 0)
      : by === 'region'
        ? REGIONS.map((region, n) => ({ n, metric: { region }, values: values(query, region, times) }))
        : [{ n: 0, metric: {}, values: values(query, '', times) }];
  const data = JSON.stringify({ query: id, from: times[0], to, step, series });
  return `id: made-1.${id.slice(1)}\nevent: snapshot\ndata: ${data}\n\n`;
}

function stream({ body }: { readonly body: string }): FrontAnswer {
  const { queries } = JSON.parse(body) as { queries: readonly Asked[] };
  return {
    status: 200,
    type: 'text/event-stream',
    body: `retry: 600000\n\n${queries.map(snapshot).join('')}`,
    held: true,
  };
}

function sli(name: string, title: string, unit: string, limits: readonly [number, number] | null, expr: string): Sli {
  const [warn, bad] = limits ?? [null, null];
  const good = name === 'join_success' || limits === null ? 'high' : 'low';
  return { name, title, unit, expr: expr, good, warn, bad, help: `${title}, as players feel it.`, owner: '' };
}

const per = (metric: string): string => `sum by ($by) (rate(${metric}{$filter}[$window]))`;

const MADE_SLIS: readonly Sli[] = [
  sli('join_success', 'Join success', 'ratio', [0.98, 0.95], per('game_join_failures_total')),
  sli('tick_over_budget', 'Ticks over budget', 'ratio', [0.02, 0.1], per('game_ticks_over_budget_total')),
  sli('action_ack_p95', 'Action to acknowledgement, p95', 'seconds', [0.15, 0.3], per('game_action_ack_seconds')),
  sli('disconnects', 'Disconnects', 'per 1,000 player-minutes', [2, 6], per('game_disconnects_total')),
  sli('matchmaking_wait_p95', 'Matchmaking wait, p95', 'seconds', [45, 90], per('game_matchmaking_wait_seconds')),
  sli('impaired_share', 'Player-minutes impaired', 'ratio', [0.02, 0.05], per('game_impaired_player_seconds_total')),
  sli('players', 'Players', 'count', null, 'sum by ($by) (game_players{$filter})'),
];

const CONFIG: ConsoleConfig = {
  version: '0.1.0',
  revision: '',
  now: NOON * 1000,
  tenant: 'default',
  readOnly: false,
  query_limits: {
    timeout_seconds: 120,
    points_max: 11_000,
    live_queries_max: 64,
    live_step_min_seconds: 1,
    live_points_max: 2_000_000,
  } as ConsoleConfig['query_limits'],
  refreshes: ['5s', '10s', '30s', '1m'],
  schema: null,
  features: ['live', 'dashboards', 'annotations', 'view_links'],
};

const ANNOTATIONS: readonly Annotation[] = [
  { id: 'a1', time: (NOON - 2000) * 1000, kind: 'deploy', title: '4.17.3 to eu', text: '', labels: {}, author: 'ci' },
  {
    id: 'a2',
    time: (NOON - 1200) * 1000,
    timeEnd: (NOON - 900) * 1000,
    kind: 'incident',
    title: 'matchmaking slow',
    text: '',
    labels: {},
    author: 'ada',
  },
];

/** A panel of a made dashboard in its place: x, y, width, height. */
export type Placed = readonly [plugin: string, title: string, query: string, place: readonly number[], spec?: object];

function panelOf([kind, name, query, , spec]: Placed): object {
  const plugin = { kind: 'PrometheusTimeSeriesQuery', spec: { query, seriesNameFormat: '{{region}}' } };
  return {
    kind: 'Panel',
    spec: {
      display: { name },
      plugin: { kind, spec: spec ?? {} },
      queries: [{ kind: 'TimeSeriesQuery', spec: { plugin } }],
    },
  };
}

/** A dashboard document with these panels. */
export function dashboardOf(name: string, panels: readonly Placed[]): object {
  return {
    kind: 'Dashboard',
    metadata: { name },
    spec: {
      display: { name: 'Launch day' },
      duration: '1h',
      panels: Object.fromEntries(panels.map((each, i) => [`p${i}`, panelOf(each)])),
      layouts: [
        {
          kind: 'Grid',
          spec: {
            items: panels.map(([, , , [x, y, width, height]], i) => {
              return { x, y, width, height, content: { $ref: `#/spec/panels/p${i}` } };
            }),
          },
        },
      ],
    },
  };
}

/** Makes `front` the server of the fleet at noon; `dashboards` are stored there. */
export function serveMadeFleet(front: Front, dashboards: Readonly<Record<string, object>> = {}): void {
  say(front, 'console/config', CONFIG);
  say(front, 'status/tsdb', { headStats: { numSeries: 9_000, maxTime: (NOON - 4) * 1000 } });
  say(front, 'status/platform', { partitions: [{ partition: 0, first: 0, end: 9, applied: 9, lag_seconds: 0.1 }] });
  say(front, 'schema/slis', MADE_SLIS);
  say(front, 'annotations', ANNOTATIONS);
  for (const [name, dashboard] of Object.entries(dashboards)) {
    say(front, `dashboards/${name}`, { dashboard, revision: '1', source: 'store', readOnly: false });
  }
  front.answers.set('stream', stream);
}
