import { Menu } from '@mantine/core';
import { memo, type ReactNode, useMemo } from 'react';

import { PanelFrame } from '../../charts/panel-frame';
import { TextPanel } from '../../charts/text-panel';
import { panelCsv, tableCsv } from '../../core/csv';
import type { QueryState } from '../../core/frame';
import { isLive } from '../../core/time-range';
import { safeHref } from '../../core/markdown';
import type { Mark } from '../../core/marks';
import { type PanelState, panelState } from '../../core/panel-state';
import { fixedWindow } from '../../core/time-range';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import { knownKinds } from '../import-document';
import { textOf } from '../model/json';
import { unitOf } from '../model/options';
import { foreignQueryKinds } from '../model/queries';
import { interpolate, type VariableValues } from '../variables/interpolate';
import { drawnData, rowsMax, seriesMax } from './drawn-data';
import classes from './dashboard.module.css';
import { PanelChart } from './panel-chart';
import { panelTable as panelTableOf } from './panel-table';
import type { AskedQuery } from './panel-queries';
import { Placeholder } from './placeholder';
import type { ShownPanel } from './sections';

export interface PanelCardProps {
  readonly shown: ShownPanel;
  /** The page's values; null while variables are resolved. */
  readonly values: VariableValues | null;
  readonly queries: readonly AskedQuery[];
  readonly states: ReadonlyMap<string, QueryState>;
  readonly marks: readonly Mark[];
  /** False while the panel has not been seen: nothing was asked. */
  readonly seen: boolean;
  readonly menu?: ReactNode;
  readonly controls?: ReactNode;
}

const ready: PanelState = { phase: 'ready', stale: false, partial: false, warnings: [], errors: [] };
const loading: PanelState = { ...ready, phase: 'loading' };

function failed(message: string): PanelState {
  return { ...ready, phase: 'failed', errors: [{ type: 'not asked', message }] };
}

/** One panel: its frame, its states and its chart. Whatever goes wrong with it is said on it. */
export const PanelCard = memo(function PanelCard(props: PanelCardProps): ReactNode {
  const { shown, values, queries, states, marks, seen, menu, controls } = props;
  const { range, zone, setRange, href } = useFrame();
  const window = useWindow();
  const { spec } = shown.panel;
  const { kind, spec: options } = spec.plugin;
  const all = useMemo(() => ({ ...values, ...shown.scope }), [values, shown.scope]);
  const title = interpolate(spec.display?.name ?? '', all, 'text');
  const description = interpolate(spec.display?.description ?? '', all, 'text');
  const own = queries.map((query) => states.get(query.id));
  const table = kind === 'Table' || kind === 'TimeSeriesTable';
  const drawn = useMemo(
    () => drawnData(queries, own, options, table ? rowsMax : seriesMax),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the states one by one: the list is another one each time.
    [queries, options, table, ...own],
  );
  const known = knownKinds.has(kind);
  const state = stateOf(props, own, known);
  const queryNames = useMemo(() => namesOf(queries), [queries]);
  const ownRange = isLive(range) || queries.some((query) => query.own !== undefined || query.shift !== undefined);
  const shownRange = useMemo(() => (ownRange ? undefined : { from: window.start, to: window.end }), [ownRange, window]);
  const cut = drawn.total > drawn.data.series.length && drawn.total > (table ? rowsMax : seriesMax);
  return (
    <PanelFrame
      title={title}
      description={description || undefined}
      unit={known ? unitOf(kind, options) : undefined}
      state={state}
      idle={!seen}
      csv={
        known && kind !== 'Markdown'
          ? () => (table ? tableCsv(tableOf(props, drawn.data)) : panelCsv(drawn.data))
          : undefined
      }
      exploreHref={queries[0] ? href('/explore', exploreParams(queries)) : undefined}
      menu={
        <>
          {(spec.links ?? []).map((link) => {
            const target = safeHref(interpolate(link.url, all, 'text'));
            return target === null ? null : (
              <Menu.Item
                key={link.url}
                component="a"
                href={target}
                target={link.targetBlank ? '_blank' : undefined}
                rel="noreferrer"
              >
                {link.name ?? target}
              </Menu.Item>
            );
          })}
          {menu}
        </>
      }
      controls={controls}
    >
      {!known ? (
        <Placeholder plugin={spec.plugin} />
      ) : kind === 'Markdown' ? (
        <TextPanel markdown={interpolate(textOf(options['text']) ?? '', all, 'text')} label={title || 'Text'} />
      ) : (
        <div className={classes.chartBox}>
          {cut && (
            <div className={classes.cut} role="note">
              {drawn.data.series.length.toLocaleString('en')} largest of {drawn.total.toLocaleString('en')} series.
              Aggregate or filter to see all.
            </div>
          )}
          <div className={classes.chartFill}>
            {seen && (
              <PanelChart
                plugin={spec.plugin}
                data={drawn.data}
                label={title || kind}
                queryNames={queryNames}
                range={shownRange}
                zone={zone}
                marks={marks}
                onZoom={(from, to) => setRange(fixedWindow(from, to))}
              />
            )}
          </div>
        </div>
      )}
    </PanelFrame>
  );
}, same);

function stateOf(props: PanelCardProps, own: readonly (QueryState | undefined)[], known: boolean): PanelState {
  const { shown, queries, values } = props;
  const { kind } = shown.panel.spec.plugin;
  if (!known || kind === 'Markdown') return ready;
  if (values === null) return loading;
  if (queries.length === 0) {
    const foreign = foreignQueryKinds(shown.panel);
    return failed(
      foreign.length > 0 ? `it asks by ${foreign.join(', ')}, which is not known here` : 'the panel has no query',
    );
  }
  return panelState(own.map((each) => each ?? pending));
}

const pending: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };

/** Only what this panel shows counts: the stream makes a new map of states for every event of any panel. */
function same(before: PanelCardProps, after: PanelCardProps): boolean {
  const { states: a, ...one } = before;
  const { states: b, ...other } = after;
  return (
    (Object.keys(other) as (keyof typeof other)[]).every((key) => one[key] === other[key]) &&
    after.queries.every(({ id }) => a.get(id) === b.get(id))
  );
}

function namesOf(queries: readonly AskedQuery[]): Readonly<Record<string, string>> {
  const named = queries.filter((query) => query.legend !== '' && !query.legend.includes('{{'));
  return Object.fromEntries(named.map((query) => [query.id, query.legend]));
}

function tableOf(props: PanelCardProps, data: Parameters<typeof panelCsv>[0]) {
  return panelTableOf(data, props.shown.panel.spec.plugin.spec, namesOf(props.queries));
}

function exploreParams(queries: readonly AskedQuery[]): Readonly<Record<string, string>> {
  return { expr: queries[0]?.expr ?? '' };
}
