const NAMED: Readonly<Record<string, string>> = {
  red: '#ff0000',
  orange: '#ffa500',
  yellow: '#ffff00',
  green: '#008000',
  blue: '#0000ff',
};

/** Red, green and blue of a colour as dashboards write it (`#f00`, `#ff0000`, `rgb(255, 0, 0)`, a few names); undefined for others. */
export function rgbOf(colour: string | undefined): readonly [number, number, number] | undefined {
  const written = (colour ?? '').trim();
  const text = (Object.hasOwn(NAMED, written) ? NAMED[written] : undefined) ?? written;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
  const hex = short ? `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}` : text;
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(hex);
  if (long) return [Number.parseInt(long[1]!, 16), Number.parseInt(long[2]!, 16), Number.parseInt(long[3]!, 16)];
  const call = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(text);
  return call ? [Number(call[1]), Number(call[2]), Number(call[3])] : undefined;
}

/** The colour as `#rrggbb`, whose transparency is left out; undefined for what is none. */
export function hexColour(colour: string | undefined): string | undefined {
  const rgb = rgbOf(colour);
  if (rgb === undefined) return undefined;
  return `#${rgb.map((part) => Math.min(255, part).toString(16).padStart(2, '0')).join('')}`;
}
