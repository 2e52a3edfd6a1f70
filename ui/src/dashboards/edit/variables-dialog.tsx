import { Button, Group, Modal, Text } from '@mantine/core';
import { type ReactNode } from 'react';

import { type Dashboard, type Variable } from '../model/dashboard';
import { type ResolvedVariable } from '../variables/resolve';
import classes from './forms.module.css';
import { ItemList } from './item-list';
import { useEditedList } from './use-edited-list';
import { VariableFields } from './variable-fields';
import { VariablePreview } from './variable-preview';
import { variablePlaces, variableProblems, type VariablePlace } from './variable-problems';
import { newVariable, typeOf, variableTypes } from './variable-types';

export interface VariablesDialogProps {
  readonly dashboard: Dashboard;
  /** Of the page: what is chosen there is what previews go by. */
  readonly variables: readonly ResolvedVariable[];
  readonly onApply: (dashboard: Dashboard) => void;
  readonly onClose: () => void;
}

/** Variables that a dashboard may have; the server takes no more. */
const variablesMax = 50;

/** The variables of a dashboard: their order, what each is made of, and what it gives now. Nothing changes until it is applied. */
export function VariablesDialog({ dashboard, variables: page, onApply, onClose }: VariablesDialogProps): ReactNode {
  const edited = useEditedList<Variable>(
    dashboard.spec.variables ?? [],
    (list) => newVariable(list.map(({ spec }) => spec.name)),
    variablesMax,
  );
  const { list, chosen } = edited;
  const places = variablePlaces(list);
  const problems = list.map((_, index) => variableProblems(list, index));
  const variable = list[chosen];
  const choices = Object.fromEntries(page.map((each) => [each.variable.spec.name, each.chosen]));
  const said = (index: number, severity: 'error' | 'warning') =>
    problems[index]!.find((one) => one.severity === severity)?.message ?? '';
  const wrong = problems.some((of) => of.some(({ severity }) => severity === 'error'));
  return (
    <Modal opened onClose={onClose} title="Variables" size="min(1180px, 96vw)" transitionProps={{ duration: 0 }}>
      <div className={classes.columns}>
        <ItemList
          label="Variables in their order"
          one="variable"
          items={list.map((each, index) => ({
            name: each.spec.name,
            note: noteOf(each, places[index]!),
            problem: said(index, 'error'),
            warning: said(index, 'warning'),
          }))}
          {...edited.handlers}
        />
        {variable === undefined ? (
          <Text c="dimmed">A variable is a field above the panels; queries have its value where they say $name.</Text>
        ) : (
          <>
            <VariableFields
              key={edited.turn}
              variable={variable}
              problems={problems[chosen]!}
              onChange={edited.change}
            />
            <VariablePreview dashboard={dashboard} variables={list} name={variable.spec.name} choices={choices} />
          </>
        )}
      </div>
      <Group justify="flex-end" mt="sm">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          disabled={wrong}
          onClick={() => onApply({ ...dashboard, spec: { ...dashboard.spec, variables: list } })}
        >
          Apply
        </Button>
      </Group>
    </Modal>
  );
}

function noteOf(variable: Variable, { needs, round }: VariablePlace): string {
  const type = typeOf(variable);
  const words = variableTypes.find(({ value }) => value === type)?.label ?? 'only in JSON';
  if (round === null) return `${words}, in a circle`;
  return needs.length === 0 ? words : `${words}, after ${needs.join(', ')}`;
}
