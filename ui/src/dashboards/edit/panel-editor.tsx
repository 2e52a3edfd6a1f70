import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Tabs,
  Textarea,
  TextInput,
} from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { QueryEditor } from '../../editor/query-editor';
import { describe } from '../model/findings';
import { type Panel, type PanelSpec, type Query } from '../model/dashboard';
import { type JsonObject, numberOf, objectOf, textOf } from '../model/json';
import { formatOf, legendOf, thresholdsOf, unitOf } from '../model/options';
import { parseDashboard } from '../model/parse';
import { promQuery } from '../model/queries';
import { PanelPreview } from '../page/panel-preview';
import type { ResolvedVariable } from '../variables/resolve';
import classes from './panel-editor.module.css';
import { SeriesFields } from './series-fields';

export interface PanelEditorProps {
  readonly panel: Panel;
  /** Of the page: the panel is drawn with them while it is edited. */
  readonly variables: readonly ResolvedVariable[];
  readonly onApply: (panel: Panel) => void;
  readonly onClose: () => void;
}

const kinds = [
  { value: 'TimeSeriesChart', label: 'Time series' },
  { value: 'StatChart', label: 'Number' },
  { value: 'GaugeChart', label: 'Gauge' },
  { value: 'BarChart', label: 'Bars' },
  { value: 'Table', label: 'Table' },
  { value: 'HeatMapChart', label: 'Heatmap' },
  { value: 'StatusHistoryChart', label: 'Status history' },
  { value: 'Markdown', label: 'Text' },
];

const units = [
  'decimal',
  'percent-decimal',
  'percent',
  'seconds',
  'milliseconds',
  'bytes',
  'bytes/sec',
  'bits/sec',
  'ops/sec',
  'requests/sec',
  'events/sec',
  'cores',
];

const calculations = ['last-number', 'mean', 'min', 'max', 'sum', 'delta'];

