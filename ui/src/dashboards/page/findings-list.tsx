import type { ReactNode } from 'react';

import { type Finding, findingText } from '../model/findings';
import classes from './dashboard.module.css';

const shownMax = 50;

/** Findings, each with its place. */
export function FindingsList({ findings }: { readonly findings: readonly Finding[] }): ReactNode {
  return (
    <ul className={classes.findings}>
      {findings.slice(0, shownMax).map((finding) => (
        <li key={findingText(finding)}>
          <code>{findingText(finding)}</code>
        </li>
      ))}
      {findings.length > shownMax && <li>and {findings.length - shownMax} more</li>}
    </ul>
  );
}
