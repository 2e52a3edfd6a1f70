import { Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';

import { searchHistory, type PastQuery } from '../../core/history';
import { timeText, type Zone } from '../../core/zone';
import classes from './explore.module.css';

interface HistoryMenuProps {
  readonly past: readonly PastQuery[];
  readonly zone: Zone;
  readonly onTake: (expr: string) => void;
  readonly onForget: () => void;
}

/** Entries that are listed; the search finds the others. */
const LISTED = 50;

/** Queries that were run in this browser, the latest first. */
export function HistoryMenu({ past, zone, onTake, onForget }: HistoryMenuProps) {
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState('');
  const found = searchHistory(past, text).slice(0, LISTED);
  const take = (expr: string) => {
    setOpened(false);
    onTake(expr);
  };
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={620}
      shadow="md"
      trapFocus
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <Button size="compact-sm" variant="default" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          History
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label="Query history">
        <TextInput
          size="xs"
          aria-label="Search the history"
          placeholder="Search"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && found[0] !== undefined) take(found[0].expr);
          }}
          data-autofocus
        />
        <ul className={classes.history}>
          {found.map(({ expr, at, times }) => (
            <li key={expr}>
              <button type="button" onClick={() => take(expr)}>
                <code>{expr}</code>
                <span>
                  {timeText(at / 1000, zone, 'minute')}
                  {times > 1 ? `, ${times} times` : ''}
                </span>
              </button>
            </li>
          ))}
        </ul>
        {past.length === 0 ? (
          <div className={classes.cost}>Nothing was run in this browser yet.</div>
        ) : (
          <button type="button" className={classes.link} onClick={onForget}>
            Forget all
          </button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