/** Edits one panel: its queries and how it is drawn, with the result beside them. Nothing is changed until it is applied. */
export function PanelEditor({ panel, variables, onApply, onClose }: PanelEditorProps): ReactNode {
  const [draft, setDraft] = useState(panel);
  // Typing into a query does not ask it: it is asked with Enter, or when the field is left.
  const [shown, setShown] = useState(panel);
  const change = (next: Panel) => {
    setDraft(next);
    setShown(next);
  };
  const set = (spec: Partial<PanelSpec>) => change({ ...draft, spec: { ...draft.spec, ...spec } });
  const { plugin, display } = draft.spec;
  const setSpec = (spec: JsonObject) => set({ plugin: { ...plugin, spec: withoutUndefined(spec) } });
  const form = { plugin, setSpec };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Edit panel: ${display?.name || 'untitled'}`}
      fullScreen
      transitionProps={{ duration: 0 }}
    >
      <div className={classes.editor}>
        <div className={classes.left}>
          <div className={classes.preview}>
            <PanelPreview panel={shown} variables={variables} />
          </div>
          {plugin.kind === 'Markdown' ? (
            <Textarea
              label="Markdown"
              value={textOf(plugin.spec['text']) ?? ''}
              onChange={(event) => setSpec({ ...plugin.spec, text: event.currentTarget.value })}
              autosize
              minRows={8}
            />
          ) : (
            <Queries draft={draft} onDraft={setDraft} onRun={() => setShown(draft)} onChange={change} />
          )}
        </div>
        <div className={classes.right}>
          <Tabs defaultValue="form" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="form">Panel</Tabs.Tab>
              <Tabs.Tab value="json">JSON</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="form" pt="sm">
              <Stack gap="sm">
                <TextInput
                  label="Title"
                  value={display?.name ?? ''}
                  onChange={(event) => set({ display: { ...display, name: event.currentTarget.value } })}
                  data-autofocus
                />
                <Textarea
                  label="Description"
                  value={display?.description ?? ''}
                  onChange={(event) => set({ display: { ...display, description: event.currentTarget.value } })}
                  autosize
                  maxRows={4}
                />
                <Select
                  label="Shown as"
                  data={
                    kinds.some(({ value }) => value === plugin.kind)
                      ? kinds
                      : [...kinds, { value: plugin.kind, label: plugin.kind }]
                  }
                  value={plugin.kind}
                  allowDeselect={false}
                  onChange={(kind) =>
                    kind && set({ plugin: { kind, spec: carriedOver(plugin.kind, kind, plugin.spec) } })
                  }
                />
                {plugin.kind !== 'Markdown' && <FormatFields {...form} />}
                {plugin.kind === 'TimeSeriesChart' && <TimeSeriesFields {...form} />}
                {['StatChart', 'GaugeChart', 'BarChart'].includes(plugin.kind) && <NumberFields {...form} />}
                {plugin.kind !== 'Markdown' && plugin.kind !== 'HeatMapChart' && <ThresholdFields {...form} />}
                {['TimeSeriesChart', 'StatChart', 'BarChart'].includes(plugin.kind) && (
                  <SeriesFields
                    spec={plugin.spec}
                    setSpec={setSpec}
                    units={units}
                    axes={plugin.kind === 'TimeSeriesChart'}
                  />
                )}
              </Stack>
            </Tabs.Panel>
            <Tabs.Panel value="json" pt="sm">
              <PanelJson panel={draft} onChange={change} />
            </Tabs.Panel>
          </Tabs>
        </div>
      </div>
      <Group justify="flex-end" className={classes.foot ?? ''}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={() => onApply(draft)}>Apply</Button>
      </Group>
    </Modal>
  );
}

interface QueriesProps {
  readonly draft: Panel;
  readonly onDraft: (panel: Panel) => void;
  readonly onRun: () => void;
  readonly onChange: (panel: Panel) => void;
}

function Queries({ draft, onDraft, onRun, onChange }: QueriesProps): ReactNode {
  const queries = draft.spec.queries ?? [];
  const withQueries = (next: readonly Query[]): Panel => ({ ...draft, spec: { ...draft.spec, queries: next } });
  const edited = (index: number, members: JsonObject): Panel =>
    withQueries(
      queries.map((query, place) => {
        if (place !== index) return query;
        const { plugin } = query.spec;
        return {
          ...query,
          spec: { ...query.spec, plugin: { ...plugin, spec: withoutUndefined({ ...plugin.spec, ...members }) } },
        };
      }),
    );
  return (
    <Stack gap="xs" mt="sm">
      {queries.map((query, index) => {
        const name = String.fromCodePoint(65 + index);
        const { spec } = query.spec.plugin;
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a query is its place.
          <div key={index} className={classes.query} role="group" aria-label={`Query ${name}`} onBlur={onRun}>
            <span className={classes.letter}>{name}</span>
            <QueryEditor
              label={`Query ${name}`}
              value={textOf(spec['query']) ?? ''}
              onChange={(text) => onDraft(edited(index, { query: text }))}
              onRun={onRun}
            />
            <TextInput
              size="xs"
              aria-label={`Legend of ${name}`}
              placeholder="Legend: {{region}}"
              value={textOf(spec['seriesNameFormat']) ?? ''}
              onChange={(event) => onDraft(edited(index, { seriesNameFormat: event.currentTarget.value || undefined }))}
            />
            <TextInput
              size="xs"
              aria-label={`Least step of ${name}`}
              placeholder="Least step"
              value={textOf(spec['minStep']) ?? ''}
              onChange={(event) => onDraft(edited(index, { minStep: event.currentTarget.value || undefined }))}
              className={classes.step ?? ''}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove query ${name}`}
              onClick={() => onChange(withQueries(queries.filter((_each, place) => place !== index)))}
            >
              ✕
            </ActionIcon>
          </div>
        );
      })}
      <div>
        <Button size="xs" variant="default" onClick={() => onChange(withQueries([...queries, promQuery('up')]))}>
          Add a query
        </Button>
      </div>
    </Stack>
  );
}

interface FieldsProps {
  readonly plugin: PanelSpec['plugin'];
  readonly setSpec: (spec: JsonObject) => void;
}

