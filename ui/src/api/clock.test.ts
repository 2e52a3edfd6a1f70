// The server's clock: what is told of it moves the page's idea of now, and those who worked with an older one hear of it.
import { expect, it } from 'vitest';

import { clockJumps, clockSkewMs, noteServerTime, onClockJump, serverNow } from './clock';

it('goes by the server, and tells of jumps but not of how long answers take', () => {
  let told = 0;
  const end = onClockJump(() => void told++);
  const ours = Date.now();
  // Half of the 200 ms that the answer took are its way here.
  noteServerTime(ours + 3_600_100, ours, ours + 200);
  expect(clockSkewMs()).toBe(3_600_000);
  expect(serverNow()).toBeGreaterThanOrEqual((ours + 3_600_000) / 1000);
  expect([told, clockJumps()]).toEqual([1, 1]);
  noteServerTime(ours + 3_601_100, ours, ours + 200);
  expect([told, clockJumps()]).toEqual([1, 1]);
  // A slow answer says little: what is known stays.
  noteServerTime(ours, ours, ours + 20_000);
  expect(clockSkewMs()).toBe(3_601_000);
  end();
  noteServerTime(ours, ours, ours);
  expect([told, clockJumps()]).toEqual([1, 2]);
});
