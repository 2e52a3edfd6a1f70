// Notes on dashboards come from other people: nothing in them becomes HTML or a script.
import { describe, expect, it } from 'vitest';

import { parseInline, parseMarkdown, safeHref } from './markdown';

describe('links', () => {
  it.each([
    ['https://a.b/c', 'https://a.b/c'],
    ['/d/x?y=1', '/d/x?y=1'],
    ['#top', '#top'],
    ['mailto:a@b', 'mailto:a@b'],
    ['javascript:alert(1)', null],
    [' JavaScript:alert(1)', null],
    ['data:text/html,x', null],
    ['//evil.example', null],
  ])('%s leads to %s', (href, safe) => {
    expect(safeHref(href)).toBe(safe);
  });

  it('that are not safe stay as their words', () => {
    expect(parseInline('a [b](javascript:alert(1)) c')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'text', text: 'b' },
      { kind: 'text', text: ' c' },
    ]);
  });
});

it('reads blocks', () => {
  const kinds = parseMarkdown(
    '# T\n\ntext\nmore\n\n- a\n  b\n- c\n\n1. x\n\n```\n<b>\n```\n> q\n\n---\n| a | b |\n| - | - |\n| 1 | 2 |',
  ).map(({ kind }) => kind);
  expect(kinds).toEqual(['heading', 'paragraph', 'list', 'list', 'code', 'quote', 'rule', 'table']);
});

it('leaves HTML as text', () => {
  expect(parseMarkdown('<img src=x onerror=alert(1)>')).toEqual([
    { kind: 'paragraph', children: [{ kind: 'text', text: '<img src=x onerror=alert(1)>' }] },
  ]);
});

it('marks inline', () => {
  expect(parseInline('**a** *b* `c`').map(({ kind }) => kind)).toEqual(['strong', 'text', 'em', 'text', 'code']);
});

it.each(['```', '> '.repeat(50), '|', '[', '**', '# '])('ends on %j', (text) => {
  expect(() => parseMarkdown(text)).not.toThrow();
});