/** Unit and digits, wherever the kind keeps them. */
function FormatFields({ plugin, setSpec }: FieldsProps): ReactNode {
  const { kind, spec } = plugin;
  const holder = kind === 'TimeSeriesChart' ? objectOf(spec['yAxis']) : spec;
  const member = kind === 'HeatMapChart' ? 'yAxisFormat' : 'format';
  const format = objectOf(holder[member]);
  const put = (next: JsonObject) => {
    const formatted = { ...holder, [member]: withoutUndefined({ ...format, ...next }) };
    setSpec(kind === 'TimeSeriesChart' ? { ...spec, yAxis: formatted } : formatted);
  };
  const unit = unitOf(kind, spec) ?? 'decimal';
  return (
    <Group grow>
      <Select
        label="Unit"
        searchable
        allowDeselect={false}
        data={units.includes(unit) ? units : [unit, ...units]}
        value={unit}
        onChange={(value) => put({ unit: value ?? undefined })}
      />
      <NumberInput
        label="Digits"
        placeholder="auto"
        min={0}
        max={10}
        value={formatOf(holder, member).decimals ?? ''}
        onChange={(value) => put({ decimalPlaces: numberOf(value) })}
      />
    </Group>
  );
}

function TimeSeriesFields({ plugin, setSpec }: FieldsProps): ReactNode {
  const { spec } = plugin;
  const visual = objectOf(spec['visual']);
  const axis = objectOf(spec['yAxis']);
  const legend = legendOf(spec);
  const values = legend?.values ?? [];
  const setVisual = (next: JsonObject) => setSpec({ ...spec, visual: withoutUndefined({ ...visual, ...next }) });
  const setAxis = (next: JsonObject) => setSpec({ ...spec, yAxis: withoutUndefined({ ...axis, ...next }) });
  return (
    <>
      <Group grow>
        <Select
          label="Drawn as"
          allowDeselect={false}
          data={['line', 'bar']}
          value={textOf(visual['display']) ?? 'line'}
          onChange={(display) => setVisual({ display: display ?? undefined })}
        />
        <Select
          label="Scale"
          allowDeselect={false}
          data={[
            { value: '0', label: 'linear' },
            { value: '2', label: 'log 2' },
            { value: '10', label: 'log 10' },
          ]}
          value={String(numberOf(axis['logBase']) ?? 0)}
          onChange={(base) => setAxis({ logBase: base === '0' ? undefined : Number(base) })}
        />
      </Group>
      <Select
        label="Stacked"
        allowDeselect={false}
        data={[
          { value: 'none', label: 'no' },
          { value: 'all', label: 'sums' },
          { value: 'percent', label: 'percents of the whole' },
        ]}
        value={textOf(visual['stack']) ?? 'none'}
        onChange={(stack) => setVisual({ stack: stack === 'none' ? undefined : (stack ?? undefined) })}
      />
      <Group grow>
        <NumberInput
          label="From"
          placeholder="auto"
          value={numberOf(axis['min']) ?? ''}
          onChange={(value) => setAxis({ min: numberOf(value) })}
        />
        <NumberInput
          label="To"
          placeholder="auto"
          value={numberOf(axis['max']) ?? ''}
          onChange={(value) => setAxis({ max: numberOf(value) })}
        />
      </Group>
      <Group>
        <Checkbox
          label="Filled"
          checked={(numberOf(visual['areaOpacity']) ?? 0) > 0.05}
          onChange={(event) => setVisual({ areaOpacity: event.currentTarget.checked ? 0.2 : undefined })}
        />
        <Checkbox
          label="Legend"
          checked={legend !== null}
          onChange={(event) =>
            setSpec({ ...spec, legend: event.currentTarget.checked ? { mode: 'list', position: 'bottom' } : undefined })
          }
        />
      </Group>
      {legend && (
        <Checkbox.Group
          label="In the legend"
          value={[...values]}
          onChange={(next) =>
            setSpec({
              ...spec,
              legend: { ...objectOf(spec['legend']), mode: next.length > 0 ? 'table' : 'list', values: next },
            })
          }
        >
          <Group mt={4}>
            {['last', 'min', 'max', 'mean', 'sum'].map((value) => (
              <Checkbox key={value} value={value} label={value} />
            ))}
          </Group>
        </Checkbox.Group>
      )}
    </>
  );
}

function NumberFields({ plugin, setSpec }: FieldsProps): ReactNode {
  const { kind, spec } = plugin;
  return (
    <>
      <Select
        label="Value"
        allowDeselect={false}
        data={calculations}
        value={textOf(spec['calculation']) ?? 'last-number'}
        onChange={(calculation) => setSpec({ ...spec, calculation: calculation ?? undefined })}
      />
      {kind === 'StatChart' && (
        <Checkbox
          label="With its course"
          checked={spec['sparkline'] !== undefined}
          onChange={(event) => setSpec({ ...spec, sparkline: event.currentTarget.checked ? {} : undefined })}
        />
      )}
      {kind !== 'StatChart' && (
        <NumberInput
          label="Full at"
          placeholder="auto"
          value={numberOf(spec['max']) ?? ''}
          onChange={(value) => setSpec({ ...spec, max: numberOf(value) })}
        />
      )}
    </>
  );
}

