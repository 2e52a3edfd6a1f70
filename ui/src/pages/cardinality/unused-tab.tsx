import { type ReactNode } from 'react';

import { type MetricReader, type Unused, type Usage } from '../../api/types';
import { useGet } from '../../api/use-get';
import { unitText } from '../../core/units';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import { PlainTable } from '../parts/plain-table';
import { Section } from '../parts/section';

const READERS: Record<MetricReader['reader'], string> = {
  rule: 'rules',
  dashboard: 'dashboards',
  user: 'people and programs',
  viewer: 'viewers of links',
};

/** When, and by whom that was: all that asked in that hour, for no more is known. */
function LastAsked(props: {
  readonly at: number | null;
  readonly readers: readonly MetricReader[];
  readonly zone: string;
}): ReactNode {
  const { at, readers, zone } = props;
  if (at === null) return 'never';
  const last = readers.filter((one) => one.last_queried === at).map(({ reader }) => READERS[reader]);
  return `${timeText(at / 1000, zone, 'minute')}${last.length === 0 ? '' : ` by ${last.join(', ')}`}`;
}

/** Who asks for the largest metrics: whom to ask before one goes. */
function Used(): ReactNode {
  const { zone } = useFrame();
  const usage = useGet<Usage>('cardinality/usage', { limit: 100 }, 60);
  return (
    <Section title="Who asks" note="The largest metrics" wide of={usage} empty="No series yet.">
      {(data) =>
        data.metrics.length === 0 ? null : (
          <PlainTable
            label="Who asks"
            rows={data.metrics}
            rowKey={(row) => row.metric}
            columns={[
              { title: 'Metric', render: (row) => row.metric },
              { title: 'Owner', render: (row) => row.owner || '–' },
              { title: 'Series', number: true, render: (row) => row.series.toLocaleString('en') },
              {
                title: 'Last asked for',
                render: (row) => <LastAsked at={row.last_queried} readers={row.readers} zone={zone} />,
              },
              {
                title: 'All who ask',
                render: (row) => row.readers.map(({ reader }) => READERS[reader]).join(', ') || '–',
              },
            ]}
          />
        )
      }
    </Section>
  );
}

/** Metrics that are paid for and that nobody asked for, and who asks for the others. */
export function UnusedTab(): ReactNode {
  const { zone } = useFrame();
  const unused = useGet<Unused>('cardinality/unused', { limit: 500 }, 60);
  const since = unused.data === null ? 0 : Math.max(unused.data.since, unused.data.observed_since);
  const note =
    unused.data === null
      ? ''
      : `No query asked for them since ${timeText(since / 1000, zone, 'minute')}; ${unused.data.series.toLocaleString('en')} series`;
  return (
    <>
      <Section title="Never queried" note={note} wide of={unused} empty="Every metric was asked for.">
        {(data) =>
          data.metrics.length === 0 ? null : (
            <PlainTable
              label="Never queried"
              rows={data.metrics}
              rowKey={(row) => row.metric}
              columns={[
                { title: 'Metric', render: (row) => row.metric },
                { title: 'Owner', render: (row) => row.owner || '–' },
                { title: 'Series', number: true, render: (row) => row.series.toLocaleString('en') },
                { title: 'A day on disk', number: true, render: (row) => unitText(row.bytes, 'bytes') },
                {
                  title: 'Last asked for',
                  render: (row) => <LastAsked at={row.last_queried} readers={row.readers} zone={zone} />,
                },
              ]}
            />
          )
        }
      </Section>
      <Used />
    </>
  );
}
