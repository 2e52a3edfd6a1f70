import { type ReactNode } from 'react';

import { isLive } from '../core/time-range';
import { useFrame } from './frame-state';
import classes from './frame.module.css';
import { Icon } from './icons';
import { useServerInfo } from './server-info';

const REFRESHES = ['5s', '10s', '30s', '1m'];

/** Asks again now; how often new points come; or stops that. */
export function RefreshMenu(): ReactNode {
  const { range, refresh, setRefresh, reload } = useFrame();
  const { config } = useServerInfo();
  const offered = new Set([...(config?.refreshes ?? REFRESHES), ...(refresh === null ? [] : [refresh])]);
  return (
    <div className={classes.group}>
      <button
        type="button"
        className={classes.control}
        aria-label="Refresh now"
        title="Refresh now  r"
        onClick={reload}
      >
        <Icon name="refresh" size={14} />
      </button>
      <select
        className={classes.control}
        aria-label="New points every"
        title={isLive(range) ? 'New points every' : 'A window that does not end at now has no new points'}
        value={refresh ?? 'off'}
        onChange={(event) => setRefresh(event.currentTarget.value === 'off' ? null : event.currentTarget.value)}
      >
        {[...offered].map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
        <option value="off">Off</option>
      </select>
    </div>
  );
}
