import { type ReactNode } from 'react';

import { type Platform } from '../../api/types';
import { useGet } from '../../api/use-get';
import { durationWords } from '../../core/durations';
import { unitText } from '../../core/units';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import parts from '../parts/parts.module.css';
import { Facts, PlainTable, Share } from '../parts/plain-table';
import { Section } from '../parts/section';
import { ConfigSection } from './config-section';
import { QueriesSection } from './queries-section';
import { ViewLinksSection } from './view-links-section';

/** How often the page looks again, in seconds. */
const EVERY_S = 5;

const count = (value: number): string => value.toLocaleString('en');

/** This server: what it is, holds and does, with the queries that run and how to end one. */
export default function StatusPage(): ReactNode {
  const { zone } = useFrame();
  const platform = useGet<Platform>('status/platform', undefined, EVERY_S);
  const day = (ms: number | null): string => (ms === null ? '–' : timeText(ms / 1000, zone, 'minute'));
  return (
    <>
      <h1 className={parts.heading}>Status</h1>
      <div className={parts.page}>
        <Section title="Process" wide of={platform}>
          {(data) => (
            <Facts
              facts={[
                ['Roles', data.roles.join(', ')],
                ['Version', data.version],
                ['Up', durationWords(data.uptime_seconds)],
                ['Active series', count(data.store.active_series)],
                ['Blocks', `${count(data.store.blocks)}, ${unitText(data.store.bytes, 'bytes')}`],
                ['Memory', unitText(data.memory.resident_bytes, 'bytes')],
                ['CPU since start', `${(data.cpu_seconds / Math.max(1, data.uptime_seconds)).toFixed(2)} cores`],
                ['Live viewers', data.live === null ? '–' : count(data.live.connections)],
                ['Live queries', data.live === null ? '–' : `${count(data.live.topics)} shared`],
              ]}
            />
          )}
        </Section>
        <Section
          title="Partitions"
          note="Records wait before queries see them"
          of={platform}
          empty="No partitions here."
        >
          {(data) =>
            data.partitions.length === 0 ? null : (
              <PlainTable
                label="Partitions"
                rows={data.partitions}
                rowKey={(row) => `${row.tenant ?? ''}/${row.partition}`}
                columns={[
                  { title: 'Partition', render: (row) => row.partition },
                  { title: 'First', number: true, render: (row) => count(row.first) },
                  { title: 'End', number: true, render: (row) => count(row.end) },
                  { title: 'Applied', number: true, render: (row) => count(row.applied) },
                  { title: 'Behind', number: true, render: (row) => count(Math.max(0, row.end - row.applied)) },
                  { title: 'Lag', number: true, render: (row) => durationWords(row.lag_seconds) },
                ]}
              />
            )
          }
        </Section>
        <Section title="Tiers" note="Blocks by resolution" of={platform} empty="No blocks yet.">
          {(data) =>
            data.tiers.length === 0 ? null : (
              <PlainTable
                label="Tiers"
                rows={data.tiers}
                rowKey={(row) => row.tier}
                columns={[
                  { title: 'Tier', render: (row) => row.tier },
                  { title: 'Blocks', number: true, render: (row) => count(row.blocks) },
                  { title: 'Size', number: true, render: (row) => unitText(row.bytes, 'bytes') },
                  { title: 'Oldest', number: true, render: (row) => day(row.oldest) },
                  { title: 'Newest', number: true, render: (row) => day(row.newest) },
                ]}
              />
            )
          }
        </Section>
        <Section title="Caches" note="Since the start" of={platform} empty="No caches here.">
          {(data) =>
            data.caches.length === 0 ? null : (
              <PlainTable
                label="Caches"
                rows={data.caches}
                rowKey={(row) => row.name}
                columns={[
                  { title: 'Cache', render: (row) => row.name },
                  {
                    title: 'Hits',
                    number: true,
                    render: (row) =>
                      row.hits + row.misses === 0 ? '–' : <Share share={row.hits / (row.hits + row.misses)} />,
                  },
                  { title: 'Asked', number: true, render: (row) => count(row.hits + row.misses) },
                  { title: 'Size', number: true, render: (row) => unitText(row.bytes, 'bytes') },
                ]}
              />
            )
          }
        </Section>
        <QueriesSection />
        <ViewLinksSection />
        <ConfigSection />
      </div>
    </>
  );
}
