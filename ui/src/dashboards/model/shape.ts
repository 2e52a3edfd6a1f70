import { describe, type Finding } from './findings';
import { isObject } from './json';

/** Holds a value to a shape; what differs is added to `findings`. */
export type Shape = (value: unknown, path: string, findings: Finding[]) => void;

function complain(findings: Finding[], path: string, expected: string, value: unknown): void {
  findings.push({ severity: 'error', path, message: `expected ${expected}, got ${describe(value)}` });
}

export const aText: Shape = (value, path, findings) => {
  if (typeof value !== 'string') complain(findings, path, 'a text', value);
};

export const aBoolean: Shape = (value, path, findings) => {
  if (typeof value !== 'boolean') complain(findings, path, 'true or false', value);
};

export const anObject: Shape = (value, path, findings) => {
  if (!isObject(value)) complain(findings, path, 'an object', value);
};

/** A whole number within both ends. */
export function aWhole(least: number, most: number): Shape {
  return (value, path, findings) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      complain(findings, path, `a whole number from ${least} to ${most}`, value);
    }
  };
}

export function oneOf(...values: readonly string[]): Shape {
  return (value, path, findings) => {
    if (typeof value !== 'string' || !values.includes(value)) {
      complain(findings, path, values.map((known) => `"${known}"`).join(' or '), value);
    }
  };
}

export function matching(pattern: RegExp, what: string): Shape {
  return (value, path, findings) => {
    if (typeof value !== 'string' || !pattern.test(value)) complain(findings, path, what, value);
  };
}

export function listOf(element: Shape): Shape {
  return (value, path, findings) => {
    if (!Array.isArray(value)) return complain(findings, path, 'a list', value);
    value.forEach((each, index) => element(each, `${path}[${index}]`, findings));
  };
}

export function mapOf(element: Shape): Shape {
  return (value, path, findings) => {
    if (!isObject(value)) return complain(findings, path, 'an object', value);
    for (const [key, each] of Object.entries(value)) element(each, join(path, key), findings);
  };
}

/** An object with these members; others are allowed. Null stands for an optional member that is not there, as Go writes it. */
export function having(needed: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape {
  return (value, path, findings) => {
    if (!isObject(value)) return complain(findings, path, 'an object', value);
    for (const [key, shape] of Object.entries(needed)) shape(value[key], join(path, key), findings);
    for (const [key, shape] of Object.entries(optional)) {
      const member = value[key];
      if (member !== undefined && member !== null) shape(member, join(path, key), findings);
    }
  };
}

export function either(one: Shape, other: Shape, what: string): Shape {
  return (value, path, findings) => {
    const tries = [one, other].map((shape) => {
      const own: Finding[] = [];
      shape(value, path, own);
      return own;
    });
    if (tries.every((own) => own.length > 0)) complain(findings, path, what, value);
  };
}

/** The shape that the member `kind` chooses. */
export function byKind(kinds: Readonly<Record<string, Shape>>): Shape {
  return (value, path, findings) => {
    if (!isObject(value)) return complain(findings, path, 'an object', value);
    const kind = value['kind'];
    const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (shape) shape(value, path, findings);
    else oneOf(...Object.keys(kinds))(kind, join(path, 'kind'), findings);
  };
}

/** The path of a member; names that would not read well behind a dot stand in brackets. */
export function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}["${key}"]`;
  return path === '' ? key : `${path}.${key}`;
}
