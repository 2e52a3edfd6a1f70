// Every chart with made data, to be looked at and measured: `npm run gallery`, pictures by browser/gallery.test.ts.
import '@mantine/core/styles.css';
import '../src/frame/tokens.css';
import { MantineProvider, Switch } from '@mantine/core';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

import { BarChart } from '../src/charts/bar-chart';
import { GaugeChart } from '../src/charts/gauge-chart';
import { HeatmapChart } from '../src/charts/heatmap-chart';
import { PanelFrame } from '../src/charts/panel-frame';
import { StatChart } from '../src/charts/stat-chart';
import { StatusHistoryChart } from '../src/charts/status-history-chart';
import { TableChart } from '../src/charts/table-chart';
import { TextPanel } from '../src/charts/text-panel';
import { TimeSeriesChart } from '../src/charts/time-series-chart';
import { panelCsv } from '../src/core/csv';
import type { Frame, FrameSeries, QueryState } from '../src/core/frame';
import type { Exemplar, Mark } from '../src/core/marks';
import { panelData } from '../src/core/panel-data';
import { panelState } from '../src/core/panel-state';
import { latestTable } from '../src/core/table';
import type { Threshold } from '../src/core/thresholds';
import { THEME } from '../src/frame/theme';
import { walks } from './made-data';

const END = 1_795_694_400;
const few = walks(5, 241, 15, END, 7);
const holes: Frame = {
  ...few,
  series: few.series.slice(0, 2).map((one, n) => ({
    ...one,
    values: one.values.map((value, i) =>
      (i > 60 && i < 90) || (n === 1 && i % 40 < 8) ? null : i === 20 ? NaN : value,
    ),
  })),
};

const bounds = [0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.1, 0.25, 0.5, Infinity];
const classic: Frame = {
  times: few.times,
  step: few.step,
  series: bounds.map((bound, row): FrameSeries => {
    const values = few.times.map((_, i) => {
      const middle = 3.5 + Math.sin(i / 30) * 1.5;
      let sum = 0;
      for (let below = 0; below <= row; ++below) sum += 900 * Math.exp(-((below - middle) ** 2) / 2.2);
      return sum;
    });
    return { key: `le=${bound}`, labels: { le: bound === Infinity ? '+Inf' : String(bound) }, values };
  }),
};
const native: Frame = {
  times: few.times,
  step: few.step,
  series: [
    {
      key: 'native',
      labels: {},
      values: few.times.map(() => null),
      histograms: few.times.map((_, i) => {
        const middle = 20 + Math.sin(i / 25) * 8;
        const buckets = Array.from({ length: 48 }, (_, b) => ({
          lower: 0.001 * 2 ** (b / 4),
          upper: 0.001 * 2 ** ((b + 1) / 4),
          count: Math.round(500 * Math.exp(-((b - middle) ** 2) / 18)),
        })).filter(({ count }) => count > 0);
        return i % 50 === 49 ? null : { count: buckets.reduce((sum, { count }) => sum + count, 0), sum: 1, buckets };
      }),
    },
  ],
};
const marks: readonly Mark[] = [
  { id: '1', time: END - 2000, kind: 'deploy', title: '4.17.3 to eu', text: 'by rollout 88' },
  { id: '2', time: END - 1200, timeEnd: END - 900, kind: 'incident', title: 'matchmaking slow' },
];
const thresholds: readonly Threshold[] = [
  { value: 60, level: 'warn' },
  { value: 90, level: 'bad', label: 'too many' },
];
const exemplars: readonly Exemplar[] = Array.from({ length: 200 }, (_, i) => ({
  time: END - i * 17,
  value: 20 + ((i * 7919) % 90),
  labels: { trace_id: `4bf92f3577b34da6a3ce929d0e0e${String(i).padStart(4, '0')}` },
  series: { __name__: 'game_players' },
}));
const states: Frame = {
  ...few,
  series: few.series.map((one) => ({
    ...one,
    values: one.values.map((value) => (value === null ? null : value > 90 ? 2 : value > 60 ? 1 : 0)),
  })),
};

function ready(frame: Frame | null, more: Partial<QueryState> = {}): QueryState {
  return { frame, phase: 'ready', stale: false, warnings: [], error: null, ...more };
}

const MARKDOWN = `## Runbook
Players cannot **join**: look at [overview](/overview), then \`game_join_failures_total\`.

- matchmaking wait above *30 s*
- <b>not bold</b>, [not a link](javascript:alert(1))

| region | owner |
| --- | --- |
| eu | live-ops |
`;

