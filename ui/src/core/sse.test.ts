// Events come whole however the network cuts them.
import { expect, it } from 'vitest';

import { SseReader } from './sse';

const STREAM =
  'retry: 2731\n\n: hello\n\nid: a-1.1\nevent: snapshot\ndata: {"query":"ü"}\n\ndata: one\r\ndata: two\r\rdata\n\n' +
  'event: points\n\nid\ndata:x\n\ndata: cut';
const EVENTS = [
  { id: 'a-1.1', event: 'snapshot', data: '{"query":"ü"}' },
  { id: 'a-1.1', event: 'message', data: 'one\ntwo' },
  { id: 'a-1.1', event: 'message', data: '' },
  { id: '', event: 'message', data: 'x' },
];

it('reads a stream in one piece', () => {
  const reader = new SseReader();
  expect(reader.feed(STREAM)).toEqual(EVENTS);
  expect(reader.retry).toBe(2731);
});

it.each([1, 2, 3, 7])('reads it in pieces of %d', (size) => {
  const reader = new SseReader();
  const events = [];
  for (let at = 0; at < STREAM.length; at += size) events.push(...reader.feed(STREAM.slice(at, at + size)));
  expect(events).toEqual(EVENTS);
});

it('goes on from an id it was given', () => {
  expect(new SseReader('b-2').feed('data: x\n\n')).toEqual([{ id: 'b-2', event: 'message', data: 'x' }]);
});
