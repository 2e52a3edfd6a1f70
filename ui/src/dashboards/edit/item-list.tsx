import { ActionIcon, Button, Group } from '@mantine/core';
import { type ReactNode } from 'react';

import { LevelMark } from '../../frame/level-mark';
import classes from './forms.module.css';

/** One entry of a list that is edited. */
export interface ListItem {
  readonly name: string;
  /** A few words on it. */
  readonly note: string;
  /** Why it cannot stay so; empty when it can. */
  readonly problem: string;
  readonly warning: string;
}

export interface ItemListProps {
  /** What the entries are, in the plural: names the list. */
  readonly label: string;
  /** One of them: `variable`. */
  readonly one: string;
  readonly items: readonly ListItem[];
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
  readonly onAdd: () => void;
  readonly onRemove: (index: number) => void;
  /** The entry changes places with the one above (-1) or below it (1). */
  readonly onMove: (index: number, by: -1 | 1) => void;
}

/** Entries in their order, one of them chosen, with what is wrong marked on each. */
export function ItemList(props: ItemListProps): ReactNode {
  const { label, one, items, chosen, onChoose, onMove } = props;
  const name = items[chosen]?.name ?? '';
  return (
    <div>
      <ul className={classes.items} aria-label={label}>
        {items.map((item, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- an entry is its place: its name is being typed.
          <li key={index}>
            <button
              type="button"
              className={classes.item}
              aria-current={index === chosen}
              onClick={() => onChoose(index)}
            >
              <span className={classes.itemName}>
                {item.problem !== '' && <LevelMark level="bad" label={`wrong: ${item.problem}`} />}
                {item.problem === '' && item.warning !== '' && (
                  <LevelMark level="warn" label={`doubtful: ${item.warning}`} />
                )}
                {item.name === '' ? 'no name' : item.name}
              </span>
              <span className={classes.itemNote}>{item.note}</span>
            </button>
          </li>
        ))}
      </ul>
      <Group gap={4} mt={6}>
        <Button size="compact-xs" variant="default" onClick={props.onAdd}>
          Add {/^[aeiou]/.test(one) ? 'an' : 'a'} {one}
        </Button>
        <ActionIcon
          size="sm"
          variant="default"
          aria-label={`Move ${name} up`}
          disabled={chosen <= 0}
          onClick={() => onMove(chosen, -1)}
        >
          ↑
        </ActionIcon>
        <ActionIcon
          size="sm"
          variant="default"
          aria-label={`Move ${name} down`}
          disabled={chosen >= items.length - 1}
          onClick={() => onMove(chosen, 1)}
        >
          ↓
        </ActionIcon>
        <Button
          size="compact-xs"
          variant="default"
          color="red"
          disabled={items.length === 0}
          aria-label={`Remove ${name}`}
          onClick={() => props.onRemove(chosen)}
        >
          Remove
        </Button>
      </Group>
    </div>
  );
}
