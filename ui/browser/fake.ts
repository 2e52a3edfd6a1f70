// What a server with a console says, for one that has none yet; the types are those the server's answers are held to.
import type {
  Annotation,
  ConsoleConfig,
  GuardRejects,
  MetricDay,
  OwnerSeries,
  Platform,
  RunningQuery,
  Sli,
  Unused,
  ViewLink,
} from '../src/api/types.ts';
import type { Front } from './front.ts';

function sli(
  name: string,
  title: string,
  unit: string,
  expr: string,
  good: 'high' | 'low',
  warn: number | null,
  bad: number | null,
): Sli {
  return { name, title, unit, expr, good, warn, bad, help: `${title}, as players feel it.`, owner: 'gameplay' };
}

const rate = (metric: string): string => `sum by ($by) (rate(${metric}{$filter}[$window]))`;
const p95 = (metric: string): string =>
  `histogram_quantile(0.95, sum by (le, $by) (rate(${metric}_bucket{$filter}[$window])))`;

export const SLIS: Sli[] = [
  sli('players', 'Players', 'count', 'sum by ($by) (game_players{$filter})', 'high', null, null),
  sli(
    'join_success',
    'Join success',
    'ratio',
    `${rate('game_joins_total')} / (${rate('game_joins_total')} + ${rate('game_join_failures_total')})`,
    'high',
    0.97,
    0.9,
  ),
  sli(
    'tick_over_budget',
    'Ticks over budget',
    'ratio',
    `${rate('game_ticks_over_budget_total')} / ${rate('game_ticks_total')}`,
    'low',
    0.01,
    0.05,
  ),
  sli('action_ack_p95', 'Action to ack, p95', 'seconds', p95('game_action_ack_seconds'), 'low', 0.125, 0.2),
  sli(
    'disconnects',
    'Disconnects',
    'per 1,000 player-minutes',
    `60000 * ${rate('game_disconnects_total')} / sum by ($by) (game_players{$filter})`,
    'low',
    150,
    400,
  ),
  sli('matchmaking_wait_p95', 'Matchmaking wait, p95', 'seconds', p95('game_matchmaking_wait_seconds'), 'low', 60, 120),
];

