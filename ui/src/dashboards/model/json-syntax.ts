/** Where a text stops being JSON, and what could have stood there. Lines and columns count from 1. */
export interface SyntaxProblem {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

// Browsers word the errors of JSON.parse differently and some leave out the place, so the text is read again to find it.

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON's texts may not hold them.
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const space = /[ \t\r\n]*/y;

/** Nesting past this is refused, so that a hostile text cannot overflow the stack. */
const depthMax = 500;

class Stop extends Error {
  constructor(
    readonly at: number,
    readonly expected: string,
  ) {
    super(expected);
  }
}

class Reader {
  #at = 0;

  constructor(readonly source: string) {}

  document(): void {
    this.value(0);
    if (this.#at < this.source.length) throw new Stop(this.#at, 'the end of the document');
  }

  value(depth: number): void {
    if (depth > depthMax) throw new Stop(this.#at, `at most ${depthMax} levels`);
    this.skip(space);
    const first = this.source[this.#at];
    if (first === '{') this.list('}', () => this.member(depth));
    else if (first === '[') this.list(']', () => this.value(depth + 1));
    else if (first === '"') this.text();
    else if (!this.skip(literal)) throw new Stop(this.#at, 'a value');
    this.skip(space);
  }

  member(depth: number): void {
    this.skip(space);
    if (this.source[this.#at] !== '"') throw new Stop(this.#at, 'a name in double quotes');
    this.text();
    this.skip(space);
    this.need(':');
    this.value(depth + 1);
  }

  list(end: '}' | ']', element: () => void): void {
    this.#at += 1;
    this.skip(space);
    if (this.source[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      element();
      if (this.source[this.#at] === end) break;
      if (this.source[this.#at] !== ',') throw new Stop(this.#at, `, or ${end}`);
      this.#at += 1;
    }
    this.#at += 1;
  }

  text(): void {
    if (!this.skip(text)) throw new Stop(this.#at, 'a text that ends with a quote and holds no line break');
  }

  need(what: string): void {
    if (this.source[this.#at] !== what) throw new Stop(this.#at, what);
    this.#at += 1;
  }

  /** Moves past a match; false when nothing was matched. */
  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const length = pattern.exec(this.source)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }
}

/** The first place where `source` is not JSON; null when it is. */
export function findSyntaxProblem(source: string): SyntaxProblem | null {
  try {
    new Reader(source).document();
    return null;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const before = source.slice(0, error.at).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: error.expected };
  }
}
