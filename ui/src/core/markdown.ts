/**
 * The part of Markdown that notes on dashboards use: headings, paragraphs, lists, quotes, code, tables, rules; strong, emphasised,
 * code and links inline. Parsed to a tree of plain values: HTML in it stays text, so there is nothing to sanitize afterwards.
 */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly children: readonly Inline[] };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | {
      readonly kind: 'table';
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: 'rule' };

/** Quotes within quotes; deeper ones are text. */
const DEPTH_MAX = 6;

/** Where a link may lead: to the web, by mail, within the console. Anything else (`javascript:`) is null. */
export function safeHref(href: string): string | null {
  const trimmed = href.trim();
  if (/^(https?:\/\/|mailto:)/i.test(trimmed)) return trimmed;
  return /^(\/(?!\/)|#|\?)/.test(trimmed) ? trimmed : null;
}

/** Blocks of a text. Never throws; what is not understood is a paragraph. */
export function parseMarkdown(text: string, depth = 0): Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  const take = (test: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && test(lines[at]!)) ++at;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === '') {
      ++at;
    } else if (line.startsWith('```')) {
      ++at;
      const code = take((one) => !/^```\s*$/.test(one));
      ++at;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (heading) {
      ++at;
      blocks.push({ kind: 'heading', level: heading[1]!.length, children: parseInline(heading[2]!) });
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      ++at;
      blocks.push({ kind: 'rule' });
    } else if (line.startsWith('>') && depth < DEPTH_MAX) {
      const quoted = take((one) => one.startsWith('>')).map((one) => one.replace(/^>\s?/, ''));
      blocks.push({ kind: 'quote', blocks: parseMarkdown(quoted.join('\n'), depth + 1) });
    } else if (isItem(line)) {
      blocks.push(list(take((one) => isItem(one) || /^\s{2,}\S/.test(one))));
    } else if (/^\|.*\|\s*$/.test(line) && /^\|[\s:|-]+\|\s*$/.test(lines[at + 1] ?? '')) {
      const [head, , ...rows] = take((one) => /^\|.*\|\s*$/.test(one)).map(cells);
      blocks.push({ kind: 'table', head: head!, rows });
    } else {
      // At least one line is taken, whatever it looks like, so that this ends.
      const taken = [line];
      ++at;
      taken.push(...take((one) => one.trim() !== '' && !/^(#{1,6}\s|```|>)/.test(one) && !isItem(one)));
      blocks.push({ kind: 'paragraph', children: parseInline(taken.join(' ')) });
    }
  }
  return blocks;
}

function isItem(line: string): boolean {
  return /^\s*([-*+]|\d{1,9}[.)])\s+/.test(line);
}

function list(lines: readonly string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    if (isItem(line)) items.push(line.replace(/^\s*([-*+]|\d{1,9}[.)])\s+/, ''));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return { kind: 'list', ordered: /^\s*\d/.test(lines[0]!), items: items.map(parseInline) };
}

function cells(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => parseInline(cell.trim()));
}

const INLINE =
  /(`[^`]+`)|\[([^\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)\)|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\b_([^_\s][^_]*)_\b/;

/** A line's text, marks resolved. */
export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (;;) {
    const found = INLINE.exec(rest);
    if (found === null) break;
    if (found.index > 0) parts.push({ kind: 'text', text: rest.slice(0, found.index) });
    const [whole, code, label, target, strong, strong2, em, em2] = found;
    if (code !== undefined) parts.push({ kind: 'code', text: code.slice(1, -1) });
    else if (label !== undefined) {
      const href = safeHref(target!);
      const children = parseInline(label);
      if (href === null) parts.push(...children);
      else parts.push({ kind: 'link', href, children });
    } else if (strong !== undefined || strong2 !== undefined)
      parts.push({ kind: 'strong', children: parseInline((strong ?? strong2)!) });
    else parts.push({ kind: 'em', children: parseInline((em ?? em2)!) });
    rest = rest.slice(found.index + whole.length);
  }
  if (rest !== '') parts.push({ kind: 'text', text: rest });
  return parts;
}
