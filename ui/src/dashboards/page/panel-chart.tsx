import { type ReactNode, useMemo } from 'react';

import { BarChart } from '../../charts/bar-chart';
import { GaugeChart } from '../../charts/gauge-chart';
import { HeatmapChart } from '../../charts/heatmap-chart';
import type { Stacking } from '../../charts/plot';
import type { LegendColumn } from '../../charts/props';
import { StatChart } from '../../charts/stat-chart';
import { StatusHistoryChart } from '../../charts/status-history-chart';
import { TableChart } from '../../charts/table-chart';
import { TimeSeriesChart } from '../../charts/time-series-chart';
import type { Mark } from '../../core/marks';
import type { PanelData } from '../../core/panel-data';
import type { Plugin } from '../model/dashboard';
import { numberOf, objectOf, textOf } from '../model/json';
import { calculationOf, formatOf, legendOf, mappingsOf, thresholdsOf, unitOf } from '../model/options';
import { levelsOf } from './levels';
import { panelTable } from './panel-table';

export interface PanelChartProps {
  readonly plugin: Plugin;
  readonly data: PanelData;
  readonly label: string;
  /** Names of the queries by id, for columns. */
  readonly queryNames: Readonly<Record<string, string>>;
  readonly range: { readonly from: number; readonly to: number } | undefined;
  readonly zone: string;
  readonly marks: readonly Mark[];
  readonly onZoom: (from: number, to: number) => void;
}

/** Charts on one page share their cursor. */
const syncKey = 'dashboard';

/** The chart that a panel's plugin asks for. */
export function PanelChart(props: PanelChartProps): ReactNode {
  const { plugin, data, label } = props;
  const { kind, spec } = plugin;
  const unit = unitOf(kind, spec);
  const { decimals } = formatOf(kind === 'TimeSeriesChart' ? objectOf(spec['yAxis']) : spec);
  const min = numberOf(spec['min']);
  const max = numberOf(spec['max']);
  const levels = useMemo(() => levelsFor(kind, plugin), [kind, plugin]);
  const mapping = useMemo(
    () => new Map(mappingsOf(spec).flatMap(({ value, text }) => (value === undefined ? [] : [[value, text] as const]))),
    [spec],
  );
  const common = { data, label, unit, decimals, thresholds: levels };
  const reduce = calculationOf(spec);
  switch (kind) {
    case 'StatChart':
      return <StatChart {...common} reduce={reduce} sparkline={spec['sparkline'] !== undefined} mapping={mapping} />;
    case 'GaugeChart':
      return <GaugeChart {...common} reduce={reduce} min={min} max={max} />;
    case 'BarChart':
    case 'PieChart':
    case 'HistogramChart':
      return <BarChart {...common} reduce={reduce} max={max} />;
    case 'Table':
    case 'TimeSeriesTable':
      return <TablePanel {...props} />;
    case 'HeatMapChart':
      return <HeatmapChart {...timed(props)} {...common} />;
    case 'StatusHistoryChart':
      return <StatusHistoryChart {...timed(props)} {...common} mapping={mapping} />;
    default:
      return <TimeSeriesPanel {...props} />;
  }
}

function timed({ range, zone, marks, onZoom }: PanelChartProps) {
  return { range, zone, marks, onZoom, syncKey };
}

function levelsFor(kind: string, plugin: Plugin) {
  const floor = kind !== 'TimeSeriesChart';
  const min = numberOf(plugin.spec['min']);
  const max = numberOf(plugin.spec['max']);
  return levelsOf(thresholdsOf(plugin.spec), {
    floor,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  });
}

function TablePanel({ plugin, data, label, queryNames, zone }: PanelChartProps): ReactNode {
  const table = useMemo(() => panelTable(data, plugin.spec, queryNames), [data, plugin.spec, queryNames]);
  const value = table.columns.find((column) => column.kind === 'value');
  return (
    <TableChart
      table={table}
      label={label}
      zone={zone}
      decimals={formatOf(plugin.spec).decimals}
      sorting={value ? { key: value.key, descending: true } : undefined}
    />
  );
}

const stackings: Readonly<Record<string, Stacking>> = { all: 'sums', percent: 'shares' };
const scales: Readonly<Record<string, 'log2' | 'log10'>> = { 2: 'log2', 10: 'log10' };

function TimeSeriesPanel(props: PanelChartProps): ReactNode {
  const { plugin, data, label } = props;
  const { spec } = plugin;
  const axis = objectOf(spec['yAxis']);
  const visual = objectOf(spec['visual']);
  const { unit, decimals } = formatOf(axis);
  const levels = useMemo(() => levelsFor('TimeSeriesChart', plugin), [plugin]);
  const legend = legendOf(spec);
  const columns = useMemo(() => (legend ? legend.values.filter(isColumn) : false), [legend]);
  const filled = (numberOf(visual['areaOpacity']) ?? 0) > 0.05;
  const drawing =
    visual['display'] === 'bar' ? 'bars' : visual['showPoints'] === 'always' ? 'points' : filled ? 'area' : 'line';
  return (
    <TimeSeriesChart
      {...timed(props)}
      data={data}
      label={label}
      unit={unit}
      decimals={decimals}
      thresholds={levels}
      drawing={drawing}
      stacked={stackings[textOf(visual['stack']) ?? ''] ?? 'none'}
      scale={scales[String(axis['logBase'] ?? '')] ?? 'linear'}
      min={numberOf(axis['min'])}
      max={numberOf(axis['max'])}
      legend={columns}
    />
  );
}

function isColumn(value: string): value is LegendColumn {
  return value !== 'first';
}
