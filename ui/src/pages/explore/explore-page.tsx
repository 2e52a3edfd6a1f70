import { Button, SegmentedControl, Select, Switch } from '@mantine/core';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';

import { useSize } from '../../charts/use-size';
import { durationText, parseDuration } from '../../core/durations';
import { QUERIES_MAX, renumbered, VIEWS, type ExploreQuery, type ExploreView } from '../../core/explore-state';
import { askedExpression, likelyUnit } from '../../core/expression';
import { stepFor } from '../../core/steps';
import { isLive } from '../../core/time-range';
import { useFrame } from '../../frame/frame-state';
import { useQueries, useWindow } from '../../frame/use-queries';
import classes from './explore.module.css';
import { HistoryMenu } from './history-menu';
import { PlanView } from './plan-view';
import { QueryRow } from './query-row';
import { GraphResult, HeatmapResult, TableResult } from './results';
import { useExploreState } from './use-explore-state';
import { useHistory } from './use-history';

const VIEW_NAMES: Readonly<Record<ExploreView, string>> = {
  graph: 'Graph',
  table: 'Table',
  heatmap: 'Heatmap',
  explain: 'Explain',
};

const UNITS = [
  { value: 'none', label: 'no unit' },
  { value: 's', label: 'seconds' },
  { value: 'ms', label: 'milliseconds' },
  { value: 'bytes', label: 'bytes' },
  { value: 'binBps', label: 'bytes/s' },
  { value: 'percentunit', label: 'ratio as %' },
  { value: 'percent', label: '%' },
  { value: 'cps', label: 'per second' },
];
const STEPS = ['1s', '5s', '10s', '30s', '1m', '5m', '15m', '1h', '1d'];

/** How often data comes when nothing says otherwise, in seconds. */
const SCRAPE_S = 10;

