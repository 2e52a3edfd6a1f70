/** What a key asks of the frame. Pages are `go:` and their key. */
export type Action =
  | 'help'
  | 'search'
  | 'zoom-out'
  | 'zoom-in'
  | 'earlier'
  | 'later'
  | 'live'
  | 'reload'
  | 'pause'
  | 'time'
  | 'filter'
  | 'theme'
  | 'copy-link'
  | 'war-room'
  | `go:${string}`;

/** A key or two, one after the other, and what they do. */
export interface Shortcut {
  /** As `KeyboardEvent.key` names them, with a space between: `g o`. */
  readonly keys: string;
  readonly action: Action;
  readonly says: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: '?', action: 'help', says: 'These shortcuts' },
  { keys: '/', action: 'search', says: 'Find a page, a dashboard or a metric' },
  { keys: 't', action: 'time', says: 'Choose the time range' },
  { keys: '-', action: 'zoom-out', says: 'Zoom out: twice as long' },
  { keys: '+', action: 'zoom-in', says: 'Zoom in: half as long' },
  { keys: '=', action: 'zoom-in', says: '' },
  { keys: '[', action: 'earlier', says: 'Half a window earlier' },
  { keys: ']', action: 'later', says: 'Half a window later' },
  { keys: 'l', action: 'live', says: 'Back to live' },
  { keys: 'p', action: 'pause', says: 'Stop and resume refreshing' },
  { keys: 'r', action: 'reload', says: 'Ask for everything again' },
  { keys: 'f', action: 'filter', says: 'Filters' },
  { keys: 'c', action: 'copy-link', says: 'Copy a link that shows just this' },
  { keys: 'w', action: 'war-room', says: 'War room: the overview for a wall' },
  { keys: 'T', action: 'theme', says: 'Dark or light' },
];

/** How long the first key of two waits for the second, in ms. */
const SEQUENCE_MS = 1_500;

/** Keys as they are pressed, and the action that they complete. */
export class KeySequence {
  private begun = '';
  private at = -Infinity;

  constructor(private readonly shortcuts: readonly Shortcut[]) {}

  /** The action that `key`, pressed at `now` (ms), completes; null for none. */
  press(key: string, now: number): Action | null {
    const keys = this.begun !== '' && now - this.at <= SEQUENCE_MS ? `${this.begun} ${key}` : key;
    const found = this.shortcuts.find((one) => one.keys === keys);
    const begins = this.shortcuts.some((one) => one.keys.startsWith(`${keys} `));
    // A key that goes on from nothing begins anew: `g x` then `/` is a search all the same.
    if (found === undefined && !begins && keys !== key) {
      this.begun = '';
      return this.press(key, now);
    }
    this.begun = begins ? keys : '';
    this.at = now;
    return found?.action ?? null;
  }
}
