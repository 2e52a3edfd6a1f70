import { Button, Group, Modal, Textarea } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';

import type { Dashboard } from '../model/dashboard';
import { parseDashboardText } from '../model/parse';
import { FindingsList } from '../page/findings-list';

export interface JsonDialogProps {
  readonly title: string;
  readonly text: string;
  /** Left out, the text can only be read. */
  readonly onApply?: ((dashboard: Dashboard) => void) | undefined;
  readonly onClose: () => void;
}

/** The document as text. What is typed is held to the form at once; only a sound document can be applied. */
export function JsonDialog({ title, text, onApply, onClose }: JsonDialogProps): ReactNode {
  const [typed, setTyped] = useState(text);
  const { dashboard, findings } = useMemo(() => parseDashboardText(typed), [typed]);
  return (
    <Modal opened onClose={onClose} title={title} size="xl">
      <Textarea
        aria-label="The dashboard as JSON"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        readOnly={!onApply}
        autosize
        minRows={16}
        maxRows={28}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
        data-autofocus
      />
      <div role="status">
        <FindingsList findings={findings} />
      </div>
      <Group justify="flex-end" mt="sm">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        {onApply && (
          <Button disabled={dashboard === null} onClick={() => dashboard && onApply(dashboard)}>
            Apply
          </Button>
        )}
      </Group>
    </Modal>
  );
}
