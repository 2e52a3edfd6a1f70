import { Checkbox, Group, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type ReactNode, useMemo } from 'react';

import { useRange } from '../../api/use-range';
import { parseDuration } from '../../core/durations';
import { timeText } from '../../core/zone';
import { QueryEditor } from '../../editor/query-editor';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import { type AnnotationSource } from '../model/dashboard';
import { type JsonObject, textOf } from '../model/json';
import { promAnnotations, promMarks, promSources } from '../page/annotation-marks';
import { type ResolvedVariable, valuesOf } from '../variables/resolve';
import classes from './forms.module.css';

/** Marks that are listed; more are counted. */
const listed = 20;
const restMs = 400;

/** What is wrong with an annotation; empty when nothing is. */
export function annotationProblem(source: AnnotationSource): string {
  if (source.plugin.kind !== promAnnotations) return '';
  if (!textOf(source.plugin.spec['expr'])?.trim()) return 'Which query?';
  const step = textOf(source.plugin.spec['step']);
  return step && parseDuration(step) === null ? 'The least step: a duration such as 30s.' : '';
}

/** A query that says nothing yet. */
export function newAnnotation(count: number): AnnotationSource {
  return { display: { name: `Annotation ${count + 1}` }, plugin: { kind: promAnnotations, spec: { expr: '' } } };
}

/** The fields of one annotation. */
export function AnnotationFields(props: {
  readonly source: AnnotationSource;
  readonly onChange: (source: AnnotationSource) => void;
}): ReactNode {
  const { source, onChange } = props;
  const { display, plugin } = source;
  const set = (members: JsonObject) => {
    const spec = Object.fromEntries(
      Object.entries({ ...plugin.spec, ...members }).filter(([, value]) => value !== undefined),
    );
    onChange({ ...source, plugin: { ...plugin, spec } });
  };
  const field = (member: string, label: string, description: string, placeholder: string) => (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      value={textOf(plugin.spec[member]) ?? ''}
      onChange={(event) => set({ [member]: event.currentTarget.value || undefined })}
    />
  );
  const problem = annotationProblem(source);
  return (
    <Stack gap="xs">
      <Group grow align="flex-end">
        <TextInput
          label="Name"
          value={display?.name ?? ''}
          onChange={(event) => onChange({ ...source, display: { ...display, name: event.currentTarget.value } })}
        />
        <Checkbox
          label="Not drawn"
          mb={8}
          checked={display?.hidden === true}
          onChange={(event) => onChange({ ...source, display: { ...display, hidden: event.currentTarget.checked } })}
        />
      </Group>
      {plugin.kind === promAnnotations ? (
        <>
          <div>
            <div className={classes.fieldLabel}>Query</div>
            <QueryEditor
              label="Query of the annotation"
              value={textOf(plugin.spec['expr']) ?? ''}
              onChange={(expr) => set({ expr })}
              onRun={() => undefined}
            />
            <div className={classes.dim}>A mark stands where a series begins to have a value that is not 0.</div>
          </div>
          <Group grow align="flex-start">
            {field('title', 'Title', 'Nothing: the name', 'Restart of {{server}}')}
            {field('text', 'Text', 'Shown with the mark', '{{region}}, build {{build}}')}
          </Group>
          {field('step', 'Least step', 'Between points of the query', '15s')}
          {problem !== '' && (
            <div className={classes.bad} role="status">
              {problem}
            </div>
          )}
        </>
      ) : (
        <div className={classes.dim}>Of kind {plugin.kind}: kept as it is, and changed in JSON.</div>
      )}
    </Stack>
  );
}

/** What an annotation marks in the page's window. */
export function AnnotationPreview(props: {
  readonly source: AnnotationSource;
  readonly variables: readonly ResolvedVariable[];
}): ReactNode {
  const window = useWindow();
  const { zone } = useFrame();
  const [source] = useDebouncedValue(props.source, restMs);
  const values = useMemo(() => valuesOf(props.variables), [props.variables]);
  const queries = useMemo(
    () => promSources([{ ...source, display: { ...source.display, hidden: false } }], values, window),
    [source, values, window],
  );
  const states = useRange(queries.map(({ source: _source, ...query }) => query));
  if (source.plugin.kind !== promAnnotations) return null;
  const query = queries[0];
  const state = query === undefined ? undefined : states.get(query.id);
  const marks = query === undefined ? [] : promMarks(query.id, source, state);
  return (
    <section className={classes.preview} aria-label="Preview" aria-busy={state?.phase === 'loading'}>
      <h3>In this window</h3>
      {query === undefined && <div className={classes.dim}>Nothing is asked yet.</div>}
      {state?.phase === 'loading' && <div className={classes.dim}>Asking</div>}
      {state?.error != null && (
        <div className={classes.bad} role="alert">
          {state.error.message}
        </div>
      )}
      {state?.phase === 'ready' && (
        <>
          <div role="status">{marks.length === 1 ? '1 mark' : `${marks.length} marks`}</div>
          {marks.slice(0, listed).map((mark) => (
            <div key={mark.id}>
              <span className={classes.dim}>{timeText(mark.time, zone, 'clock-seconds')}</span> {mark.title}
              {mark.text !== undefined && <span className={classes.dim}> {mark.text}</span>}
            </div>
          ))}
          {marks.length > listed && <div className={classes.dim}>and {marks.length - listed} more</div>}
        </>
      )}
    </section>
  );
}
