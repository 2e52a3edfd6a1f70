import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

import { startFront, type Front } from './front';

const ROOT = resolve(import.meta.dirname, '../..');
export const BINARY = process.env.TICKSCOPE_BIN ?? join(ROOT, 'build/release/bin/tickscope');
export const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real server with a fleet that writes, the built console in front of it, and a browser. */
export interface World {
  readonly front: Front;
  readonly server: string;
  readonly browser: Browser;
  /** A page whose errors and foreign requests are gathered in `faults`. */
  open(path: string, options?: BrowserContextOptions): Promise<Opened>;
  close(): Promise<void>;
}

export interface Opened {
  readonly page: Page;
  /** Uncaught errors, CSP violations and requests to elsewhere. */
  readonly faults: string[];
  /** Paths that were asked of the API, in order, with their methods: "POST stream". */
  readonly calls: string[];
}

/** How long anything may take to come up, ms. */
const PATIENCE_MS = 60_000;

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

function run(program: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  return { child, said: () => said };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}

/** Starts it all; `dist` is where the pages were built. */
export async function startWorld(dist: string, servers = 12): Promise<World> {
  for (const needed of [BINARY, CHROMIUM, join(dist, 'index.html')]) {
    if (!existsSync(needed)) throw new Error(`${needed} is not there`);
  }
  const data = mkdtempSync(join(tmpdir(), 'tickscope-browser-'));
  const serve = run(BINARY, ['serve', '--data', join(data, 'data'), '--listen', '127.0.0.1:0']);
  const children = [serve.child];
  const address = await until('the server', () => {
    if (serve.child.exitCode !== null) throw new Error(`the server ended: ${serve.said()}`);
    return /msg=ready address=(\S+)/.exec(serve.said())?.[1] ?? null;
  });
  const server = `http://${address}`;
  const fleet = ['fleet', '--servers', String(servers), '--to', server, '--progress', '0s'];
  const past = run(BINARY, [...fleet, '--cadence', '10s', '--start', 'now-30m', '--duration', '30m', '--speed', 'max']);
  await until('the past', () => (past.child.exitCode === null ? null : past.child.exitCode));
  if (past.child.exitCode !== 0) throw new Error(`the fleet failed: ${past.said()}`);
  children.push(run(BINARY, [...fleet, '--cadence', '2s', '--sdk', '0', '--duration', '20m']).child);
  const front = await startFront(dist, server);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });

  const open: World['open'] = async (path, options) => {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 860 },
      acceptDownloads: true,
      ...options,
    });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: front.url });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const faults: string[] = [];
    const calls: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text()))
        faults.push(message.text());
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== front.url) faults.push(`asked ${url}`);
      const asked = /^\/api\/v1\/(.*)$/.exec(url.pathname)?.[1];
      if (asked !== undefined) calls.push(`${request.method()} ${asked}`);
    });
    await page.goto(front.url + path);
    return { page, faults, calls };
  };
  return {
    front,
    server,
    browser,
    open,
    close: async () => {
      await browser.close();
      await front.close();
      for (const child of children.toReversed()) await ended(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const AXE = readFileSync(join(import.meta.dirname, '../node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe-core finds serious or critical within `part` of a page, as one line each. */
export async function seriousViolations(page: Page, part = 'html'): Promise<string[]> {
  // By the debugger, which the page's content security policy does not concern.
  await page.evaluate(AXE);
  return page.evaluate(async (within) => {
    const axe = (
      window as unknown as {
        axe: {
          run(part: string): Promise<{
            violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
          }>;
        };
      }
    ).axe;
    const { violations } = await axe.run(within);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
      );
  }, part);
}
