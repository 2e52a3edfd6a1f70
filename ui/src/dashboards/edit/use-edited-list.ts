import { useState } from 'react';

import { type ItemListProps } from './item-list';

/** A list whose entries are edited one at a time. */
export interface EditedList<T> {
  readonly list: readonly T[];
  readonly chosen: number;
  /** Another one whenever another entry takes a place: fields that hold what is being typed begin anew with it. */
  readonly turn: string;
  /** Puts another entry in the place of the chosen one. */
  readonly change: (next: T) => void;
  /** For the `ItemList` beside it. */
  readonly handlers: Pick<ItemListProps, 'chosen' | 'onChoose' | 'onAdd' | 'onRemove' | 'onMove'>;
}

/** Holds a list while it is edited; `fresh` makes a new entry, `most` is how many there may be. */
export function useEditedList<T>(
  given: readonly T[],
  fresh: (list: readonly T[]) => T,
  most = Number.POSITIVE_INFINITY,
): EditedList<T> {
  const [list, setList] = useState(given);
  const [chosen, setChosen] = useState(0);
  const [removals, setRemovals] = useState(0);
  return {
    list,
    chosen,
    turn: `${chosen} ${removals}`,
    change: (next) => setList(list.map((each, place) => (place === chosen ? next : each))),
    handlers: {
      chosen,
      onChoose: setChosen,
      onAdd: () => {
        if (list.length >= most) return;
        setList([...list, fresh(list)]);
        setChosen(list.length);
      },
      onRemove: (index) => {
        setRemovals(removals + 1);
        setList(list.filter((_, place) => place !== index));
        setChosen(Math.max(0, Math.min(index, list.length - 2)));
      },
      onMove: (index, by) => {
        setList(swapped(list, index, by));
        setChosen(index + by);
      },
    },
  };
}

/** The list with two entries that are beside each other swapped. */
export function swapped<T>(list: readonly T[], index: number, by: -1 | 1): readonly T[] {
  const other = index + by;
  if (list[index] === undefined || list[other] === undefined) return list;
  return list.map((each, place) => (place === index ? list[other]! : place === other ? list[index]! : each));
}