const levels = [
  { value: '#73bf69', label: 'good' },
  { value: '#ff9830', label: 'warns' },
  { value: '#f2495c', label: 'bad' },
];

/** From which value on it is good, warns or is bad. */
function ThresholdFields({ plugin, setSpec }: FieldsProps): ReactNode {
  const { spec } = plugin;
  const { steps } = thresholdsOf(spec);
  const put = (next: readonly JsonObject[]) =>
    setSpec({ ...spec, thresholds: next.length === 0 ? undefined : { ...objectOf(spec['thresholds']), steps: next } });
  const changed = (index: number, members: JsonObject) =>
    put(steps.map((step, place) => (place === index ? { ...step, ...members } : { ...step })));
  return (
    <Stack gap={4} role="group" aria-label="Thresholds">
      {steps.map((step, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a step is its place.
        <Group key={index} gap={4} wrap="nowrap">
          <NumberInput
            size="xs"
            aria-label={`Threshold ${index + 1}`}
            value={step.value}
            onChange={(value) => changed(index, { value: numberOf(value) ?? 0 })}
          />
          <Select
            size="xs"
            aria-label={`Meaning of threshold ${index + 1}`}
            allowDeselect={false}
            data={
              levels.some(({ value }) => value === step.color) || !step.color
                ? levels
                : [...levels, { value: step.color, label: step.color }]
            }
            value={step.color ?? '#f2495c'}
            onChange={(color) => changed(index, { color: color ?? undefined })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove threshold ${index + 1}`}
            onClick={() => put(steps.filter((_each, place) => place !== index).map((each) => ({ ...each })))}
          >
            ✕
          </ActionIcon>
        </Group>
      ))}
      <div>
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            put([...steps.map((each) => ({ ...each })), { value: (steps.at(-1)?.value ?? 0) + 1, color: '#f2495c' }])
          }
        >
          Add a threshold
        </Button>
      </div>
    </Stack>
  );
}

/** The panel's document; taken over as soon as it is sound. */
function PanelJson({
  panel,
  onChange,
}: {
  readonly panel: Panel;
  readonly onChange: (panel: Panel) => void;
}): ReactNode {
  const [text, setText] = useState(() => JSON.stringify(panel, null, 2));
  const [problem, setProblem] = useState('');
  const type = (next: string) => {
    setText(next);
    const read = readPanel(next);
    setProblem(typeof read === 'string' ? read : '');
    if (typeof read !== 'string') onChange(read);
  };
  return (
    <Textarea
      aria-label="The panel as JSON"
      value={text}
      error={problem}
      onChange={(event) => type(event.currentTarget.value)}
      autosize
      minRows={12}
      maxRows={30}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
    />
  );
}

/** The panel, or what is wrong with its text. */
function readPanel(text: string): Panel | string {
  let panel: unknown;
  try {
    panel = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : describe(error);
  }
  // Held to the form as part of a dashboard that has nothing else in it.
  const { findings } = parseDashboard({
    kind: 'Dashboard',
    metadata: { name: 'x' },
    spec: { panels: { panel }, layouts: [] },
  });
  const error = findings.find((finding) => finding.severity === 'error');
  return error ? `${error.path.replace('spec.panels.panel.', '')}: ${error.message}` : (panel as Panel);
}

/** What an option means for another kind of panel too: unit, thresholds, calculation. */
function carriedOver(from: string, to: string, spec: JsonObject): JsonObject {
  const format =
    from === 'TimeSeriesChart'
      ? objectOf(spec['yAxis'])['format']
      : from === 'HeatMapChart'
        ? spec['yAxisFormat']
        : spec['format'];
  const kept = withoutUndefined({
    thresholds: spec['thresholds'],
    calculation: spec['calculation'],
    overrides: spec['overrides'],
  });
  if (format === undefined) return kept;
  if (to === 'TimeSeriesChart') return { ...kept, yAxis: { format } };
  return to === 'HeatMapChart' ? { ...kept, yAxisFormat: format } : { ...kept, format };
}

function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
