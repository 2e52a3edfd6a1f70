import { Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { nameFrom } from '../grafana/import';
import { dashboardName } from '../model/parse';

export interface NameDialogProps {
  readonly heading: string;
  readonly action: string;
  readonly title: string;
  /** Stores it; what it throws is said, and the dialog stays. */
  readonly onDone: (name: string, title: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for a title, and the name that addresses have. */
export function NameDialog({ heading, action, title: given, onDone, onClose }: NameDialogProps): ReactNode {
  const [title, setTitle] = useState(given);
  const [typed, setTyped] = useState<string | null>(null);
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const name = typed ?? nameFrom(title);
  const sound = dashboardName.test(name) && title.trim() !== '';
  const done = () => {
    setBusy(true);
    onDone(name, title.trim()).catch((error: unknown) => {
      setBusy(false);
      setFailure(error instanceof Error ? error.message : String(error));
    });
  };
  return (
    <Modal opened onClose={onClose} title={heading}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (sound) done();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Title"
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label="Name in addresses"
            value={name}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={dashboardName.test(name) ? undefined : 'Letters, digits, _, - and .; at most 75'}
          />
          {failure !== '' && (
            <Alert color="red" role="alert">
              {failure}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!sound} loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
