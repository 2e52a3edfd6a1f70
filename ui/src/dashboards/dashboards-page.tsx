import { Alert, Button, TextInput } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { useGet } from '../api/use-get';
import { timeText } from '../core/zone';
import { useFrame } from '../frame/frame-state';
import { NameDialog } from './edit/name-dialog';
import { ImportDialog } from './list/import-dialog';
import classes from './list/list.module.css';
import { emptyDashboard } from './model/dashboard';
import { createDashboard, type DashboardEntry } from './store/dashboards';

const sources: Readonly<Record<DashboardEntry['source'], string>> = {
  shipped: 'with Tickscope',
  file: 'file',
  store: 'here',
};

/** The list of dashboards. */
export default function DashboardsPage(): ReactNode {
  const { href, zone } = useFrame();
  const [, navigate] = useLocation();
  const { data, error, loading, reload } = useGet<readonly DashboardEntry[]>('dashboards');
  const [search, setSearch] = useState('');
  const [dialog, setDialog] = useState<'new' | 'import' | null>(null);
  const found = useMemo(() => matching(data ?? [], search), [data, search]);
  const create = async (name: string, title: string) => {
    await createDashboard(emptyDashboard(name, title));
    navigate(href(`/d/${name}`, { edit: '' }));
  };
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>Dashboards</h1>
        <span className={classes.space} />
        <TextInput
          aria-label="Search dashboards"
          placeholder="Title, folder or tag"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          size="xs"
          className={classes.search ?? ''}
        />
        <Button size="xs" variant="default" onClick={() => setDialog('import')}>
          Import
        </Button>
        <Button size="xs" onClick={() => setDialog('new')}>
          New dashboard
        </Button>
      </div>
      {error && (
        <Alert color="red" role="alert" title="The list could not be read">
          {error.message}{' '}
          <Button size="xs" variant="default" onClick={reload}>
            Try again
          </Button>
        </Alert>
      )}
      {data && found.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Title</th>
              <th scope="col">Folder</th>
              <th scope="col">Tags</th>
              <th scope="col">Kept</th>
              <th scope="col">Changed</th>
            </tr>
          </thead>
          <tbody>
            {found.map((entry) => (
              <tr key={entry.name}>
                <td>
                  <Link href={href(`/d/${encodeURIComponent(entry.name)}`)} className={classes.link ?? ''}>
                    {entry.title}
                  </Link>
                  {entry.description !== '' && <div className={classes.dim}>{entry.description}</div>}
                </td>
                <td>{entry.folder}</td>
                <td>
                  {entry.tags.map((tag) => (
                    <span key={tag} className={classes.tag}>
                      {tag}
                    </span>
                  ))}
                </td>
                <td className={classes.dim}>{sources[entry.source]}</td>
                <td className={classes.dim}>
                  {entry.updated > 0 ? timeText(entry.updated / 1000, zone, 'minute') : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {data && found.length === 0 && (
        <div className={classes.empty}>{search === '' ? 'No dashboards yet.' : 'No dashboard matches.'}</div>
      )}
      {loading && !data && <div className={classes.empty}>Loading</div>}
      {dialog === 'new' && (
        <NameDialog heading="New dashboard" action="Make it" title="" onDone={create} onClose={() => setDialog(null)} />
      )}
      {dialog === 'import' && (
        <ImportDialog onDone={(name) => navigate(href(`/d/${name}`))} onClose={() => setDialog(null)} />
      )}
    </div>
  );
}

/** Entries that have every word somewhere. */
function matching(entries: readonly DashboardEntry[], search: string): readonly DashboardEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const text = [entry.title, entry.name, entry.folder, entry.description, ...entry.tags].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
