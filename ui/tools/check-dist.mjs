// Holds the built pages to their budget: `npm run build` ends with it.
//
//   entry JavaScript, what the first page needs before it shows anything, at most 200 kB gzip
//   no request to another host, and no inline script: pages work without the internet and under a strict CSP
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../dist');
const ENTRY_KB_MAX = 200;

/** Addresses that are names, never fetched: XML name spaces, and what a message of a library points at. */
const NAMES = [
  'http://www.w3.org/',
  'https://react.dev/errors/',
  'https://reactjs.org/',
  'https://mantine.dev',
  'https://help.mantine.dev',
  'https://github.com/',
  'https://prometheus.io/docs/',
  'https://grafana.com/',
];
/** What loads something: an element's attribute, a style's url, a call that fetches. */
const LOADS =
  /(?:\b(?:src|href)\s*=\s*["']|url\(\s*["']?|@import\s+["']|fetch\(\s*["'`]|import\(\s*["'`]|importScripts\(\s*["'`])((?:https?:)?\/\/[^"'`)\s]+)/g;
const ADDRESS = /https?:\/\/[a-zA-Z0-9][^\s"'`)\\<>]*/g;

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

/** The scripts of the page and what they import at once, not what they load later. */
function entryScripts(html) {
  const found = new Set();
  const waiting = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => join(DIST, path));
  while (waiting.length > 0) {
    const path = waiting.pop();
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(path, 'utf8');
    for (const [, name] of text.matchAll(
      /(?:^|[;}\n])\s*(?:import|export)\s*(?:[^"'();]*?\bfrom\s*)?["'](\.\/[^"']+\.js)["']/g,
    )) {
      waiting.push(join(dirname(path), name));
    }
  }
  return [...found];
}

const wrong = [];
const html = readFileSync(join(DIST, 'index.html'), 'utf8');
if (/<script(?![^>]*\bsrc=)[^>]*>/.test(html))
  wrong.push('index.html: a script in the page itself; CSP allows only files');
if (/\son[a-z]+\s*=/.test(html)) wrong.push('index.html: a handler in an attribute; CSP allows none');

const entry = entryScripts(html);
const entryBytes = entry.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
if (entryBytes > ENTRY_KB_MAX * 1000) {
  wrong.push(`entry JavaScript is ${(entryBytes / 1000).toFixed(1)} kB gzip, at most ${ENTRY_KB_MAX}`);
}

let total = 0;
for (const path of files(DIST)) {
  const bytes = readFileSync(path);
  total += gzipSync(bytes, { level: 9 }).length;
  if (!/\.(html|js|css|svg)$/.test(path)) continue;
  const text = bytes.toString('utf8');
  const name = relative(DIST, path);
  for (const [, address] of text.matchAll(LOADS)) wrong.push(`${name}: loads ${address}`);
  for (const [address] of text.matchAll(ADDRESS)) {
    if (!NAMES.some((known) => address.startsWith(known))) wrong.push(`${name}: names ${address}`);
  }
}

for (const line of new Set(wrong)) console.error(`check-dist: ${line}`);
console.log(
  `check-dist: entry ${(entryBytes / 1000).toFixed(1)} kB gzip in ${entry.length} files, all ${(total / 1000).toFixed(1)} kB gzip`,
);
process.exit(wrong.length === 0 ? 0 : 1);
