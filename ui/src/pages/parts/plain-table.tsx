import { type ReactNode } from 'react';

import classes from './parts.module.css';

/** A column of a table that is shown whole. */
export interface PlainColumn<T> {
  readonly title: string;
  readonly render: (row: T) => ReactNode;
  /** Stands right, as numbers do. */
  readonly number?: boolean;
}

/** A table of few rows; those of thousands are `TableChart`s. */
export function PlainTable<T>(props: {
  readonly label: string;
  readonly columns: readonly PlainColumn<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
}): ReactNode {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={props.label}>
      <table className={classes.table}>
        <thead>
          <tr>
            {props.columns.map(({ title, number }) => (
              <th key={title} scope="col" data-number={number || undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)}>
              {props.columns.map(({ title, render, number }) => (
                <td key={title} data-number={number || undefined}>
                  {render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A share of a whole as a bar with its number. */
export function Share({ share }: { readonly share: number }): ReactNode {
  const percent = Math.max(0, Math.min(1, share)) * 100;
  return (
    <span className={classes.share}>
      <span className={classes.bar} aria-hidden>
        <span style={{ width: `${percent}%` }} />
      </span>
      {percent < 10 ? percent.toFixed(1) : percent.toFixed(0)}%
    </span>
  );
}

/** Facts: a name and a value each. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
