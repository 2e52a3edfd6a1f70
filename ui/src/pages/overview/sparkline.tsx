import { memo } from 'react';

import { sparkPath } from '../../core/sparkline';

/** The course of a value, a line without axes: the number beside it says how much. */
export const Sparkline = memo(function Sparkline(props: {
  readonly values: readonly (number | null)[];
  readonly width: number;
  readonly height: number;
}) {
  const path = sparkPath(props.values, props.width, props.height);
  return (
    <svg
      viewBox={`0 0 ${props.width} ${props.height}`}
      preserveAspectRatio="none"
      width="100%"
      height={props.height}
      aria-hidden
    >
      {path !== null && (
        <path d={path} fill="none" stroke="currentColor" strokeWidth={1.25} vectorEffect="non-scaling-stroke" />
      )}
    </svg>
  );
});
