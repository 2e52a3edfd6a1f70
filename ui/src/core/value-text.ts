import { unitText } from './units';

/**
 * A value and its unit apart, for units that are whole words (`per 1,000 player-minutes`): in a number that is read from
 * afar, or in a hundred cells, the words would be in its way.
 */
export function valueParts(value: number | null, unit: string): { readonly number: string; readonly words: string } {
  return unit.includes(' ') ? { number: unitText(value), words: unit } : { number: unitText(value, unit), words: '' };
}
