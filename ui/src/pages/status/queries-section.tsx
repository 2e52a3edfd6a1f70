import { Button, Modal } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { ApiError, send } from '../../api/client';
import { type RunningQuery } from '../../api/types';
import { useGet } from '../../api/use-get';
import { durationWords } from '../../core/durations';
import { unitText } from '../../core/units';
import parts from '../parts/parts.module.css';
import { PlainTable } from '../parts/plain-table';
import { Section } from '../parts/section';

/** Queries come and go: looked at so often, in seconds. */
const EVERY_S = 2;

/** Queries that wait or run, the oldest first, each to be ended after a question. */
export function QueriesSection(): ReactNode {
  const queries = useGet<RunningQuery[]>('queries', undefined, EVERY_S);
  const [asked, setAsked] = useState<RunningQuery | null>(null);
  const [said, setSaid] = useState('');
  const kill = async (query: RunningQuery): Promise<void> => {
    setAsked(null);
    try {
      await send(`queries/${encodeURIComponent(query.id)}`, { method: 'DELETE' });
      setSaid('The query was ended.');
    } catch (error) {
      const gone = error instanceof ApiError && error.status === 404;
      setSaid(gone ? 'The query had ended by itself.' : `It could not be ended: ${String((error as Error).message)}`);
    }
    queries.reload();
  };
  return (
    <Section
      title="Running queries"
      note={<span role="status">{said}</span>}
      wide
      of={queries}
      empty="No query runs or waits now."
    >
      {(data) => (
        <>
          {data.length > 0 && (
            <PlainTable
              label="Running queries"
              rows={data.toSorted((a, b) => b.ageSeconds - a.ageSeconds)}
              rowKey={(row) => row.id}
              columns={[
                {
                  title: 'Query',
                  render: (row) => (
                    <code className={parts.code} title={row.query}>
                      {row.query}
                    </code>
                  ),
                },
                { title: 'State', render: (row) => row.state },
                { title: 'Class', render: (row) => row.class },
                { title: 'User', render: (row) => row.user || '–' },
                { title: 'Age', number: true, render: (row) => durationWords(row.ageSeconds) },
                { title: 'Range', number: true, render: (row) => durationWords(row.end - row.start) },
                { title: 'Read', number: true, render: (row) => `${unitText(row.samplesRead)} samples` },
                { title: 'Estimate', number: true, render: (row) => unitText(row.estimate.bytes, 'bytes') },
                {
                  title: '',
                  render: (row) => (
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => setAsked(row)}
                      aria-label={`End ${row.query}`}
                    >
                      End
                    </Button>
                  ),
                },
              ]}
            />
          )}
          {data.length === 0 && <p className={parts.nothing}>No query runs or waits now.</p>}
          <Modal opened={asked !== null} onClose={() => setAsked(null)} title="End this query?">
            <code style={{ overflowWrap: 'anywhere' }}>{asked?.query}</code>
            <p>Whoever asked it gets an error. Nothing that is stored changes.</p>
            <Button color="red" onClick={() => asked !== null && void kill(asked)}>
              End it
            </Button>{' '}
            <Button variant="default" onClick={() => setAsked(null)} data-autofocus>
              Let it run
            </Button>
          </Modal>
        </>
      )}
    </Section>
  );
}
