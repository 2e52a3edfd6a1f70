// Starts what all browser tests share, once: the real binary with half an hour of a simulated fleet, going on while they run.
//
//   TICKSCOPE_BIN   the binary; build/release/bin/tickscope when left out
//   TICKSCOPE_URL   a server that runs already: then none is started
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    server: string;
  }
}

const BINARY = process.env.TICKSCOPE_BIN ?? join(import.meta.dirname, '../../build/release/bin/tickscope');
const DIST = join(import.meta.dirname, '../dist/index.html');
/** Nothing of a run outlives this, whatever happens to the run. */
const LIFE_S = 1200;
const SERVERS = '12';

/** The address a server says it listens on. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stderr! });
    const said: string[] = [];
    lines.on('line', (line) => {
      said.push(line);
      const address = /msg=ready address=(\S+)/.exec(line);
      if (address !== null) resolve(`http://${address[1]}`);
    });
    child.on('exit', () => reject(new Error(`the server ended:\n${said.slice(-10).join('\n')}`)));
  });
}

/** A command that is ended after LIFE_S whoever forgets it. */
function bounded(...args: string[]): ChildProcess {
  return spawn('timeout', [String(LIFE_S), BINARY, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(DIST)) throw new Error('no built pages: npm run build first');
  const running = process.env.TICKSCOPE_URL;
  if (running !== undefined) {
    project.provide('server', running);
    return () => Promise.resolve();
  }
  if (!existsSync(BINARY)) throw new Error(`no binary at ${BINARY}: ./dev build, or set TICKSCOPE_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'tickscope-browser-'));
  const server = bounded('serve', '--data', data, '--listen', '127.0.0.1:0');
  const url = await listening(server);
  const fleet = ['fleet', '--to', url, '--servers', SERVERS, '--sdk', '0'];
  const filled = spawnSync(BINARY, [...fleet, '--start', 'now-30m', '--duration', '30m'], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (filled.status !== 0) throw new Error(`the fleet failed: ${filled.stderr}`);
  const going = bounded(...fleet, '--cadence', '5s');
  going.stderr!.resume();
  project.provide('server', url);
  return async () => {
    for (const child of [going, server]) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended;
    }
    rmSync(data, { recursive: true, force: true });
  };
}
