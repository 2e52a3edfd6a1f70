import { type ReactNode, useId } from 'react';

import { type ApiError } from '../../api/client';
import { type Loaded } from '../../api/use-get';
import classes from './parts.module.css';

/** What an error means on a page about the server itself. */
function words(error: ApiError): string {
  if (error.status === 404) return 'This server does not have it.';
  if (error.status === 403) return `You may not see it: ${error.message}.`;
  return error.message;
}

/** A part of a page that shows one answer: its title, and the answer or why there is none. */
export function Section<T>(props: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly controls?: ReactNode;
  readonly wide?: boolean;
  readonly of: Loaded<T>;
  /** Said in the place of the content when it gives null. */
  readonly empty?: string;
  readonly children: (data: T) => ReactNode;
}): ReactNode {
  const { data, error, loading } = props.of;
  const id = useId();
  const content = data === null ? null : props.children(data);
  return (
    <section className={classes.section} data-wide={props.wide || undefined} aria-labelledby={id}>
      <header className={classes.head}>
        <h2 id={id} className={classes.title}>
          {props.title}
        </h2>
        {props.note !== undefined && <span className={classes.dim}>{props.note}</span>}
        <span className={classes.space} />
        {data !== null && error !== null && (
          <span className={classes.stale} role="status">
            Not up to date: {words(error)}
          </span>
        )}
        {props.controls}
      </header>
      {content}
      {content === null && error !== null && data === null && (
        <p className={classes.nothing} role={error.status === 404 ? undefined : 'alert'}>
          {words(error)}
        </p>
      )}
      {content === null && data === null && error === null && loading && <p className={classes.nothing}>Loading</p>}
      {content === null && data !== null && <p className={classes.nothing}>{props.empty ?? 'Nothing.'}</p>}
    </section>
  );
}
