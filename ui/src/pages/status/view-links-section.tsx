import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { send } from '../../api/client';
import { type NewViewLinkMade, type ViewLink } from '../../api/types';
import { useGet } from '../../api/use-get';
import { type Filters } from '../../core/filters';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import { PlainTable } from '../parts/plain-table';
import { Section } from '../parts/section';

const LASTS = [
  { value: '1h', label: 'An hour' },
  { value: '12h', label: 'Twelve hours' },
  { value: '7d', label: 'A week' },
  { value: '90d', label: 'Ninety days' },
];

function filterWords(filters: Readonly<Record<string, string | readonly string[]>>): string {
  const words = Object.entries(filters).map(([label, values]) => `${label} ${[values].flat().join(', ')}`);
  return words.length === 0 ? 'everything' : words.join('; ');
}

/** Asks for a link to the overview as it is filtered now; the address is told once. */
function NewLink({ filters, onMade }: { readonly filters: Filters; readonly onMade: () => void }): ReactNode {
  const [opened, setOpened] = useState(false);
  const [ttl, setTtl] = useState('12h');
  const [url, setUrl] = useState('');
  const [error, setError] = useState('');
  const make = async (): Promise<void> => {
    try {
      const { data } = await send<NewViewLinkMade>('view_links', {
        method: 'POST',
        json: { page: 'overview', variables: filters, ttl },
      });
      setUrl(new URL(data.url, window.location.origin).href);
      setError('');
      onMade();
    } catch (failure) {
      setError((failure as Error).message);
    }
  };
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => {
          setUrl('');
          setOpened(true);
        }}
      >
        New link to the overview
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="A link that needs no login">
        <p style={{ marginTop: 0 }}>
          Whoever has it sees the overview of {filterWords(filters)}, and nothing else. Choose other filters above the
          page.
        </p>
        {url === '' ? (
          <>
            <NativeSelect
              label="Holds for"
              data={LASTS}
              value={ttl}
              onChange={(event) => setTtl(event.currentTarget.value)}
            />
            {error !== '' && <p role="alert">{error}</p>}
            <Button mt="sm" onClick={() => void make()}>
              Make it
            </Button>
          </>
        ) : (
          <TextInput
            label="Its address, told this once"
            value={url}
            readOnly
            onFocus={(event) => event.currentTarget.select()}
            data-autofocus
          />
        )}
      </Modal>
    </>
  );
}

/** Links to pages for those who have no login: which hold, for what, and taking one back. */
export function ViewLinksSection(): ReactNode {
  const { zone, filters } = useFrame();
  const links = useGet<ViewLink[]>('view_links', undefined, 30);
  const [said, setSaid] = useState('');
  const revoke = async (id: string): Promise<void> => {
    try {
      await send(`view_links/${encodeURIComponent(id)}`, { method: 'DELETE' });
      setSaid('The link holds no more.');
    } catch (error) {
      setSaid((error as Error).message);
    }
    links.reload();
  };
  return (
    <Section
      title="Viewer links"
      note={<span role="status">{said}</span>}
      wide
      of={links}
      empty="No link holds."
      controls={<NewLink filters={filters} onMade={links.reload} />}
    >
      {(data) =>
        data.length === 0 ? null : (
          <PlainTable
            label="Viewer links"
            rows={data}
            rowKey={(row) => row.id}
            columns={[
              { title: 'Page', render: (row) => row.dashboard ?? row.page },
              { title: 'Of', render: (row) => filterWords(row.variables) },
              { title: 'Made by', render: (row) => row.author || '–' },
              { title: 'Made', render: (row) => timeText(row.created / 1000, zone, 'minute') },
              { title: 'Holds until', render: (row) => timeText(row.expires / 1000, zone, 'minute') },
              {
                title: '',
                render: (row) => (
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => void revoke(row.id)}
                    aria-label={`Revoke the link to ${row.dashboard ?? row.page}`}
                  >
                    Revoke
                  </Button>
                ),
              },
            ]}
          />
        )
      }
    </Section>
  );
}
