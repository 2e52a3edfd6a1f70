import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';

interface Kept {
  document: {
    metadata: { name: string; project?: string; tags?: string[] };
    spec: { display?: { name?: string; description?: string } };
  };
  revision: number;
  source: 'shipped' | 'file' | 'store';
}

/** A server's dashboards in memory, as docs/openapi/console.yaml has them; all else is passed on. */
export interface DashboardStore {
  readonly url: string;
  /** Puts a document there as if somebody else had saved it; it need not be sound. */
  put(document: object, source?: Kept['source']): void;
  /** What is kept under a name. */
  get(name: string): Kept['document'] | undefined;
  close(): Promise<void>;
}

/** Serves dashboards before `next`, beginning with those of a folder as shipped ones. */
export async function startDashboardStore(next: string, shipped: string): Promise<DashboardStore> {
  const kept = new Map<string, Kept>();
  const put = (document: object, source: Kept['source'] = 'store') => {
    const sound = document as Kept['document'];
    const { name } = sound.metadata;
    kept.set(name, { document: sound, revision: (kept.get(name)?.revision ?? 0) + 1, source });
  };
  for (const file of readdirSync(shipped).filter((name) => name.endsWith('.json'))) {
    put(JSON.parse(readFileSync(join(shipped, file), 'utf8')) as object, 'shipped');
  }
  const sockets = new Set<import('node:net').Socket>();
  const http = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://store');
    const match = /^\/api\/v1\/dashboards(?:\/([^/]+))?$/.exec(pathname);
    if (!match) return pass(next, incoming, outgoing);
    void body(incoming).then((text) => {
      const { status, data, error } = answer(kept, put, incoming, match[1] && decodeURIComponent(match[1]), text);
      outgoing.writeHead(status, { 'Content-Type': 'application/json' });
      outgoing.end(
        JSON.stringify(error ? { status: 'error', errorType: error[0], error: error[1] } : { status: 'success', data }),
      );
    });
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(Number(process.env['STORE_PORT'] ?? 0), '127.0.0.1', resolve));
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    put,
    get: (name) => kept.get(name)?.document,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        http.close(() => resolve());
      }),
  };
}

interface Answered {
  readonly status: number;
  readonly data?: unknown;
  readonly error?: readonly [type: string, message: string];
}

function answer(
  kept: Map<string, Kept>,
  put: DashboardStore['put'],
  incoming: IncomingMessage,
  name: string | undefined,
  text: string,
): Answered {
  const { method } = incoming;
  if (name === undefined && method === 'GET') return { status: 200, data: [...kept.values()].map(entry) };
  if (name === undefined) {
    const document = JSON.parse(text) as Kept['document'];
    if (kept.has(document.metadata.name))
      return { status: 409, error: ['conflict', `there is a dashboard of this name: ${document.metadata.name}`] };
    put(document);
    return { status: 201, data: data(kept.get(document.metadata.name)!) };
  }
  const there = kept.get(name);
  if (!there) return { status: 404, error: ['not_found', `no such dashboard: ${name}`] };
  if (method === 'GET') return { status: 200, data: data(there) };
  if (there.source !== 'store')
    return {
      status: 403,
      error: ['forbidden', `${name} cannot be changed: it comes with Tickscope; save a copy under another name`],
    };
  if (incoming.headers['if-match'] !== `"${there.revision}"`)
    return { status: 412, error: ['conflict', `another edit came first: revision ${there.revision}`] };
  if (method === 'DELETE') {
    kept.delete(name);
    return { status: 200, data: {} };
  }
  put(JSON.parse(text) as object);
  return { status: 200, data: data(kept.get(name)!) };
}

function data({ document, revision, source }: Kept): unknown {
  return { dashboard: document, revision: String(revision), source, readOnly: source !== 'store' };
}

function entry({ document, revision, source }: Kept): unknown {
  const { metadata, spec } = document;
  return {
    name: metadata.name,
    title: spec?.display?.name ?? metadata.name,
    folder: metadata.project ?? '',
    tags: metadata.tags ?? [],
    description: spec?.display?.description ?? '',
    source,
    readOnly: source !== 'store',
    revision: String(revision),
    updated: 0,
  };
}

async function body(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function pass(next: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const passed = request(new URL(incoming.url ?? '/', next), { method: incoming.method, headers: incoming.headers });
  passed.on('response', (answered) => {
    outgoing.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(outgoing);
    answered.on('error', () => outgoing.destroy());
  });
  passed.on('error', () => incoming.socket.destroy());
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}
