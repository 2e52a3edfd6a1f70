import { Alert, Button, FileButton, Group, Modal, ScrollArea, Stack, Table, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';

import type { ImportReport } from '../grafana/report';
import { reportSummary } from '../grafana/report';
import { importDocument, type ImportResult } from '../import-document';
import { dashboardName } from '../model/parse';
import { FindingsList } from '../page/findings-list';
import { createDashboard } from '../store/dashboards';
import classes from './list.module.css';

export interface ImportDialogProps {
  readonly onDone: (name: string) => void;
  readonly onClose: () => void;
}

/** Files past this are no dashboards; reading them would stall the page. */
const bytesMax = 20 * 1024 * 1024;

/** Reads a dashboard of Perses or Grafana and tells what became of every panel before it is stored. */
export function ImportDialog({ onDone, onClose }: ImportDialogProps): ReactNode {
  const [text, setText] = useState('');
  const [failure, setFailure] = useState('');
  const result = useMemo(() => (text.trim() === '' ? null : importDocument(text)), [text]);
  const read = (file: File | null) => {
    if (!file) return;
    setFailure('');
    if (file.size > bytesMax) return setFailure(`${file.name} is larger than 20 MB`);
    file.text().then(setText, () => setFailure(`${file.name} cannot be read`));
  };
  return (
    <Modal opened onClose={onClose} title="Import a dashboard" size="xl">
      <Stack gap="sm">
        <Group>
          <FileButton onChange={read} accept="application/json,.json">
            {(props) => (
              <Button {...props} variant="default">
                Choose a file
              </Button>
            )}
          </FileButton>
          <span className={classes.dim}>Perses, or Grafana's classic JSON. It can be pasted, too.</span>
        </Group>
        <Textarea
          aria-label="The dashboard's JSON"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          rows={result ? 3 : 8}
          spellCheck={false}
        />
        {failure !== '' && (
          <Alert color="red" role="alert">
            {failure}
          </Alert>
        )}
        {result && <Result key={text} result={result} onDone={onDone} onFailure={setFailure} />}
      </Stack>
    </Modal>
  );
}

function Result({
  result,
  onDone,
  onFailure,
}: {
  readonly result: ImportResult;
  readonly onDone: (name: string) => void;
  readonly onFailure: (text: string) => void;
}): ReactNode {
  const [name, setName] = useState('imported' in result ? result.imported.dashboard.metadata.name : '');
  const [busy, setBusy] = useState(false);
  if ('findings' in result) {
    return (
      <Alert color="red" role="alert" title="It cannot be imported">
        <FindingsList findings={result.findings} />
      </Alert>
    );
  }
  const { dashboard, report } = result.imported;
  const store = () => {
    setBusy(true);
    onFailure('');
    createDashboard({ ...dashboard, metadata: { ...dashboard.metadata, name } }).then(
      () => onDone(name),
      (error: unknown) => {
        setBusy(false);
        onFailure(error instanceof Error ? error.message : String(error));
      },
    );
  };
  return (
    <>
      <Report report={report} />
      <Group align="flex-end">
        <TextInput
          label="Name in addresses"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={dashboardName.test(name) ? undefined : 'Letters, digits, _, - and .; at most 75'}
          style={{ flex: 1 }}
        />
        <Button onClick={store} loading={busy} disabled={!dashboardName.test(name)}>
          Import
        </Button>
      </Group>
    </>
  );
}

function Report({ report }: { readonly report: ImportReport }): ReactNode {
  const noted = report.panels.filter((panel) => panel.notes.length > 0 || panel.outcome === 'placeholder');
  return (
    <section aria-label="Import report">
      <p className={classes.summary} role="status">
        <strong>{report.title}</strong>: {reportSummary(report)}; {report.counts.variables} variables,{' '}
        {report.counts.annotations} annotations, {report.counts.links} links.
      </p>
      {(noted.length > 0 || report.notes.length > 0) && (
        <ScrollArea.Autosize mah={280} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': 'What changed' }}>
          <Table striped withTableBorder className={classes.report ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What</Table.Th>
                <Table.Th>Was</Table.Th>
                <Table.Th>Is</Table.Th>
                <Table.Th>Notes</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {noted.map((panel) => (
                <Table.Tr key={panel.key}>
                  <Table.Td>{panel.title || panel.key}</Table.Td>
                  <Table.Td>{panel.type}</Table.Td>
                  <Table.Td>{panel.outcome === 'placeholder' ? 'placeholder' : panel.shownAs}</Table.Td>
                  <Table.Td>{panel.notes.join('; ')}</Table.Td>
                </Table.Tr>
              ))}
              {report.notes.map((note) => (
                <Table.Tr key={`${note.about} ${note.message}`}>
                  <Table.Td>{note.about}</Table.Td>
                  <Table.Td />
                  <Table.Td />
                  <Table.Td>{note.message}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      )}
    </section>
  );
}
