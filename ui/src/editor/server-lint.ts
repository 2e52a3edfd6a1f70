import { linter, type Diagnostic } from '@codemirror/lint';

import { ApiError, send } from '../api/client';
import { parseErrorOf } from '../core/parse-error';

/** How long nobody types before the server is asked, ms. */
const PAUSE_MS = 400;

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
