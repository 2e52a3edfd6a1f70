import { type ReactNode, useState } from 'react';

import { getPlain } from '../../api/client';
import { type LabelNamesCardinality, type LabelValuesCardinality } from '../../api/types';
import { useLoaded } from '../../api/use-get';
import { promqlString } from '../../core/filters';
import { PlainTable, Share } from '../parts/plain-table';
import { Section } from '../parts/section';
import { Button } from '@mantine/core';

const TOP = 100;
const count = (value: number): string => value.toLocaleString('en');

/** Labels by how many values they have, and of one of them the values by how many series they are on. */
export function LabelsTab(): ReactNode {
  const [label, setLabel] = useState('__name__');
  const names = useLoaded(
    'label names',
    (signal) => getPlain<LabelNamesCardinality>('cardinality/label_names', { limit: TOP }, signal),
    30,
  );
  const values = useLoaded(
    `label values ${label}`,
    (signal) =>
      getPlain<LabelValuesCardinality>(
        'cardinality/label_values',
        { 'label_names[]': [label], limit: TOP, selector: `{${label}!=${promqlString('')}}` },
        signal,
      ),
    30,
  );
  return (
    <>
      <Section title="Labels" note="By how many values they have" of={names} empty="No labels yet.">
        {(data) =>
          data.cardinality.length === 0 ? null : (
            <PlainTable
              label="Labels"
              rows={data.cardinality}
              rowKey={(row) => row.label_name}
              columns={[
                { title: 'Label', render: (row) => row.label_name },
                { title: 'Values', number: true, render: (row) => count(row.label_values_count) },
                {
                  title: '',
                  render: (row) => (
                    <Button
                      size="compact-xs"
                      variant={row.label_name === label ? 'filled' : 'default'}
                      aria-pressed={row.label_name === label}
                      aria-label={`Values of ${row.label_name}`}
                      onClick={() => setLabel(row.label_name)}
                    >
                      Values
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Section>
      <Section title={`Values of ${label}`} note="By how many series have them" of={values} empty="No values.">
        {(data) => {
          const found = data.labels.find(({ label_name }) => label_name === label);
          return found === undefined ? null : (
            <PlainTable
              label={`Values of ${label}`}
              rows={found.cardinality}
              rowKey={(row) => row.label_value}
              columns={[
                { title: 'Value', render: (row) => row.label_value },
                { title: 'Series', number: true, render: (row) => count(row.series_count) },
                {
                  title: 'Share',
                  number: true,
                  render: (row) => <Share share={row.series_count / Math.max(1, data.series_count_total)} />,
                },
              ]}
            />
          );
        }}
      </Section>
    </>
  );
}
