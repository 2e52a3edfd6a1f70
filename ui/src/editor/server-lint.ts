import { linter, type Diagnostic } from '@codemirror/lint';
import { newLintStrategy } from '@prometheus-io/codemirror-promql/dist/esm/lint';

import { ApiError, send } from '../api/client';
import { parseErrorOf } from '../core/parse-error';

/** How long nobody types before the server is asked, ms. */
const PAUSE_MS = 400;

const lintPromql = newLintStrategy().promQL();

/** Lint by the editor's own grammar, at once; texts with variables are left alone here too, as it knows none and would mark them all. */
export const ownLint = linter((view) => (view.state.doc.toString().includes('$') ? [] : lintPromql(view)));

/**
 * Lint by the server that will run the query: what it cannot read is marked with its own words. Texts with variables (`$filter`) are
 * left alone, as they are filled in before they are asked.
 */
export const serverLint = linter(
  async (view): Promise<readonly Diagnostic[]> => {
    const query = view.state.doc.toString();
    if (query.trim() === '' || query.includes('$')) return [];
    try {
      await send('parse_query', { method: 'POST', form: { query } });
      return [];
    } catch (error) {
      if (!(error instanceof ApiError) || error.type !== 'bad_data') return [];
      const { from, to, message } = parseErrorOf(query, error.message);
      return [{ from, to: Math.max(to, from), severity: 'error', message, source: 'server' }];
    }
  },
  { delay: PAUSE_MS },
);
