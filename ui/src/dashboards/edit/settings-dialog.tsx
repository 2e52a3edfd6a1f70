import { Button, Group, Modal, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { parseDuration } from '../../core/durations';
import type { Dashboard } from '../model/dashboard';

export interface SettingsDialogProps {
  readonly dashboard: Dashboard;
  readonly onApply: (dashboard: Dashboard) => void;
  readonly onClose: () => void;
}

/** What a dashboard is called, where it is kept, and how far it looks back. */
export function SettingsDialog({ dashboard, onApply, onClose }: SettingsDialogProps): ReactNode {
  const { metadata, spec } = dashboard;
  const [title, setTitle] = useState(spec.display?.name ?? '');
  const [description, setDescription] = useState(spec.display?.description ?? '');
  const [folder, setFolder] = useState(metadata.project ?? '');
  const [tags, setTags] = useState<string[]>([...(metadata.tags ?? [])]);
  const [duration, setDuration] = useState(spec.duration ?? '1h');
  const [refresh, setRefresh] = useState(spec.refreshInterval ?? '10s');
  const apply = () => {
    const { project: _project, tags: _tags, ...kept } = metadata;
    onApply({
      ...dashboard,
      metadata: { ...kept, ...(folder === '' ? {} : { project: folder }), ...(tags.length === 0 ? {} : { tags }) },
      spec: { ...spec, display: { ...spec.display, name: title, description }, duration, refreshInterval: refresh },
    });
  };
  return (
    <Modal opened onClose={onClose} title="Settings">
      <Stack gap="sm">
        <TextInput
          label="Title"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          data-autofocus
        />
        <Textarea
          label="Description"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TextInput label="Folder" value={folder} onChange={(event) => setFolder(event.currentTarget.value)} />
        <TagsInput label="Tags" value={tags} onChange={setTags} />
        <Group grow>
          <TextInput
            label="Looks back"
            value={duration}
            error={wrong(duration)}
            onChange={(event) => setDuration(event.currentTarget.value)}
          />
          <TextInput
            label="Refreshes every"
            description="0s for never"
            value={refresh}
            error={wrong(refresh)}
            onChange={(event) => setRefresh(event.currentTarget.value)}
          />
        </Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={wrong(duration) !== undefined || wrong(refresh) !== undefined} onClick={apply}>
            Apply
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function wrong(text: string): string | undefined {
  return parseDuration(text) === null ? 'A duration such as 6h or 30s' : undefined;
}
