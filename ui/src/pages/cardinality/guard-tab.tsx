import { type ReactNode } from 'react';

import { type GuardRejects, type Limits } from '../../api/types';
import { useGet } from '../../api/use-get';
import { durationWords } from '../../core/durations';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import { Facts, PlainTable, Share } from '../parts/plain-table';
import classes from '../parts/parts.module.css';
import { Section } from '../parts/section';

const count = (value: number): string => value.toLocaleString('en');

const MODES: Record<GuardRejects['mode'], string> = {
  off: 'The guard is off: nothing is looked at.',
  observe: 'The guard looks on: what it would turn away is counted and let in.',
  enforce: 'The guard turns these away.',
};

type Reject = GuardRejects['rejects'][number];

/** The newest few of what was turned away: the value where it was about one, else the names of the labels. The server redacts both. */
function Samples({ reject, seen }: { readonly reject: Reject; readonly seen: (at: number) => string }): ReactNode {
  return reject.samples.map(({ at, labels, value }) => {
    const names = labels.join(', ');
    const text = value === undefined ? `{${names}}` : `${reject.label ?? ''}="${value}"`;
    return (
      <code key={text + names} className={classes.code} title={`${seen(at)}: labels ${names}`}>
        {text}
      </code>
    );
  });
}

/** What is turned away and why, and how near the limits are. */
export function GuardTab(): ReactNode {
  const { zone } = useFrame();
  const rejects = useGet<GuardRejects>('guard/rejects', { limit: 500 }, 10);
  const limits = useGet<Limits>('status/limits', { limit: 100 }, 10);
  const seen = (at: number): string => timeText(at, zone, 'clock-seconds');
  return (
    <>
      <Section title="Limits" wide of={limits}>
        {(data) => (
          <Facts
            facts={[
              ['Active series', count(data.activeSeries)],
              ['Of at most', count(data.seriesMax)],
              ['Used', <Share key="used" share={data.activeSeries / Math.max(1, data.seriesMax)} />],
              ['Of one metric at most', count(data.seriesPerMetricMax)],
            ]}
          />
        )}
      </Section>
      <Section
        title="Turned away"
        note={rejects.data === null ? '' : MODES[rejects.data.mode]}
        wide
        of={rejects}
        empty="Nothing was turned away."
      >
        {(data) =>
          data.rejects.length === 0 ? null : (
            <PlainTable
              label="Turned away"
              rows={data.rejects}
              rowKey={(row) => [row.source, row.reason, row.kind, row.metric, row.label].join('|')}
              columns={[
                {
                  title: 'Reason',
                  render: (row) => (row.kind === undefined ? row.reason : `${row.reason}: ${row.kind}`),
                },
                { title: 'Metric', render: (row) => row.metric || row.source },
                { title: 'Label', render: (row) => row.label ?? '–' },
                { title: 'Lately', render: (row) => <Samples reject={row} seen={seen} /> },
                { title: 'Owner', render: (row) => row.owner || '–' },
                { title: 'Series', number: true, render: (row) => count(row.series) },
                { title: 'First seen', number: true, render: (row) => seen(row.firstSeen) },
                { title: 'Last seen', number: true, render: (row) => seen(row.lastSeen) },
              ]}
            />
          )
        }
      </Section>
      <Section
        title="Logs and traces"
        note="What was private in them"
        wide
        of={rejects}
        empty="Nothing private was found."
      >
        {(data) =>
          data.signals.length === 0 ? null : (
            <PlainTable
              label="Private data in logs and traces"
              rows={data.signals}
              rowKey={(row) => [row.source, row.action, row.reason, row.kind, row.owner, row.field].join('|')}
              columns={[
                { title: 'Where', render: (row) => `${row.source}: ${row.field}` },
                { title: 'Kind', render: (row) => row.kind },
                { title: 'What became of it', render: (row) => row.action },
                { title: 'Lately', render: (row) => <code className={classes.code}>{row.sample}</code> },
                { title: 'Owner', render: (row) => row.owner || '–' },
                { title: 'Sender', render: (row) => row.sender ?? '–' },
                { title: 'Times', number: true, render: (row) => count(row.count) },
                { title: 'Last seen', number: true, render: (row) => seen(row.lastSeen) },
              ]}
            />
          )
        }
      </Section>
      <Section title="Budgets" note="Series of a selector" of={limits} empty="No budgets are set.">
        {(data) =>
          data.budgets.length === 0 ? null : (
            <PlainTable
              label="Budgets"
              rows={data.budgets}
              rowKey={(row) => row.match}
              columns={[
                { title: 'Selector', render: (row) => <code>{row.match}</code> },
                { title: 'Series', number: true, render: (row) => count(row.activeSeries) },
                { title: 'At most', number: true, render: (row) => count(row.seriesMax) },
                {
                  title: 'Used',
                  number: true,
                  render: (row) => <Share share={row.activeSeries / Math.max(1, row.seriesMax)} />,
                },
              ]}
            />
          )
        }
      </Section>
      <Section title="Late senders" note="Samples too old to be taken" of={limits} empty="Nobody sends late.">
        {(data) =>
          data.lateSenders.length === 0 ? null : (
            <PlainTable
              label="Late senders"
              rows={data.lateSenders}
              rowKey={(row) => row.sender}
              columns={[
                { title: 'Sender', render: (row) => row.sender },
                { title: 'Taken', number: true, render: (row) => count(row.taken) },
                { title: 'Refused', number: true, render: (row) => count(row.refused) },
                { title: 'Latest by', number: true, render: (row) => durationWords(row.latestBySeconds) },
              ]}
            />
          )
        }
      </Section>
    </>
  );
}