function Gallery() {
  const [dots, setDots] = useState(true);
  const data = panelData([{ id: 'A', frame: few }]);
  const shared = { label: 'players', zone: 'UTC', syncKey: 'gallery' };
  const panels: readonly (readonly [string, string | undefined, React.ReactNode, QueryState?])[] = [
    [
      'Lines, thresholds, marks, exemplars',
      undefined,
      <TimeSeriesChart
        key="a"
        {...shared}
        data={data}
        thresholds={thresholds}
        marks={marks}
        exemplars={dots ? exemplars : []}
      />,
    ],
    [
      'Gaps and lone points',
      's',
      <TimeSeriesChart key="b" {...shared} data={panelData([{ id: 'A', frame: holes }])} unit="s" />,
    ],
    ['Stacked', 'Bps', <TimeSeriesChart key="c" {...shared} data={data} stacked="sums" drawing="area" unit="Bps" />],
    [
      '200 series',
      undefined,
      <TimeSeriesChart key="d" {...shared} data={panelData([{ id: 'A', frame: walks(200, 721, 5, END) }])} />,
    ],
    ['Log 2', 'bytes', <TimeSeriesChart key="e" {...shared} data={data} scale="log2" unit="bytes" />],
    [
      'Bars',
      'reqps',
      <TimeSeriesChart
        key="f"
        {...shared}
        data={panelData([{ id: 'A', frame: walks(1, 40, 90, END) }])}
        drawing="bars"
        unit="reqps"
      />,
    ],
    [
      'Classic histogram',
      's',
      <HeatmapChart key="g" {...shared} data={panelData([{ id: 'A', frame: classic }])} unit="s" marks={marks} />,
    ],
    [
      'Native histogram',
      's',
      <HeatmapChart key="h" {...shared} data={panelData([{ id: 'A', frame: native }])} unit="s" />,
    ],
    [
      'Stats',
      'percentunit',
      <StatChart
        key="i"
        label="stats"
        data={{
          ...data,
          series: data.series.map((one) => ({ ...one, values: one.values.map((value) => value! / 100) })),
        }}
        unit="percentunit"
        thresholds={[
          { value: 0.6, level: 'warn' },
          { value: 0.9, level: 'bad' },
        ]}
      />,
    ],
    ['Gauges', 'percent', <GaugeChart key="j" label="gauges" data={data} unit="percent" thresholds={thresholds} />],
    [
      'Bar list',
      'short',
      <BarChart key="k" label="bars" data={panelData([{ id: 'A', frame: walks(30, 5, 60, END) }])} />,
    ],
    [
      'Table',
      's',
      <TableChart
        key="l"
        label="table"
        table={latestTable(panelData([{ id: 'A', frame: walks(10_000, 2, 60, END) }]), 's')}
      />,
    ],
    [
      'Status history',
      undefined,
      <StatusHistoryChart
        key="m"
        {...shared}
        data={panelData([{ id: 'A', frame: states }])}
        thresholds={[
          { value: 1, level: 'warn' },
          { value: 2, level: 'bad' },
        ]}
        mapping={
          new Map([
            ['0', 'up'],
            ['1', 'slow'],
            ['2', 'down'],
          ])
        }
      />,
    ],
    ['Text', undefined, <TextPanel key="n" label="text" markdown={MARKDOWN} />],
    ['Loading', undefined, null, ready(null, { phase: 'loading' })],
    ['Empty', undefined, null, ready({ ...few, series: [] })],
    [
      'Failed',
      undefined,
      null,
      ready(null, {
        phase: 'failed',
        error: { type: 'too_many_requests', message: 'the query would read about 44 GiB unpacked, more than 40 GiB' },
      }),
    ],
    [
      'Stale and partial',
      undefined,
      <TimeSeriesChart key="o" {...shared} data={data} />,
      ready(few, { stale: true, warnings: ['block 01H… could not be read'] }),
    ],
  ];
  return (
    <main style={{ padding: 12, background: 'var(--ts-ground)' }}>
      <h1 style={{ fontSize: 16 }}>Charts</h1>
      <Switch label="exemplars" checked={dots} onChange={() => setDots(!dots)} mb={8} />
      <h2 style={{ fontSize: 14 }}>With made data</h2>
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(3, minmax(0, 1fr))', gridAutoRows: 300, gap: 8 }}>
        {panels.map(([title, unit, chart, state]) => (
          <PanelFrame
            key={title}
            title={title}
            unit={unit}
            state={panelState([state ?? ready(few)])}
            csv={() => panelCsv(data)}
            description="What it shows."
            exploreHref="/explore"
          >
            {chart}
          </PanelFrame>
        ))}
      </div>
    </main>
  );
}

createRoot(document.getElementById('root')!).render(
  <MantineProvider theme={THEME} defaultColorScheme="auto">
    <Gallery />
  </MantineProvider>,
);
