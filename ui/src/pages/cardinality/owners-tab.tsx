import { type ReactNode } from 'react';

import { type OwnerSeries } from '../../api/types';
import { useGet } from '../../api/use-get';
import { PlainTable, Share } from '../parts/plain-table';
import { Section } from '../parts/section';

/** Series by the owner the schema names. */
export function OwnersTab(): ReactNode {
  const owners = useGet<OwnerSeries[]>('cardinality/owners', undefined, 60);
  return (
    <Section title="Owners" note="As the schema names them" wide of={owners} empty="No series yet.">
      {(data) =>
        data.length === 0 ? null : (
          <PlainTable
            label="Owners"
            rows={data}
            rowKey={(row) => row.owner}
            columns={[
              { title: 'Owner', render: (row) => (row.owner === '' ? 'nobody: not in the schema' : row.owner) },
              { title: 'Metrics', number: true, render: (row) => row.metrics.toLocaleString('en') },
              { title: 'Series', number: true, render: (row) => row.series.toLocaleString('en') },
              { title: 'Share', number: true, render: (row) => <Share share={row.share} /> },
            ]}
          />
        )
      }
    </Section>
  );
}