/** PromQL by hand: what is typed becomes part of the URL when it is run. */
export default function ExplorePage() {
  const [explore, become] = useExploreState();
  const { filters, range, refresh, zone } = useFrame();
  const window = useWindow();
  const { past, note, forget } = useHistory();
  const box = useRef<HTMLDivElement>(null);
  const width = useSize(box)?.width ?? 1200;
  const [drafts, setDrafts] = useState<Drafts>(() => draftsOf(explore.queries));
  // What another entry of the browser's history, or a link, says goes before what was typed.
  if (drafts.of !== explore.queries) setDrafts(draftsOf(explore.queries));

  const seconds = window.end - window.start;
  const every = refresh === null ? null : parseDuration(refresh);
  const live = isLive(range) && refresh !== null;
  // In steps of a few pixels: dragging a window's edge must not ask anew at each move.
  const step = Math.max(explore.step ?? stepFor(seconds, Math.ceil(width / 200) * 200, 5), live ? (every ?? 0) : 0);
  const resolve = (expr: string) => askedExpression(expr, { filters, step, range: seconds, scrape: SCRAPE_S });
  const asked = explore.queries
    .filter(({ shown, expr }) => shown && expr.trim() !== '')
    .map(({ id, expr }) => ({ id, expr: resolve(expr), step }));
  const states = useQueries(explore.view === 'graph' || explore.view === 'heatmap' ? asked : []);
  const askedText = JSON.stringify(asked);
  const stable = useMemo(() => JSON.parse(askedText) as typeof asked, [askedText]);
  const guessed = useMemo(() => commonUnit(stable.map(({ expr }) => expr)), [stable]);
  const unit = explore.unit ?? guessed;

  const run = () => {
    const queries = explore.queries.map(({ expr, shown }, place) => ({
      expr: (drafts.texts[place] ?? expr).trim(),
      shown,
    }));
    note(queries.map(({ expr }) => expr));
    become({ queries: renumbered(queries) });
  };
  const change = (queries: readonly Omit<ExploreQuery, 'id'>[]) => become({ queries: renumbered(queries) });
  const withDrafts = () => explore.queries.map(({ shown }, place) => ({ expr: drafts.texts[place] ?? '', shown }));
  const take = (expr: string) => {
    const queries = withDrafts();
    const free = queries.findIndex((query) => query.expr.trim() === '');
    const place = free >= 0 ? free : queries.length === 1 ? 0 : -1;
    const next =
      place < 0
        ? [...queries, { expr, shown: true }]
        : queries.map((query, i) => (i === place ? { expr, shown: true } : query));
    note([expr]);
    change(next);
  };
  useRunKey(run);

  const result = { asked: stable, states, explore, unit, window, live, step };
  return (
    <div className={classes.page} ref={box}>
      <h1 className={classes.hidden}>Explore</h1>
      <div className={classes.queries}>
        {explore.queries.map((query, place) => (
          <QueryRow
            key={query.id}
            {...query}
            draft={drafts.texts[place] ?? ''}
            only={explore.queries.length === 1}
            filtered={Object.keys(filters).length > 0}
            window={window}
            step={step}
            state={states.get(query.id)}
            resolve={resolve}
            onDraft={(text) =>
              setDrafts(({ of, texts }) => ({ of, texts: texts.map((one, i) => (i === place ? text : one)) }))
            }
            onRun={run}
            onShown={() => change(withDrafts().map((one, i) => (i === place ? { ...one, shown: !one.shown } : one)))}
            onCopy={() => change(withDrafts().flatMap((one, i) => (i === place ? [one, one] : [one])))}
            onRemove={() => change(withDrafts().filter((_, i) => i !== place))}
          />
        ))}
      </div>
      <div className={classes.bar} role="toolbar" aria-label="Explore">
        <Button size="compact-sm" onClick={run} title="Enter in a query, or Ctrl+Enter anywhere">
          Run
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={explore.queries.length >= QUERIES_MAX}
          onClick={() => change([...withDrafts(), { expr: '', shown: true }])}
        >
          Add query
        </Button>
        <HistoryMenu past={past} zone={zone} onTake={take} onForget={forget} />
        <span className={classes.space} />
        {explore.view === 'graph' && (
          <>
            <Switch
              size="xs"
              label="Stacked"
              checked={explore.stacked}
              onChange={() => become({ stacked: !explore.stacked })}
            />
            <Switch
              size="xs"
              label="Exemplars"
              checked={explore.exemplars}
              onChange={() => become({ exemplars: !explore.exemplars })}
            />
            <SegmentedControl
              size="xs"
              aria-label="Scale"
              value={explore.scale}
              onChange={(scale) => become({ scale: scale as typeof explore.scale })}
              data={[
                { value: 'linear', label: 'linear' },
                { value: 'log2', label: 'log 2' },
                { value: 'log10', label: 'log 10' },
              ]}
            />
          </>
        )}
        <Select
          size="xs"
          w={122}
          aria-label="Step"
          value={explore.step === null ? '' : durationText(explore.step)}
          data={[{ value: '', label: `step ${durationText(step)}` }, ...stepChoices(explore.step)]}
          onChange={(text) => become({ step: parseDuration(text ?? '') })}
          allowDeselect={false}
          comboboxProps={{ withinPortal: true }}
        />
        <Select
          size="xs"
          w={130}
          aria-label="Unit"
          value={explore.unit ?? ''}
          data={[{ value: '', label: guessed === undefined ? 'unit by name' : `by name: ${guessed}` }, ...UNITS]}
          onChange={(chosen) => become({ unit: chosen === null || chosen === '' ? null : chosen })}
          allowDeselect={false}
          comboboxProps={{ withinPortal: true }}
        />
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={explore.view}
          onChange={(view) => become({ view: view as ExploreView })}
          data={VIEWS.map((view) => ({ value: view, label: VIEW_NAMES[view] }))}
        />
      </div>
      <div className={classes.result}>
        {stable.length === 0 ? (
          <Welcome onTake={take} />
        ) : explore.view === 'graph' ? (
          <GraphResult {...result} />
        ) : explore.view === 'heatmap' ? (
          <HeatmapResult {...result} />
        ) : explore.view === 'table' ? (
          <TableResult {...result} every={every} />
        ) : (
          <div className={classes.plans}>
            {stable.map(({ id, expr }) => (
              <PlanView key={id} id={id} ask={{ expr, start: window.start, end: window.end, step }} />
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

interface Drafts {
  /** The queries these are drafts of. */
  readonly of: readonly ExploreQuery[];
  readonly texts: readonly string[];
}

function draftsOf(queries: readonly ExploreQuery[]): Drafts {
  return { of: queries, texts: queries.map(({ expr }) => expr) };
}

function stepChoices(chosen: number | null): string[] {
  const text = chosen === null ? null : durationText(chosen);
  return text === null || STEPS.includes(text) ? STEPS : [...STEPS, text];
}

function commonUnit(exprs: readonly string[]): string | undefined {
  const units = new Set(exprs.map(likelyUnit));
  return units.size === 1 ? [...units][0] : undefined;
}

/** Ctrl+Enter runs from anywhere on the page. */
function useRunKey(run: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    event.preventDefault();
    run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['Players by region', 'sum by (region) (game_players)'],
  [
    'Ticks over budget, share',
    'sum by (region) (rate(game_ticks_over_budget_total[1m])) / sum by (region) (rate(game_ticks_total[1m]))',
  ],
  ['Action to ack, p95', 'histogram_quantile(0.95, sum by (le, region) (rate(game_action_ack_seconds_bucket[1m])))'],
  ['Join failures by build', 'sum by (build) (rate(game_join_failures_total[5m]))'],
];

/** What stands there before the first query. */
function Welcome({ onTake }: { readonly onTake: (expr: string) => void }) {
  return (
    <div className={classes.welcome}>
      <p>Write a query above, or begin with one of these.</p>
      <ul className={classes.history}>
        {EXAMPLES.map(([name, expr]) => (
          <li key={expr}>
            <button type="button" onClick={() => onTake(expr)}>
              <code>{expr}</code>
              <span>{name}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
