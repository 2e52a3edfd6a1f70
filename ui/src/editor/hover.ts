import { syntaxTree } from '@codemirror/language';
import { hoverTooltip, type Tooltip } from '@codemirror/view';
import {
  aggregateOpTerms,
  functionIdentifierTerms,
} from '@prometheus-io/codemirror-promql/dist/esm/complete/promql.terms';

import { infoOf, metricInfos } from './metadata';

/** Functions and aggregations, and what they do. */
const WORDS: ReadonlyMap<string, { detail: string; info: string }> = new Map(
  [...functionIdentifierTerms, ...aggregateOpTerms].map(({ label, detail, info }) => [
    label.toLowerCase(),
    { detail: String(detail ?? ''), info: typeof info === 'string' ? info : '' },
  ]),
);

function bubble(pos: number, end: number, title: string, note: string, text: string): Tooltip {
  return {
    pos,
    end,
    above: true,
    create: () => {
      const dom = document.createElement('div');
      dom.className = 'ts-hover';
      const head = dom.appendChild(document.createElement('div'));
      head.appendChild(document.createElement('strong')).textContent = title;
      if (note !== '') head.appendChild(document.createElement('span')).textContent = ` ${note}`;
      if (text !== '') dom.appendChild(document.createElement('div')).textContent = text;
      return { dom };
    },
  };
}

/** Says what the function or the metric under the pointer is. */
export const promqlHover = hoverTooltip(async (view, pos) => {
  const line = view.state.doc.lineAt(pos);
  const before = /[\w:]*$/.exec(line.text.slice(0, pos - line.from))![0];
  const after = /^[\w:]*/.exec(line.text.slice(pos - line.from))![0];
  const word = before + after;
  if (!/^[a-zA-Z_:]/.test(word)) return null;
  const from = pos - before.length;
  const node = syntaxTree(view.state).resolveInner(from, 1);
  if (/Label|String|Comment|Duration/.test(node.name)) return null;
  const known = WORDS.get(word.toLowerCase());
  if (known !== undefined) return bubble(from, from + word.length, word, known.detail, known.info);
  const info = infoOf(await metricInfos(), word);
  if (info === undefined) return null;
  const note = [info.type, info.unit, info.owner === '' ? '' : `owner ${info.owner}`]
    .filter((one) => one !== '')
    .join(' · ');
  return bubble(from, from + word.length, word, note, info.help);
});
