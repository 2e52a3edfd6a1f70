import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** An answer in the place of the server's. */
export interface FrontAnswer {
  readonly status: number;
  /** Sent as JSON, a text as it is. */
  readonly body: unknown;
  /** Its media type; JSON's when left out. */
  readonly type?: string;
  /** True: the connection stays open after the body, as a live stream's does. */
  readonly held?: true;
}

/** What stands before the server in a test: the built pages, and the API behind them, with faults on demand. */
export interface Front {
  readonly url: string;
  /** While true nobody answers: connections are cut, as when the server is away. */
  down: boolean;
  /** Answers in the place of the server's, by path below `/api/v1/`; what a test wants the server to say. */
  readonly answers: Map<string, FrontAnswer | ((request: { readonly url: URL; readonly body: string }) => FrontAnswer)>;
  /** `console/config` without its clock, in the place of the server's; null leaves it to the server. */
  consoleConfig: object | null;
  /** Added to the clock that `consoleConfig` tells, in ms. */
  skewMs: number;
  close(): Promise<void>;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** Serves `dist` and passes `/api` on to `server`. */
export async function startFront(dist: string, server: string): Promise<Front> {
  const answers: Front['answers'] = new Map();
  const sockets = new Set<import('node:net').Socket>();
  let away = false;
  const front = { down: false, consoleConfig: null as object | null, skewMs: 0 };
  const http: Server = createServer((incoming, outgoing) => {
    if (away) return void incoming.socket.destroy();
    const url = new URL(incoming.url ?? '/', 'http://front');
    const faked = answers.get(url.pathname.replace('/api/v1/', ''));
    if (front.consoleConfig !== null && url.pathname === '/api/v1/console/config') {
      const data = { ...front.consoleConfig, now: Date.now() + front.skewMs };
      outgoing.writeHead(200, { 'Content-Type': 'application/json' });
      return void outgoing.end(JSON.stringify({ status: 'success', data }));
    }
    if (faked !== undefined) {
      const say = (body: string): void => {
        const answer = typeof faked === 'function' ? faked({ url, body }) : faked;
        outgoing.writeHead(answer.status, { 'Content-Type': answer.type ?? 'application/json' });
        outgoing.write(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
        if (answer.held !== true) outgoing.end();
      };
      return void textOf(incoming).then(say, () => outgoing.destroy());
    }
    if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/-/')) {
      const passed = request(new URL(incoming.url ?? '/', server), {
        method: incoming.method,
        headers: incoming.headers,
      });
      passed.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      });
      passed.on('error', () => incoming.socket.destroy());
      outgoing.on('close', () => passed.destroy());
      incoming.pipe(passed);
      return;
    }
    const file = normalize(join(dist, url.pathname));
    const found =
      file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, 'index.html');
    outgoing.writeHead(200, {
      'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream',
      'Content-Security-Policy':
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:",
    });
    createReadStream(found).pipe(outgoing);
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.defineProperty(
    Object.assign(front, {
      url: `http://127.0.0.1:${port}`,
      answers,
      close: () =>
        new Promise<void>((resolve) => {
          for (const socket of sockets) socket.destroy();
          http.close(() => resolve());
        }),
    }),
    'down',
    {
      get: () => away,
      set: (down: boolean) => {
        away = down;
        if (down) for (const socket of sockets) socket.destroy();
      },
    },
  );
}
