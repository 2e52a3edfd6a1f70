import { useDebouncedValue } from '@mantine/hooks';
import { type ReactNode } from 'react';

import { allValue, type Dashboard, type Variable } from '../model/dashboard';
import { useVariables } from '../page/use-variables';
import { interpolate } from '../variables/interpolate';
import { type Choices } from '../variables/resolve';
import classes from './forms.module.css';
import { variablePlaces, withNeeded } from './variable-problems';

/** Values that are listed; more are counted. */
const listed = 60;
/** How long a text rests before the server is asked, ms. */
const restMs = 400;

interface VariablePreviewProps {
  readonly dashboard: Dashboard;
  readonly variables: readonly Variable[];
  readonly name: string;
  /** What is chosen on the page, for the variables this one needs. */
  readonly choices: Choices;
}

/** What a variable gives now: its values, what is chosen of them at first, and what stands in queries for it. */
export function VariablePreview({ dashboard, variables, name, choices }: VariablePreviewProps): ReactNode {
  const [settled] = useDebouncedValue(withNeeded(variables, name), restMs);
  // Without a choice of its own: what is previewed is what somebody new to the page sees.
  const { [name]: _own, ...others } = choices;
  const asked = { ...dashboard, spec: { ...dashboard.spec, variables: settled } };
  const { resolved, resolving } = useVariables(asked, others);
  const found = resolved?.find(({ variable }) => variable.spec.name === name);
  const place = variablePlaces(variables).find((one) => one.name === name);
  return (
    <section className={classes.preview} aria-label="Preview" aria-busy={resolving}>
      <h3>Now</h3>
      {found === undefined && <div className={classes.dim}>{resolving ? 'Asking' : 'Nothing yet.'}</div>}
      {found?.problem !== undefined && (
        <div className={classes.bad} role="alert">
          {found.problem}
        </div>
      )}
      {found !== undefined && found.variable.kind === 'ListVariable' && found.problem === undefined && (
        <>
          <div role="status">{found.options.length === 1 ? '1 value' : `${found.options.length} values`}</div>
          <div className={classes.values}>
            {found.options.slice(0, listed).map(({ value, label }) => (
              <span key={value} className={classes.value} title={value}>
                {label}
              </span>
            ))}
            {found.options.length > listed && (
              <span className={classes.dim}>and {found.options.length - listed} more</span>
            )}
          </div>
        </>
      )}
      {found !== undefined && (
        <>
          <div>
            <span className={classes.dim}>Chosen at first: </span>
            {found.chosen.map((value) => (value === allValue ? 'all' : value)).join(', ') || 'nothing'}
          </div>
          <div>
            <span className={classes.dim}>In a query: </span>
            <code>{shortened(interpolate(`$${name}`, { [name]: found.value }, 'query'))}</code>
          </div>
        </>
      )}
      {place !== undefined && place.needs.length > 0 && (
        <div>
          <span className={classes.dim}>Asked after: </span>
          {place.needs.join(', ')}
        </div>
      )}
    </section>
  );
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
