import { Modal } from '@mantine/core';
import { type ReactNode } from 'react';

import { type Shortcut } from '../core/shortcuts';
import classes from './frame.module.css';

function Keys({ keys }: { readonly keys: string }): ReactNode {
  return keys.split(' ').map((key, i) => (
    <span key={key}>
      {i > 0 && ' then '}
      <kbd className={classes.kbd}>{key === 'T' ? 'Shift T' : key}</kbd>
    </span>
  ));
}

/** `?`: what the keys do. */
export function ShortcutsHelp(props: {
  readonly shortcuts: readonly Shortcut[];
  readonly opened: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const shown = props.shortcuts.filter(({ says }) => says !== '');
  const columns = [
    shown.filter(({ keys }) => !keys.startsWith('g ')),
    shown.filter(({ keys }) => keys.startsWith('g ')),
  ];
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Keyboard" size="lg">
      <div style={{ display: 'grid', gridTemplateColumns: '3fr 2fr', gap: 24, alignItems: 'start' }}>
        {columns.map((column) => (
          <table key={column[0]?.keys} className={classes.keys}>
            <tbody>
              {column.map(({ keys, says }) => (
                <tr key={keys}>
                  <td>
                    <Keys keys={keys} />
                  </td>
                  <td>{says}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <p className={classes.dim}>
        On a chart, with the focus on it: arrows walk through time, a drag zooms, a double click zooms out.
      </p>
    </Modal>
  );
}
