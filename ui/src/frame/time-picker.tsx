import { Button, NativeSelect, Popover, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { serverNow } from '../api/clock';
import {
  instantText,
  isLive,
  lastSeconds,
  parseInstant,
  parseRange,
  rangeWords,
  resolveRange,
  shiftRange,
  type TimeRange,
  zoomRange,
} from '../core/time-range';
import { BROWSER_ZONE, ianaName, parseZoneTime, timeText, type Zone, zoneText } from '../core/zone';
import { useFrame } from './frame-state';
import classes from './frame.module.css';
import { Icon } from './icons';

const PRESETS = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d', '90d'] as const;

/** What a field says of an end: as text of the zone, or relative to now. */
function endText(range: TimeRange, end: 'from' | 'to', zone: Zone): string {
  const instant = range[end];
  return instant.kind === 'at' ? timeText(instant.at, zone) : instantText(instant);
}

/** Reads a field: `now-1h`, RFC 3339, or a time of the zone. */
function readEnd(text: string, zone: Zone): string | null {
  const instant = parseInstant(text);
  if (instant !== null) return instantText(instant);
  const at = parseZoneTime(text, zone);
  return at === null ? null : instantText({ kind: 'at', at });
}

/** Zones to choose from; `chosen` among them, as links may name one by another of its names. */
function zones(chosen: Zone): { value: string; label: string }[] {
  const names = new Set([...Intl.supportedValuesOf('timeZone'), chosen === BROWSER_ZONE ? 'UTC' : chosen]);
  return [
    { value: BROWSER_ZONE, label: `This browser's (${ianaName(BROWSER_ZONE)})` },
    { value: 'UTC', label: 'UTC' },
    ...[...names].filter((name) => name !== 'UTC').map((name) => ({ value: name, label: name })),
  ];
}

/** The form for both ends; fields are read when one applies them. */
function AbsoluteForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { range, setRange, zone } = useFrame();
  const [from, setFrom] = useState(() => endText(range, 'from', zone));
  const [to, setTo] = useState(() => endText(range, 'to', zone));
  const [error, setError] = useState<string | null>(null);
  const apply = (): void => {
    const [begin, end] = [readEnd(from, zone), readEnd(to, zone)];
    if (begin === null || end === null) {
      setError('Not a time. Try 2026-11-26 19:00, or now-6h.');
      return;
    }
    const read = parseRange(begin, end);
    if (read === null) {
      setError('The range ends before it begins.');
      return;
    }
    setRange(read);
    onDone();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <TextInput
        size="xs"
        label="From"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        size="xs"
        mt={6}
        label="To"
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        error={error}
      />
      <Button size="compact-sm" mt={8} type="submit" fullWidth>
        Apply
      </Button>
    </form>
  );
}

/** The range of the page: what it is, presets, both ends as text, the zone, and steps through time. */
export function TimePicker(): ReactNode {
  const { range, setRange, zone, setZone } = useFrame();
  const [opened, setOpened] = useState(false);
  const now = serverNow();
  const words = rangeWords(range, (at) => timeText(at, zone, 'minute'));
  const zoneWords = zoneText(zone, resolveRange(range, now).end);
  const move = (next: (range: TimeRange, now: number) => TimeRange) => () => setRange(next(range, serverNow()));
  return (
    <div className={classes.group}>
      <button
        type="button"
        className={classes.control}
        aria-label="Half a window earlier"
        title="Half a window earlier  ["
        onClick={move((before, at) => shiftRange(before, -0.5, at))}
      >
        <Icon name="left" size={12} />
      </button>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" width={420} shadow="md" trapFocus returnFocus>
        <Popover.Target>
          <button
            type="button"
            className={classes.control}
            data-opener="time"
            aria-label={`${words} ${zoneWords}: time range`}
            onClick={() => setOpened((before) => !before)}
          >
            <Icon name="clock" size={14} />
            {words} <span className={classes.dim}>{zoneWords}</span>
            <Icon name="chevron" size={12} />
          </button>
        </Popover.Target>
        <Popover.Dropdown p={12} aria-label="Time range">
          <div style={{ display: 'grid', gridTemplateColumns: '130px 1fr', gap: 16 }}>
            <div role="group" aria-label="Last">
              {PRESETS.map((preset) => {
                const instant = parseInstant(`now-${preset}`);
                const seconds = instant?.kind === 'now' ? instant.before : 0;
                const made = lastSeconds(seconds);
                const same = isLive(range) && range.from.kind === 'now' && range.from.before === seconds;
                return (
                  <button
                    key={preset}
                    type="button"
                    className={classes.option}
                    aria-pressed={same}
                    data-active={same || undefined}
                    onClick={() => {
                      setRange(made);
                      setOpened(false);
                    }}
                  >
                    {rangeWords(made, String)}
                  </button>
                );
              })}
            </div>
            <div>
              {opened && <AbsoluteForm onDone={() => setOpened(false)} />}
              <NativeSelect
                size="xs"
                mt={12}
                label="Time zone"
                data={zones(zone)}
                value={zone}
                onChange={(event) => setZone(event.currentTarget.value)}
              />
            </div>
          </div>
        </Popover.Dropdown>
      </Popover>
      <button
        type="button"
        className={classes.control}
        aria-label="Half a window later"
        title="Half a window later  ]"
        onClick={move((before, at) => shiftRange(before, 0.5, at))}
      >
        <Icon name="right" size={12} />
      </button>
      <button
        type="button"
        className={classes.control}
        aria-label="Zoom out"
        title="Zoom out  -"
        onClick={move((before, at) => zoomRange(before, 2, at))}
      >
        <Icon name="zoomOut" size={14} />
      </button>
    </div>
  );
}
