import { type ReactNode } from 'react';

import { type Unused } from '../../api/types';
import { useGet } from '../../api/use-get';
import { unitText } from '../../core/units';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import { PlainTable } from '../parts/plain-table';
import { Section } from '../parts/section';

/** Metrics that are paid for and that nobody asked for. */
export function UnusedTab(): ReactNode {
  const { zone } = useFrame();
  const unused = useGet<Unused>('cardinality/unused', { limit: 500 }, 60);
  const since = unused.data === null ? 0 : Math.max(unused.data.since, unused.data.observed_since);
  const note =
    unused.data === null
      ? ''
      : `No query asked for them since ${timeText(since / 1000, zone, 'minute')}; ${unused.data.series.toLocaleString('en')} series`;
  return (
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
                number: true,
                render: (row) =>
                  row.last_queried === null ? 'never' : timeText(row.last_queried / 1000, zone, 'minute'),
              },
            ]}
          />
        )
      }
    </Section>
  );
}
