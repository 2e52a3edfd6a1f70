// Variables in texts: `$name`, `${name}`, `${name:format}`, `[[name]]`, `[[name:format]]`. What names no variable stays as it is:
// it may be a regular expression's end, or another system's.

/** What stands for a variable. */
export interface VariableValue {
  /** The values chosen; all of them when all is. */
  readonly values: readonly string[];
  /** Text in place of the values, as it is, when all is chosen. */
  readonly all?: string;
  /** Several may be chosen: values are then patterns in queries, also when it is one. */
  readonly multi: boolean;
  /** Names to show for values where they differ. */
  readonly labels?: Readonly<Record<string, string>>;
}

export type VariableValues = Readonly<Record<string, VariableValue>>;

/** Where a text goes: which decides how values are written when the text does not say. */
export type Target = 'query' | 'text';

const reference = /\$(\w+)|\$\{(\w+)(?:\.[\w.]+)?(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/** Names that `text` refers to, once each, in order. */
export function referencedNames(text: string): readonly string[] {
  const names = [...text.matchAll(reference)].map((match) => match[1] ?? match[2] ?? match[4] ?? '');
  return [...new Set(names)];
}

export function interpolate(text: string, values: VariableValues, target: Target): string {
  if (!text.includes('$') && !text.includes('[[')) return text;
  return text.replace(
    reference,
    (whole, plain?: string, braced?: string, braceFormat?: string, square?: string, squareFormat?: string) => {
      const name = plain ?? braced ?? square ?? '';
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (!value) return whole;
      const format = braceFormat ?? squareFormat;
      return format === undefined ? written(value, target) : formatted(value, format, target);
    },
  );
}

function written(value: VariableValue, target: Target): string {
  if (target === 'text') return value.all !== undefined && value.values.length === 0 ? 'All' : shown(value).join(', ');
  if (value.all !== undefined) return value.all;
  if (!value.multi) return inString(value.values[0] ?? '');
  return pattern(value.values);
}

function formatted(value: VariableValue, format: string, target: Target): string {
  if (format === 'text') return shown(value).join(' + ');
  if (value.all !== undefined && target === 'query') return value.all;
  const list = value.values;
  switch (format) {
    case 'raw':
      return list.join(',');
    case 'csv':
      return list.join(',');
    case 'pipe':
    case 'values':
      return list.join('|');
    case 'regex':
      return list.length === 1 ? regexEscape(list[0] ?? '') : `(${list.map(regexEscape).join('|')})`;
    case 'glob':
      return list.length === 1 ? (list[0] ?? '') : `{${list.join(',')}}`;
    case 'json':
      return JSON.stringify(list);
    case 'doublequote':
      return list.map((each) => JSON.stringify(each)).join(',');
    case 'singlequote':
      return list.map((each) => `'${each.replaceAll("'", "\\'")}'`).join(',');
    case 'sqlstring':
      return list.map((each) => `'${each.replaceAll("'", "''")}'`).join(',');
    case 'percentencode':
      return list.map(encodeURIComponent).join(',');
    case 'queryparam':
      return list.map((each) => `var=${encodeURIComponent(each)}`).join('&');
    default:
      return written(value, target);
  }
}

function shown(value: VariableValue): readonly string[] {
  return value.values.map((each) => value.labels?.[each] ?? each);
}

/** An alternation that matches the values and nothing else, inside a PromQL string. */
function pattern(values: readonly string[]): string {
  const escaped = values.map((each) => inString(regexEscape(each)));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}

export function regexEscape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, (each) => (each === '/' ? each : `\\${each}`));
}

function inString(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
