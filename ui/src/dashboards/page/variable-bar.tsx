import { MultiSelect, Select, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { allValue, type Variable } from '../model/dashboard';
import type { ResolvedVariable } from '../variables/resolve';
import classes from './dashboard.module.css';
import { isFilter } from './use-variables';

export interface VariableBarProps {
  readonly variables: readonly ResolvedVariable[];
  readonly onChoose: (name: string, values: readonly string[]) => void;
}

/** Options that one list shows; more are found by typing. */
const shownMax = 200;

/** The page's variables, each with its label; hidden ones are left out. */
export function VariableBar({ variables, onChoose }: VariableBarProps): ReactNode {
  const shown = variables.filter(({ variable }) => isOffered(variable));
  if (shown.length === 0) return null;
  return (
    <div className={classes.variables} role="group" aria-label="Variables">
      {shown.map((resolved) => (
        <VariableField key={resolved.variable.spec.name} resolved={resolved} onChoose={onChoose} />
      ))}
    </div>
  );
}

/** Hidden ones are not; nor those that are one of the frame's filters, which stands above the page already. */
function isOffered(variable: Variable): boolean {
  if (variable.spec.display?.hidden) return false;
  if (variable.kind === 'TextVariable') return !variable.spec.constant;
  const { name, allowMultiple, allowAllValue } = variable.spec;
  return !(isFilter(name) && allowMultiple && allowAllValue);
}

function VariableField({
  resolved,
  onChoose,
}: {
  readonly resolved: ResolvedVariable;
  readonly onChoose: VariableBarProps['onChoose'];
}): ReactNode {
  const { variable, options, chosen, problem } = resolved;
  const { name } = variable.spec;
  const label = variable.spec.display?.name || name;
  const common = {
    size: 'xs' as const,
    'aria-label': label,
    error: problem,
    leftSection: <span className={classes.fieldName}>{label}</span>,
    leftSectionWidth: label.length * 7 + 16,
  };
  if (variable.kind === 'TextVariable')
    return <TextField {...common} value={chosen[0] ?? ''} onChange={(text) => onChoose(name, [text])} />;
  const { allowMultiple, allowAllValue } = variable.spec;
  const data = [
    ...(allowAllValue ? [{ value: allValue, label: 'All' }] : []),
    ...options.map(({ value, label }) => ({ value, label })),
  ];
  if (allowMultiple) {
    return (
      <MultiSelect
        {...common}
        data={data}
        limit={shownMax}
        searchable
        value={[...chosen]}
        onChange={(values) => onChoose(name, nextChoice(chosen, values, allowAllValue === true))}
        className={classes.field ?? ''}
      />
    );
  }
  return (
    <Select
      {...common}
      data={data}
      limit={shownMax}
      searchable
      allowDeselect={false}
      value={chosen[0] ?? null}
      onChange={(value) => value !== null && onChoose(name, [value])}
      className={classes.field ?? ''}
    />
  );
}

/** All and single values exclude each other: the one chosen last counts. */
function nextChoice(before: readonly string[], values: readonly string[], all: boolean): readonly string[] {
  if (values.length === 0) return all ? [allValue] : before;
  const hadAll = before.includes(allValue);
  if (values.includes(allValue) && !hadAll) return [allValue];
  return values.filter((value) => value !== allValue);
}

/** Text takes effect with Enter or when the field is left: not a query for every letter. */
function TextField({
  value,
  onChange,
  ...rest
}: { readonly value: string; readonly onChange: (text: string) => void } & Record<string, unknown>): ReactNode {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const done = () => text !== value && onChange(text);
  return (
    <TextInput
      {...rest}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
      className={classes.field ?? ''}
    />
  );
}
