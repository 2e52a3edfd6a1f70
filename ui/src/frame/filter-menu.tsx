import { Popover, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';

import { serverNow } from '../api/clock';
import { useGet } from '../api/use-get';
import { matchers, regexQuoted, promqlString, withFilter } from '../core/filters';
import { useFrame } from './frame-state';
import classes from './frame.module.css';
import { Icon } from './icons';

/** Values listed at once; past them one searches. */
const LISTED_MAX = 200;

function title(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

/** The values of a label that go with the other filters, narrowed by what was typed. */
function useLabelValues(label: string, typed: string, asked: boolean): { values: readonly string[]; failed: boolean } {
  const { filters } = useFrame();
  const others = matchers(withFilter(filters, label, []));
  const narrowed = typed === '' ? '' : `${label}=~${promqlString(`(?i).*${regexQuoted(typed)}.*`)}`;
  const parts = [others, narrowed || `${label}!=""`].filter((part) => part !== '');
  const { data, error } = useGet<string[]>(asked ? `label/${label}/values` : null, {
    'match[]': [`{${parts.join(',')}}`],
    limit: LISTED_MAX,
    start: Math.floor(serverNow() / 600) * 600 - 3600,
  });
  return { values: data ?? [], failed: error !== null };
}

/** One filter of the header: what is chosen of a label, and a list to choose from. */
export function FilterMenu({ label, opener }: { readonly label: string; readonly opener?: string }): ReactNode {
  const { filters, setFilters } = useFrame();
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState('');
  const [searched] = useDebouncedValue(typed.trim(), 150);
  const chosen = filters[label] ?? [];
  const { values, failed } = useLabelValues(label, searched, opened);
  const listed = [...chosen.filter((value) => !values.includes(value)), ...values];
  const toggle = (value: string): void => {
    const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
    setFilters(withFilter(filters, label, next));
  };
  const says = chosen.length === 0 ? 'all' : chosen.length > 2 ? `${chosen.length} chosen` : chosen.join(', ');
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={260} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className={classes.control}
          data-on={chosen.length > 0 || undefined}
          data-opener={opener}
          title={`Filter by ${label}`}
          onClick={() => setOpened((before) => !before)}
        >
          <span className={classes.dim}>{title(label)}</span> <span className={classes.value}>{says}</span>
          <Icon name="chevron" size={12} />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={`Values of ${label}`}>
        <TextInput
          size="xs"
          placeholder={`Find a ${label}`}
          aria-label={`Find a ${label}`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          data-autofocus
        />
        <div className={classes.list} role="group" aria-label={title(label)}>
          {listed.map((value) => (
            <label key={value} className={classes.option}>
              <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
              {value}
            </label>
          ))}
        </div>
        {listed.length === 0 && (
          <div className={classes.dim}>{failed ? 'The values could not be read.' : 'No values in the last hour.'}</div>
        )}
        {values.length >= LISTED_MAX && <div className={classes.dim}>The first {LISTED_MAX}; type to find others.</div>}
        {chosen.length > 0 && (
          <button type="button" className={classes.option} onClick={() => setFilters(withFilter(filters, label, []))}>
            <Icon name="close" size={12} /> All values
          </button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
