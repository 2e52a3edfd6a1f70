import { type ReactNode } from 'react';
import { Link } from 'wouter';

import { type MetricDay, type SchemaMetrics, type Tsdb } from '../../api/types';
import { useGet } from '../../api/use-get';
import { dailyChanges } from '../../core/cardinality';
import { useFrame } from '../../frame/frame-state';
import parts from '../parts/parts.module.css';
import { Facts, PlainTable, Share } from '../parts/plain-table';
import { Section } from '../parts/section';

const TOP = 100;
const count = (value: number): string => value.toLocaleString('en');

/** Metrics a histogram's series are told as, to the name the schema has. */
function schemaName(metric: string): string {
  return metric.replace(/_(bucket|sum|count)$/, '');
}

function Change({ change }: { readonly change: number }): ReactNode {
  if (change === 0) return '0';
  return (
    <span className={change > 0 ? parts.up : parts.down}>{`${change > 0 ? '+' : '−'}${count(Math.abs(change))}`}</span>
  );
}

/** The largest metrics, their owners, and what grew since yesterday. */
export function MetricsTab(): ReactNode {
  const { href } = useFrame();
  const tsdb = useGet<Tsdb>('status/tsdb', { limit: TOP }, 30);
  const all = useGet<{ active_series: number; distinct_series_estimate: number }>('cardinality/series', undefined, 30);
  const schema = useGet<SchemaMetrics>('schema/metrics');
  const history = useGet<MetricDay[]>('cardinality/history', { days: 14 }, 300);
  const owners = new Map((schema.data?.metrics ?? []).map(({ name, owner }) => [name, owner]));
  const ownerOf = (metric: string): string => owners.get(metric) ?? owners.get(schemaName(metric)) ?? '–';
  const metric = (name: string): ReactNode => <Link href={href('/explore', { expr: `count(${name})` })}>{name}</Link>;
  return (
    <>
      <Section title="Series" wide of={all}>
        {(data) => (
          <Facts
            facts={[
              ['Active series', count(data.active_series)],
              ['Different ones in all blocks', `about ${count(data.distinct_series_estimate)}`],
              ['Label pairs', count(tsdb.data?.headStats.numLabelPairs ?? 0)],
            ]}
          />
        )}
      </Section>
      <Section title="Largest metrics" note="By active series" of={tsdb} empty="No series yet.">
        {(data) =>
          data.seriesCountByMetricName.length === 0 ? null : (
            <PlainTable
              label="Largest metrics"
              rows={data.seriesCountByMetricName}
              rowKey={(row) => row.name}
              columns={[
                { title: 'Metric', render: (row) => metric(row.name) },
                { title: 'Owner', render: (row) => ownerOf(row.name) },
                { title: 'Series', number: true, render: (row) => count(row.value) },
                {
                  title: 'Share',
                  number: true,
                  render: (row) => <Share share={row.value / Math.max(1, data.headStats.numSeries)} />,
                },
              ]}
            />
          )
        }
      </Section>
      <Section title="What changed since yesterday" note="Days are UTC" of={history} empty="No day is on record yet.">
        {(data) => {
          const changes = dailyChanges(data);
          return changes.length === 0 ? null : (
            <PlainTable
              label="What changed since yesterday"
              rows={changes}
              rowKey={(row) => row.metric}
              columns={[
                { title: 'Metric', render: (row) => metric(row.metric) },
                { title: 'Series', number: true, render: (row) => count(row.now) },
                {
                  title: 'Yesterday',
                  number: true,
                  render: (row) => (row.dayBefore === null ? '–' : count(row.dayBefore)),
                },
                { title: 'Change', number: true, render: (row) => <Change change={row.change} /> },
              ]}
            />
          );
        }}
      </Section>
    </>
  );
}
