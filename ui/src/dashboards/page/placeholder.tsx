import { Code } from '@mantine/core';
import type { ReactNode } from 'react';

import { placeholderKind } from '../grafana/panels';
import type { Plugin } from '../model/dashboard';
import { isObject, textOf } from '../model/json';
import classes from './dashboard.module.css';

/** What stands in the place of a panel that cannot be drawn: why, and what it is. */
export function Placeholder({ plugin }: { readonly plugin: Plugin }): ReactNode {
  const imported = plugin.kind === placeholderKind;
  const source = imported && isObject(plugin.spec['source']) ? plugin.spec['source'] : plugin.spec;
  const reason = imported ? textOf(plugin.spec['reason']) : `panels of kind "${plugin.kind}" are not known`;
  return (
    <div className={classes.placeholder} role="note">
      <strong>Not shown</strong>
      <span>{reason}; it is kept as it is, and exported so.</span>
      <details>
        <summary>What it says</summary>
        <Code block className={classes.source ?? ''}>
          {JSON.stringify(source, null, 2).slice(0, 20_000)}
        </Code>
      </details>
    </div>
  );
}
