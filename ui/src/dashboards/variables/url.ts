import type { Choices } from './resolve';

const prefix = 'var-';

/** What an address says of variables: `var-region=eu&var-region=na`. */
export function choicesIn(search: URLSearchParams): Choices {
  const choices: Record<string, string[]> = {};
  for (const [key, value] of search) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    // __proto__ in an address must not become one.
    if (/^[a-zA-Z]\w*$/.test(name)) (choices[name] ??= []).push(value);
  }
  return choices;
}

/** The address's parameters with these choices in place of those for the same variables; other parameters stay. */
export function withChoices(search: URLSearchParams, choices: Choices): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const [name, values] of Object.entries(choices)) {
    next.delete(prefix + name);
    for (const value of values) next.append(prefix + name, value);
  }
  return next;
}
