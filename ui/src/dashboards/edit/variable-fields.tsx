import { Checkbox, Group, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { QueryEditor } from '../../editor/query-editor';
import { type ListVariable, type Variable } from '../model/dashboard';
import { sourceOf } from '../variables/definition';
import classes from './forms.module.css';
import { type VariableProblem } from './variable-problems';
import {
  defaultText,
  labelNameOf,
  linesOf,
  optionsText,
  optionsWritten,
  typeOf,
  type VariableType,
  variableTypes,
  withDefault,
  withSource,
  withType,
} from './variable-types';

export interface VariableFieldsProps {
  readonly variable: Variable;
  readonly problems: readonly VariableProblem[];
  readonly onChange: (variable: Variable) => void;
}

const sorts = [
  { value: 'none', label: 'as they come' },
  { value: 'alphabetical-asc', label: 'A to Z' },
  { value: 'alphabetical-desc', label: 'Z to A' },
  { value: 'numerical-asc', label: 'by number, up' },
  { value: 'numerical-desc', label: 'by number, down' },
  { value: 'alphabetical-ci-asc', label: 'a to z, any case' },
  { value: 'alphabetical-ci-desc', label: 'z to a, any case' },
];

/** The fields of one variable; what is wrong stands at its field. */
export function VariableFields({ variable, problems, onChange }: VariableFieldsProps): ReactNode {
  const { name, display } = variable.spec;
  const type = typeOf(variable);
  const set = (members: Partial<Variable['spec']>) =>
    onChange({ ...variable, spec: { ...variable.spec, ...members } } as Variable);
  const at = (field: VariableProblem['field']) => problems.find((one) => one.field === field)?.message;
  return (
    <Stack gap="xs">
      <Group grow align="flex-start">
        <TextInput
          label="Name"
          description="In queries: $name"
          value={name}
          error={at('name')}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <TextInput
          label="Label"
          description="What stands beside its field"
          value={display?.name ?? ''}
          onChange={(event) => set({ display: { ...display, name: event.currentTarget.value } })}
        />
      </Group>
      <Group grow align="flex-end">
        <Select
          label="Its values are"
          allowDeselect={false}
          data={
            type === 'other' ? [...variableTypes, { value: 'other', label: otherWords(variable) }] : [...variableTypes]
          }
          value={type}
          onChange={(value) => value && onChange(withType(variable, value as VariableType))}
        />
        <Checkbox
          label="Not shown above the panels"
          mb={8}
          checked={display?.hidden === true}
          onChange={(event) => set({ display: { ...display, hidden: event.currentTarget.checked } })}
        />
      </Group>
      {variable.kind === 'TextVariable' ? (
        <TextInput
          label={type === 'constant' ? 'Value' : 'Text at first'}
          value={variable.spec.value}
          onChange={(event) => set({ value: event.currentTarget.value })}
        />
      ) : (
        <>
          <SourceFields variable={variable} type={type} at={at} onChange={onChange} />
          <ChoiceFields variable={variable} type={type} at={at} onChange={onChange} />
        </>
      )}
      {at('needs') !== undefined && (
        <div className={classes.bad} role="status">
          {at('needs')}
        </div>
      )}
    </Stack>
  );
}

function otherWords(variable: Variable): string {
  const source = sourceOf(variable);
  return source.kind === 'unknown' ? `${source.plugin}: kept, only in JSON` : 'kept as it is';
}

interface ListFieldsProps {
  readonly variable: ListVariable;
  readonly type: VariableType;
  readonly at: (field: VariableProblem['field']) => string | undefined;
  readonly onChange: (variable: Variable) => void;
}

/** Where the values come from. */
function SourceFields({ variable, type, at, onChange }: ListFieldsProps): ReactNode {
  const source = sourceOf(variable);
  if (source.kind === 'static') {
    return (
      <LinesField
        key={type}
        label={type === 'interval' ? 'Intervals' : 'Values'}
        description={
          type === 'interval' ? "A line each: 5m. $__interval is each panel's step" : 'A line each: eu, or Europe : eu'
        }
        text={optionsText(source.options)}
        error={at('values')}
        onText={(text) => onChange(withSource(variable, { values: optionsWritten(text) }))}
      />
    );
  }
  if (source.kind === 'unknown') return null;
  if (source.kind === 'promql') {
    return (
      <>
        <div>
          <div className={classes.fieldLabel}>Query</div>
          <QueryEditor
            label="Query of the variable"
            value={source.expr}
            onChange={(expr) => onChange(withSource(variable, { expr }))}
            onRun={() => undefined}
          />
          {at('expr') !== undefined && <div className={classes.bad}>{at('expr')}</div>}
        </div>
        <TextInput
          label="Label whose values are taken"
          description="Without one: each series as text, for a pattern below"
          value={labelNameOf(variable)}
          onChange={(event) => onChange(withSource(variable, { labelName: event.currentTarget.value || undefined }))}
        />
      </>
    );
  }
  return (
    <>
      {source.kind === 'label-values' && (
        <TextInput
          label="Label"
          value={source.label}
          error={at('label')}
          onChange={(event) => onChange(withSource(variable, { labelName: event.currentTarget.value }))}
        />
      )}
      <LinesField
        key={type}
        label="Of series"
        description={'A selector a line: game_players{region=~"$region"}. None: of all series'}
        text={source.matchers.join('\n')}
        onText={(text) => onChange(withSource(variable, { matchers: [...linesOf(text)] }))}
      />
    </>
  );
}

/** What of the values can be chosen, and how. */
function ChoiceFields({ variable, type, at, onChange }: ListFieldsProps): ReactNode {
  const { spec } = variable;
  const set = (members: Partial<ListVariable['spec']>) => onChange({ ...variable, spec: { ...spec, ...members } });
  const without = (member: 'customAllValue' | 'capturingRegexp'): ListVariable => {
    const { [member]: _gone, ...kept } = spec;
    return { ...variable, spec: kept };
  };
  const asked = type === 'label-values' || type === 'label-names' || type === 'promql';
  return (
    <>
      {asked && (
        <Group grow align="flex-start">
          <TextInput
            label="Pattern"
            description="Others are left out; a group is what is taken"
            placeholder="(eu|us)-.*"
            value={spec.capturingRegexp ?? ''}
            error={at('regexp')}
            onChange={(event) => {
              const text = event.currentTarget.value;
              if (text === '') onChange(without('capturingRegexp'));
              else set({ capturingRegexp: text });
            }}
          />
          <Select
            label="Sorted"
            description="In its list"
            allowDeselect={false}
            data={sorts}
            value={spec.sort ?? 'none'}
            onChange={(sort) => sort && set({ sort })}
          />
        </Group>
      )}
      {type !== 'interval' && (
        <Group>
          <Checkbox
            label="Several can be chosen"
            checked={spec.allowMultiple === true}
            onChange={(event) =>
              onChange(
                withDefault(
                  { ...variable, spec: { ...spec, allowMultiple: event.currentTarget.checked } },
                  defaultText(variable),
                ),
              )
            }
          />
          <Checkbox
            label="All can be chosen"
            checked={spec.allowAllValue === true}
            onChange={(event) => set({ allowAllValue: event.currentTarget.checked })}
          />
        </Group>
      )}
      <Group grow align="flex-start">
        <LinesField
          key={`${type} default`}
          oneLine
          label="Chosen at first"
          description={spec.allowMultiple ? 'Several apart by commas; $__all for all' : 'Nothing: the first'}
          text={defaultText(variable)}
          onText={(text) => onChange(withDefault(variable, text))}
        />
        {spec.allowAllValue && type !== 'interval' && (
          <TextInput
            label="All stands for"
            description="Nothing: every value"
            placeholder=".*"
            value={spec.customAllValue ?? ''}
            onChange={(event) => {
              const text = event.currentTarget.value;
              if (text === '') onChange(without('customAllValue'));
              else set({ customAllValue: text });
            }}
          />
        )}
      </Group>
    </>
  );
}

/** A text that stays as it is typed while what it means is taken over: an empty line is one until more is typed. */
function LinesField(props: {
  readonly label: string;
  readonly description: string;
  readonly text: string;
  readonly error?: string | undefined;
  readonly oneLine?: true;
  readonly onText: (text: string) => void;
}): ReactNode {
  const { label, description, error, onText } = props;
  const [typed, setTyped] = useState(props.text);
  const common = {
    label,
    description,
    error,
    value: typed,
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => {
      setTyped(event.currentTarget.value);
      onText(event.currentTarget.value);
    },
  };
  return props.oneLine ? <TextInput {...common} /> : <Textarea {...common} autosize minRows={2} maxRows={8} />;
}
