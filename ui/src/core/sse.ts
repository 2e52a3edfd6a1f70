/** One server-sent event (WHATWG HTML, section 9.2). */
export interface ServerEvent {
  /** The last id the stream named, with this event or before it; empty before the first. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a stream of server-sent events as it comes, cut anywhere. `feed` gives the events that a piece completed;
 * `retry` is the last time to wait that the stream asked for, in milliseconds.
 */
export class SseReader {
  retry: number | null = null;
  private rest = '';
  private id: string;
  private event = '';
  private data: string[] = [];
  /** A CR at the end of a piece may have its LF in the next one. */
  private skipLf = false;

  constructor(lastId = '') {
    this.id = lastId;
  }

  feed(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    let text = this.rest + piece;
    if (this.skipLf && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.skipLf = false;
    let begin = 0;
    const end = /\r\n|\n|\r/g;
    for (let match = end.exec(text); match !== null; match = end.exec(text)) {
      this.line(text.slice(begin, match.index), events);
      begin = end.lastIndex;
      if (match[0] === '\r' && begin === text.length) this.skipLf = true;
    }
    this.rest = text.slice(begin);
    return events;
  }

  private line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.data.length > 0)
        events.push({ id: this.id, event: this.event || 'message', data: this.data.join('\n') });
      this.event = '';
      this.data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }
}
