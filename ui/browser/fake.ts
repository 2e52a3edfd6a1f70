// SLIs as schema/game.yaml has them, for a server that has none of its own.
const sli = (
  name: string,
  title: string,
  unit: string,
  expr: string,
  good: 'high' | 'low',
  warn: number | null,
  bad: number | null,
): unknown => ({
  name,
  title,
  unit,
  expr,
  good,
  warn,
  bad,
  help: `${title}, as players feel it.`,
  owner: 'gameplay',
});
const quantile = (metric: string): string =>
  `histogram_quantile(0.95, sum by (le, $by) (rate(${metric}_bucket{$filter}[$window])))`;
const share = (part: string, all: string): string =>
  `sum by ($by) (rate(${part}{$filter}[$window])) / sum by ($by) (rate(${all}{$filter}[$window]))`;

export const SLIS = [
  sli('players', 'Players', 'count', 'sum by ($by) (game_players{$filter})', 'high', null, null),
  sli(
    'join_success',
    'Join success',
    'ratio',
    'sum by ($by) (rate(game_joins_total{$filter}[$window])) / (sum by ($by) (rate(game_joins_total{$filter}[$window])) + sum by ($by) (rate(game_join_failures_total{$filter}[$window])))',
    'high',
    0.995,
    0.98,
  ),
  sli(
    'tick_over_budget',
    'Ticks over budget',
    'ratio',
    share('game_ticks_over_budget_total', 'game_ticks_total'),
    'low',
    0.01,
    0.05,
  ),
  sli('action_ack_p95', 'Action to ack, p95', 'seconds', quantile('game_action_ack_seconds'), 'low', 0.1, 0.2),
  sli(
    'disconnects',
    'Disconnects',
    'per 1,000 player-min',
    '60000 * sum by ($by) (rate(game_disconnects_total{$filter}[$window])) / sum by ($by) (game_players{$filter})',
    'low',
    5,
    20,
  ),
  sli(
    'matchmaking_wait_p95',
    'Matchmaking wait, p95',
    'seconds',
    quantile('game_matchmaking_wait_seconds'),
    'low',
    20,
    60,
  ),
  sli(
    'impaired',
    'Player-minutes impaired',
    'ratio',
    share('game_impaired_player_seconds_total', 'game_player_seconds_total'),
    'low',
    0.02,
    0.05,
  ),
];
