import { Alert, Button, Group, Modal, Text } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

import type { Dashboard } from '../model/dashboard';
import { parseDashboard } from '../model/parse';
import { loadDashboard, type StoredDashboard } from '../store/dashboards';
import { differences } from './compare';

export interface ConflictDialogProps {
  /** What both edits began with. */
  readonly base: Dashboard;
  readonly mine: Dashboard;
  readonly onTheirs: (stored: StoredDashboard) => void;
  /** Stores mine in the place of theirs. */
  readonly onOverwrite: (stored: StoredDashboard) => void;
  readonly onCopy: () => void;
  readonly onClose: () => void;
}

/** Somebody else saved first: what they changed, what I changed, and the ways on. Nothing is lost without a choice. */
export function ConflictDialog(props: ConflictDialogProps): ReactNode {
  const { base, mine, onTheirs, onOverwrite, onCopy, onClose } = props;
  const [theirs, setTheirs] = useState<StoredDashboard | null>(null);
  const [failure, setFailure] = useState('');
  const name = mine.metadata.name;
  useEffect(() => {
    const aborter = new AbortController();
    loadDashboard(name, aborter.signal).then(setTheirs, (error: unknown) => {
      if (!aborter.signal.aborted) setFailure(error instanceof Error ? error.message : String(error));
    });
    return () => aborter.abort();
  }, [name]);
  const document = theirs ? parseDashboard(theirs.dashboard).dashboard : null;
  return (
    <Modal opened onClose={onClose} title="Somebody else saved this dashboard meanwhile" size="lg">
      {failure !== '' && (
        <Alert color="red" role="alert">
          {failure}
        </Alert>
      )}
      <Changes title="They changed" list={document ? differences(base, document) : null} />
      <Changes title="You changed" list={differences(base, mine)} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Go on editing
        </Button>
        <Button variant="default" disabled={!theirs} onClick={() => theirs && onTheirs(theirs)}>
          Take theirs, drop mine
        </Button>
        <Button variant="default" color="red" disabled={!theirs} onClick={() => theirs && onOverwrite(theirs)}>
          Save mine over theirs
        </Button>
        <Button onClick={onCopy} data-autofocus>
          Save mine as a copy
        </Button>
      </Group>
    </Modal>
  );
}

function Changes({ title, list }: { readonly title: string; readonly list: readonly string[] | null }): ReactNode {
  return (
    <>
      <Text fw={600} mt="sm">
        {title}
      </Text>
      <ul>
        {list?.map((change) => (
          <li key={change}>{change}</li>
        ))}
        {list?.length === 0 && <li>nothing</li>}
        {list === null && <li>not known</li>}
      </ul>
    </>
  );
}
