import { Alert, Button, Menu } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';

import { parseDuration } from '../../core/durations';
import { DEFAULT_REFRESH } from '../../core/url-state';
import { useFrame } from '../../frame/frame-state';
import { JsonDialog } from '../edit/json-dialog';
import { exportGrafana } from '../grafana/export';
import { type Dashboard, titleOf } from '../model/dashboard';
import { parseDashboard, serialiseDashboard } from '../model/parse';
import { saveDashboard, type StoredDashboard } from '../store/dashboards';
import { choicesIn } from '../variables/url';
import classes from './dashboard.module.css';
import { DashboardView } from './dashboard-view';
import { downloadJson } from './download';
import { Editor } from './editor';
import { useChoose } from './use-choose';
import { FindingsList } from './findings-list';
import { type LoadedDashboard, useDashboard } from './use-dashboard';
import { useVariables } from './use-variables';
import { VariableBar } from './variable-bar';

/** The page of one dashboard, `/d/NAME`. */
export default function DashboardPage(): ReactNode {
  const { name = '' } = useParams<{ name: string }>();
  const loaded = useDashboard(decodeURIComponent(name));
  return <DashboardStates key={name} loaded={loaded} name={decodeURIComponent(name)} />;
}

function DashboardStates({ loaded, name }: { readonly loaded: LoadedDashboard; readonly name: string }): ReactNode {
  const { loading } = loaded;
  if (loading.state === 'loading') return <div className={classes.empty}>Loading the dashboard</div>;
  if (loading.state === 'failed') {
    return (
      <Alert
        color="red"
        role="alert"
        title={loading.missing ? `There is no dashboard "${name}"` : 'The dashboard could not be read'}
      >
        {loading.message}
        <div>
          <Button size="xs" mt="xs" variant="default" onClick={loaded.reload}>
            Try again
          </Button>
        </div>
      </Alert>
    );
  }
  if (loading.state === 'broken') return <Broken stored={loading.stored} loaded={loaded} />;
  return <ReadyDashboard dashboard={loading.dashboard} stored={loading.stored} loaded={loaded} />;
}

/** A document that is no sound dashboard: what is wrong, where, and the text to mend it in. */
function Broken({ stored, loaded }: { readonly stored: StoredDashboard; readonly loaded: LoadedDashboard }): ReactNode {
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState('');
  const { findings } = parseDashboard(stored.dashboard);
  const mend = (dashboard: Dashboard) => {
    saveDashboard(dashboard, stored.revision).then(loaded.adopt, (error: unknown) =>
      setFailure(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <Alert color="red" role="alert" title="This document is no sound dashboard, so it is not shown">
      {failure}
      <FindingsList findings={findings} />
      <Button size="xs" mt="xs" variant="default" onClick={() => setOpen(true)}>
        {stored.readOnly ? 'See its JSON' : 'Mend its JSON'}
      </Button>
      {open && (
        <JsonDialog
          title="The document"
          text={JSON.stringify(stored.dashboard, null, 2)}
          onApply={stored.readOnly ? undefined : mend}
          onClose={() => setOpen(false)}
        />
      )}
    </Alert>
  );
}

interface ReadyProps {
  readonly dashboard: Dashboard;
  readonly stored: StoredDashboard;
  readonly loaded: LoadedDashboard;
}

function ReadyDashboard({ dashboard, stored, loaded }: ReadyProps): ReactNode {
  const search = useSearch();
  const [location, navigate] = useLocation();
  const editing = new URLSearchParams(search).has('edit');
  useOwnTimes(dashboard);
  const setEditing = (on: boolean) => {
    const next = new URLSearchParams(window.location.search);
    if (on) next.set('edit', '');
    else next.delete('edit');
    navigate(`${location}?${next.toString()}`);
  };
  if (editing) {
    return (
      <Editor
        key={stored.revision}
        dashboard={dashboard}
        stored={stored}
        onStored={loaded.adopt}
        onLeave={() => setEditing(false)}
      />
    );
  }
  return <Looked dashboard={dashboard} onEdit={() => setEditing(true)} />;
}

/** A dashboard while it is looked at. */
function Looked({ dashboard, onEdit }: { readonly dashboard: Dashboard; readonly onEdit: () => void }): ReactNode {
  const search = useSearch();
  const [json, setJson] = useState(false);
  const [annotations, setAnnotations] = useState(true);
  const { href } = useFrame();
  const choose = useChoose();
  const { resolved } = useVariables(dashboard, choicesIn(new URLSearchParams(search)));
  const { name, tags = [] } = dashboard.metadata;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{titleOf(dashboard)}</h1>
        {tags.map((tag) => (
          <span key={tag} className={classes.tag}>
            {tag}
          </span>
        ))}
        <span className={classes.space} />
        <Button size="xs" variant="default" aria-pressed={annotations} onClick={() => setAnnotations(!annotations)}>
          {annotations ? 'Hide annotations' : 'Show annotations'}
        </Button>
        <Button size="xs" variant="default" component="a" href={`${href(`/d/${name}/wall`)}`}>
          On a wall
        </Button>
        <Button size="xs" variant="default" onClick={onEdit}>
          Edit
        </Button>
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <Button size="xs" variant="default" aria-label="More">
              ⋯
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setJson(true)}>See its JSON</Menu.Item>
            <Menu.Item onClick={() => downloadJson(name, serialiseDashboard(dashboard))}>Export for Perses</Menu.Item>
            <Menu.Item
              onClick={() => downloadJson(`${name}-grafana`, `${JSON.stringify(exportGrafana(dashboard), null, 2)}\n`)}
            >
              Export for Grafana
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {resolved && <VariableBar variables={resolved} onChoose={choose} />}
      <DashboardView dashboard={dashboard} variables={resolved} annotations={annotations} editing={null} />
      {json && (
        <JsonDialog title={titleOf(dashboard)} text={serialiseDashboard(dashboard)} onClose={() => setJson(false)} />
      )}
    </div>
  );
}

/** How far a dashboard looks back and how often it refreshes, where the address does not say. */
function useOwnTimes(dashboard: Dashboard): void {
  const [location, navigate] = useLocation();
  const { duration, refreshInterval } = dashboard.spec;
  useEffect(() => {
    const now = new URLSearchParams(window.location.search);
    const before = now.toString();
    if (!now.has('from') && duration && duration !== '1h' && parseDuration(duration) !== null) {
      now.set('from', `now-${duration}`);
      now.set('to', 'now');
    }
    if (!now.has('refresh') && refreshInterval && refreshInterval !== DEFAULT_REFRESH) {
      now.set('refresh', parseDuration(refreshInterval) === 0 ? 'off' : refreshInterval);
    }
    if (now.toString() !== before) navigate(`${location}?${now.toString()}`, { replace: true });
  }, [location, navigate, duration, refreshInterval]);
}
