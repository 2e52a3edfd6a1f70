import { Alert, Button } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useLocation, useSearch } from 'wouter';

import { useFrame } from '../../frame/frame-state';
import { AnnotationsDialog } from '../edit/annotations-dialog';
import { ConflictDialog } from '../edit/conflict-dialog';
import { advance, begin, redo, undo } from '../edit/history';
import { JsonDialog } from '../edit/json-dialog';
import { NameDialog } from '../edit/name-dialog';
import {
  addPanel,
  addRow,
  copyPanel,
  newPanel,
  placePanel,
  removeItem,
  removeRow,
  renameRow,
  replacePanel,
} from '../edit/operations';
import { PanelEditor } from '../edit/panel-editor';
import { SettingsDialog } from '../edit/settings-dialog';
import { VariablesDialog } from '../edit/variables-dialog';
import { type Dashboard, titleOf } from '../model/dashboard';
import { serialiseDashboard } from '../model/parse';
import { Conflict, createDashboard, deleteDashboard, saveDashboard, type StoredDashboard } from '../store/dashboards';
import { choicesIn } from '../variables/url';
import classes from './dashboard.module.css';
import { DashboardView, type Editing } from './dashboard-view';
import { useChoose } from './use-choose';
import { useVariables } from './use-variables';
import { VariableBar } from './variable-bar';

export interface EditorProps {
  readonly dashboard: Dashboard;
  readonly stored: StoredDashboard;
  readonly onStored: (stored: StoredDashboard) => void;
  readonly onLeave: () => void;
}

type Dialog =
  | { readonly kind: 'json' | 'settings' | 'variables' | 'annotations' | 'copy' | 'conflict' | 'delete' }
  | { readonly kind: 'panel'; readonly key: string };

