import { type ReactNode } from 'react';

import { type Level } from '../core/colours';
import classes from './frame.module.css';

const SHAPES: Record<Level, string> = {
  ok: 'M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z',
  warn: 'M8 2.500 14.500 13.500H1.500z',
  bad: 'M3 3h10v10H3z',
  none: 'M8 2.500 13.500 8 8 13.500 2.500 8z',
};

/** Words for levels, where there are none of the thing's own. */
export const LEVEL_WORDS: Record<Level, string> = { ok: 'Good', warn: 'Warning', bad: 'Bad', none: 'No data' };

/**
 * A level by shape and colour: a disc is good, a triangle a warning, a square bad, a lozenge nothing known. `label` is what it is
 * called to those who do not see it; empty where words beside it say so already.
 */
export function LevelMark({ level, size = 10, label }: { level: Level; size?: number; label?: string }): ReactNode {
  return (
    <svg
      className={classes.mark}
      data-level={level}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      {...(label === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label ?? LEVEL_WORDS[level] })}
    >
      <path d={SHAPES[level]} />
    </svg>
  );
}
