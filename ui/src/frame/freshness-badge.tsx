import { Popover } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

import { serverNow } from '../api/clock';
import { useStreamStatus } from '../api/use-live';
import { type Freshness, freshness } from '../core/freshness';
import classes from './frame.module.css';
import { LevelMark } from './level-mark';
import { useServerInfo } from './server-info';

/** How new the page's data is, looked at every second. */
export function useFreshness(): Freshness {
  const { newest, lag, skew, reachable } = useServerInfo();
  const { phase } = useStreamStatus();
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, []);
  return freshness({ now, newest, lag, skew, reachable, stream: phase });
}

/** The badge: how old the newest sample is; pressed, the whole story. */
export function FreshnessBadge(): ReactNode {
  const { level, text, details } = useFreshness();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={320} shadow="md">
      <Popover.Target>
        <button
          type="button"
          className={classes.control}
          aria-label={`${text}: freshness`}
          data-freshness={level}
          onClick={() => setOpened((before) => !before)}
        >
          <LevelMark level={level} label={level === 'ok' ? 'Fresh' : text} />
          <span>{text}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Freshness">
        {details.map((line) => (
          <div key={line}>{line}</div>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

/** One line above the page when data is stale for a reason worth one; read out when it appears. */
export function FreshnessNotice(): ReactNode {
  const { level, details } = useFreshness();
  const { skew } = useServerInfo();
  const clock = Math.abs(skew) >= 60 ? details.filter((line) => line.includes("computer's clock")) : [];
  const lines = level === 'bad' ? [details[0]!, ...clock] : clock;
  return (
    <div role="status" aria-live="polite">
      {lines.length > 0 && (
        <div className={classes.notice}>
          <LevelMark level={level === 'bad' ? 'bad' : 'warn'} /> {lines.join(' ')}
        </div>
      )}
    </div>
  );
}
