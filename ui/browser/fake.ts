// Answers that a quiet server with a simulated fleet does not give; the types are those the server's answers are held to.
import type { GuardRejects, RunningQuery, Sli } from '../src/api/types.ts';
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
];

const now = Date.now();
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
const REJECTS: GuardRejects = {
  mode: 'enforce',
  rejects: [
    {
      source: 'metrics',
      reason: 'private_data',
      kind: 'email',
      owner: 'backend',
      metric: 'login_total',
      label: 'user',
      series: 31,
      firstSeen: now / 1000 - 600,
      lastSeen: now / 1000 - 5,
      samples: [{ at: now / 1000 - 5, labels: ['region', 'user'], value: '[email]' }],
    },
    {
      source: 'metrics',
      reason: 'unknown_metric',
      owner: '',
      metric: 'my_test_total',
      series: 4,
      firstSeen: now / 1000 - 60,
      lastSeen: now / 1000 - 9,
      samples: [{ at: now / 1000 - 9, labels: ['region', 'server'] }],
    },
  ],
  signals: [
    {
      source: 'logs',
      action: 'replaced',
      reason: 'private_value',
      kind: 'email',
      owner: 'lobby',
      sender: 'host-17',
      field: 'text',
      sample: 'login [email] from ##',
      count: 1204,
      firstSeen: now / 1000 - 600,
      lastSeen: now / 1000 - 3,
    },
  ],
};

/** Answers `path` with `data`, in the API's envelope. */
export function say(front: Front, path: string, data: unknown): void {
  front.answers.set(path, { status: 200, body: { status: 'success', data } });
}

/** Answers `path` with an error. */
export function refuse(front: Front, path: string, status: number, type: string, message: string): void {
  front.answers.set(path, { status, body: { status: 'error', errorType: type, error: message } });
}

/** Rows for pages that would be empty on a quiet server. */
export function fillPages(front: Front): void {
  say(front, 'queries', RUNNING);
  say(front, 'guard/rejects', REJECTS);
}