const now = Date.now();
const CONFIG: Omit<ConsoleConfig, 'now'> = {
  version: '0.1.0',
  revision: 'test',
  tenant: 'default',
  readOnly: false,
  query_limits: {
    timeout_seconds: 120,
    points_max: 11000,
    live_queries_max: 64,
    live_step_min_seconds: 1,
    live_points_max: 2000000,
  },
  refreshes: ['5s', '10s', '30s', '1m'],
  schema: { name: 'game', version: '1.0' },
  features: ['live', 'dashboards', 'annotations', 'view_links', 'cardinality', 'limits', 'guard'],
};
const PLATFORM: Platform = {
  roles: ['gateway', 'store', 'query', 'compact'],
  version: '0.1.0',
  started: now - 7_260_000,
  uptime_seconds: 7260,
  partitions: [{ partition: 0, first: 12, end: 1812, applied: 1811, lag_seconds: 0.18 }],
  store: { active_series: 18000, blocks: 14, bytes: 812_000_000 },
  tiers: [
    { tier: 'raw', blocks: 12, bytes: 780_000_000, oldest: now - 86_400_000, newest: now - 1_800_000 },
    { tier: '5m', blocks: 2, bytes: 32_000_000, oldest: now - 604_800_000, newest: now - 3_600_000 },
  ],
  caches: [
    { name: 'results', hits: 9120, misses: 1031, bytes: 64_000_000 },
    { name: 'labels', hits: 0, misses: 0, bytes: 0 },
  ],
  live: { connections: 203, subscriptions: 2842, topics: 14, points: 120_000 },
  memory: { resident_bytes: 1_200_000_000 },
  cpu_seconds: 5400,
};
export const RUNNING: RunningQuery[] = [
  {
    id: '17',
    tenant: 'default',
    user: 'ada',
    class: 'explore',
    state: 'running',
    query: 'sum by (server) (rate(game_tick_duration_seconds_bucket[5m]))',
    start: now / 1000 - 86_400,
    end: now / 1000,
    step: 60,
    ageSeconds: 12.4,
    estimate: { series: 1200, samples: 10_000_000, cells: 1_728_000, bytes: 160_000_000 },
    samplesRead: 4_100_000,
  },
];
const HISTORY: MetricDay[] = [
  { day: '2026-11-26', metric: '', series: 18000 },
  { day: '2026-11-26', metric: 'game_rtt_seconds_bucket', series: 1200 },
  { day: '2026-11-26', metric: 'game_disconnects_total', series: 480 },
  { day: '2026-11-25', metric: 'game_rtt_seconds_bucket', series: 800 },
  { day: '2026-11-25', metric: 'game_disconnects_total', series: 500 },
];
const OWNERS: OwnerSeries[] = [
  { owner: 'gameplay', metrics: 40, series: 9000, share: 0.5 },
  { owner: '', metrics: 2, series: 180, share: 0.01 },
];
const UNUSED: Unused = {
  since: now - 30 * 86_400_000,
  observed_since: now - 86_400_000,
  series: 300,
  metrics: [
    { metric: 'game_voice_frames_total', series: 300, bytes: 4_147_200, owner: 'gameplay', last_queried: null },
  ],
};
const REJECTS: GuardRejects = {
  mode: 'enforce',
  rejects: [
    {
      reason: 'private_data',
      kind: 'email',
      owner: 'backend',
      metric: 'login_total',
      label: 'user',
      series: 31,
      firstSeen: now / 1000 - 600,
      lastSeen: now / 1000 - 5,
    },
    {
      reason: 'unknown_metric',
      owner: '',
      metric: 'my_test_total',
      series: 4,
      firstSeen: now / 1000 - 60,
      lastSeen: now / 1000 - 9,
    },
  ],
};
export const ANNOTATIONS: Annotation[] = [
  {
    id: 'a1',
    time: now - 600_000,
    kind: 'deploy',
    title: 'Build 4.18.0 to eu',
    text: '',
    labels: { region: 'eu' },
    author: 'release',
  },
];
const LINKS: ViewLink[] = [
  {
    id: 'v1',
    page: 'overview',
    variables: { region: 'eu' },
    created: now - 3_600_000,
    expires: now + 39_600_000,
    author: 'ada',
  },
];

/** Answers `path` with `data`, in the API's envelope. */
export function say(front: Front, path: string, data: unknown): void {
  front.answers.set(path, { status: 200, body: { status: 'success', data } });
}

/** Answers `path` with an error. */
export function refuse(front: Front, path: string, status: number, type: string, message: string): void {
  front.answers.set(path, { status, body: { status: 'error', errorType: type, error: message } });
}

/** Says what the server does not: all of the console's own paths that it answers with 404. */
export async function completeServer(front: Front, server: string): Promise<void> {
  const paths: Record<string, unknown> = {
    'schema/slis': SLIS,
    'status/platform': PLATFORM,
    'cardinality/history': HISTORY,
    'cardinality/owners': OWNERS,
    'cardinality/unused': UNUSED,
    annotations: ANNOTATIONS,
    view_links: LINKS,
    dashboards: [],
    'schema/metrics': { schema: null, metrics: [], target_labels: [] },
  };
  const missing = async (path: string): Promise<boolean> => (await fetch(`${server}/api/v1/${path}`)).status === 404;
  if (await missing('console/config')) front.consoleConfig = CONFIG;
  for (const [path, data] of Object.entries(paths)) if (await missing(path)) say(front, path, data);
}

/** Rows for pages that would be empty on a quiet server. */
export function fillPages(front: Front): void {
  say(front, 'queries', RUNNING);
  say(front, 'guard/rejects', REJECTS);
}