/** A dashboard while it is edited: every step can be undone, nothing is stored until it is saved. */
export function Editor(props: EditorProps): ReactNode {
  const { stored, onStored, onLeave } = props;
  const [history, setHistory] = useState(() => begin(props.dashboard));
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [failure, setFailure] = useState('');
  const [, navigate] = useLocation();
  const { href } = useFrame();
  const { now } = history;
  // Of what is edited, not of what is stored: a new variable counts before it is saved.
  const { resolved: variables } = useVariables(now, choicesIn(new URLSearchParams(useSearch())));
  const choose = useChoose();
  const changed = now !== props.dashboard;
  const become = (next: Dashboard) => setHistory((before) => advance(before, next));
  const close = () => setDialog(null);
  const apply = (next: Dashboard) => {
    become(next);
    close();
  };
  const fail = (error: unknown) => setFailure(error instanceof Error ? error.message : String(error));
  useUnsaved(changed);
  useUndoKeys(
    () => setHistory(undo),
    () => setHistory(redo),
  );

  const save = (revision: string) => {
    setFailure('');
    saveDashboard(now, revision).then(
      (saved) => {
        onStored(saved);
        onLeave();
      },
      (error: unknown) => (error instanceof Conflict ? setDialog({ kind: 'conflict' }) : fail(error)),
    );
  };
  const saveCopy = async (name: string, title: string) => {
    const copy: Dashboard = {
      ...now,
      metadata: { ...now.metadata, name },
      spec: { ...now.spec, display: { ...now.spec.display, name: title } },
    };
    await createDashboard(copy);
    navigate(href(`/d/${name}`));
  };
  const editing: Editing = {
    place: (shown, box) => become(placePanel(now, shown.layout, shown.item, box)),
    edit: (shown) => setDialog({ kind: 'panel', key: shown.panelKey }),
    copy: (shown) => become(copyPanel(now, shown.layout, shown.panelKey).dashboard),
    remove: (shown) => become(removeItem(now, shown.layout, shown.item)),
    renameRow: (layout, title) => become(renameRow(now, layout, title)),
    removeRow: (layout) => become(removeRow(now, layout)),
  };
  const add = () => {
    const { dashboard, key } = addPanel(now, 0, newPanel());
    become(dashboard);
    setDialog({ kind: 'panel', key });
  };
  const panel = dialog?.kind === 'panel' ? now.spec.panels[dialog.key] : undefined;

  return (
    <div className={classes.page}>
      <div className={classes.head} role="toolbar" aria-label="Edit the dashboard">
        <h1 className={classes.title}>{titleOf(now)}</h1>
        <span className={classes.tag}>{changed ? 'not saved' : 'editing'}</span>
        <span className={classes.space} />
        <Button size="xs" variant="default" onClick={add}>
          Add a panel
        </Button>
        <Button size="xs" variant="default" onClick={() => become(addRow(now, 'New row'))}>
          Add a row
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={history.past.length === 0}
          onClick={() => setHistory(undo)}
          title="Ctrl+Z"
        >
          Undo
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={history.future.length === 0}
          onClick={() => setHistory(redo)}
          title="Ctrl+Shift+Z"
        >
          Redo
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog({ kind: 'settings' })}>
          Settings
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog({ kind: 'variables' })}>
          Variables
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog({ kind: 'annotations' })}>
          Annotations
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog({ kind: 'json' })}>
          JSON
        </Button>
        {!stored.readOnly && (
          <Button size="xs" variant="default" color="red" onClick={() => setDialog({ kind: 'delete' })}>
            Delete
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => setDialog({ kind: 'copy' })}>
          Save as a copy
        </Button>
        <Button size="xs" variant="default" onClick={onLeave}>
          {changed ? 'Discard' : 'Done'}
        </Button>
        <Button
          size="xs"
          disabled={!changed || stored.readOnly}
          title={stored.readOnly ? readOnlyWords(stored) : undefined}
          onClick={() => save(stored.revision)}
        >
          Save
        </Button>
      </div>
      {stored.readOnly && <div className={classes.notice}>{readOnlyWords(stored)}</div>}
      {failure !== '' && (
        <Alert color="red" role="alert" title="It is not saved" withCloseButton onClose={() => setFailure('')}>
          {failure}
        </Alert>
      )}
      {variables && <VariableBar variables={variables} onChoose={choose} />}
      <DashboardView dashboard={now} variables={variables} annotations editing={editing} />
      {panel && dialog?.kind === 'panel' && (
        <PanelEditor
          key={dialog.key}
          panel={panel}
          variables={variables ?? []}
          onApply={(next) => {
            become(replacePanel(now, dialog.key, next));
            close();
          }}
          onClose={close}
        />
      )}
      {dialog?.kind === 'settings' && <SettingsDialog dashboard={now} onApply={apply} onClose={close} />}
      {dialog?.kind === 'variables' && (
        <VariablesDialog dashboard={now} variables={variables ?? []} onApply={apply} onClose={close} />
      )}
      {dialog?.kind === 'annotations' && (
        <AnnotationsDialog dashboard={now} variables={variables ?? []} onApply={apply} onClose={close} />
      )}
      {dialog?.kind === 'json' && (
        <JsonDialog
          title={titleOf(now)}
          text={serialiseDashboard(now)}
          onApply={(next) => {
            become({ ...next, metadata: { ...next.metadata, name: now.metadata.name } });
            close();
          }}
          onClose={close}
        />
      )}
      {dialog?.kind === 'copy' && (
        <NameDialog
          heading="Save as a copy"
          action="Save"
          title={`${titleOf(now)} (copy)`}
          onDone={saveCopy}
          onClose={close}
        />
      )}
      {dialog?.kind === 'conflict' && (
        <ConflictDialog
          base={props.dashboard}
          mine={now}
          onTheirs={(theirs) => {
            onStored(theirs);
            close();
          }}
          onOverwrite={(theirs) => {
            close();
            save(theirs.revision);
          }}
          onCopy={() => setDialog({ kind: 'copy' })}
          onClose={close}
        />
      )}
      {dialog?.kind === 'delete' && (
        <Alert
          color="red"
          role="alertdialog"
          aria-label="Delete the dashboard"
          title={`Delete "${titleOf(now)}" for everyone?`}
          style={{ order: -1 }}
        >
          <Button
            size="xs"
            color="red"
            onClick={() =>
              deleteDashboard(now.metadata.name, stored.revision).then(() => navigate(href('/dashboards')), fail)
            }
          >
            Delete
          </Button>{' '}
          <Button size="xs" variant="default" onClick={close}>
            Keep
          </Button>
        </Alert>
      )}
    </div>
  );
}

function readOnlyWords({ source }: StoredDashboard): string {
  const why =
    source === 'shipped'
      ? 'It comes with Tickscope'
      : source === 'file'
        ? 'It comes from a file'
        : 'Nothing can be stored here';
  return `${why}: save what you change as a copy.`;
}

/** Asks before a tab with unsaved changes is closed. */
function useUnsaved(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [changed]);
}

function useUndoKeys(back: () => void, forth: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const target = event.target as Element | null;
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
      if (target?.closest('input, textarea, [contenteditable="true"], [role="dialog"]')) return;
      event.preventDefault();
      if (event.shiftKey) forth();
      else back();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  });
}
